"""A server as a client's file declares it, in words that all clients share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs

from argus_trio import Value

DeclaredTransport = Literal["stdio", "streamable-http", "sse", "http"]
"""How a server is reached; `http` is an address of which the file does not say which of the two it speaks."""


@attrs.frozen(kw_only=True)
class VariableReference(Value):
    """A variable whose value stands in for it, in whatever way the client writes that."""

    name: str
    """As an environment variable is named."""
    default: str | None = None
    is_secret: bool = False
    """The client hides what its user types in for it."""
    about: str = ""
    """What the client's user is asked for, where the value is typed in."""


@attrs.frozen
class WrittenText(Value):
    """A value as it was written: literal pieces, and variables between them."""

    parts: tuple[str | VariableReference, ...]

    @property
    def literal(self) -> str | None:
        """The text, where no variable stands in it."""
        return "".join(each for each in self.parts if isinstance(each, str)) if self.is_literal else None

    @property
    def is_literal(self) -> bool:
        """Whether no variable stands in it."""
        return all(isinstance(each, str) for each in self.parts)


@attrs.frozen(kw_only=True)
class ServerOrigin(Value):
    """Where a server is declared."""

    client: str
    """The name of the client, such as `cursor`."""
    path: str
    line: int
    project: str = ""
    """The folder that the declaration holds for, where it is not for all."""

    def __str__(self) -> str:
        within = f" (project {self.project})" if self.project else ""
        return f"{self.path}:{self.line}{within}"


@attrs.frozen(kw_only=True)
class LeftOut(Value):
    """What a file says and the gateway has no counterpart for, or something else of its own."""

    key: str
    why: str
    """What becomes of it, and what to do instead."""


@attrs.frozen(kw_only=True)
class DeclaredServer(Value):
    """A server that a client's file declares."""

    name: str
    origin: ServerOrigin
    transport: DeclaredTransport
    command: WrittenText = WrittenText(())
    args: tuple[WrittenText, ...] = ()
    env: Mapping[str, WrittenText] = attrs.field(factory=dict)
    env_file: WrittenText = WrittenText(())
    """A file of variables that the client reads for it."""
    cwd: WrittenText = WrittenText(())
    url: WrittenText = WrittenText(())
    headers: Mapping[str, WrittenText] = attrs.field(factory=dict)
    is_enabled: bool = True
    allow: tuple[str, ...] = ()
    """The tools that are shown, by their own names; empty is all."""
    deny: tuple[str, ...] = ()
    connect_seconds: float | None = None
    call_seconds: float | None = None
    ca_file: str = ""
    left_out: tuple[LeftOut, ...] = ()


@attrs.frozen(kw_only=True)
class FileProblem(Value):
    """Why a file, or an entry of one, is not read."""

    path: str
    line: int
    what: str


@attrs.frozen(kw_only=True)
class ClientFile(Value):
    """What a client's file declares."""

    client: str
    path: str
    servers: tuple[DeclaredServer, ...] = ()
    problems: tuple[FileProblem, ...] = ()
