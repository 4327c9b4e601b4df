"""Servers as clients' files declare them, for tests: made of plain texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from argus_trio.client_files.server import (
    DeclaredServer,
    DeclaredTransport,
    ServerOrigin,
    VariableReference,
    WrittenText,
)

Text = str | VariableReference | tuple[str | VariableReference, ...]


def text(value: Text) -> WrittenText:
    """A text of pieces, or of one."""
    return WrittenText(value if isinstance(value, tuple) else (value,) if value != "" else ())


def origin(client: str = "cursor", *, line: int = 3, project: str = "", path: str = "/home/u/mcp.json") -> ServerOrigin:
    return ServerOrigin(client=client, path=path, line=line, project=project)


def program(
    name: str,
    command: Text = "uvx",
    args: Sequence[Text] = (),
    env: Mapping[str, Text] | None = None,
    *,
    of: ServerOrigin | None = None,
) -> DeclaredServer:
    """A server that is started."""
    return DeclaredServer(
        name=name,
        origin=of or origin(),
        transport="stdio",
        command=text(command),
        args=tuple(map(text, args)),
        env={key: text(value) for key, value in (env or {}).items()},
    )


def remote(
    name: str,
    url: Text,
    headers: Mapping[str, Text] | None = None,
    *,
    transport: DeclaredTransport = "streamable-http",
    of: ServerOrigin | None = None,
) -> DeclaredServer:
    """A server at an address."""
    return DeclaredServer(
        name=name,
        origin=of or origin(),
        transport=transport,
        url=text(url),
        headers={key: text(value) for key, value in (headers or {}).items()},
    )
