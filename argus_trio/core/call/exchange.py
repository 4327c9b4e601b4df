"""One request of one client on its way through: what it asks, who asks, and the handles back to the client.

`Call` is a frozen value; `Exchange` is the live part that each edge implements. Neither knows a transport.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal, Protocol

import msgspec

from argus_trio.core.access.principal import ANONYMOUS, Principal
from argus_trio.core.call.abilities import NONE, Abilities, Audience
from argus_trio.core.call.record import CallRecord
from argus_trio.wire.envelope import Params
from argus_trio.wire.revisions import Era

ClientTransport = Literal["streamable-http", "sse", "management"]
"""How a client is connected. What calls by the management API speaks no MCP, and has no session."""


class ClientSession(Protocol):
    """A legacy session: the client across its calls, for what belongs to none of them. Compared by identity."""

    @property
    def handle(self) -> str:
        """What it is called by those who look on: made of nothing that its client sends."""

    @property
    def log_level(self) -> str | None:
        """The level of log messages that the client asked for; None if it has not said."""

    @property
    def audience(self) -> Audience:
        """Its client as it is now, as far as it depends on it what it is shown."""

    async def notify(self, method: str, params: Params) -> None:
        """Send a notification on the session's stream; while none is open it is stored or dropped, in bounds."""

    async def ask(self, method: str, params: Params) -> bytes:
        """Send a request on the session's stream and wait for the client's answer, as `Exchange.ask`."""


class EndedSession(ClientSession, Protocol):
    """A session at its end, when it can be told how long it was."""

    @property
    def opened(self) -> float:
        """When it began, on the system's monotonic clock."""

    @property
    def revision(self) -> str:
        """The revision that was settled on."""


class Call(msgspec.Struct, frozen=True, kw_only=True, weakref=True):
    """What a client asks: a method and one level of its params with raw values, and what is known of the client."""

    method: str
    params: Params
    era: Era
    """The era in which the client speaks."""
    revision: str
    """The revision that the client speaks."""
    principal: Principal = ANONYMOUS
    endpoint: str = ""
    """The view whose endpoint it came in by; empty for the one that shows all."""
    capabilities: Params = msgspec.field(default_factory=dict)
    """What the client declared that it can do: one level of its `ClientCapabilities`, with raw values."""
    abilities: Abilities = NONE
    """What the client can be asked, made of its `capabilities`."""
    log_level: str | None = None
    """The level of log messages that the client asked for, of its session (legacy) or of this request (modern)."""
    transport: ClientTransport = "streamable-http"
    """The transport of the client's side."""
    client_info: bytes = b""
    """What the client says of itself, an `Implementation` as raw JSON of any shape; empty if it says nothing."""
    client: ClientSession | None = None
    """The legacy session that the call belongs to; a modern call belongs to none."""
    address: str = ""
    """The address of the peer that its client is connected from, or was when its legacy session began; of IPv6 perhaps
    the network alone. "" where the peer has none (a unix socket), or it is not known."""
    continues: str = ""
    """The name of the state of ours by which it goes on with a call that came in before; "" for a call that begins."""

    def __repr__(self) -> str:
        """What is asked, and by whom; not what the client says of itself, which may be any text of any length."""
        return f"Call(method={self.method!r}, params={self.params!r}, era={self.era!r}, principal={self.principal!r})"


class Exchange(Protocol):
    """A call and the handles back to its client. Cancelling the task that serves it is the cancellation of the call."""

    @property
    def call(self) -> Call:
        """What the client asks."""

    @property
    def record(self) -> CallRecord | None:
        """What becomes known of it on its way; None where nobody wants to know."""

    async def notify(self, method: str, params: Params) -> None:
        """Send a notification on this request's own stream (progress, log messages); dropped if the client is gone."""

    async def ask(self, method: str, params: Params) -> bytes:
        """Ask the client (elicitation, sampling, roots) and wait for its answer: the raw JSON of the result.

        This has no deadline of its own. Cancelling it tells the client, where its era can be told.

        Raises:
            ClientCannotAnswer: the client did not declare that it can be asked this, or has no stream to be asked on.
            ClientRefused: the client answered with an error.
            Overloaded: too many calls are asking their clients already.
        """


Handler = Callable[[Exchange], Awaitable[bytes]]
"""Serves an exchange: returns the raw JSON of its result, or raises an `RpcError`."""

Deliver = Callable[[str, Params], None]
"""Takes a notification, its method and its params; returns at once."""
