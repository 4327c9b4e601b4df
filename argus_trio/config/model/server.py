"""The gateway's own side of the configuration: where and with what it listens, whom it serves."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import attrs

from argus_trio import Value
from argus_trio.config.model.about import about


@attrs.frozen(kw_only=True)
class ServerTls(Value):
    """The certificate the gateway itself serves with."""

    cert_file: Path = attrs.field(metadata=about("PEM certificate chain"))
    key_file: Path = attrs.field(metadata=about("PEM private key"))


@attrs.frozen(kw_only=True)
class ServerManagement(Value):
    """How operators reach the management API, besides the rules of the middleware."""

    token: str | None = attrs.field(
        default=None,
        repr=False,
        metadata=about(
            "who sends it as Authorization: Bearer is the operator, who may do everything; or sha256: and the "
            "hexadecimal digest of it",
            is_secret=True,
        ),
    )
    socket: str | None = attrs.field(
        default=None,
        metadata=about(
            "a Unix socket for users of this machine: a path, or auto for one in $RUNTIME_DIRECTORY or "
            "$XDG_RUNTIME_DIR; the user that runs the gateway, and root, are the operator"
        ),
    )
    listen: str | None = attrs.field(
        default=None,
        metadata=about("HOST:PORT, where /manage is served alone; health and ready stay at the other address too"),
    )


@attrs.frozen(kw_only=True)
class ServerLimits(Value):
    """How much of the machine all clients together may take."""

    memory: int = attrs.field(
        default=256 * 1024 * 1024,
        metadata=about(
            "bytes kept for all clients: what they have not fetched, what waits for them, requests in flight",
            minimum=1024 * 1024,
        ),
    )
    requests: int = attrs.field(
        default=16_384, metadata=about("requests in flight at once, event streams included", minimum=1)
    )
    connections: int = attrs.field(default=16_384, metadata=about("connections of clients at once", minimum=1))


@attrs.frozen(kw_only=True)
class Server(Value):
    """The gateway's own side."""

    host: str = attrs.field(default="127.0.0.1", metadata=about("the address to listen on"))
    port: int = attrs.field(
        default=9000, metadata=about("the port to listen on; 0 takes a free one", minimum=0, maximum=65535)
    )
    allowed_hosts: tuple[str, ...] = attrs.field(
        default=(), metadata=about("Host names clients may call it by, besides loopback")
    )
    allowed_origins: tuple[str, ...] = attrs.field(
        default=(),
        metadata=about("Origins of web pages that may call it, besides loopback, such as https://app.example"),
    )
    public_url: str | None = attrs.field(
        default=None,
        metadata=about(
            "the URL that clients know the gateway by, such as https://argus.example: its host is allowed, and what "
            "tells clients of an issuer names it"
        ),
    )
    trusted_proxies: tuple[str, ...] = attrs.field(
        default=(),
        metadata=about("networks, such as 10.0.0.0/8, whose X-Forwarded-For and identity headers count"),
    )
    allow_unauthenticated: bool = attrs.field(
        default=False, metadata=about("true lets it listen beyond loopback though clients need not say who they are")
    )
    max_body_bytes: int = attrs.field(
        default=4 * 1024 * 1024, metadata=about("the largest request body, in bytes", minimum=1)
    )
    watch: bool = attrs.field(default=True, metadata=about("reload when the configuration file changes"))
    concurrent_starts: int = attrs.field(
        default=4, metadata=about("how many stdio backends start at once; the others wait for their turn", minimum=1)
    )
    startup_grace: float = attrs.field(
        default=15.0, metadata=about("seconds that a first list waits for backends that are starting", minimum=0)
    )
    drain_timeout: float = attrs.field(
        default=15.0, metadata=about("seconds that calls in flight get to finish at a stop or a reload", minimum=0)
    )
    management: ServerManagement = attrs.field(
        default=ServerManagement(), metadata=about("how operators reach the management API")
    )
    limits: ServerLimits = attrs.field(
        default=ServerLimits(), metadata=about("how much of the machine all clients together may take")
    )
    http: Literal["lean", "hypercorn"] = attrs.field(
        default="lean",
        metadata=about(
            "which HTTP/1.1 is spoken with clients: the gateway's own, or that of Hypercorn, which costs more"
        ),
    )
    tls: ServerTls | None = attrs.field(default=None, metadata=about("serve HTTPS with this certificate"))
