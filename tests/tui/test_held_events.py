"""What came of a call and is told together: progress by its latest, lines bounded, everything else whole."""

from __future__ import annotations

from argus_trio.tui.effects import held_events
from argus_trio.tui.effects.held_events import HELD_LINE_BYTES, HELD_LINES, HeldEvents
from argus_trio.wire.event_stream import Event
from tests.tui.calling import ask_event, happening, result_of


def progress(number: int) -> Event:
    return happening("progress", {"progress": number, "total": None, "message": None})


def log(data: str) -> Event:
    return happening("log", {"level": "info", "logger": None, "data": data})


def test_of_progress_the_latest_is_told_and_before_the_end() -> None:
    held = HeldEvents()
    held.add([progress(1), log("a"), progress(2)])
    assert held.take() == (log("a"), progress(2))
    end = result_of(content=[])
    held.add([progress(3), end])
    assert held.take() == (progress(3), end)
    assert held.take() == ()


def test_lines_beyond_the_bound_are_counted_and_questions_stay() -> None:
    held = HeldEvents()
    held.add([ask_event("a"), *(log(f"{at}") for at in range(HELD_LINES + 3))])
    taken = held.take()
    assert (taken[0].event, taken[0].data) == ("lost", b"3")
    assert taken[1:3] == (ask_event("a"), log("3"))
    assert len(taken) == HELD_LINES + 2


def test_lines_are_bounded_in_bytes() -> None:
    held = HeldEvents()
    held.add([log("x" * (HELD_LINE_BYTES // 2)) for _ in range(3)])
    assert [each.event for each in held.take()] == ["lost", "log"]
    assert held_events.TELL_SECONDS == 0.05
