"""One attempt to converse with a backend: link, greeting and connection, entered and left together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final, Literal

import attrs
import trio

from argus_trio.backends.connection.connection import Connection
from argus_trio.backends.connection.handshake import perform_handshake
from argus_trio.backends.connection.inbound import BackendListener
from argus_trio.backends.connection.task_notifications import OnTask, ignore_task
from argus_trio.backends.links.link import Inbox, Link
from argus_trio.backends.links.stderr import StderrRing
from argus_trio.config.model.backend import BackendSpec, HttpBackend, SseBackend
from argus_trio.config.model.operation import Probing
from argus_trio.core.call.abilities import NONE, Abilities
from argus_trio.core.health.probing import ProbeState
from argus_trio.core.redaction import Redactor
from argus_trio.wire.envelope import Notification, Request
from argus_trio.wire.revisions import Era

OpenLink = Callable[[BackendSpec, Inbox, StderrRing], AbstractAsyncContextManager[Link]]
"""Opens a link for a spec: how a scope reaches the world."""

EARLY_MESSAGES: Final = 64
"""Messages kept that a backend sends before it is greeted; more are dropped."""


@attrs.define(eq=False, kw_only=True)
class BackendAddress:
    """How a backend is reached: what everything that is opened or asked there has in common."""

    spec: BackendSpec
    """Replaced by one whose link part is the same when a reload adjusts the rest."""
    open_link: OpenLink
    redact: Redactor
    """Hides secrets in what is told of the backend."""
    on_task: OnTask = ignore_task
    stderr: StderrRing = attrs.field(init=False)
    """What its processes wrote to stderr, over all its connections."""

    def __attrs_post_init__(self) -> None:
        self.stderr = StderrRing(self.spec.name)


@attrs.define(eq=False)
class _EarlyMessages:
    """Holds what arrives before there is a connection, then hands everything to it."""

    connection: Connection | None = attrs.field(default=None, init=False)
    _early: list[tuple[Request | Notification, int | None]] = attrs.field(factory=list, init=False)

    async def receive(self, message: Request | Notification, within: int | None) -> None:
        if self.connection is not None:
            await self.connection.inbound.receive(message, within)
        elif len(self._early) < EARLY_MESSAGES:
            self._early.append((message, within))

    async def attach(self, connection: Connection) -> None:
        self.connection = connection
        for message, within in self._early:
            await connection.inbound.receive(message, within)
        self._early.clear()


@asynccontextmanager
async def open_connection(
    address: BackendAddress,
    protocol: Literal["auto", "legacy", "modern"],
    listener: BackendListener,
    *,
    abilities: Abilities = NONE,
    is_exclusive: bool = False,
) -> AsyncIterator[Connection]:
    """A greeted connection for the length of the block. Has no deadline of its own.

    Raises:
        LinkFailed: it could not be opened, or the backend was not understood.
    """
    early = _EarlyMessages()
    async with trio.open_nursery() as nursery, address.open_link(address.spec, early.receive, address.stderr) as link:
        era = "legacy" if isinstance(address.spec, SseBackend) else protocol  # HTTP+SSE ended with 2024-11-05
        handshake = await perform_handshake(link, era, abilities)
        connection = Connection(
            backend=address.spec.name,
            link=link,
            handshake=handshake,
            nursery=nursery,
            listener=listener,
            cancels_by_notice=handshake.era is Era.LEGACY or not isinstance(address.spec, HttpBackend),
            is_exclusive=is_exclusive,
            on_task=address.on_task,
            probe_state=probe_state_of(address.spec.health),
        )
        await early.attach(connection)
        if handshake.era is Era.LEGACY:
            await link.listen((("mcp-protocol-version", handshake.revision),))
        yield connection
        nursery.cancel_scope.cancel()


def probe_state_of(probing: Probing) -> ProbeState:
    """The pulse of a connection that begins now."""
    return ProbeState(
        interval=probing.interval,
        timeout=probing.timeout,
        slow=probing.slow,
        failures=probing.failures,
        heard_at=trio.current_time(),
    )
