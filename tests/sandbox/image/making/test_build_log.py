"""The log of a build: lines however they come, bounds, secrets, and the line that says why."""

from __future__ import annotations

from argus_trio.sandbox.image.making.build_log import MAX_LINE_CHARACTERS, MAX_LINES, TAIL_LINES, BuildLog


def ignore(line: str) -> None:
    """Hear nothing."""


def log_of(text: str) -> BuildLog:
    log = BuildLog(redact=lambda line: line.replace("canary", "[redacted]"), on_line=ignore)
    log.feed(text.encode())
    log.end()
    return log


def test_lines_are_heard_whole_however_they_come_without_colours_and_without_secrets() -> None:
    heard: list[str] = []
    log = BuildLog(redact=lambda line: line.replace("canary", "[redacted]"), on_line=heard.append)
    for piece in (b"on", b"e\r\n  two \x1b[31m", b"red\x1b[0m\rca", b"nary\n\n", b"\xff\x07 rest"):
        log.feed(piece)
    log.end()
    assert heard == ["one", "two red", "[redacted]", "\ufffd rest"]


def test_a_log_without_end_and_a_line_without_end_are_bounded() -> None:
    log = log_of("".join(f"line {number}\n" for number in range(10_000)) + "x" * 10_000_000)
    assert len(log.tail) == TAIL_LINES
    assert all(len(line) <= MAX_LINE_CHARACTERS for line in log.tail)
    assert len(log._lines) == MAX_LINES


def test_the_last_error_of_pip_is_the_reason() -> None:
    log = log_of("ERROR: Could not find a version\nERROR: No matching distribution found for x\n[notice] upgrade\n")
    assert log.reason == "No matching distribution found for x"


def test_the_first_error_of_npm_that_says_something_is_the_reason() -> None:
    log = log_of("npm http fetch\nnpm error code E404\nnpm error 404 Not Found - GET https://x\nnpm error 404 Note\n")
    assert log.reason == "404 Not Found - GET https://x"
    assert log_of("npm ERR! code EACCES\nnpm ERR! syscall mkdir\nnpm ERR! Your cache\n").reason == "Your cache"


def test_otherwise_the_last_line_is_the_reason_and_nothing_is_none() -> None:
    assert log_of("one\ntwo\n").reason == "two"
    assert log_of("").reason == ""
