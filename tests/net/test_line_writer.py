"""Whole lines onto a pipe."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from argus_trio.net.line_writer import LineWriter

BIG = 1_000_000
"""More than a pipe holds."""


@asynccontextmanager
async def pipe() -> AsyncIterator[tuple[LineWriter, trio.lowlevel.FdStream, trio.lowlevel.FdStream]]:
    read, write = map(trio.lowlevel.FdStream, os.pipe())
    async with read, write:
        yield LineWriter(write, 0.2), read, write


async def read_lines(stream: trio.lowlevel.FdStream, count: int) -> list[bytes]:
    data = b""
    with trio.fail_after(5):
        while data.count(b"\n") < count:
            data += await stream.receive_some(65536)
    return data.splitlines()


async def test_a_line_that_fits_needs_no_task() -> None:
    async with pipe() as (writer, read, _):
        await writer.write(b"one\n")
        await writer.write(b"two\n")
        assert await read_lines(read, 2) == [b"one", b"two"]


async def test_a_line_can_be_written_without_waiting() -> None:
    async with pipe() as (writer, read, _):
        assert writer.write_now(b"one\n")
        assert writer.write_now(b"two\n")
        assert await read_lines(read, 2) == [b"one", b"two"]


async def test_what_does_not_fit_without_waiting_follows_in_order() -> None:
    async with pipe() as (writer, read, _), trio.open_nursery() as nursery:
        nursery.start_soon(writer.run)
        assert writer.write_now(b"a" * BIG + b"\n")
        assert not writer.write_now(b"lost\n")
        nursery.start_soon(writer.write, b"b\n")
        assert await read_lines(read, 2) == [b"a" * BIG, b"b"]
        nursery.cancel_scope.cancel()


async def test_nothing_is_written_without_waiting_where_nobody_reads_or_nothing_fits() -> None:
    async with pipe() as (writer, read, write):
        while True:
            try:
                os.write(write.fileno(), b"x" * 65536)
            except BlockingIOError:
                break
        assert not writer.write_now(b"one\n")
        await read.aclose()
        assert not writer.write_now(b"one\n")
        with pytest.raises(trio.BrokenResourceError):
            await writer.write(b"one\n")
        await write.aclose()
        assert not writer.write_now(b"one\n")


async def test_lines_that_do_not_fit_keep_their_order() -> None:
    async with pipe() as (writer, read, _), trio.open_nursery() as nursery:
        nursery.start_soon(writer.run)
        for letter in (b"a", b"b", b"c"):
            nursery.start_soon(writer.write, letter * BIG + b"\n")
            await wait_all_tasks_blocked()
        assert await read_lines(read, 3) == [letter * BIG for letter in (b"a", b"b", b"c")]
        nursery.cancel_scope.cancel()


async def test_a_begun_line_is_finished_though_its_sender_is_cancelled_and_one_not_begun_is_dropped() -> None:
    async with pipe() as (writer, read, _), trio.open_nursery() as nursery:
        nursery.start_soon(writer.run)
        async with trio.open_nursery() as senders:
            senders.start_soon(writer.write, b"a" * BIG + b"\n")
            await wait_all_tasks_blocked()
            senders.start_soon(writer.write, b"b" * BIG + b"\n")
            await wait_all_tasks_blocked()
            senders.cancel_scope.cancel()
        nursery.start_soon(writer.write, b"c\n")
        assert await read_lines(read, 2) == [b"a" * BIG, b"c"]
        nursery.cancel_scope.cancel()


async def test_a_reader_that_takes_nothing_ends_the_run_and_whoever_waits() -> None:
    async with pipe() as (writer, _, __), trio.open_nursery() as nursery:
        nursery.start_soon(writer.run)
        with trio.fail_after(5), pytest.raises(trio.BrokenResourceError):
            await writer.write(b"a" * BIG)


async def test_a_reader_that_is_gone_is_told_at_once() -> None:
    async with pipe() as (writer, read, _):
        await read.aclose()
        with pytest.raises(trio.BrokenResourceError):
            await writer.write(b"one\n")


async def test_closing_wakes_the_run_and_whoever_waits() -> None:
    async with pipe() as (writer, _, write), trio.open_nursery() as nursery:

        async def run() -> None:
            with pytest.raises(trio.ClosedResourceError):
                await writer.run()

        async def send() -> None:
            with pytest.raises(trio.BrokenResourceError):
                await writer.write(b"a" * BIG)

        nursery.start_soon(run)
        nursery.start_soon(send)
        await wait_all_tasks_blocked()
        write.close()
        with trio.fail_after(5):
            await wait_all_tasks_blocked()
        with pytest.raises(trio.BrokenResourceError):
            await writer.write(b"one\n")


async def test_a_pipe_that_was_closed_is_told_at_once() -> None:
    async with pipe() as (writer, _, write):
        write.close()
        with pytest.raises(trio.ClosedResourceError):
            await writer.write(b"one\n")


async def test_a_socket_whose_other_end_left_something_unread_takes_no_line() -> None:
    ours, theirs = socket.socketpair()
    stream = trio.lowlevel.FdStream(ours.detach())
    writer = LineWriter(stream, 60)
    await writer.write(b"never read\n")
    theirs.close()
    with pytest.raises(trio.BrokenResourceError):
        await writer.write(b"more\n")
    stream.close()
