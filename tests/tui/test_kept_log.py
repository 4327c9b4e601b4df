"""The lines of a log that is followed: what is known already, what is missing, and bounds."""

from __future__ import annotations

import msgspec

from argus_trio.contract.events import GapEntry
from argus_trio.tui.state.kept_log import LINE_CHARACTERS, LOG_BYTES, LOG_LINES, KeptLog
from argus_trio.wire.event_stream import Event
from tests.cli.values import AT, line


def sent(number: int, text: str = "said", *, start: str = "a1") -> Event:
    entry = line(number, text, start=start)
    return Event(event="line", data=msgspec.json.encode(entry), id=entry.id, retry=None)


def texts(log: KeptLog) -> list[str]:
    return [each.text for each in log.lines]


def test_lines_that_are_known_come_once_however_often_a_stream_begins() -> None:
    log = KeptLog().with_events([sent(1, "a"), sent(2, "b")])
    again = log.with_events([sent(1, "a"), sent(2, "b"), sent(3, "c")])
    assert texts(again) == ["a", "b", "c"]
    assert again.with_events([sent(2, "b")]) is again


def test_another_start_of_the_gateway_counts_anew() -> None:
    log = KeptLog().with_events([sent(7, "old")]).with_events([sent(1, "new", start="b2")])
    assert texts(log) == ["old", "new"]


def test_a_log_that_begins_again_is_told_and_none_of_its_lines_is_passed_over() -> None:
    log = KeptLog().with_events([sent(7, "old")]).begun_again("it was gone").with_events([sent(1, "new")])
    assert texts(log) == ["old", "it was gone", "new"]
    assert [each.number for each in log.lines] == [0, 1, 2]


def test_what_is_missing_or_cannot_be_read_stands_where_it_is_missing() -> None:
    gap = GapEntry(timestamp=AT, since="a1-1", message="some lines are missing")
    log = KeptLog().with_events(
        [
            sent(1, "a"),
            Event(event="gap", data=msgspec.json.encode(gap), id="", retry=None),
            Event(event="line", data=b"{", id="a1-8", retry=None),
            Event(event="something new", data=b"{}", id="", retry=None),
            sent(9, "z"),
        ]
    )
    assert texts(log) == ["a", "some lines are missing", "a line that cannot be read", "z"]
    assert [each.source for each in log.lines] == ["stderr", "gap", "gap", "stderr"]


def test_the_oldest_lines_are_left_out_and_counted_and_numbers_stay() -> None:
    log = KeptLog().with_events(sent(number, str(number)) for number in range(1, LOG_LINES + 11))
    assert (len(log.lines), log.left_out, log.lines[0].number, log.next) == (LOG_LINES, 10, 10, LOG_LINES + 10)


def test_bytes_are_bounded_too_and_a_long_line_is_cut_and_says_so() -> None:
    log = KeptLog().with_events(sent(number, "ä" * (LINE_CHARACTERS + 5)) for number in range(1, 400))
    assert log.lines[-1].text.endswith(" (5 more characters are left out)")
    assert log.size == sum(len(each.text.encode()) for each in log.lines) <= LOG_BYTES
    assert log.left_out == 399 - len(log.lines) > 0
