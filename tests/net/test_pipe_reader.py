"""Bytes off a pipe."""

from __future__ import annotations

import os

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from argus_trio.net.pipe_reader import PipeReader


def pipe() -> tuple[PipeReader, int]:
    ours, theirs = os.pipe()
    return PipeReader(trio.lowlevel.FdStream(ours)), theirs


async def test_what_is_there_comes_at_once_and_the_end_is_empty() -> None:
    reader, theirs = pipe()
    os.write(theirs, b"one\ntw")
    assert await reader.receive() == b"one\ntw"
    os.close(theirs)
    assert await reader.receive() == b""
    assert await reader.receive() == b""
    reader.close()


async def test_reading_waits_for_what_comes_later() -> None:
    reader, theirs = pipe()
    async with trio.open_nursery() as nursery:

        async def read() -> None:
            assert await reader.receive() == b"late"

        nursery.start_soon(read)
        await wait_all_tasks_blocked()
        os.write(theirs, b"late")
    os.close(theirs)
    reader.close()


async def test_closing_wakes_who_reads() -> None:
    reader, theirs = pipe()
    async with trio.open_nursery() as nursery:

        async def read() -> None:
            with pytest.raises(trio.ClosedResourceError):
                await reader.receive()

        nursery.start_soon(read)
        await wait_all_tasks_blocked()
        reader.close()
    with pytest.raises(trio.ClosedResourceError):
        await reader.receive()
    os.close(theirs)
