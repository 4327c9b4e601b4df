"""The streams of one session, on virtual time."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.core.memory import Memory
from argus_trio.errors import InvalidParams
from argus_trio.frontend.sessions.client_requests import STREAM_SECONDS, SendMessage
from argus_trio.frontend.sessions.streams import Streams
from tests.frontend.support.serving import ids_in
from tests.frontend.support.streams import counts


def nothing() -> None:
    """Nothing to do when a stream is carried on."""


async def test_a_stream_is_carried_on_from_an_event_of_it_and_from_no_other() -> None:
    streams = Streams(Memory())
    first, second = streams.open(on_carried=nothing), streams.open(on_carried=nothing)
    for message in (b"1", b"2"):
        await first.send(message)
        await second.send(message)
    feed = streams.resume("1-1")
    assert ids_in(await feed.take()) == ["1-2"]
    await first.send(b"3")
    assert ids_in(await feed.take()) == ["1-3"]
    streams.settle(first)
    assert await feed.take() == b""
    streams.release(feed)
    assert counts(streams) == (0, 1, 3)


async def test_a_stream_whose_call_is_answered_is_replayed_to_its_end() -> None:
    streams = Streams(Memory())
    channel = streams.open(on_carried=nothing)
    await channel.send(b"result")
    streams.settle(channel)
    for _ in range(2):
        feed = streams.resume("1-0")
        assert ids_in(await feed.take()) == ["1-1"]
        assert await feed.take() == b""


async def test_a_dropped_stream_cannot_be_gone_on_with() -> None:
    streams = Streams(Memory())
    channel = streams.open(on_carried=nothing)
    await channel.send(b"1")
    streams.drop(channel)
    with pytest.raises(InvalidParams):
        streams.resume("1-0")
    assert counts(streams) == (0, 0, 1)


async def test_an_ask_goes_by_what_carries_its_call_before_the_sessions_own() -> None:
    streams = Streams(Memory())
    channel = streams.open(on_carried=nothing)
    own = streams.carry()
    assert await streams.route(channel) == streams.notify
    feed = streams.resume("1-0")
    assert await streams.route(channel) == channel.send
    streams.release(feed)
    assert await streams.route(channel) == streams.notify
    streams.release(own)
    assert not streams.is_busy


async def test_an_ask_waits_for_a_stream_within_a_bound(autojump_clock: MockClock, nursery: trio.Nursery) -> None:
    streams = Streams(Memory())
    began = trio.current_time()
    assert await streams.route() is None
    assert trio.current_time() - began == STREAM_SECONDS
    found: list[SendMessage | None] = []

    async def route() -> None:
        found.append(await streams.route())

    nursery.start_soon(route)
    await wait_all_tasks_blocked()
    streams.carry()
    await wait_all_tasks_blocked()
    assert found == [streams.notify]


async def test_the_end_of_the_session_ends_everything_and_leaves_nothing(nursery: trio.Nursery) -> None:
    total = Memory()
    streams = Streams(total)
    channel = streams.open(on_carried=nothing)
    await channel.send(b"1")
    await streams.notify(b"1")
    feed = streams.resume("1-0")
    found: list[SendMessage | None] = []

    async def route() -> None:
        found.append(await streams.route())

    nursery.start_soon(route)
    await wait_all_tasks_blocked()
    streams.end()
    await wait_all_tasks_blocked()
    assert found == [None]
    assert await feed.take() == b""
    await channel.send(b"2")
    await streams.notify(b"2")
    late = streams.open(on_carried=nothing)
    assert b"id:" not in late.record(b"3")
    streams.settle(channel)
    assert total.size == 0
    assert counts(streams)[1] == 0


async def test_what_a_connection_has_taken_is_accounted_until_it_is_written_or_the_connection_is_gone() -> None:
    memory = Memory()
    streams = Streams(memory)
    feed = streams.carry()
    await streams.notify(b"x" * 1000)
    stored = memory.size
    await feed.take()
    assert memory.size == 2 * stored
    await streams.notify(b"y" * 1000)
    await feed.take()
    assert memory.size == 3 * stored
    streams.release(feed)
    assert memory.size == 2 * stored
    streams.end()
    assert memory.size == 0
