"""A plain socket as a stream, over a real pair: what it gives, what it waits for, and how it breaks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from argus_trio.net.sockets.quick_socket import QuickSocket


@pytest.fixture
def pair() -> Iterator[tuple[QuickSocket, trio.SocketStream]]:
    ours, theirs = trio.socket.socketpair()
    with ours, theirs:
        yield QuickSocket(trio.SocketStream(ours)), trio.SocketStream(theirs)


async def test_what_was_sent_is_given_in_pieces_of_the_size_that_was_asked_for(
    pair: tuple[QuickSocket, trio.SocketStream],
) -> None:
    ours, theirs = pair
    await theirs.send_all(b"abcdefg")
    assert [await ours.receive_some(3) for _ in range(3)] == [b"abc", b"def", b"g"]
    await theirs.send_eof()
    assert await ours.receive_some(3) == b""


async def test_what_comes_after_a_full_read_is_waited_for(pair: tuple[QuickSocket, trio.SocketStream]) -> None:
    ours, theirs = pair
    await theirs.send_all(b"abc")
    assert await ours.receive_some(3) == b"abc"
    async with trio.open_nursery() as nursery:

        async def read() -> None:
            assert await ours.receive_some(3) == b"de"

        nursery.start_soon(read)
        await wait_all_tasks_blocked(0.01)
        await theirs.send_all(b"de")


async def test_what_does_not_fit_is_sent_as_it_is_read(pair: tuple[QuickSocket, trio.SocketStream]) -> None:
    ours, theirs = pair
    whole = bytes(range(256)) * 20_000
    got = bytearray()
    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ours.send_all, whole)
            while len(got) < len(whole):
                got += await theirs.receive_some()
    assert got == whole


async def test_who_reads_what_never_ends_leaves_others_their_turn(pair: tuple[QuickSocket, trio.SocketStream]) -> None:
    ours, theirs = pair
    turns = 0

    async def take_turns() -> None:
        nonlocal turns
        while True:
            await trio.lowlevel.checkpoint()
            turns += 1

    await theirs.send_all(b"x" * 100)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(take_turns)
        for _ in range(100):
            await ours.receive_some(1)
        nursery.cancel_scope.cancel()
    assert turns >= 45


async def test_who_is_cancelled_sends_nothing_and_takes_nothing(pair: tuple[QuickSocket, trio.SocketStream]) -> None:
    ours, theirs = pair
    await theirs.send_all(b"abcdef")
    assert await ours.receive_some(3) == b"abc"
    with trio.CancelScope() as scope:
        scope.cancel()
        await ours.send_all(b"never")
    with trio.CancelScope() as scope:
        scope.cancel()
        await ours.receive_some(3)
    assert await ours.receive_some(3) == b"def"
    await ours.send_all(b"x")
    assert await theirs.receive_some() == b"x"


async def test_a_socket_that_nobody_reads_is_broken(pair: tuple[QuickSocket, trio.SocketStream]) -> None:
    ours, theirs = pair
    await theirs.aclose()
    with pytest.raises(trio.BrokenResourceError):
        await ours.send_all(b"x")


async def test_closing_wakes_who_waits_and_refuses_who_comes(pair: tuple[QuickSocket, trio.SocketStream]) -> None:
    ours, _ = pair
    async with trio.open_nursery() as nursery:

        async def read() -> None:
            with pytest.raises(trio.ClosedResourceError):
                await ours.receive_some()

        nursery.start_soon(read)
        await wait_all_tasks_blocked()
        await ours.aclose()
    with pytest.raises(trio.ClosedResourceError):
        await ours.receive_some()
    with pytest.raises(trio.ClosedResourceError):
        await ours.send_all(b"x")
