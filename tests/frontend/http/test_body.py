"""Bodies and their bounds, on virtual time."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from argus_trio.core.memory import Bodies
from argus_trio.frontend.http.body import read_body
from argus_trio.frontend.http.errors import BodyStalled, BodyTooLarge, ClientGone
from argus_trio.frontend.http.limits import Limits
from tests.frontend.support.fakes import FakeRequest

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
