"""A connection to a fake backend, greeted and open: what tests of the connection share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import trio

from argus_trio.backends.connection.connection import Connection
from argus_trio.backends.connection.handshake import Handshake, perform_handshake
from argus_trio.backends.connection.notification_queue import Losses, SessionQueues
from argus_trio.backends.connection.open import probe_state_of
from argus_trio.backends.links.stderr import StderrRing
from argus_trio.config.model.backend import StdioBackend
from argus_trio.config.model.operation import Probing, Timeouts
from argus_trio.core.call.abilities import ANYBODY, Audience
from argus_trio.core.call.exchange import ClientSession
from argus_trio.wire.envelope import Params
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import FakeBackend, FakeExchange, FakeLink, raw

SPEC = StdioBackend(name="files", command="unused")
TIMEOUTS = Timeouts(call=10, call_max=25)


@attrs.define(eq=False)
class Ears:
    """The `BackendListener` that notes what the backend says to nobody in particular."""

    changed: list[str]
    client: ClientSession | None = None
    sessions: SessionQueues = attrs.field(factory=lambda: SessionQueues(Losses("files")))

    def tell_client(self, method: str, params: Params) -> None:
        if self.client is not None:
            self.sessions.put(self.client, method, params)

    def lists_changed(self, kinds: tuple[str, ...]) -> None:
        self.changed.extend(kinds)

    def resource_updated(self, params: Params) -> None:
        self.changed.append(bytes(params["uri"]).decode())

    def listen_acknowledged(self, params: Params) -> None:
        self.changed.append("acknowledged")

    def was_asked(self, method: str) -> bool:
        return False

    def task_ended(self) -> None:
        self.changed.append("task ended")


@attrs.define(eq=False)
class Talk:
    """An open connection, the fake at its far end, and the kinds that it said have changed."""

    connection: Connection
    link: FakeLink
    changed: list[str]


@asynccontextmanager
async def talk(
    backend: FakeBackend,
    *,
    cancels_by_notice: bool = True,
    is_exclusive: bool = False,
    client: ClientSession | None = None,
) -> AsyncIterator[Talk]:
    box: list[Connection] = []

    async def inbox(message, within) -> None:  # type: ignore[no-untyped-def]  # the Inbox of a link
        await box[0].inbound.receive(message, within)

    changed: list[str] = []
    async with trio.open_nursery() as nursery, backend.open(SPEC, inbox, StderrRing("files")) as link:
        ears = Ears(changed, client)
        handshake: Handshake = await perform_handshake(link, "legacy" if backend.era is Era.LEGACY else "modern")
        box.append(
            Connection(
                backend="files",
                link=link,
                handshake=handshake,
                nursery=nursery,
                listener=ears,
                cancels_by_notice=cancels_by_notice,
                is_exclusive=is_exclusive,
                probe_state=probe_state_of(Probing()),
            )
        )
        with ears.sessions.running_in(nursery):
            yield Talk(box[0], backend.links[-1], changed)
        nursery.cancel_scope.cancel()


async def perform(t: Talk, exchange: FakeExchange) -> bytes:
    return await t.connection.call(exchange, raw(exchange.params), TIMEOUTS)


@attrs.define(eq=False)
class AnsweringSession:
    """A legacy session whose client answers on its own stream."""

    told: list[str] = attrs.field(factory=list)
    log_level: str | None = None
    handle: str = ""
    audience: Audience = ANYBODY

    async def notify(self, method: str, params: Params) -> None:
        self.told.append(method)

    async def ask(self, method: str, params: Params) -> bytes:
        return b'{"from":"the session"}'
