"""What is being read of all backends: who reads on, who waits, and who is told that there was no room."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.backends.links.hearing import Hearing, refusal_of
from argus_trio.backends.links.intake import (
    COPIES,
    OWN_WAIT_SECONDS,
    SILENT_SECONDS,
    STALLED_SECONDS,
    STEP_BYTES,
    WRITTEN_SECONDS,
    Intake,
    NoRoom,
    Portion,
)
from argus_trio.core.memory import Memory
from argus_trio.errors import AnswerInvalid, BackendMisbehaved, Overloaded, ResponseInvalid
from argus_trio.wire.event_stream import EventParser
from argus_trio.wire.lines import BoundedLines
from argus_trio.wire.outline import Oversized

MEGABYTE = 1024 * 1024
LIMIT = 64 * MEGABYTE
LARGE = 12 * MEGABYTE
"""One of these has room, two have not."""
ANSWER = b'{"jsonrpc":"2.0","id":4,"result":{"a":"%b"}}' % (b"x" * 4 * STEP_BYTES)


def an_intake() -> Intake:
    return Intake(Memory(lambda: LIMIT))


async def read_one(intake: Intake, done: list[int], number: int) -> None:
    """Read a message that comes in steps, with others in between."""
    with Portion(intake) as portion:
        for size in range(STEP_BYTES, LARGE + 1, STEP_BYTES):
            await portion.take(size)
            await trio.lowlevel.checkpoint()
    done.append(number)


async def test_what_is_small_is_not_entered_and_what_is_read_is_given_back() -> None:
    intake = an_intake()
    with Portion(intake) as portion:
        await portion.take(STEP_BYTES)
        assert intake.held == 0
        await portion.take(STEP_BYTES + 1)
        assert intake.held == intake.memory.size >= COPIES * STEP_BYTES
        await portion.take(0)
        assert intake.held == 0
        await portion.take(LARGE)
    assert (intake.held, intake.memory.size) == (0, 0)


async def test_many_that_come_at_once_stay_within_the_bound_and_all_come_to_their_end(
    autojump_clock: MockClock,
) -> None:
    intake, done = an_intake(), list[int]()
    with capture_logs() as logs, trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            for number in range(20):
                nursery.start_soon(read_one, intake, done, number)
    assert sorted(done) == list(range(20))
    assert intake.memory.peak <= LIMIT * 5 // 8 + COPIES * LARGE
    assert intake.memory.size == 0
    assert [entry["event"] for entry in logs].count("large_answers_wait") >= 1
    assert len(logs) <= 20


@given(
    st.lists(st.tuples(st.booleans(), st.integers(1, 24), st.floats(0, 8), st.booleans()), min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(0, 64), st.floats(0, 20)), max_size=3),
)
@settings(max_examples=30, deadline=None)
def test_wherever_readers_are_cancelled_all_others_come_to_their_end_and_nothing_stays_entered(
    readers: list[tuple[bool, int, float, bool]], others: list[tuple[int, float]]
) -> None:
    """Each reader: whether it is shared, its size, when it leaves, and whether it is cancelled then or only silent."""

    async def read(intake: Intake, is_shared: bool, megabytes: int, leaves_after: float, is_cancelled: bool) -> None:
        hearing = Hearing(backend="far", limit=LIMIT, intake=intake)
        with Portion(intake, is_shared=is_shared) as portion:
            lines = BoundedLines(LIMIT)
            with trio.move_on_after(leaves_after if is_cancelled else 10 * OWN_WAIT_SECONDS) as scope:
                for _ in range(4 * megabytes):
                    assert lines.feed(bytes(4 * STEP_BYTES)) == []
                    await trio.sleep(0.1)
                    if is_shared:
                        await hearing.take(portion, lines)
                        continue
                    try:
                        await portion.take(lines.held)
                    except NoRoom:
                        return
                if not is_cancelled:  # the rest does not come for a while
                    await trio.sleep(leaves_after)
            assert is_cancelled or not scope.cancelled_caught

    async def keep(memory: Memory, megabytes: int, seconds: float) -> None:
        kept = Portion(Intake())
        memory.hold(kept, megabytes * MEGABYTE)
        await trio.sleep(seconds)
        memory.release(kept)

    async def run() -> None:
        intake = an_intake()
        async with trio.open_nursery() as nursery:
            for reader in readers:
                nursery.start_soon(read, intake, *reader)
            for other in others:
                nursery.start_soon(keep, intake.memory, *other)
        assert (intake.held, intake.memory.size, intake.memory.is_full) == (0, 0, False)
        with Portion(intake) as portion, trio.fail_after(0):
            await portion.take(LARGE)

    with capture_logs():
        trio.run(run, clock=MockClock(autojump_threshold=0))


async def test_one_goes_on_however_full_the_gateway_is(autojump_clock: MockClock) -> None:
    intake = an_intake()
    kept = Portion(Intake())
    intake.memory.hold(kept, LIMIT)
    with Portion(intake) as portion:
        began = trio.current_time()
        await portion.take(LARGE)
        assert portion.held == COPIES * LARGE
        assert trio.current_time() - began == pytest.approx(WRITTEN_SECONDS)
        await portion.take(2 * LARGE)
        assert trio.current_time() - began == pytest.approx(WRITTEN_SECONDS)


async def test_what_others_stand_behind_does_not_wait_for_clients_that_do_not_read(autojump_clock: MockClock) -> None:
    intake = an_intake()
    intake.memory.hold(Portion(Intake()), LIMIT)
    with Portion(intake, is_shared=True) as portion, trio.fail_after(WRITTEN_SECONDS / 2):
        await portion.take(LARGE)


async def test_who_waits_goes_on_as_soon_as_another_part_of_the_gateway_lets_go(autojump_clock: MockClock) -> None:
    intake, kept = an_intake(), Portion(Intake())
    intake.memory.hold(kept, LIMIT - MEGABYTE)
    with Portion(intake) as first, Portion(intake) as second:
        await first.take(LARGE)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(second.take, 2 * MEGABYTE)
            await wait_all_tasks_blocked()
            assert second.held == 0
            intake.memory.release(kept)
            assert second.held == COPIES * 2 * MEGABYTE


async def test_who_brings_nothing_holds_nobody_up_for_long(autojump_clock: MockClock) -> None:
    intake = an_intake()
    with Portion(intake), Portion(intake) as silent, Portion(intake) as second:
        await silent.take(LARGE)
        began = trio.current_time()
        await second.take(LARGE)
        assert trio.current_time() - began <= 2 * SILENT_SECONDS


async def test_a_middling_message_does_not_wait_behind_large_ones(autojump_clock: MockClock) -> None:
    intake = an_intake()
    with Portion(intake) as large, Portion(intake) as waiting, Portion(intake) as middling:
        await large.take(LARGE)
        with trio.move_on_after(1):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(waiting.take, LARGE)
                await wait_all_tasks_blocked()
                await middling.take(MEGABYTE)
                assert (waiting.held, middling.held) == (0, COPIES * MEGABYTE)
                nursery.cancel_scope.cancel()
    assert intake.held == 0


async def test_a_message_whose_rest_does_not_come_does_not_keep_its_room_for_ever(autojump_clock: MockClock) -> None:
    intake, hearing = an_intake(), Hearing(backend="far", limit=LIMIT)
    parser = hearing.parser()
    with Portion(intake, is_shared=True) as stalled, Portion(intake) as waiting:
        assert parser.feed(b"data: " + ANSWER[:-20] + bytes(LIMIT // COPIES)) == []
        await hearing.take(stalled, parser)
        assert intake.held > LIMIT
        began = trio.current_time()
        await waiting.take(LARGE)
        assert trio.current_time() - began <= STALLED_SECONDS + 1
        assert (stalled.held, parser.held) == (0, 0)
        (found,) = parser.feed(ANSWER[-20:] + b"\n\n")
        assert found.oversized is not None
        assert found.oversized.lacked_room


async def test_who_waits_in_vain_is_told_so(autojump_clock: MockClock) -> None:
    intake = an_intake()
    with Portion(intake) as moving, Portion(intake, is_shared=True) as waiting:
        await moving.take(LARGE)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(keep_moving, moving)
            began = trio.current_time()
            with pytest.raises(NoRoom, match=r"server\.limits\.memory") as caught:
                await waiting.take(LARGE)
            assert trio.current_time() - began == pytest.approx(5)
            nursery.cancel_scope.cancel()
    refused = refusal_of(caught.value, "far", caught.value.reason)
    assert isinstance(refused, Overloaded)
    assert refused.data == {"retryAfter": 5.0}
    assert isinstance(refusal_of(AnswerInvalid("odd"), "far", "odd"), BackendMisbehaved)


async def test_one_message_waits_no_longer_in_all_however_often_it_gets_a_little_further(
    autojump_clock: MockClock,
) -> None:
    intake, kept = an_intake(), Portion(Intake())
    with Portion(intake) as moving, Portion(intake, is_shared=True) as waiting:
        await moving.take(LARGE)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(keep_moving, moving)
            began = trio.current_time()
            for number in range(1, 4):
                intake.memory.hold(kept, LIMIT // 2)
                nursery.start_soon(let_go, intake.memory, kept)
                with pytest.raises(NoRoom) if number == 3 else nullcontext():
                    await waiting.take((2 + number) * MEGABYTE)
            assert trio.current_time() - began == pytest.approx(5)
            waiting.release()
            began = trio.current_time()
            await waiting.take(3 * MEGABYTE)
            assert trio.current_time() - began == pytest.approx(1)
            nursery.cancel_scope.cancel()
    assert (intake.held, intake.memory.size) == (0, 0)


async def let_go(memory: Memory, kept: Portion) -> None:
    await trio.sleep(2)
    memory.release(kept)


async def keep_moving(portion: Portion) -> None:
    while True:
        await portion.take(LARGE)
        await trio.sleep(SILENT_SECONDS / 2)


@pytest.mark.parametrize("kind", ["line", "event"])
async def test_on_a_shared_stream_who_waits_in_vain_is_passed_over_and_what_follows_is_read(
    kind: str, autojump_clock: MockClock
) -> None:
    intake = an_intake()
    hearing = Hearing(backend="far", intake=intake)
    stream: EventParser | BoundedLines = BoundedLines(LIMIT) if kind == "line" else hearing.parser()
    begin, end = (b"", b"\n") if kind == "line" else (b"data: ", b"\n\n")
    with Portion(intake) as moving, Portion(intake, is_shared=True) as portion:
        await moving.take(LARGE)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(keep_moving, moving)
            intake.memory.hold(Portion(Intake()), LIMIT)
            assert stream.feed(begin + ANSWER[:-20]) == []
            with capture_logs() as logs:
                await hearing.take(portion, stream)
                assert (stream.held, portion.held) == (0, 0)
                (found,) = stream.feed(ANSWER[-20:] + end)
                cut = found if isinstance(found, Oversized) else getattr(found, "oversized", None)
                assert isinstance(cut, Oversized)
                answer = hearing.answer_of(cut)
            nursery.cancel_scope.cancel()
    assert isinstance(answer, ResponseInvalid)
    assert answer.id == b"4"
    assert "server.limits.memory" in answer.message
    assert str(len(ANSWER)) in answer.message
    assert [entry["event"] for entry in logs] == ["large_answers_wait", "backend_message_without_room"]
    (after,) = stream.feed(begin + ANSWER + end)
    assert ANSWER in (after, getattr(after, "data", None))
