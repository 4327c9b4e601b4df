"""Clients that go, told by the kernel: once, whatever they left behind, and to nobody who has left."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import attrs
import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from argus_trio.frontend.server.lean.departures import Departures


@attrs.define(eq=False)
class Told:
    """A connection that counts what it is told."""

    gone: int = 0
    behind: int = 0

    def depart(self) -> None:
        self.gone += 1

    def come_behind(self) -> None:
        self.behind += 1


Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def departures(nursery: trio.Nursery) -> Departures:
    made = Departures()
    nursery.start_soon(made.run)
    return made


@pytest.mark.parametrize("left_behind", [b"", b"a request that nobody reads"])
async def test_a_client_that_goes_is_told_of_once_whatever_it_left_behind(
    departures: Departures, pair: Pair, left_behind: bytes
) -> None:
    ours, theirs = pair
    told = Told()
    departures.enter(ours.fileno(), told)
    theirs.send(left_behind)
    await wait_all_tasks_blocked()
    assert told.gone == 0
    theirs.close()
    await wait_all_tasks_blocked()
    await wait_all_tasks_blocked()
    assert (told.gone, told.behind) == (1, 0)


async def test_a_client_that_only_sends_no_more_is_told_of(departures: Departures, pair: Pair) -> None:
    told = Told()
    departures.enter(pair[0].fileno(), told)
    pair[1].shutdown(socket.SHUT_WR)
    await wait_all_tasks_blocked()
    assert told.gone == 1


async def test_a_client_that_has_gone_before_is_told_of_at_once(departures: Departures, pair: Pair) -> None:
    told = Told()
    pair[1].close()
    departures.enter(pair[0].fileno(), told)
    await wait_all_tasks_blocked()
    assert told.gone == 1


async def test_what_comes_behind_is_told_as_long_as_it_is_wanted(departures: Departures, pair: Pair) -> None:
    ours, theirs = pair
    told = Told()
    departures.enter(ours.fileno(), told)
    theirs.send(b"unread")
    departures.watch_behind(ours.fileno(), told, is_wanted=True)
    await wait_all_tasks_blocked()
    assert told.behind == 1
    departures.watch_behind(ours.fileno(), told, is_wanted=False)
    theirs.send(b"more")
    await wait_all_tasks_blocked()
    assert (told.behind, told.gone) == (1, 0)
    departures.watch_behind(ours.fileno(), told, is_wanted=True)
    theirs.close()
    await wait_all_tasks_blocked()
    assert (told.behind, told.gone) == (1, 1)


async def test_who_has_left_is_told_nothing(departures: Departures, pair: Pair) -> None:
    ours, theirs = pair
    told = Told()
    departures.enter(ours.fileno(), told)
    for _ in range(2):
        departures.leave(ours.fileno(), told)
    departures.watch_behind(ours.fileno(), told, is_wanted=True)
    theirs.close()
    await wait_all_tasks_blocked()
    assert (told.gone, told.behind) == (0, 0)


async def test_a_descriptor_that_is_another_ones_by_now_is_that_ones(departures: Departures, pair: Pair) -> None:
    ours, theirs = pair
    number, first, second = ours.fileno(), Told(), Told()
    departures.enter(number, first)
    ours.close()
    new, other = socket.socketpair()
    with other:
        os.dup2(new.fileno(), number)
        if new.fileno() != number:
            new.close()
        departures.enter(number, second)
        departures.leave(number, first)
        departures.watch_behind(number, first, is_wanted=True)
        other.send(b"x")
        theirs.close()
        await wait_all_tasks_blocked()
        assert (first.gone, second.gone, second.behind) == (0, 0, 0)
        other.close()
        await wait_all_tasks_blocked()
        assert (first.gone, second.gone) == (0, 1)
    departures.leave(number, second)
    new.close() if new.fileno() == number else os.close(number)


async def test_thousands_that_go_at_once_are_told_of_each(departures: Departures) -> None:
    told, theirs = Told(), []
    ours = []
    for _ in range(300):
        one, other = socket.socketpair()
        departures.enter(one.fileno(), told)
        ours.append(one)
        theirs.append(other)
    for each in theirs:
        each.close()
    with trio.fail_after(5):
        while told.gone < 300:
            await wait_all_tasks_blocked()
    for each in ours:
        departures.leave(each.fileno(), told)
        each.close()
    assert told.gone == 300


async def test_nothing_stays_open_at_its_end(pair: Pair) -> None:
    departures = Departures()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(departures.run)
        departures.enter(pair[0].fileno(), told := Told())
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    departures.leave(pair[0].fileno(), told)
    assert departures._epoll.closed
