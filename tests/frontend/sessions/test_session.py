"""One legacy session."""

from __future__ import annotations

import msgspec
import pytest
import trio

from argus_trio.core.memory import Memory
from argus_trio.errors import ClientCannotAnswer, InvalidRequest
from argus_trio.frontend.sessions.hello import read_hello
from argus_trio.frontend.sessions.session import HttpSession
from argus_trio.frontend.sessions.streams import Streams
from argus_trio.wire.envelope import Params, Response, decode_object
from tests.frontend.support.serving import events_in


class Handle:
    """A call that can be ended."""

    ended = 0

    def cancel(self) -> None:
        self.ended += 1


def session(capabilities: bytes = b"{}") -> HttpSession:
    streams = Streams(Memory())
    made = HttpSession(id="s", standalone=streams, streams=streams)
    hello: Params = {"protocolVersion": msgspec.Raw(b'"2025-06-18"'), "capabilities": msgspec.Raw(capabilities)}
    made.settle(read_hello(hello))
    return made


def test_an_id_in_flight_is_not_given_out_twice() -> None:
    made, call = session(), Handle()
    made.begin(b'"a"', call)
    with pytest.raises(InvalidRequest):
        made.begin(b'"a"', Handle())
    assert made.cancel(b'"a"')
    assert not made.cancel(b"1")
    assert call.ended == 1


async def test_it_asks_and_tells_on_its_own_stream() -> None:
    made = session(b'{"sampling":{}}')
    feed = made.streams.carry()
    await made.notify("notifications/message", {"a": msgspec.Raw(b"1")})
    assert events_in(await feed.take()) == [{"jsonrpc": "2.0", "method": "notifications/message", "params": {"a": 1}}]
    with pytest.raises(ClientCannotAnswer, match="did not declare"):
        await made.ask("roots/list", {})
    async with trio.open_nursery() as nursery:
        nursery.start_soon(made.ask, "sampling/createMessage", {})
        assert [message["method"] for message in events_in(await feed.take())] == ["sampling/createMessage"]
        assert made.is_busy
        assert made.client_requests.answer(Response(b"1", b"{}"))


def test_what_is_under_way_keeps_it_busy() -> None:
    made = session()
    seen = [made.is_busy]
    made.begin(b"1", Handle())
    seen.append(made.is_busy)
    made.finish(b"1")
    feed = made.streams.carry()
    seen.append(made.is_busy)
    made.streams.release(feed)
    seen.append(made.is_busy)
    assert seen == [False, True, True, False]


async def test_a_stop_ends_its_stream_after_its_last_call() -> None:
    made = session()
    feed = made.streams.carry()
    made.begin(b"1", Handle())
    made.close()
    await made.notify("notifications/message", {})
    assert events_in(await feed.take())
    made.finish(b"1")
    assert await feed.take() == b""


async def test_its_end_cancels_every_call() -> None:
    made, calls = session(), [Handle(), Handle()]
    for number, call in enumerate(calls):
        made.begin(b"%d" % number, call)
    made.end()
    assert [call.ended for call in calls] == [1, 1]
    with pytest.raises(ClientCannotAnswer):
        await made.client_requests.ask(made.standalone.route, "roots/list", decode_object(b"{}"))
