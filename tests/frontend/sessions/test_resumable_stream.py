"""One stream across the connections that carry it."""

from __future__ import annotations

import trio
from trio.testing import wait_all_tasks_blocked

from argus_trio.core.memory import Memory
from argus_trio.frontend.sessions.event_store import MAX_EVENTS, EventStore
from argus_trio.frontend.sessions.resumable_stream import BACKLOG_BYTES, Feed, ResumableStream
from tests.frontend.support.serving import ids_in


def nothing() -> None:
    """Nothing to do when it is carried."""


def channel() -> ResumableStream:
    store = EventStore(Memory())
    return ResumableStream(store, store.open(), on_carried=nothing)


async def test_what_nobody_had_goes_to_the_next_who_carries_it() -> None:
    stream = channel()
    await stream.send(b"1")
    first = stream.attach()
    assert ids_in(await first.take()) == ["0-1"]
    await stream.send(b"2")
    first.close()
    assert await first.take() == b""
    assert not stream.is_carried
    assert ids_in(await stream.attach().take()) == ["0-2"]


async def test_a_connection_that_takes_over_ends_the_other_and_may_go_back() -> None:
    stream = channel()
    first = stream.attach()
    await stream.send(b"1")
    await first.take()
    await stream.send(b"2")
    second = stream.attach(0)
    assert await first.take() == b""
    assert ids_in(await second.take()) == ["0-1", "0-2"]
    first.close()
    assert stream.is_carried


async def test_a_waiting_take_is_woken_and_the_end_comes_after_what_waits(nursery: trio.Nursery) -> None:
    stream = channel()
    feed = stream.attach()
    taken: list[bytes] = []

    async def take() -> None:
        while chunk := await feed.take():
            taken.append(chunk)

    nursery.start_soon(take)
    await wait_all_tasks_blocked()
    await stream.send(b"1")
    await wait_all_tasks_blocked()
    assert ids_in(b"".join(taken)) == ["0-1"]
    await stream.send(b"2")
    stream.end()
    await wait_all_tasks_blocked()
    assert ids_in(b"".join(taken)) == ["0-1", "0-2"]
    assert not nursery.child_tasks
    await stream.send(b"3")
    stream.offer("k", b"4")
    assert await stream.attach().take() == b""


async def test_news_is_merged_until_somebody_had_it() -> None:
    stream = channel()
    for _ in range(3):
        stream.offer("k", b"a")
    stream.offer("l", b"b")
    feed = stream.attach()
    assert ids_in(await feed.take()) == ["0-1", "0-2"]
    stream.offer("k", b"a")
    assert ids_in(await feed.take()) == ["0-3"]


async def test_a_client_that_reads_slowly_holds_up_those_that_bring_more(nursery: trio.Nursery) -> None:
    stream = channel()
    feed = stream.attach()
    nursery.start_soon(stream.send, b"x" * (BACKLOG_BYTES + 1))
    await wait_all_tasks_blocked()
    nursery.start_soon(stream.send, b"2")
    await wait_all_tasks_blocked()
    assert len(nursery.child_tasks) == 2
    assert ids_in(await feed.take()) == ["0-1", "0-2"]
    await wait_all_tasks_blocked()
    assert not nursery.child_tasks


async def test_a_connection_that_ends_frees_those_that_wait_for_it(nursery: trio.Nursery) -> None:
    stream = channel()
    feed: Feed = stream.attach()
    nursery.start_soon(stream.send, b"x" * (BACKLOG_BYTES + 1))
    await wait_all_tasks_blocked()
    feed.close()
    await wait_all_tasks_blocked()
    assert not nursery.child_tasks
    assert ids_in(await stream.attach().take()) == ["0-1"]


async def test_whoever_waits_for_it_to_be_carried_is_told() -> None:
    store = EventStore(Memory())
    told: list[None] = []
    ResumableStream(store, store.open(), on_carried=lambda: told.append(None)).attach()
    assert told == [None]


async def test_a_burst_of_more_events_than_the_store_keeps_reaches_a_client_that_reads(nursery: trio.Nursery) -> None:
    stream = channel()
    feed = stream.attach()
    taken: list[bytes] = []

    async def take() -> None:
        while chunk := await feed.take():
            taken.append(chunk)
            await trio.lowlevel.checkpoint()

    nursery.start_soon(take)
    for _ in range(5 * MAX_EVENTS):
        await stream.send(b"1")
    await wait_all_tasks_blocked()
    assert ids_in(b"".join(taken)) == [f"0-{number + 1}" for number in range(5 * MAX_EVENTS)]
