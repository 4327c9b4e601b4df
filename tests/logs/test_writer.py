"""The writer of the log: a reader that is slow or gone, or a full disk, costs lines, which are counted."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from argus_trio.logs.writer import CLOSE_SECONDS, QUEUE_BYTES, LogWriter, writing_log

LIMIT_SECONDS = 20.0
LINE = "x" * 999 + "\n"


class Losses:
    """What a writer told of lost lines."""

    def __init__(self) -> None:
        self.told: list[tuple[int, str]] = []
        self.something = threading.Event()

    def __call__(self, lines: int, reason: str) -> None:
        self.told.append((lines, reason))
        self.something.set()


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    for each in (reading, writing):
        with suppress(OSError):
            os.close(each)


def read_lines(descriptor: int, count: int) -> list[str]:
    with os.fdopen(os.dup(descriptor), buffering=1, errors="strict") as stream:
        return [stream.readline() for _ in range(count)]


def test_lines_are_written_in_order_and_are_there_at_the_end(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    with writing_log(writing) as writer:
        for number in range(500):
            writer.write(f"line {number}\n")
    os.close(writing)
    assert read_lines(reading, 501) == [*(f"line {number}\n" for number in range(500)), ""]


def test_a_text_that_has_no_bytes_is_written_all_the_same(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    with writing_log(writing) as writer:
        writer.write("half \ud83d\n")
    assert read_lines(reading, 1) == ["half \\ud83d\n"]


def test_nobody_waits_for_a_reader_that_does_not_read_and_the_queue_is_bounded(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    losses = Losses()
    writer = LogWriter(writing, losses)
    total = 3 * QUEUE_BYTES // len(LINE)
    for _ in range(total):
        writer.write(LINE)
    begun = time.monotonic()
    writer.close()
    assert time.monotonic() - begun < CLOSE_SECONDS + LIMIT_SECONDS / 2
    seen: list[int] = []

    def drain() -> None:
        while piece := os.read(reading, 65536):
            seen.append(len(piece))

    reader = threading.Thread(target=drain, daemon=True)
    reader.start()
    assert losses.something.wait(LIMIT_SECONDS)
    writer.close()
    os.close(writing)
    reader.join(LIMIT_SECONDS)
    assert {reason for _, reason in losses.told} == {"nobody read it fast enough"}
    lost = sum(count for count, _ in losses.told)  # a slow reader may have them told in two parts
    assert sum(seen) == (total - lost) * len(LINE)
    assert QUEUE_BYTES - len(LINE) <= sum(seen) <= QUEUE_BYTES + 2 * 65536


def test_a_reader_that_is_gone_costs_lines_and_nothing_else(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    os.close(reading)
    with writing_log(writing) as writer:
        for _ in range(100):
            writer.write(LINE)


def test_what_a_full_disk_cost_is_told_once_there_is_room_again() -> None:
    reading, writing = os.pipe()
    place = os.dup(writing)
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, place)
    losses = Losses()
    writer = LogWriter(place, losses)
    for _ in range(3):
        writer.write("lost\n")
        writer.close()
    assert losses.told == []
    os.dup2(writing, place)
    writer.write("written\n")
    assert losses.something.wait(LIMIT_SECONDS)
    assert losses.told == [(3, "No space left on device")]
    assert read_lines(reading, 1) == ["written\n"]
    for each in (reading, writing, place, full):
        os.close(each)


def test_a_descriptor_that_someone_else_made_non_blocking_is_waited_for(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    os.set_blocking(writing, False)
    writer = LogWriter(writing)
    for _ in range(300):
        writer.write(LINE)
    assert read_lines(reading, 300) == [LINE] * 300
