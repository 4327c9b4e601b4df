"""What is kept to read about one backend."""

from __future__ import annotations

from argus_trio.core.backend_log import BYTES_KEPT, LINES_KEPT, BackendLog, BackendLogs
from argus_trio.core.redaction import HIDDEN, Redactor


def made(redactor: Redactor | None = None) -> BackendLog:
    return BackendLog(now=lambda: 7.0, redact=redactor or str)


def texts(log: BackendLog, number: int = 0) -> list[str]:
    return [line.text for line in log.since(number)[0]]


def test_lines_are_read_from_a_position_on() -> None:
    log = made()
    for text in ("one", "two"):
        log.add("stderr", text)
    position = log.position
    log.add("exit", "exited with code 3")
    assert texts(log) == ["one", "two", "exited with code 3"]
    assert texts(log, position) == ["exited with code 3"]
    assert texts(log, position + 1) == []


def test_what_was_pushed_out_is_told_as_a_gap() -> None:
    log = made()
    for number in range(LINES_KEPT + 5):
        log.add("stdout", str(number))
    lines, is_gap = log.since(1)
    assert (len(lines), lines[0].text, is_gap) == (LINES_KEPT, "5", True)
    assert log.since(lines[0].number)[1] is False


def test_long_lines_push_out_more() -> None:
    log = made()
    for _ in range(20):
        log.add("stderr", "x" * (BYTES_KEPT // 10))
    assert len(log.since(0)[0]) == 10


def test_a_secret_that_is_learned_later_is_hidden_all_the_same() -> None:
    redactor = Redactor()
    log = made(redactor)
    log.add("stderr", "the token is hush-1")
    redactor.learn(["hush-1"])
    assert texts(log) == [f"the token is {HIDDEN}"]


def test_each_new_line_is_told_once() -> None:
    told: list[None] = []
    logs = BackendLogs(now=lambda: 1.0, on_added=lambda: told.append(None))
    logs.of("a").add("stderr", "x")
    logs.of("a").add("stderr", "y")
    assert (len(told), len(logs.of("a").since(0)[0]), logs.of("b").since(0)[0]) == (2, 2, ())


def test_the_log_of_a_backend_that_is_gone_can_be_dropped() -> None:
    logs = BackendLogs(now=lambda: 1.0)
    logs.of("a").add("stderr", "x")
    logs.of("b").add("stderr", "y")
    logs.keep_backends(("b",))
    assert (len(logs.of("a").since(0)[0]), len(logs.of("b").since(0)[0])) == (0, 1)
