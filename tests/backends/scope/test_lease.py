"""What an exchange holds on the scope that it was led to, and how that ends: by itself, or cut."""

from __future__ import annotations

import attrs
import pytest
import trio
from trio.testing import MockClock

from argus_trio.backends.scope.lease import Lease, Leases
from argus_trio.core.call.record import CallRecord, Cut
from argus_trio.core.open_exchanges import CutByReload


@attrs.define(eq=False)
class Generation:
    """Where exchanges are counted."""

    routed: int = 0


class Freed:
    """Counts how often it is told that a lease has ended, and how many were left then."""

    def __init__(self) -> None:
        self.leases = Leases("files", self)
        self.left: list[int] = []

    def __call__(self) -> None:
        self.left.append(len(self.leases))


async def test_a_lease_is_counted_at_its_scope_and_its_generation_for_the_length_of_the_block() -> None:
    freed, generation, other = Freed(), Generation(), Generation()
    with Lease(freed.leases, generation):
        with Lease(freed.leases, generation), Lease(freed.leases, other):
            assert (len(freed.leases), generation.routed, other.routed) == (3, 2, 1)
        assert (len(freed.leases), generation.routed, other.routed) == (1, 1, 0)
    assert (len(freed.leases), generation.routed) == (0, 0)


async def test_the_end_of_a_lease_is_told_once_the_scope_drains_and_not_before() -> None:
    freed, generation = Freed(), Generation()
    with Lease(freed.leases, generation):
        pass
    assert freed.left == []
    with Lease(freed.leases, generation):
        with Lease(freed.leases, generation):
            freed.leases.drain()
        assert freed.left == [1]
    assert freed.left == [1, 0]


async def test_a_lease_of_an_exchange_that_fails_ends_too_and_the_failure_stays_what_it_is() -> None:
    freed, generation = Freed(), Generation()
    freed.leases.drain()
    with pytest.raises(ValueError, match="mine"), Lease(freed.leases, generation):
        raise ValueError("mine")
    assert (freed.left, generation.routed) == ([0], 0)


async def test_what_is_cut_is_cancelled_and_told_that_its_backend_is_unavailable(autojump_clock: MockClock) -> None:
    freed, generation = Freed(), Generation()
    freed.leases.drain()
    told: list[CutByReload] = []

    async def exchange() -> None:
        with pytest.raises(CutByReload) as caught, Lease(freed.leases, generation):
            await trio.sleep_forever()
        told.append(caught.value)

    async with trio.open_nursery() as nursery:
        for _ in range(2):
            nursery.start_soon(exchange)
        await trio.sleep(1)
        assert freed.leases.cut() == 2
    assert [error.backend for error in told] == ["files"] * 2
    assert all("server.drain_timeout" in error.reason for error in told)
    assert (freed.left, generation.routed) == ([1, 0], 0)
    assert freed.leases.cut() == 0


async def test_one_that_has_its_result_when_it_is_cut_keeps_it() -> None:
    freed = Freed()
    with Lease(freed.leases, Generation()):
        freed.leases.cut()
        result = "there is no checkpoint after this"
    assert result


async def test_one_whose_client_has_gone_is_cancelled_and_not_cut(autojump_clock: MockClock) -> None:
    freed, generation = Freed(), Generation()
    with trio.move_on_after(1) as client, Lease(freed.leases, generation):
        await trio.sleep_forever()
    assert client.cancelled_caught
    assert (len(freed.leases), generation.routed) == (0, 0)


async def test_the_record_of_one_that_was_cut_says_so(autojump_clock: MockClock) -> None:
    freed, record = Freed(), CallRecord()

    async def be_cut() -> None:
        with Lease(freed.leases, Generation(), record):
            freed.leases.cut()
            await trio.sleep_forever()

    with pytest.raises(CutByReload):
        await be_cut()
    assert record.cut == "replaced"


async def test_an_exchange_that_has_a_scope_of_its_own_is_cut_as_a_whole(autojump_clock: MockClock) -> None:
    freed, generation = Freed(), Generation()
    freed.leases.drain()
    with trio.CancelScope() as scope:
        record = CallRecord(scope=scope)
        with Lease(freed.leases, generation, record):
            freed.leases.cut()
            await trio.sleep_forever()
    assert scope.cancelled_caught
    assert (record.cut, record.backend) == ("replaced", "files")
    assert (freed.left, generation.routed) == ([0], 0)


@pytest.mark.parametrize("first", ["operator", "client_gone", "cancelled", "stopped"])
async def test_one_that_was_cut_before_says_still_by_whom(first: Cut) -> None:
    freed = Freed()
    with trio.CancelScope() as scope:
        record = CallRecord(scope=scope, cut=first)
        with Lease(freed.leases, Generation(), record):
            freed.leases.cut()
            await trio.sleep_forever()
    assert scope.cancelled_caught
    assert record.cut == first


async def test_one_whose_client_is_away_is_told_that_its_backend_was_replaced() -> None:
    freed = Freed()
    with trio.CancelScope() as scope:
        record = CallRecord(scope=scope, cut="expired")
        with Lease(freed.leases, Generation(), record):
            freed.leases.cut()
            await trio.sleep_forever()
    assert record.cut == "replaced"
