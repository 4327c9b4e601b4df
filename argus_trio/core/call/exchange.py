"""One request of one client on its way through: what it asks, who asks, and the handles back to the client.

`Call` is a frozen value; `Exchange` is the live part that each edge implements. No transport is known here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

import attrs

from argus_trio.core.call.abilities import NONE, Abilities
from argus_trio.wire.envelope import Params
from argus_trio.wire.revisions import Era


@attrs.frozen(kw_only=True)
class Principal:
    """Who asks: the name that limits, policies and audit records go by."""

    name: str


ANONYMOUS = Principal(name="anonymous")


class ClientSession(Protocol):
    """A client across its calls: a legacy session, for what belongs to none of them. Compared by identity."""

    @property
    def log_level(self) -> str | None:
        """The level of log messages that it asked for; None: it has not said."""

    async def notify(self, method: str, params: Params) -> None:
        """Send a notification on the client's own stream; kept or dropped, in bounds, while none is open."""

    async def ask(self, method: str, params: Params) -> bytes:
        """Send a request on the client's own stream and wait for its answer; as `Exchange.ask`."""


@attrs.frozen(kw_only=True)
class Call:
    """What a client asks: a method and one level of its params, values raw."""

    method: str
    params: Params
    era: Era
    """How the client converses."""
    revision: str
    """The revision that the client speaks."""
    principal: Principal = ANONYMOUS
    capabilities: Params = attrs.field(factory=dict)
    """What the client declared that it can do: one level of its `ClientCapabilities`."""
    abilities: Abilities = NONE
    """The same, as what it can be asked."""
    log_level: str | None = None
    """The level of log messages that it asked for: of its session (legacy) or of this request (modern)."""
    client: ClientSession | None = None
    """The legacy session that the call belongs to; a modern call belongs to none."""


class Exchange(Protocol):
    """A call and the way back to its client. Cancelling the task that serves it is the cancellation of the call."""

    @property
    def call(self) -> Call: ...

    async def notify(self, method: str, params: Params) -> None:
        """Send a notification on this request's own stream (progress, log messages); dropped if the client is gone."""

    async def ask(self, method: str, params: Params) -> bytes:
        """Ask the client (elicitation, sampling, roots) and wait for its answer: the raw JSON of the result.

        Has no deadline of its own. Cancelling it tells the client, where its era has a way to.

        Raises:
            ClientCannotAnswer: the client did not declare it, or has no stream to be asked on.
            ClientRefused: the client answered with an error.
            Overloaded: too many calls are asking their clients already.
        """


Handler = Callable[[Exchange], Awaitable[bytes]]
"""Serves an exchange: the raw JSON of its result, or an `RpcError`."""

Deliver = Callable[[str, Params], None]
"""Takes a notification, its method and its params; returns at once."""
