"""One backend as the file declares it, by transport; `BackendSpec` is any of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

import attrs

from argus_trio import Value
from argus_trio.config.model.about import about
from argus_trio.config.model.container import Container
from argus_trio.config.model.naming import NAME_PART
from argus_trio.config.model.operation import Bounds, Probing, Restart, Timeouts
from argus_trio.config.model.visibility import Filters, Override
from argus_trio.core.call.session_policy import SessionSetting

ProtocolSetting = Literal["auto", "legacy", "modern"]

NO_ENTRIES: Final[Mapping[str, str]] = MappingProxyType({})
"""A mapping of texts without entries."""


@attrs.frozen(kw_only=True)
class ClientTls(Value):
    """How an HTTPS backend is verified."""

    ca_file: Path | None = attrs.field(default=None, metadata=about("a PEM bundle to trust instead of the system's"))


@attrs.frozen(kw_only=True)
class Backend(Value):
    """What every backend has, whatever its transport. `name` is its key in the file."""

    name: str
    enabled: bool = attrs.field(default=True, metadata=about("false leaves the backend out"))
    protocol: ProtocolSetting = attrs.field(
        default="auto", metadata=about("the era to speak: found out by asking, or pinned", part="link")
    )
    session: SessionSetting = attrs.field(
        default="auto",
        metadata=about(
            "whether clients share one connection: auto gives a client its own when it can be asked", part="link"
        ),
    )
    max_sessions: int = attrs.field(
        default=16, metadata=about("how many connections for single clients may be open at once", minimum=1)
    )
    prefix: str | None = attrs.field(
        default=None,
        metadata=about(
            'the prefix of its names instead of its own name; "" shows them bare', pattern=f"^{NAME_PART}*$"
        ),
    )
    timeouts: Timeouts = attrs.field(default=Timeouts(), metadata=about("deadlines in seconds"))
    restart: Restart = attrs.field(default=Restart(), metadata=about("when it is tried again once it was lost"))
    health: Probing = attrs.field(default=Probing(), metadata=about("how it is watched while it is ready"))
    limits: Bounds = attrs.field(default=Bounds(), metadata=about("how much it is given to do at once"))
    overlap: bool = attrs.field(
        default=True,
        metadata=about("false ends the running one before a changed one starts, for those that hold a port or a lock"),
    )
    filters: Filters = attrs.field(default=Filters(), metadata=about("what is shown of it"))
    tool_overrides: Mapping[str, Override] = attrs.field(
        default=MappingProxyType({}), metadata=about("other names and descriptions, by the tool's own name")
    )


@attrs.frozen(kw_only=True)
class StdioBackend(Backend):
    """A server that is started as a child process and spoken to over its stdin and stdout."""

    command: str = attrs.field(metadata=about("the program; looked up in PATH, never through a shell", part="link"))
    args: tuple[str, ...] = attrs.field(
        default=(), repr=False, metadata=about("its arguments, each as it is", part="link")
    )
    env: Mapping[str, str] = attrs.field(
        default=NO_ENTRIES, repr=False, metadata=about("variables that are set for it", part="link")
    )
    env_from: tuple[str, ...] = attrs.field(
        default=(), metadata=about("names or globs of the gateway's own variables that it also gets", part="link")
    )
    cwd: Path | None = attrs.field(default=None, metadata=about("its working directory", part="link"))
    container: Container = attrs.field(
        default=Container(), metadata=about("how it is isolated, where a container engine is there", part="link")
    )
    type: Literal["stdio"] = attrs.field(default="stdio", metadata=about("the transport: a child process", part="link"))


@attrs.frozen(kw_only=True)
class RemoteBackend(Backend):
    """What both kinds of HTTP backend have."""

    url: str = attrs.field(
        repr=False, metadata=about("the http or https address of the server's endpoint", part="link")
    )
    headers: Mapping[str, str] = attrs.field(
        default=NO_ENTRIES, repr=False, metadata=about("sent with every request to it", part="link")
    )
    tls: ClientTls = attrs.field(default=ClientTls(), metadata=about("how its certificate is verified", part="link"))


@attrs.frozen(kw_only=True)
class SseBackend(RemoteBackend):
    """A server of the HTTP+SSE transport of revision 2024-11-05."""

    type: Literal["sse"] = attrs.field(
        default="sse", metadata=about("the transport: HTTP+SSE, the transport of revision 2024-11-05", part="link")
    )


@attrs.frozen(kw_only=True)
class HttpBackend(RemoteBackend):
    """A server of the Streamable HTTP transport."""

    type: Literal["streamable-http"] = attrs.field(
        default="streamable-http", metadata=about("the transport: Streamable HTTP", part="link")
    )


BackendSpec = StdioBackend | SseBackend | HttpBackend
"""The spec of one backend: its frozen configuration, by transport."""
