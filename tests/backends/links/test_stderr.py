"""What is kept and logged of a backend's stderr."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from argus_trio.backends.links.stderr import (
    LOGGED_PER_SECOND,
    MAX_LINE_BYTES,
    MAX_LINES,
    StderrRing,
    StderrStream,
    plain,
)


def test_lines_are_kept_and_logged_as_they_come() -> None:
    ring = StderrRing("files")
    stream = StderrStream(ring)
    with capture_logs() as logs:
        stream.feed(b"one\r\ntw", 0.0)
        stream.feed(b"o\n\n   \nthree", 0.1)
        assert stream.excerpt() == ("one", "two", "three")
        assert ring.lines() == ("one", "two")
        stream.end(0.2)
    assert ring.lines() == ("one", "two", "three")
    assert [(entry["event"], entry["backend"], entry["line"]) for entry in logs] == [
        ("backend_stderr", "files", line) for line in ("one", "two", "three")
    ]


def test_two_processes_of_a_backend_do_not_mix_their_lines() -> None:
    ring = StderrRing("files")
    first, second = StderrStream(ring), StderrStream(ring)
    first.feed(b"fir", 0)
    second.feed(b"second\n", 0)
    first.feed(b"st\n", 0)
    assert ring.lines() == ("second", "first")
    assert first.excerpt() == ("first",)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (b"\x1b[1;31mred\x1b[0m", "red"),
        (b"\x1b]0;title\x07text", "text"),
        (b"\x1b]8;;http://x\x1b\\link", "link"),
        (b"a\x00b\x08c\rd\x7f\xc2\x9b31m", "abcd31m"),
        (b"tab\there", "tab here"),
        (b"caf\xe9", "caf\ufffd"),
        ("naïve \u202eevil\u2028line".encode(), "naïve evilline"),
        (b"\x1b", ""),
    ],
)
def test_nothing_that_moves_a_terminal_is_left(written: bytes, shown: str) -> None:
    assert plain(written) == shown


def test_memory_is_bounded_for_a_writer_without_line_ends() -> None:
    ring = StderrRing("files")
    stream = StderrStream(ring)
    for _ in range(100):
        stream.feed(b"e" * 65536, 0)
    stream.feed(b"\n", 0)
    assert ring.lines() == ("e" * MAX_LINE_BYTES,)


def test_the_ring_keeps_the_excerpt() -> None:
    ring = StderrRing("files")
    stream = StderrStream(ring)
    stream.feed(b"".join(b"%d\n" % number for number in range(MAX_LINES + 5)), 0)
    assert ring.lines() == tuple(str(number) for number in range(5, MAX_LINES + 5))
    assert stream.excerpt() == ring.excerpt()
    assert stream.excerpt() == ("0", "1", "2", "3", "… 195 lines left out …", *map(str, range(199, MAX_LINES + 5)))


def test_a_flood_is_counted_instead_of_logged() -> None:
    ring = StderrRing("files")
    stream = StderrStream(ring)
    with capture_logs() as logs:
        stream.feed(b"line\n" * (LOGGED_PER_SECOND + 7), 10.5)
        stream.feed(b"next second\n", 11.0)
    events = [entry["event"] for entry in logs]
    assert events == ["backend_stderr"] * LOGGED_PER_SECOND + ["backend_stderr_overflow", "backend_stderr"]
    assert logs[LOGGED_PER_SECOND]["lines_not_logged"] == 7


def test_a_probed_backends_complaints_are_kept_but_logged_at_debug_only() -> None:
    ring = StderrRing("files")
    ring.is_probed = True
    with capture_logs() as logs:
        StderrStream(ring).feed(b"unknown method\n" * (LOGGED_PER_SECOND + 7), 10.5)
    assert {entry["log_level"] for entry in logs} == {"debug"}
    assert ring.lines() == ("unknown method",) * (LOGGED_PER_SECOND + 7)
