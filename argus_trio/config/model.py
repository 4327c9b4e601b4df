"""The configuration as frozen values: what a loaded file means, every default included.

The shape is the shape of the file. Each field's `about` is its line in the reference and in the JSON Schema;
`part="link"` marks what a running connection was opened with, so that a change there needs a new one.
A field without `about` is no key of the file. What a secret may come in with has `repr=False`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeVar

import attrs

from argus_trio.core.catalog.names import Strategy

T = TypeVar("T")

SessionSetting = Literal["auto", "shared", "per-client"]
ProtocolSetting = Literal["auto", "legacy", "modern"]

BACKEND_NAME = "[A-Za-z0-9][A-Za-z0-9_.-]{0,31}"
NAME_PART = "[A-Za-z0-9_./-]"
"""The characters that the protocol wants tool names to be made of: separators and prefixes hold no others."""

NO_ENTRIES: Mapping[str, str] = MappingProxyType({})


def _about(text: str, **more: object) -> dict[str, object]:
    return {"about": text, **more}


@attrs.frozen(kw_only=True)
class Globs:
    """Which names pass: those that some `allow` glob matches (all, if there is none) and no `deny` glob does."""

    allow: tuple[str, ...] = attrs.field(default=(), metadata=_about("globs that let a name pass; none lets all pass"))
    deny: tuple[str, ...] = attrs.field(default=(), metadata=_about("globs that hide a name, whatever allow says"))


@attrs.frozen(kw_only=True)
class Filters:
    """What of a backend is shown; globs see the backend's own names (for resources, their URIs)."""

    tools: Globs = attrs.field(default=Globs(), metadata=_about("by the tool's own name"))
    resources: Globs = attrs.field(default=Globs(), metadata=_about("by URI, or by URI template"))
    prompts: Globs = attrs.field(default=Globs(), metadata=_about("by the prompt's own name"))


@attrs.frozen(kw_only=True)
class Override:
    """How one tool is shown instead of how its backend describes it."""

    name: str | None = attrs.field(default=None, metadata=_about("the name shown, before any prefix"))
    description: str | None = attrs.field(default=None, metadata=_about("the description shown"))


@attrs.frozen(kw_only=True)
class Timeouts:
    """Deadlines of one backend, in seconds."""

    connect: float = attrs.field(default=30.0, metadata=_about("to open the link, greet and list", minimum=0.001))
    call: float = attrs.field(default=120.0, metadata=_about("for one call; progress extends it", minimum=0.001))
    call_max: float = attrs.field(
        default=3600.0, metadata=_about("the most that progress can extend a call to", minimum=0.001)
    )
    idle: float = attrs.field(
        default=600.0, metadata=_about("until an unused per-client connection closes", minimum=0.001)
    )


@attrs.frozen(kw_only=True)
class Restart:
    """When a backend that was lost is tried again; in seconds, where it is not a count."""

    initial: float = attrs.field(default=1.0, metadata=_about("until the first new attempt", minimum=0.001))
    max: float = attrs.field(
        default=30.0, metadata=_about("the most that doubling with each failure leads to", minimum=0.001)
    )
    stable_after: float = attrs.field(
        default=30.0,
        metadata=_about("how long it must have been ready for the failures before to be forgotten", minimum=0),
    )
    breaker: int = attrs.field(
        default=8, metadata=_about("failed attempts in a row after which it is tried only every cooldown", minimum=1)
    )
    cooldown: float = attrs.field(
        default=60.0, metadata=_about("between attempts once the breaker is open", minimum=0.001)
    )


@attrs.frozen(kw_only=True)
class Probing:
    """How a backend that is ready is watched; in seconds, where it is not a count."""

    interval: float = attrs.field(default=30.0, metadata=_about("of silence until it is probed", minimum=0.001))
    timeout: float = attrs.field(default=10.0, metadata=_about("for the answer to a probe", minimum=0.001))
    slow: float = attrs.field(
        default=2.0, metadata=_about("an answer that takes longer makes it degraded", minimum=0.001)
    )
    failures: int = attrs.field(
        default=3, metadata=_about("unanswered probes in a row after which it counts as lost", minimum=1)
    )


@attrs.frozen(kw_only=True)
class Bounds:
    """How much one backend is given to do at once."""

    concurrency: int = attrs.field(default=100, metadata=_about("calls under way at once; more wait", minimum=1))
    queue: int = attrs.field(default=400, metadata=_about("calls that may wait; more are refused at once", minimum=0))


@attrs.frozen(kw_only=True)
class ClientTls:
    """How an HTTPS backend is verified."""

    ca_file: Path | None = attrs.field(default=None, metadata=_about("a PEM bundle to trust instead of the system's"))


@attrs.frozen(kw_only=True)
class Backend:
    """What every backend has, whatever its transport. `name` is its key in the file."""

    name: str
    enabled: bool = attrs.field(default=True, metadata=_about("false leaves the backend out"))
    protocol: ProtocolSetting = attrs.field(
        default="auto", metadata=_about("the era to speak: found out by asking, or pinned", part="link")
    )
    session: SessionSetting = attrs.field(
        default="auto",
        metadata=_about(
            "whether clients share one connection: auto gives a client its own when it can be asked", part="link"
        ),
    )
    max_sessions: int = attrs.field(
        default=16, metadata=_about("how many connections for single clients may be open at once", minimum=1)
    )
    prefix: str | None = attrs.field(
        default=None,
        metadata=_about(
            'the prefix of its names instead of its own name; "" shows them bare', pattern=f"^{NAME_PART}*$"
        ),
    )
    timeouts: Timeouts = attrs.field(default=Timeouts(), metadata=_about("deadlines in seconds"))
    restart: Restart = attrs.field(default=Restart(), metadata=_about("when it is tried again once it was lost"))
    health: Probing = attrs.field(default=Probing(), metadata=_about("how it is watched while it is ready"))
    limits: Bounds = attrs.field(default=Bounds(), metadata=_about("how much it is given to do at once"))
    overlap: bool = attrs.field(
        default=True,
        metadata=_about("false ends the running one before a changed one starts, for those that hold a port or a lock"),
    )
    filters: Filters = attrs.field(default=Filters(), metadata=_about("what is shown of it"))
    tool_overrides: Mapping[str, Override] = attrs.field(
        default=MappingProxyType({}), metadata=_about("other names and descriptions, by the tool's own name")
    )


@attrs.frozen(kw_only=True)
class StdioBackend(Backend):
    """A server that is started as a child process and spoken to over its stdin and stdout."""

    command: str = attrs.field(metadata=_about("the program; looked up in PATH, never through a shell", part="link"))
    args: tuple[str, ...] = attrs.field(
        default=(), repr=False, metadata=_about("its arguments, each as it is", part="link")
    )
    env: Mapping[str, str] = attrs.field(
        default=NO_ENTRIES, repr=False, metadata=_about("variables that are set for it", part="link")
    )
    env_from: tuple[str, ...] = attrs.field(
        default=(), metadata=_about("names of the gateway's own variables that it also gets", part="link")
    )
    cwd: Path | None = attrs.field(default=None, metadata=_about("its working directory", part="link"))
    type: Literal["stdio"] = attrs.field(
        default="stdio", metadata=_about("the transport: a child process", part="link")
    )


@attrs.frozen(kw_only=True)
class RemoteBackend(Backend):
    """What both kinds of HTTP backend have."""

    url: str = attrs.field(
        repr=False, metadata=_about("the http or https address of the server's endpoint", part="link")
    )
    headers: Mapping[str, str] = attrs.field(
        default=NO_ENTRIES, repr=False, metadata=_about("sent with every request to it", part="link")
    )
    tls: ClientTls = attrs.field(default=ClientTls(), metadata=_about("how its certificate is verified", part="link"))


@attrs.frozen(kw_only=True)
class SseBackend(RemoteBackend):
    """A server of the HTTP+SSE transport of revision 2024-11-05."""

    type: Literal["sse"] = attrs.field(
        default="sse", metadata=_about("the transport: HTTP+SSE, the transport of revision 2024-11-05", part="link")
    )


@attrs.frozen(kw_only=True)
class HttpBackend(RemoteBackend):
    """A server of the Streamable HTTP transport."""

    type: Literal["streamable-http"] = attrs.field(
        default="streamable-http", metadata=_about("the transport: Streamable HTTP", part="link")
    )


@attrs.frozen(kw_only=True)
class ServerTls:
    """The certificate the gateway itself serves with."""

    cert_file: Path = attrs.field(metadata=_about("PEM certificate chain"))
    key_file: Path = attrs.field(metadata=_about("PEM private key"))


@attrs.frozen(kw_only=True)
class Server:
    """The gateway's own side."""

    host: str = attrs.field(default="127.0.0.1", metadata=_about("the address to listen on"))
    port: int = attrs.field(
        default=9000, metadata=_about("the port to listen on; 0 takes a free one", minimum=0, maximum=65535)
    )
    allowed_hosts: tuple[str, ...] = attrs.field(
        default=(), metadata=_about("Host names clients may call it by, besides loopback")
    )
    allowed_origins: tuple[str, ...] = attrs.field(
        default=(),
        metadata=_about("Origins of web pages that may call it, besides loopback, such as https://app.example"),
    )
    allow_unauthenticated: bool = attrs.field(
        default=False, metadata=_about("true lets it listen beyond loopback without authentication")
    )
    max_body_bytes: int = attrs.field(
        default=4 * 1024 * 1024, metadata=_about("the largest request body, in bytes", minimum=1)
    )
    watch: bool = attrs.field(default=True, metadata=_about("reload when the configuration file changes"))
    startup_grace: float = attrs.field(
        default=5.0, metadata=_about("seconds that a first list waits for backends that are starting", minimum=0)
    )
    drain_timeout: float = attrs.field(
        default=15.0, metadata=_about("seconds that calls in flight get to finish at a stop or a reload", minimum=0)
    )
    tls: ServerTls | None = attrs.field(default=None, metadata=_about("serve HTTPS with this certificate"))


@attrs.frozen(kw_only=True)
class ConflictResolution:
    """How names of different backends stay apart."""

    strategy: Strategy = attrs.field(default="prefix", metadata=_about("what happens to names that two backends share"))
    separator: str = attrs.field(
        default="__", metadata=_about("what stands between a prefix and a name", pattern=f"^{NAME_PART}+$")
    )
    order: tuple[str, ...] = attrs.field(
        default=(), metadata=_about("backend names, the first to win; those left out follow in file order")
    )


@attrs.frozen(kw_only=True)
class Config:
    """One loaded configuration. `backends` keeps the order of the file."""

    version: Literal["1"] = attrs.field(default="1", metadata=_about("the version of this file's format"))
    server: Server = attrs.field(default=Server(), metadata=_about("the gateway's own side"))
    backends: Mapping[str, StdioBackend | SseBackend | HttpBackend] = attrs.field(
        default=MappingProxyType({}),
        metadata=_about("the servers behind the gateway, by name", key_pattern=f"^{BACKEND_NAME}$"),
    )
    conflict_resolution: ConflictResolution = attrs.field(
        default=ConflictResolution(), metadata=_about("how names of different backends stay apart")
    )
    secrets: frozenset[str] = attrs.field(default=frozenset(), repr=False, eq=False)
    """What must not appear in a log or an error: every header value, and every value that `${...}` brought into
    a field with `repr=False`; `config/read/secrets.py` says what is left out."""


BackendSpec = StdioBackend | SseBackend | HttpBackend
