"""Bodies and their bounds, on virtual time."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from argus_trio.core.memory import ALL_SMALL_BYTES, COPIES, SMALL_BYTES, Bodies, Body, Memory
from argus_trio.errors import Overloaded
from argus_trio.frontend.http.body import read_body
from argus_trio.frontend.http.errors import BodyStalled, BodyTooLarge, ClientGone
from argus_trio.frontend.http.limits import Limits
from tests.frontend.support.fakes import FakeRequest, FakeShortcut

LIMITS = Limits(body_bytes=16)


async def test_parts_are_joined_up_to_the_limit() -> None:
    fake = FakeRequest({b"content-length": b"4"})
    await fake.give(b"ab", more=True)
    await fake.give(b"cd", more=True)
    await fake.give(b"")
    assert await read_body(fake.http, LIMITS, Bodies()) == b"abcd"
    assert not fake.http.body_pending


async def test_a_declared_length_above_the_limit_is_refused_unread() -> None:
    fake = FakeRequest({b"content-length": b"17"})
    with pytest.raises(BodyTooLarge):
        await read_body(fake.http, LIMITS, Bodies())


async def test_an_undeclared_length_above_the_limit_is_refused_when_it_shows() -> None:
    fake = FakeRequest()
    await fake.give(b"a" * 15, more=True)
    await fake.give(b"bc", more=True)
    with pytest.raises(BodyTooLarge):
        await read_body(fake.http, LIMITS, Bodies())


async def test_a_body_that_stops_coming_is_given_up(autojump_clock: MockClock) -> None:
    fake = FakeRequest()
    await fake.give(b"a", more=True)
    began = trio.current_time()
    with pytest.raises(BodyStalled):
        await read_body(fake.http, LIMITS, Bodies())
    assert trio.current_time() - began == pytest.approx(LIMITS.body_stall)


async def test_a_body_that_drips_is_given_up(autojump_clock: MockClock, nursery: trio.Nursery) -> None:
    fake = FakeRequest()

    async def drip() -> None:
        while True:
            await fake.give(b"a", more=True)
            await trio.sleep(LIMITS.body_stall - 1)

    nursery.start_soon(drip)
    began = trio.current_time()
    with pytest.raises(BodyStalled):
        await read_body(fake.http, LIMITS, Bodies())
    assert trio.current_time() - began == pytest.approx(LIMITS.body_total)
    nursery.cancel_scope.cancel()


async def test_a_client_that_goes_is_not_answered() -> None:
    fake = FakeRequest()
    await fake.queue.put({"type": "http.disconnect"})
    with pytest.raises(ClientGone):
        await read_body(fake.http, LIMITS, Bodies())


LARGE = Limits(body_bytes=16 * SMALL_BYTES)


async def test_small_bodies_are_added_up_and_large_ones_entered_with_their_copies() -> None:
    bodies = Bodies()
    small, large = FakeRequest(), FakeRequest()
    await small.give(b"a" * SMALL_BYTES)
    await large.give(b"a" * SMALL_BYTES, more=True)
    await large.give(b"a")
    await read_body(small.http, LARGE, bodies)
    assert (bodies.small, bodies.held) == (SMALL_BYTES, 0)
    await read_body(large.http, LARGE, bodies)
    assert (bodies.small, bodies.held) == (2 * SMALL_BYTES, COPIES)
    for fake in (small, large):
        assert fake.http.body is not None
        fake.http.body.release()
    assert (bodies.small, bodies.held, bodies.memory.size) == (0, 0, 0)


async def test_too_many_small_bodies_are_entered_like_large_ones() -> None:
    bodies = Bodies()
    bodies.small = ALL_SMALL_BYTES
    fake = FakeRequest()
    await fake.give(b"abc")
    await read_body(fake.http, LARGE, bodies)
    assert bodies.held == bodies.memory.size == 3 * COPIES


async def test_a_body_without_room_is_refused_unread_where_it_is_announced_and_else_when_it_shows() -> None:
    bodies = Bodies(Memory(lambda: 6 * COPIES * SMALL_BYTES))
    Body(bodies).take(2 * SMALL_BYTES)
    announced, chunked = FakeRequest({b"content-length": b"%d" % (2 * SMALL_BYTES)}), FakeRequest()
    with pytest.raises(Overloaded):
        await read_body(announced.http, LARGE, bodies)
    for _ in range(3):
        await chunked.give(b"a" * SMALL_BYTES, more=True)
    with pytest.raises(Overloaded):
        await read_body(chunked.http, LARGE, bodies)
    assert (bodies.small, bodies.held) == (0, 2 * COPIES * SMALL_BYTES)


async def test_what_came_of_a_body_that_does_not_come_whole_is_not_held() -> None:
    bodies = Bodies()
    fake = FakeRequest()
    await fake.give(b"a" * SMALL_BYTES, more=True)
    await fake.give(b"a" * SMALL_BYTES, more=True)
    await fake.queue.put({"type": "http.disconnect"})
    with pytest.raises(ClientGone):
        await read_body(fake.http, LARGE, bodies)
    assert (bodies.small, bodies.held, bodies.memory.size) == (0, 0, 0)


async def test_a_body_that_is_all_here_is_taken_within_the_same_bounds_without_being_waited_for() -> None:
    bodies = Bodies()
    fake = FakeRequest(shortcut=FakeShortcut(b"a" * 16))
    assert await read_body(fake.http, LIMITS, bodies) == b"a" * 16
    assert (fake.http.body_pending, bodies.small) == (False, 16)
    with pytest.raises(BodyTooLarge):
        await read_body(FakeRequest(shortcut=FakeShortcut(b"a" * 17)).http, LIMITS, bodies)
    large = FakeRequest(shortcut=FakeShortcut(b"a" * (SMALL_BYTES + 1)))
    await read_body(large.http, LARGE, bodies)
    assert bodies.held == COPIES * (SMALL_BYTES + 1)


async def test_a_body_that_is_not_all_here_is_waited_for_as_without_a_shortcut() -> None:
    fake = FakeRequest(shortcut=FakeShortcut())
    await fake.give(b"ab", more=True)
    await fake.give(b"c")
    assert await read_body(fake.http, LIMITS, Bodies()) == b"abc"
