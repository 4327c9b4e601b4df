"""What comes behind a request that takes long is read and kept, and never hides the end."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator

import attrs
import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from argus_trio.core.memory import Bodies
from argus_trio.frontend.server.lean.behind import Behind
from argus_trio.frontend.server.transport import PlainTransport

LIMIT = 100_000


@attrs.define(eq=False)
class Reading:
    """A reading under way, and the client's end."""

    behind: Behind
    transport: PlainTransport
    client: trio.SocketStream
    bodies: Bodies
    gone: list[bool]


@pytest.fixture
async def reading(nursery: trio.Nursery) -> AsyncIterator[Reading]:
    ours, theirs = (trio.SocketStream(trio.socket.from_stdlib_socket(each)) for each in socket.socketpair())
    gone: list[bool] = []
    bodies = Bodies()
    async with ours, theirs:
        transport = PlainTransport(ours, write_limit=1)
        behind = Behind.of(transport, bodies, LIMIT, on_gone=lambda: gone.append(True))
        nursery.start_soon(behind.run)
        yield Reading(behind, transport, theirs, bodies, gone)


async def test_what_came_is_given_at_its_end_which_may_come_twice(reading: Reading) -> None:
    for piece in (b"GET ", b"/ HTTP/1.1\r\n"):
        await reading.client.send_all(piece)
        await wait_all_tasks_blocked()
    assert await reading.behind.end() == b"GET / HTTP/1.1\r\n"
    assert await reading.behind.end() == b""
    assert reading.gone == []


@pytest.mark.parametrize("turns", range(6))
async def test_nothing_is_lost_whenever_it_ends(reading: Reading, turns: int) -> None:
    await reading.client.send_all(b"GET")
    for _ in range(turns):
        await trio.lowlevel.checkpoint()
    read = await reading.behind.end() or b""
    await reading.client.send_all(b" /")
    assert read + (reading.transport.receive_now() or b"") == b"GET /"


async def test_it_may_end_before_it_has_begun(reading: Reading) -> None:
    assert await reading.behind.end() == b""


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\n"])
async def test_the_client_that_goes_is_told_of_and_nothing_follows(reading: Reading, said: bytes) -> None:
    await reading.client.send_all(said)
    await reading.client.aclose()
    await wait_all_tasks_blocked()
    assert reading.gone == [True]
    assert await reading.behind.end() is None
    assert reading.gone == [True]


async def test_more_than_is_kept_is_read_on_and_nothing_of_it_is_kept(reading: Reading) -> None:
    await reading.client.send_all(b" " * (LIMIT + 1))
    await wait_all_tasks_blocked()
    assert reading.bodies.held == 0
    await reading.client.send_all(b" " * LIMIT)
    await reading.client.aclose()
    await wait_all_tasks_blocked()
    assert reading.gone == [True]
    assert await reading.behind.end() is None


async def test_what_is_kept_is_entered_until_it_is_taken(reading: Reading) -> None:
    await reading.client.send_all(b" " * LIMIT)
    await wait_all_tasks_blocked()
    assert reading.bodies.held >= LIMIT - 65_536
    assert await reading.behind.end() == b" " * LIMIT
    assert reading.bodies.held == 0
