"""The ends of the bridge that face the client: lines from pipes and files, and a client that does not read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import trio

from argus_trio.bridge import pipes
from argus_trio.bridge.pipes import LineReader, line_writer
from argus_trio.wire.lines import MAX_LINE_BYTES, LineTooLong


async def all_lines(fd: int) -> list[bytes | LineTooLong]:
    reader = LineReader(fd)
    found: list[bytes | LineTooLong] = []
    while (lines := await reader.read()) is not None:
        found += lines
    return found


def written(folder: Path, data: bytes) -> int:
    path = folder / "lines"
    path.write_bytes(data)
    return os.open(path, os.O_RDONLY)


async def test_lines_come_from_a_file_and_the_last_needs_no_end(tmp_path: Path) -> None:
    fd = written(tmp_path, b"one\r\n\ntwo")
    assert await all_lines(fd) == [b"one", b"", b"two"]
    os.close(fd)


@pytest.mark.parametrize("size", [MAX_LINE_BYTES + 1, MAX_LINE_BYTES + 3 * pipes.READ_BYTES])
async def test_a_line_that_is_too_long_is_told_and_the_next_one_is_read(tmp_path: Path, size: int) -> None:
    fd = written(tmp_path, b"one\n" + b"x" * size + b"\ntwo\nthree")
    one, fault, *others = await all_lines(fd)
    assert one == b"one"
    assert isinstance(fault, LineTooLong)
    assert others == [b"two", b"three"]
    os.close(fd)


async def test_reading_a_pipe_waits_and_leaves_it_blocking() -> None:
    ours, theirs = os.pipe()
    reader = LineReader(ours)
    async with trio.open_nursery() as nursery:

        async def read() -> None:
            assert await reader.read() == [b"late"]

        nursery.start_soon(read)
        await trio.testing.wait_all_tasks_blocked()
        os.write(theirs, b"late\n")
    assert os.get_blocking(ours)
    os.close(theirs)
    assert await reader.read() is None
    os.close(ours)


async def test_who_writes_waits_for_a_client_that_does_not_read() -> None:
    theirs, ours = os.pipe()
    with trio.CancelScope() as gone:
        async with line_writer(ours, gone) as write:
            with trio.move_on_after(0.05) as limit:
                for _ in range(1000):
                    await write(b"x" * 1000)
            assert limit.cancelled_caught
    assert not gone.cancel_called
    assert os.get_blocking(ours)
    os.close(ours)
    os.close(theirs)


async def test_a_client_that_is_gone_ends_everything() -> None:
    theirs, ours = os.pipe()
    os.close(theirs)
    with trio.CancelScope() as gone:
        async with line_writer(ours, gone) as write:
            await write(b"anybody there?")
            raise AssertionError("nobody was")
    assert gone.cancelled_caught
    os.close(ours)
