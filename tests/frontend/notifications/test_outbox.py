"""The queue of one stream."""

from __future__ import annotations

import trio
from structlog.testing import capture_logs
from trio.testing import wait_all_tasks_blocked

from argus_trio.core.memory import Memory
from argus_trio.frontend.notifications.outbox import MAX_OFFERED, MAX_OFFERED_BYTES, MAX_WAITING_BYTES, Outbox


async def test_what_is_put_comes_out_in_order_and_offers_are_merged() -> None:
    outbox = Outbox()
    await outbox.put(b"1")
    outbox.offer("k", b"a")
    outbox.offer("k", b"b")
    await outbox.put(b"2")
    assert await outbox.take() == b"12b"


async def test_a_full_outbox_makes_put_wait_and_never_an_offer(nursery: trio.Nursery) -> None:
    outbox = Outbox(capacity=1)
    await outbox.put(b"1")
    nursery.start_soon(outbox.put, b"2")
    await wait_all_tasks_blocked()
    outbox.offer("k", b"a")
    assert await outbox.take() == b"1a"
    assert await outbox.take() == b"2"


async def test_a_waiting_take_is_woken(nursery: trio.Nursery) -> None:
    outbox = Outbox()
    taken: list[bytes] = []

    async def take() -> None:
        taken.append(await outbox.take())

    nursery.start_soon(take)
    await wait_all_tasks_blocked()
    outbox.offer("k", b"a")
    await wait_all_tasks_blocked()
    assert taken == [b"a"]


async def test_what_waits_at_the_end_is_still_taken_and_nothing_after_it() -> None:
    outbox = Outbox(capacity=1)
    await outbox.put(b"1")
    outbox.close()
    await outbox.put(b"2")
    outbox.offer("k", b"3")
    assert outbox.is_closed
    assert await outbox.take() == b"1"
    assert await outbox.take() == b""


async def test_the_end_frees_those_that_wait_for_room(nursery: trio.Nursery) -> None:
    outbox = Outbox(capacity=1)
    await outbox.put(b"1")
    nursery.start_soon(outbox.put, b"2")
    await wait_all_tasks_blocked()
    outbox.close()
    await wait_all_tasks_blocked()
    assert not nursery.child_tasks


async def test_there_are_only_so_many_kinds_of_news() -> None:
    outbox = Outbox()
    for number in range(MAX_OFFERED + 10):
        outbox.offer(str(number), b"a")
    outbox.offer("0", b"b")
    assert await outbox.take() == b"b" + b"a" * (MAX_OFFERED - 1)


async def test_news_are_bounded_in_bytes_and_what_is_dropped_is_told_once() -> None:
    outbox, third = Outbox(), b"x" * (MAX_OFFERED_BYTES // 3)
    for number in range(6):
        outbox.offer(str(number), third)
    outbox.offer("0", third)
    with capture_logs() as logs:
        assert await outbox.take() == third * 3
        outbox.offer("4", third)
        assert await outbox.take() == third
    assert [(entry["event"], entry["count"]) for entry in logs] == [("changes_dropped", 3)]


async def test_news_that_are_larger_than_the_bound_come_through_alone() -> None:
    outbox, large = Outbox(), b"x" * (MAX_OFFERED_BYTES + 1)
    outbox.offer("k", large)
    assert await outbox.take() == large


async def test_all_that_waits_is_accounted_and_nothing_is_left_of_it_at_the_end(nursery: trio.Nursery) -> None:
    memory = Memory()
    outbox = Outbox(capacity=10, memory=memory)
    outbox.keep(5)
    await outbox.put(b"x" * 10)
    nursery.start_soon(outbox.put, b"y" * 20)
    outbox.offer("k", b"z" * 3)
    outbox.offer("k", b"z")
    await wait_all_tasks_blocked()
    assert (memory.size, outbox.waiting) == (36, 30)
    await outbox.take()
    await wait_all_tasks_blocked()
    assert memory.size == 25
    outbox.discard()
    outbox.discard()
    assert (memory.size, outbox.waiting) == (0, 0)


async def test_one_who_waits_to_bring_more_and_gives_up_is_not_accounted_any_more() -> None:
    memory = Memory()
    outbox = Outbox(capacity=1, memory=memory)
    await outbox.put(b"x")
    with trio.move_on_after(0):
        await outbox.put(b"yy")
    assert memory.size == 1


async def test_a_client_that_reads_nothing_gets_no_further_answers() -> None:
    outbox = Outbox()
    assert outbox.has_room(2 * MAX_WAITING_BYTES)
    await outbox.put(b"x")
    assert outbox.has_room(MAX_WAITING_BYTES - 1)
    assert not outbox.has_room(MAX_WAITING_BYTES)


async def test_whoever_is_refused_is_told_whether_the_stream_is_full_or_the_gateway() -> None:
    memory = Memory(lambda: 2 * MAX_WAITING_BYTES)
    outbox = Outbox(memory=memory)
    await outbox.put(b"x")
    assert not outbox.has_room(MAX_WAITING_BYTES)
    assert "1 bytes wait on this stream" in outbox.why_full(MAX_WAITING_BYTES)
    memory.hold(Outbox(), 2 * MAX_WAITING_BYTES)
    assert not outbox.has_room(MAX_WAITING_BYTES - 1)
    assert "server.limits.memory" in outbox.why_full(MAX_WAITING_BYTES - 1)
