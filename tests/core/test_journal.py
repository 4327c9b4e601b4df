"""The journal: what is kept, what a reader is told, and that nothing pushes everything else out."""

from __future__ import annotations

import ast
from typing import get_args

import attrs
import msgspec
import pytest

from argus_trio.core.journal import (
    BURST,
    DETAILS_CHARACTERS,
    DETAILS_MEMBERS,
    EVENTS_KEPT,
    KEPT_OF_A_KIND,
    MOST_COUNTED,
    MOST_DETAIL,
    REFILL_SECONDS,
    RING_BYTES,
    Journal,
)
from argus_trio.core.stages import STAGES, JournalStage
from tests.e2e.child import ROOT


@attrs.define
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def journal_of(clock: Clock | None = None) -> Journal:
    return Journal(now=clock or Clock(), instance="ab12", redact=lambda text: text.replace("hunter2", "***"))


def noted_slowly(journal: Journal, clock: Clock, count: int, backend: str = "files") -> None:
    for _ in range(count):
        clock.now += REFILL_SECONDS
        journal.note("backend_down", "it is gone", backend=backend)


def test_a_reader_gets_what_it_has_not_seen_and_no_gap() -> None:
    journal = journal_of()
    position = journal.position
    journal.note("backend_ready", "a is connected", backend="a")
    journal.note("backend_down", "a: gone", severity="error", backend="a")
    events, is_gap = journal.since(position)
    assert [(event.number, event.stage, event.severity, event.backend) for event in events] == [
        (1, "backend_ready", "info", "a"),
        (2, "backend_down", "error", "a"),
    ]
    assert not is_gap
    assert journal.since(journal.position) == ((), False)
    assert journal.since(1, most=1)[0] == events[:1]


def test_an_id_leads_to_the_position_behind_its_event() -> None:
    journal = journal_of()
    journal.note("backend_ready", "a is connected")
    assert journal.id_of(1) == "ab12-1"
    assert journal.position_after("ab12-1") == 2
    assert journal.position_after("ab12-0") == 1


@pytest.mark.parametrize("event_id", ["", "1", "zz99-1", "ab12-", "ab12-x", "ab12--1", "ab12-" + "9" * 19, "ab12-١"])
def test_an_id_of_another_start_or_none_at_all_has_no_position(event_id: str) -> None:
    assert journal_of().position_after(event_id) is None


def test_an_id_of_an_event_to_come_is_that_of_the_latest() -> None:
    journal = journal_of()
    assert journal.position_after("ab12-999") == journal.position


def test_what_repeats_itself_for_a_night_pushes_only_itself_out() -> None:
    clock = Clock()
    journal = journal_of(clock)
    journal.note("reloaded", "a new configuration is in effect")
    noted_slowly(journal, clock, EVENTS_KEPT)
    events, is_gap = journal.since(1)
    assert events[0].stage == "reloaded"
    assert len(events) == 1 + KEPT_OF_A_KIND
    assert events[-1].number == journal.position - 1, "the latest is kept"
    assert is_gap, "for who has seen nothing"
    assert not journal.since(events[1].number)[1], "for who has seen what is gone"
    assert journal.lost_at is not None
    assert journal.lost_at < events[1].at


def test_a_burst_is_counted_where_it_is_not_told() -> None:
    clock = Clock()
    journal = journal_of(clock)
    for _ in range(BURST + 7):
        journal.note("session_opened", "a client has opened a session")
    assert len(journal.since(1)[0]) == BURST
    clock.now += REFILL_SECONDS
    journal.note("session_opened", "a client has opened a session")
    assert journal.since(1)[0][-1].details == {"untold": 7}
    assert journal.happened["session_opened", "info"] == BURST + 8
    assert journal.times("session_opened") == BURST + 8
    journal.note("session_ended", "it has ended")
    assert journal.since(1)[0][-1].stage == "session_ended", "another kind is told"


def test_a_clock_that_is_set_back_does_not_silence_the_journal() -> None:
    clock = Clock()
    journal = journal_of(clock)
    journal.note("memory_full", "it is full")
    clock.now -= 10_000
    noted_slowly(journal, clock, 3)
    journal.note("memory_full", "it is full")
    assert [event.stage for event in journal.since(1)[0]].count("memory_full") == 2


def test_the_ring_is_bounded_in_number_and_bytes() -> None:
    clock = Clock()
    journal = journal_of(clock)
    for number in range(EVENTS_KEPT + 10):
        journal.note("backend_ready", "x", backend=f"b{number}")
    assert len(journal.since(1)[0]) == EVENTS_KEPT
    large = {f"k{n}": "x" * MOST_DETAIL for n in range(10)}
    for number in range(1000):
        journal.note("backend_down", "x" * 5000, backend=f"b{number}", details=large)
    assert journal.size <= RING_BYTES
    assert sum(len(msgspec.json.encode(event.details)) for event in journal.since(1)[0]) <= RING_BYTES
    assert journal.since(1)[1]


def test_details_are_bounded_however_large_or_deep_they_are() -> None:
    deep: dict[str, object] = {"end": "x"}
    for _ in range(100):
        deep = {"deeper": deep}
    journal = journal_of()
    journal.note("backend_down", "m" * 5000, details={"deep": deep, "long": "x" * 100_000, "many": ["y"] * 10_000})
    journal.note("backend_down", "m", details={f"k{number}": "z" * 1000 for number in range(10_000)})
    first, second = journal.since(1)[0]
    assert len(first.message) == MOST_DETAIL
    assert len(str(first.details["long"])) == MOST_DETAIL
    many = first.details["many"]
    assert isinstance(many, list)
    assert len(many) == DETAILS_MEMBERS
    for event in (first, second):
        assert len(msgspec.json.encode(event.details)) < 2 * DETAILS_CHARACTERS


def test_everything_that_is_noted_can_be_sent_and_holds_no_secret() -> None:
    journal = journal_of()
    odd = {"half": "\ud800 hunter2", "huge": 2**80, "set": frozenset({"hunter2"}), "other": ROOT, "key hunter2": None}
    journal.note("backend_down", "hunter2 \udfff", details=odd)
    (event,) = journal.since(1)[0]
    sent = msgspec.json.encode({"message": event.message, **event.details}).decode()
    assert "hunter2" not in sent
    assert event.details["huge"] == str(2**80)


def test_who_waits_is_woken_once_for_each_event_that_is_told() -> None:
    woken: list[int] = []
    journal = Journal(now=Clock(), on_noted=lambda event: woken.append(event.number))
    for _ in range(BURST + 5):
        journal.note("memory_full", "it is full")
    assert len(woken) == BURST


def test_counts_of_backends_are_bounded() -> None:
    journal = journal_of()
    for number in range(MOST_COUNTED + 5):
        journal.note("backend_ready", "x", backend=f"b{number}")
    assert journal.times("backend_ready") == MOST_COUNTED + 5
    assert journal.times("backend_ready", "b0") == 1
    assert journal.times("backend_ready", f"b{MOST_COUNTED + 1}") == 0


def test_a_stage_that_is_not_documented_is_refused() -> None:
    with pytest.raises(ValueError, match="no stage"):
        journal_of().note("made_up", "x")  # type: ignore[arg-type]


def test_every_stage_has_a_meaning_and_no_meaning_is_left_over() -> None:
    assert sorted(STAGES) == sorted(get_args(JournalStage))


def noted_anywhere() -> set[str]:
    found: set[str] = set()
    for path in (ROOT / "argus_trio").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "note":
                first = node.args[0] if node.args else None
                if len(node.args) == 2 and isinstance(first, ast.Constant) and isinstance(first.value, str):
                    found.add(first.value)
    return found


def test_every_stage_that_is_noted_anywhere_stands_in_the_table() -> None:
    found = noted_anywhere()
    assert "backend_ready" in found
    assert found <= STAGES.keys()
