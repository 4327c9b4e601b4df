"""How much of the gateway's time and memory clients may take over HTTP; times are in seconds."""

from __future__ import annotations

import attrs

from argus_trio import Value


@attrs.frozen(kw_only=True)
class Limits(Value):
    """The bounds of one front end."""

    body_bytes: int
    """The largest request body."""
    body_stall: float = 30.0
    """How long the next part of a body may take to come: longer than a line stalls that still works."""
    body_total: float = 300.0
    """How long a whole body may take to come: the largest one by default, 4 MiB, on a line of 128 kbit/s."""
    head: float = 15.0
    """How long a request's head may take from its first byte on: it is small and comes in one piece."""
    keep_alive: float = 65.0
    """How long a connection may wait for its next request; longer than common proxies keep theirs."""
    session_idle: float = 1800.0
    """After this long without a request, an open stream or anyone who waits for a call, a session on `/mcp` ends:
    people come back to a conversation after a break."""
    write: float = 30.0
    """How long a client may take to read the next 256 KiB, which holds up whoever calls for it."""
    requests: int = 16_384
    """Requests of all clients in flight, event streams included: several times as many as the gateway can serve, so
    that this bounds what they keep and no more. The management API is answered beyond it."""
    connections: int = 16_384
    """Connections of all clients: as many, for each carries one request at a time."""
