"""The live part of a legacy call."""

from __future__ import annotations

import pytest
import trio

from argus_trio.core.call.abilities import Abilities
from argus_trio.core.call.exchange import Call
from argus_trio.core.call.record import CallRecord
from argus_trio.core.memory import Memory
from argus_trio.errors import ClientCannotAnswer
from argus_trio.frontend.sessions.client_requests import SendMessage
from argus_trio.frontend.sessions.exchange import LegacyExchange
from argus_trio.frontend.sessions.session import HttpSession
from argus_trio.frontend.sessions.streams import Streams
from argus_trio.wire.envelope import Response
from argus_trio.wire.revisions import Era


class FakeStream:
    """The stream of a call that keeps what was sent, or cannot be asked on."""

    def __init__(self, *, is_open: bool = True) -> None:
        self.sent: list[bytes] = []
        self._is_open = is_open

    async def notify(self, message: bytes) -> None:
        self.sent.append(message)

    async def route(self) -> SendMessage | None:
        return self.notify if self._is_open else None


def exchange(stream: FakeStream, abilities: Abilities | None = None) -> LegacyExchange:
    streams = Streams(Memory())
    session = HttpSession(id="s", standalone=streams, streams=streams, abilities=abilities or Abilities(roots=True))
    call = Call(method="tools/call", params={}, era=Era.LEGACY, revision="2025-06-18", client=session)
    return LegacyExchange(call=call, session=session, stream=stream)


async def test_it_asks_on_its_stream_and_gives_the_answer(nursery: trio.Nursery) -> None:
    stream = FakeStream()
    made = exchange(stream)

    async def respond() -> None:
        while not made.session.client_requests.answer(Response(b"1", b'{"roots":[]}')):
            await trio.lowlevel.checkpoint()

    nursery.start_soon(respond)
    assert await made.ask("roots/list", {}) == b'{"roots":[]}'
    assert stream.sent == [b'{"jsonrpc":"2.0","id":1,"method":"roots/list"}']


async def test_it_asks_nothing_that_was_not_declared_and_nowhere() -> None:
    stream = FakeStream()
    with pytest.raises(ClientCannotAnswer, match="did not declare"):
        await exchange(stream, Abilities(form=True)).ask("roots/list", {})
    assert not stream.sent
    with pytest.raises(ClientCannotAnswer, match="no stream"):
        await exchange(FakeStream(is_open=False)).ask("roots/list", {})


async def test_once_its_client_cancelled_it_says_nothing_more() -> None:
    stream = FakeStream()
    made = exchange(stream)
    await made.notify("notifications/message", {})
    with made.scope:
        made.cancel()
        await made.ask("roots/list", {})
    await made.notify("notifications/message", {})
    assert made.scope.cancelled_caught
    assert len(stream.sent) == 1
    assert not made.session.client_requests


def test_its_record_says_whether_its_client_took_it_back_or_its_session_ended() -> None:
    taken, ended = exchange(FakeStream()), exchange(FakeStream())
    for made in (taken, ended):
        made.record = CallRecord()
        made.session.begin(b"1", made)
    taken.session.cancel(b"1")
    ended.session.end()
    assert [made.record.cut for made in (taken, ended) if made.record is not None] == ["cancelled", "session_ended"]
