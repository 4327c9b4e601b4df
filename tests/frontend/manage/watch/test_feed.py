"""What an event stream is written from, in virtual time: pace, heartbeats, gaps, and what a slow reader costs."""

from __future__ import annotations

from collections import Counter

import msgspec
import trio
from trio.abc import Instrument
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.core.journal import EVENTS_KEPT
from argus_trio.core.stages import STAGES
from argus_trio.frontend.gateway import Management
from argus_trio.frontend.manage.watch.encoded import ENCODED_KEPT, EncodedEvents, WantedEvents
from argus_trio.frontend.manage.watch.feed import (
    CHUNK_BYTES,
    EVENTS_AT_ONCE,
    HEARTBEAT_SECONDS,
    LONGEST_TURN_SECONDS,
    PACE_OF_ONE,
    PACE_SECONDS,
    EventFeed,
)
from argus_trio.wire.event_stream import Event, EventParser
from tests.frontend.manage.watch.support import management_of


def feed_of(management: Management, encoded: EncodedEvents | None = None, **more: object) -> EventFeed:
    options: dict[str, object] = {"position": management.journal.position, **more}
    return EventFeed(
        events=encoded or EncodedEvents(management.journal),
        news=management.events,
        wanted=WantedEvents(),
        **options,  # type: ignore[arg-type]
    )


async def taken(feed: EventFeed) -> list[Event]:
    return EventParser().feed(await feed.take())


def noted(management: Management, count: int, size: int = 1) -> None:
    """So many events, of as many backends: none is a repetition."""
    for _ in range(count):
        number = management.journal.position
        management.journal.note("backend_ready", "x" * size, backend=f"b{number}")


async def test_a_stream_that_has_nothing_to_say_beats_every_half_minute(autojump_clock: MockClock) -> None:
    management = management_of()
    feed = feed_of(management)
    assert [each.event for each in await taken(feed)] == ["heartbeat"]
    began = trio.current_time()
    assert [each.event for each in await taken(feed)] == ["heartbeat"]
    assert trio.current_time() - began == HEARTBEAT_SECONDS


async def test_what_happens_fast_comes_in_one_piece(autojump_clock: MockClock) -> None:
    management = management_of()
    feed = feed_of(management)
    await taken(feed)
    noted(management, 1)
    began = trio.current_time()
    assert [each.id for each in await taken(feed)] == ["ab12-1"]
    assert trio.current_time() == began, "the first one comes at once"
    noted(management, 20)
    assert [each.id for each in await taken(feed)] == [f"ab12-{number}" for number in range(2, 22)]
    assert trio.current_time() - began == PACE_SECONDS


class Steps(Instrument):
    """How often a task ran."""

    def __init__(self, task: str) -> None:
        self.task = task
        self.count = 0

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self.count += task.name == self.task


async def test_what_happens_wakes_no_stream_that_may_not_be_written_to_yet(autojump_clock: MockClock) -> None:
    management = management_of()
    feed = feed_of(management)
    await taken(feed)
    noted(management, 1)
    await taken(feed)
    steps = Steps("reader")
    trio.lowlevel.add_instrument(steps)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(taken, feed, name="reader")
        for _ in range(20):
            await trio.sleep(PACE_SECONDS / 30)
            noted(management, 1)
        assert steps.count == 1
    trio.lowlevel.remove_instrument(steps)
    assert steps.count == 2


async def test_a_cancelled_wait_loses_nothing(autojump_clock: MockClock) -> None:
    management = management_of()
    feed = feed_of(management)
    await taken(feed)
    noted(management, 1)
    await taken(feed)
    for _ in range(3):
        noted(management, 1)
        with trio.move_on_after(PACE_SECONDS / 10) as scope:
            await feed.take()
        assert scope.cancelled_caught
    assert [each.id for each in await taken(feed)] == ["ab12-2", "ab12-3", "ab12-4"]


async def test_a_chunk_is_bounded_and_the_rest_follows(autojump_clock: MockClock) -> None:
    management = management_of()
    feed = feed_of(management)
    await taken(feed)
    noted(management, 2 * EVENTS_AT_ONCE, 2000)
    chunks: list[bytes] = []
    ids: list[str] = []
    parser = EventParser()
    while len(ids) < 2 * EVENTS_AT_ONCE:
        chunks.append(await feed.take())
        ids += [each.id for each in parser.feed(chunks[-1])]
    assert ids == [f"ab12-{number}" for number in range(1, 2 * EVENTS_AT_ONCE + 1)]
    assert max(map(len, chunks)) < CHUNK_BYTES + 4096


async def test_who_reads_too_slowly_is_told_of_the_gap_once(autojump_clock: MockClock) -> None:
    management = management_of()
    feed = feed_of(management)
    await taken(feed)
    noted(management, EVENTS_KEPT + 100)
    events = await taken(feed)
    assert (events[0].event, msgspec.json.decode(events[0].data)["since"]) == ("gap", "ab12-0")
    assert events[1].id == "ab12-101"
    assert "gap" not in {each.event for each in await taken(feed)}


async def test_a_closed_stream_is_at_its_end_whether_it_waits_or_not(autojump_clock: MockClock) -> None:
    management = management_of()
    feed = feed_of(management)
    await taken(feed)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(feed.take)
        await wait_all_tasks_blocked()
        feed.close()
    assert await feed.take() == b""


async def test_a_thousand_streams_wait_for_one_event_and_share_what_is_encoded(autojump_clock: MockClock) -> None:
    management = management_of()
    encoded = EncodedEvents(management.journal)
    encoded.readers = 1000
    chunks: list[bytes] = []
    times: Counter[float] = Counter()

    async def read(feed: EventFeed) -> None:
        await feed.take()
        chunks.append(await feed.take())
        times[round(trio.current_time(), 3)] += 1

    async with trio.open_nursery() as nursery:
        for _ in range(1000):
            nursery.start_soon(read, feed_of(management, encoded))
        await wait_all_tasks_blocked()
        noted(management, 1)
    assert len(chunks) == 1000
    (shared,) = set(chunks)
    assert EventParser().feed(shared)[0].id == "ab12-1"
    assert max(times) - min(times) <= LONGEST_TURN_SECONDS
    assert max(times.values()) < 30, "they are not written to all at once"


def test_no_more_events_are_kept_encoded_than_the_bound() -> None:
    management = management_of()
    encoded = EncodedEvents(management.journal)
    noted(management, ENCODED_KEPT + 50)
    for event in management.journal.since(1)[0]:
        entry = msgspec.json.decode(encoded.entry(event))
        assert (entry["id"], entry["stage"] in STAGES) == (f"ab12-{event.number}", True)
    assert len(encoded._kept) == ENCODED_KEPT


async def test_where_very_many_streams_are_open_each_is_written_to_less_often(autojump_clock: MockClock) -> None:
    management = management_of()
    encoded = EncodedEvents(management.journal)
    encoded.readers = 1000
    feed = feed_of(management, encoded)
    await taken(feed)
    noted(management, 1)
    await taken(feed)
    began = trio.current_time()
    noted(management, 5)
    assert len(await taken(feed)) == 5
    assert trio.current_time() - began == 1000 * PACE_OF_ONE
