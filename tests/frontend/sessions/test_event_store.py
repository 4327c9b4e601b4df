"""The store of a session's events: that it forgets in bounds, and replays what it has not forgotten."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from argus_trio.core.memory import DELIVERED_BYTES, Memory
from argus_trio.frontend.sessions.event_store import EventStore, prime
from argus_trio.wire.event_stream import Event, EventParser

MAX_EVENTS = 8
MAX_BYTES = 600
MAX_TOTAL = 1000


class Model(RuleBasedStateMachine):
    """Two stores with a common bound, and beside them everything that was ever added."""

    streams = Bundle("streams")

    def __init__(self) -> None:
        super().__init__()
        self.total = Memory(lambda: MAX_TOTAL)
        self.stores = [EventStore(self.total, max_events=MAX_EVENTS, max_bytes=MAX_BYTES) for _ in range(2)]
        self.added: dict[tuple[int, int], list[bytes]] = {}
        self.ended: set[tuple[int, int]] = set()
        self.newest: dict[int, tuple[int, bytes]] = {}

    @rule(target=streams, which=st.integers(0, 1))
    def open(self, which: int) -> tuple[int, int]:
        number = self.stores[which].open()
        assert (which, number) not in self.added
        self.added[which, number] = []
        return which, number

    @rule(stream=streams, message=st.binary(max_size=200).filter(lambda data: b"\n" not in data and b"\r" not in data))
    def add(self, stream: tuple[int, int], message: bytes) -> None:
        if stream not in self.ended:
            which, number = stream
            event = self.stores[which].add(number, message)
            self.added[stream].append(event)
            self.newest[which] = (number, event)
            store = self.stores[which]
            assert store.after(number, store.last(number) - 1) == (len(self.added[stream]), [event])

    @rule(stream=streams)
    def end(self, stream: tuple[int, int]) -> None:
        self.ended.add(stream)
        self.stores[stream[0]].end(stream[1])

    @rule(stream=streams)
    def drop(self, stream: tuple[int, int]) -> None:
        self.ended.add(stream)
        self.stores[stream[0]].drop(stream[1])
        self.added[stream].clear()
        assert self.stores[stream[0]].locate(f"{stream[1]}-0") is None
        if self.newest.get(stream[0], (None, b""))[0] == stream[1]:
            del self.newest[stream[0]]

    @rule(stream=streams, number=st.integers(0, 40))
    def replay(self, stream: tuple[int, int], number: int) -> None:
        _, found = self.stores[stream[0]].after(stream[1], number)
        rest = self.added[stream][number:]
        assert found == rest[len(rest) - len(found) :]

    @invariant()
    def the_bounds_hold(self) -> None:
        for store in self.stores:
            assert len(store) <= MAX_EVENTS
            assert store.size <= MAX_BYTES or len(store) == 1
        assert self.total.size == sum(store.size for store in self.stores)

    @invariant()
    def the_newest_stays(self) -> None:
        for which, (number, event) in self.newest.items():
            assert self.stores[which].after(number, 0)[1][-1] == event

    @invariant()
    def an_ended_stream_without_events_is_forgotten(self) -> None:
        for which, number in self.ended:
            store = self.stores[which]
            assert (store.locate(f"{number}-0") is not None) == bool(store.after(number, 0)[1])

    def teardown(self) -> None:
        for store in self.stores:
            store.clear()
            assert (len(store), store.size, store.streams) == (0, 0, 0)
        assert self.total.size == 0


TestModel = Model.TestCase


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=3), st.integers(0, 3))
def test_an_event_carries_its_message_and_an_id_that_leads_back_to_it(value: dict[str, str], stream: int) -> None:
    store = EventStore(Memory())
    for _ in range(4):
        store.open()
    message = msgspec.json.encode(value)
    store.add(stream, b"{}")
    (event,) = EventParser().feed(store.add(stream, message))
    assert event.data == message
    assert store.locate(event.id) == (stream, 2)


def test_a_flood_on_one_stream_takes_nothing_of_another() -> None:
    store = EventStore(Memory(), max_events=MAX_EVENTS, max_bytes=MAX_BYTES)
    quiet, loud = store.open(), store.open()
    result = store.add(quiet, b"the result")
    for _ in range(10 * MAX_EVENTS):
        store.add(loud, b"progress")
    assert store.after(quiet, 0) == (1, [result])
    assert len(store) == MAX_EVENTS


def test_the_newest_stays_whatever_its_size() -> None:
    store = EventStore(Memory(lambda: 10), max_events=MAX_EVENTS, max_bytes=MAX_BYTES)
    stream = store.open()
    store.add(stream, b"1")
    large = store.add(stream, b"x" * MAX_BYTES * 2)
    assert store.after(stream, 0) == (2, [large])
    assert not store.holds(stream, 1)
    assert store.holds(stream, 2)


def test_what_was_delivered_goes_first_and_its_stream_with_it() -> None:
    memory = Memory(lambda: 1000)
    store = EventStore(memory)
    read, waiting = store.open(), store.open()
    store.add(read, b"x" * 400)
    store.delivered(read, 1)
    store.end(read)
    waits = store.add(waiting, b"y" * 300)
    assert store.locate(f"{read}-0") == (read, 0)
    later = store.add(waiting, b"z" * 300)
    assert store.locate(f"{read}-0") is None
    assert store.after(waiting, 0) == (2, [waits, later])
    assert memory.size == store.size == len(waits) + len(later)


def test_sessions_that_have_read_large_results_keep_few_of_them() -> None:
    memory = Memory()
    result, stores = b"x" * 3_500_000, [EventStore(memory) for _ in range(30)]
    for store in stores:
        stream = store.open()
        store.add(stream, result)
        store.delivered(stream, 1)
        store.end(stream)
        store.delivered(stream, 1)
    assert memory.size <= DELIVERED_BYTES
    assert memory.size == sum(store.size for store in stores)
    assert [len(store) for store in stores] == [0] * 21 + [1] * 9
    for store in stores:
        store.clear()
    assert memory.size == 0


def test_of_an_open_stream_what_was_delivered_goes_and_what_was_not_stays() -> None:
    memory = Memory(lambda: 1200)
    store = EventStore(memory)
    stream = store.open()
    for _ in range(3):
        store.add(stream, b"x" * 300)
    store.delivered(stream, 2)
    store.add(stream, b"y" * 300)
    assert not store.holds(stream, 2)
    assert store.holds(stream, 3)
    assert memory.size == store.size


def test_many_small_events_of_which_some_were_delivered_make_room_one_after_the_other() -> None:
    memory = Memory(lambda: 400_000)
    stores = [EventStore(memory, max_events=20_000) for _ in range(3)]
    streams = [store.open() for store in stores]
    for number in range(5000):
        for store, stream in zip(stores, streams, strict=True):
            store.add(stream, b"x" * 60)
            if number % 7 == 0:
                store.delivered(stream, store.last(stream) - 3)
            assert memory.size == sum(each.size for each in stores) <= 400_000
    assert not memory.is_full


def test_a_large_event_that_finds_no_room_is_not_kept() -> None:
    memory = Memory(lambda: 10_000)
    held, store = EventStore(memory), EventStore(memory)
    held.add(held.open(), b"x" * 8_000)
    stream = store.open()
    event = store.add(stream, b"y" * 8_000)
    assert b"id: 0-1" in event
    assert not store.holds(stream, 1)
    small = store.add(stream, b"z")
    assert store.after(stream, 0) == (2, [small])


@pytest.mark.parametrize(
    "event_id", ["", "0", "0-", "-1", "0-2", "1-0", "0-0-0", " 0-0", "0-0\n", "\xb2-\xb2", "0-" + "9" * 99]
)
def test_an_id_that_was_never_given_out_leads_nowhere(event_id: str) -> None:
    store = EventStore(Memory())
    store.add(store.open(), b"{}")
    assert store.locate(event_id) is None


def test_an_event_without_data_is_an_id_and_a_time_to_come_back_after() -> None:
    assert EventParser().feed(prime(3, 4)) == [Event(event="message", data=b"", id="3-4", retry=1000)]
