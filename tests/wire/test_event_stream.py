"""The event stream format: reading by the WHATWG rules, and writing."""

from __future__ import annotations

import itertools
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.wire.event_stream import COMMENT, Event, EventParser, EventTooLarge, encode_event
from tests.wire.support.plain_event_stream import compare


def read(*chunks: bytes) -> list[Event]:
    parser = EventParser()
    return [event for chunk in chunks for event in parser.feed(chunk)]


PIECES = [b"data: ", b"data", b"event: e", b"id: 1", b"id:\0", b"retry: 10", b":", b" ", b"\n", b"\r", b"\r\n", b"\n\n"]
STREAMS = st.lists(st.sampled_from([*PIECES, b"\xef\xbb\xbf", b"\xff", b"a" * 90]), max_size=30).map(b"".join)


@given(STREAMS, st.lists(st.integers(0, 1000), max_size=6), st.sampled_from([8, 16, 100]))
def test_a_stream_means_what_the_standard_has_however_it_is_cut(whole: bytes, places: list[int], limit: int) -> None:
    compare(whole, places, limit=limit)


LONG_PARTS = [b"a" * 4096, b"b" * 9000, b"\v", b"\x85"]


@given(st.lists(st.sampled_from([*PIECES, *LONG_PARTS]), max_size=30), st.lists(st.integers(0, 40_000), max_size=3))
def test_long_lines_mean_the_same_as_short_ones(parts: list[bytes], places: list[int]) -> None:
    compare(b"".join(parts), places, limit=100_000)


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_every_line_end_is_understood_even_byte_by_byte(end: bytes) -> None:
    stream = end.join([b"event: greeting", b"data: one", b"data:two", b"id: 7", b"", b"data: three", b"", b""])
    whole = read(stream)
    assert whole == [
        Event(event="greeting", data=b"one\ntwo", id="7", retry=None),
        Event(event="message", data=b"three", id="7", retry=None),
    ]
    assert read(*(stream[at : at + 1] for at in range(len(stream)))) == whole


@pytest.mark.parametrize("cut", range(1, 24))
def test_a_stream_may_be_cut_anywhere(cut: int) -> None:
    stream = b"\xef\xbb\xbfdata: a\r\ndata: b\r\n\r\ndata: c\r\r"
    assert [event.data for event in read(stream[:cut], stream[cut:])] == [b"a\nb", b"c"]


def test_a_return_and_its_newline_end_one_line_though_they_come_apart() -> None:
    assert read(b"data: a\r", b"\n", b"\n") == [Event(event="message", data=b"a", id="", retry=None)]
    assert read(b"data: a\r", b"\n", b"data: b\n\n") == [Event(event="message", data=b"a\nb", id="", retry=None)]


def test_comments_and_unknown_fields_say_nothing() -> None:
    assert read(COMMENT, b":\n\n", b"colour: red\n\n", b"data\n\n") == [
        Event(event="message", data=b"", id="", retry=None)
    ]


def test_only_one_space_after_the_colon_is_dropped() -> None:
    assert read(b"data:  x \n\n")[0].data == b" x "


def test_an_id_with_nul_is_ignored_and_an_empty_one_resets() -> None:
    events = read(b"id: 1\ndata:\n\n", b"id: 2\0\ndata:\n\n", b"id\ndata:\n\n")
    assert [event.id for event in events] == ["1", "1", ""]


LONG = b"x" * 5000


@pytest.mark.parametrize(
    "line", [b"id: " + LONG, b"event: " + LONG, b"\xef\xbb\xbfdata: " + LONG, b"\xef\xbb\xbf:" + LONG]
)
def test_a_long_line_means_the_same_within_and_beyond_the_bound_and_however_it_is_cut(line: bytes) -> None:
    for whole in (line + b"\ndata: y\n\n", b"id: 1\ndata: x\n" + line + b"\n\ndata: z\n\n"):
        for limit in (16, 4099, 20_000):
            assert len(compare(whole, [4097, 4099, 4102], limit=limit).events) in {1, 2}


def test_id_and_retry_count_without_data() -> None:
    parser = EventParser()
    assert parser.feed(b"id: 9\nretry: 250\n\nevent: lost\n\n") == []
    assert (parser.last_id, parser.retry) == ("9", 250)
    assert parser.feed(b"data: x\n\n") == [Event(event="message", data=b"x", id="9", retry=250)]


def test_a_stream_read_anew_forgets_the_open_event_and_keeps_its_place() -> None:
    parser = EventParser()
    parser.feed(b"id: 4\nretry: 10\ndata: a\n\nevent: x\ndata: half\ndata: lo")
    parser.restart()
    assert parser.feed(b"\xef\xbb\xbfdata: b\n\n") == [Event(event="message", data=b"b", id="4", retry=10)]


@pytest.mark.parametrize("value", [b"-1", b"1.5", b"soon", b"", b"1" * 10])
def test_a_retry_that_is_no_plain_number_is_ignored(value: bytes) -> None:
    parser = EventParser()
    parser.feed(b"retry: " + value + b"\n\n")
    assert parser.retry is None


def test_an_event_without_its_blank_line_is_not_dispatched() -> None:
    assert read(b"data: half\n") == []


@pytest.mark.parametrize("chunk", [b"data: 123456789\n", b"data: 123456789", b"data: 12\n" * 4, b": 3456789012345678"])
def test_an_event_beyond_the_bound_is_refused(chunk: bytes) -> None:
    parser = EventParser(max_event_bytes=9)
    with pytest.raises(EventTooLarge) as caught:
        parser.feed(chunk)
    assert caught.value.limit == 9


@given(
    st.lists(st.lists(st.binary(max_size=30).map(lambda data: data.translate(None, b"\n\r")), max_size=4), max_size=6),
    st.lists(st.integers(0, 400)),
    st.integers(8, 40),
)
def test_where_it_cuts_an_event_beyond_the_bound_is_told_and_all_others_are_there(
    events: list[list[bytes]], cuts: list[int], limit: int
) -> None:
    stream = b"".join(b"".join(b"data: %b\n" % line for line in lines) + b"\n" for lines in events)
    bounds = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    parser = EventParser(max_event_bytes=limit, cuts=True)
    read_so = [event for a, b in itertools.pairwise(bounds) for event in parser.feed(stream[a:b])]
    expected = [b"\n".join(lines) for lines in events if lines]
    assert [event.data if event.oversized is None else event.oversized.head for event in read_so] == expected
    for event, data in zip(read_so, expected, strict=True):
        if event.oversized is not None:
            assert (event.data, event.oversized.tail, event.oversized.size) == (b"", data, len(data))
        else:
            assert len(data) <= limit


def test_empty_lines_of_an_event_beyond_the_bound_count_as_well() -> None:
    (cut,) = EventParser(max_event_bytes=4, cuts=True).feed(b"data:\ndata:\ndata: " + b"x" * 9 + b"\n\n")
    assert cut.oversized is not None
    assert cut.oversized.head == b"\n\n" + b"x" * 9


def test_no_more_than_the_bound_is_held_of_an_event_and_the_stream_goes_on() -> None:
    parser = EventParser(max_event_bytes=100_000, cuts=True)
    tracemalloc.start()
    try:
        parser.feed(b"id: 7\nevent: message\ndata: begin")
        for _ in range(500):
            assert parser.feed(b"x" * 65536) == []
        for _ in range(500):
            assert parser.feed(b"\ndata: " + b"y" * 65536) == []
        assert parser.feed(b"\n: " + b"z" * 200_000) == []
        assert tracemalloc.get_traced_memory()[1] < 1_500_000
    finally:
        tracemalloc.stop()
    cut, after = parser.feed(b"\ndata: end\n\ndata: next\n\n")
    assert cut.oversized is not None
    assert cut.oversized.head.startswith(b"beginx")
    assert cut.oversized.tail.endswith(b"y\nend")
    assert cut.oversized.size == 1000 * 65536 + 500 + len("begin") + len("\nend")
    assert (cut.id, after.data) == ("7", b"next")


def test_a_stream_read_anew_forgets_an_event_that_was_too_large() -> None:
    parser = EventParser(max_event_bytes=16, cuts=True)
    parser.feed(b"data: " + b"x" * 9000)
    parser.restart()
    assert parser.feed(b"data: b\n\n") == [Event(event="message", data=b"b", id="", retry=None)]


@pytest.mark.parametrize("at", range(1, 12))
def test_a_byte_order_mark_does_not_count_against_the_bound(at: int) -> None:
    stream = b"\xef\xbb\xbfdata: ab"
    parser = EventParser(max_event_bytes=8)
    assert parser.feed(stream[:at]) == parser.feed(stream[at:]) == []
    assert [event.data for event in parser.feed(b"\n\n")] == [b"ab"]


def test_the_bound_is_on_one_event_and_not_on_the_stream() -> None:
    parser = EventParser(max_event_bytes=64)
    assert sum(len(parser.feed(b"data: 0123456789\n\n")) for _ in range(100)) == 100


def test_a_large_event_in_small_chunks_arrives_whole() -> None:
    parser = EventParser()
    parser.feed(b"data: ")
    for _ in range(4096):
        assert parser.feed(b"x" * 2048) == []
    assert parser.feed(b"\n\n")[0].data == b"x" * 4096 * 2048


@given(st.binary(max_size=80), st.lists(st.integers(0, 80)))
def test_cutting_never_changes_what_is_read(stream: bytes, cuts: list[int]) -> None:
    bounds = [0, *sorted(cuts), len(stream)]
    assert read(*(stream[a:b] for a, b in itertools.pairwise(bounds))) == read(stream)


@given(st.binary())
def test_whatever_is_written_is_read_as_one_event(data: bytes) -> None:
    events = read(encode_event(data, event_id="e1"))
    assert events == [Event(event="message", data=data.replace(b"\n", b" ").replace(b"\r", b" "), id="e1", retry=None)]


def test_the_fields_of_a_written_event_can_be_left_out() -> None:
    assert encode_event(b"{}", event=None) == b"data: {}\n\n"
    assert encode_event(b"{}") == b"event: message\ndata: {}\n\n"
    assert encode_event(b"/messages", event="endpoint", event_id="3") == b"event: endpoint\nid: 3\ndata: /messages\n\n"
