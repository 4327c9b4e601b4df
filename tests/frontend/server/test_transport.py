"""One client's byte stream on a real pair of sockets: every wait on it is bounded."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from math import inf

import attrs
import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from argus_trio.frontend.server.transport import CLOSE_SECONDS, WRITE_BYTES, Transport

SHORTLY_SECONDS = 1.0
"""How long a client has to read, where it does not."""
DEADLINE_SECONDS = 10.0
MORE_THAN_FITS = b"x" * (32 * WRITE_BYTES)


@attrs.frozen(kw_only=True)
class Pair:
    """A transport, and the client's end."""

    transport: Transport
    client: trio.SocketStream


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    ours, theirs = (trio.SocketStream(trio.socket.from_stdlib_socket(each)) for each in socket.socketpair())
    with trio.fail_after(DEADLINE_SECONDS):
        async with ours, theirs:
            yield Pair(transport=Transport(ours, write_limit=SHORTLY_SECONDS), client=theirs)


async def test_what_comes_is_read_and_the_end_is_empty(pair: Pair) -> None:
    await pair.client.send_all(b"abc")
    assert await pair.transport.read(inf) == b"abc"
    await pair.client.aclose()
    assert await pair.transport.read(inf) == b""


async def test_a_read_ends_at_its_deadline(pair: Pair) -> None:
    assert await pair.transport.read(trio.current_time()) is None


async def test_a_read_that_waits_can_be_ended_and_its_deadline_moved(pair: Pair) -> None:
    found: list[bytes | None] = []

    async def read() -> None:
        found.append(await pair.transport.read(inf))

    for end in (pair.transport.stop_waiting, lambda: pair.transport.set_deadline(trio.current_time())):
        async with trio.open_nursery() as reading:
            reading.start_soon(read)
            await wait_all_tasks_blocked()
            end()
    assert found == [None, None]


async def test_what_is_written_arrives_whole(pair: Pair) -> None:
    received = bytearray()

    async def receive() -> None:
        while len(received) < len(MORE_THAN_FITS):
            received.extend(await pair.client.receive_some())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(receive)
        assert await pair.transport.write(MORE_THAN_FITS)
    assert received == MORE_THAN_FITS


async def test_a_client_that_does_not_read_fails_the_write_in_time(pair: Pair) -> None:
    assert not await pair.transport.write(MORE_THAN_FITS)


async def test_a_client_that_is_gone_fails_the_write(pair: Pair) -> None:
    await pair.client.aclose()
    assert not await pair.transport.write(b"x")


async def test_a_write_that_is_cut_ends_the_stream(pair: Pair) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(pair.transport.write, MORE_THAN_FITS)
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert not await pair.transport.write(b"x")
    assert await pair.transport.read(inf) == b""


async def test_writes_go_out_one_after_the_other(pair: Pair) -> None:
    first, second = b"1" * (4 * WRITE_BYTES), b"2" * (4 * WRITE_BYTES)
    received = bytearray()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(pair.transport.write, first)
        await wait_all_tasks_blocked()
        nursery.start_soon(pair.transport.write, second)
        while len(received) < len(first) + len(second):
            received.extend(await pair.client.receive_some())
    assert received == first + second


async def test_an_orderly_end_shows_at_the_client_and_is_bounded(pair: Pair) -> None:
    began = trio.current_time()
    await pair.transport.close()
    assert await pair.client.receive_some() == b""
    await pair.transport.close()
    assert trio.current_time() - began < CLOSE_SECONDS + 1


async def test_an_end_by_force_fails_what_comes_after(pair: Pair) -> None:
    await pair.transport.abort()
    assert await pair.transport.read(inf) == b""
    assert not await pair.transport.write(b"x")
    assert not pair.transport.is_secure
