"""How a scope ends that was replaced or removed: when nobody needs it any more, at the latest after the drain."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.backends.connection.open import BackendAddress
from argus_trio.backends.connectivity.start_turns import StartTurns
from argus_trio.backends.drain import CUT_SECONDS, Drain
from argus_trio.backends.scope.lease import Lease
from argus_trio.backends.scope.scope import Scope
from argus_trio.core.open_exchanges import CutByReload
from argus_trio.core.redaction import Redactor
from argus_trio.errors import BackendUnavailable
from tests.backends.support.fakes import FakeBackend
from tests.backends.support.scopes import Session, living, spec

TIMEOUT_SECONDS = 20.0
LONGEST_SECONDS = 1000.0
"""Longer than anything here takes, so that what never ends fails."""


@attrs.define(eq=False)
class Counter:
    """Where leases are counted."""

    routed: int = 0


@attrs.define(eq=False)
class Draining:
    """A scope that is running, what drains it, and whether an exchange that knows no backend yet may need it."""

    scope: Scope
    drain: Drain
    needs: set[Scope] = attrs.field(factory=set)

    async def run(self, seconds: float = TIMEOUT_SECONDS) -> float:
        """Drain it; the seconds that it took."""
        began = trio.current_time()
        self.drain.begin(self.scope)
        await self.drain.run(self.scope, seconds)
        return trio.current_time() - began

    async def hold(self, seconds: float) -> None:
        """An exchange holds a lease, until it has ended or was cut."""
        with Lease(self.scope.leases, Counter()):
            await trio.sleep(seconds)


@asynccontextmanager
async def draining() -> AsyncIterator[Draining]:
    """A scope whose supervisor is this block."""
    needs: set[Scope] = set()
    drain = Drain(may_need=needs.__contains__)
    scope = scope_that_wakes(drain)
    with trio.fail_after(LONGEST_SECONDS):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(live, scope)
            await scope.shared.settled.wait()
            yield Draining(scope, drain, needs)
            nursery.cancel_scope.cancel()


def scope_that_wakes(drain: Drain) -> Scope:
    address = BackendAddress(spec=spec(), open_link=FakeBackend(tools=[{"name": "x"}]).open, redact=Redactor())
    return Scope(address=address, turns=StartTurns(lambda: 4), on_published=lambda: None, on_lease_freed=drain.wake)


async def live(scope: Scope) -> None:
    try:
        with scope.cancel_scope:
            await scope.run()
    finally:
        scope.ended.set()


async def test_a_scope_that_nobody_needs_ends_at_once(autojump_clock: MockClock) -> None:
    async with draining() as d:
        assert await d.run() == 0
        assert d.scope.ended.is_set()
        assert (d.drain.retiring, d.drain.calls_cut) == (set(), 0)


async def test_a_drain_ends_with_the_last_lease(autojump_clock: MockClock) -> None:
    async with draining() as d, trio.open_nursery() as nursery:
        for seconds in (3, 7):
            nursery.start_soon(d.hold, seconds)
        await wait_all_tasks_blocked()
        assert await d.run() == pytest.approx(7)
        assert d.drain.calls_cut == 0


async def test_what_has_not_ended_in_time_is_cut_and_counted(autojump_clock: MockClock) -> None:
    async with draining() as d, trio.open_nursery() as nursery:
        told: list[str] = []

        async def hold(seconds: float) -> None:
            try:
                await d.hold(seconds)
            except BackendUnavailable as unavailable:
                told.append(unavailable.reason)

        for seconds in (3, 100, 200):
            nursery.start_soon(hold, seconds)
        await wait_all_tasks_blocked()
        with capture_logs() as logs:
            assert await d.run() == pytest.approx(TIMEOUT_SECONDS)
        assert told == [CutByReload("files").reason] * 2
        assert d.drain.calls_cut == 2
        retired = [entry for entry in logs if entry["event"] == "backend_retired"]
        assert [(entry["log_level"], entry["calls_cut"]) for entry in retired] == [("warning", 2)]
        noted = {event.stage: event.details for event in d.scope.address.journal.since(1)[0]}
        assert noted["backend_calls_cut"] == {"calls": 2, "seconds": TIMEOUT_SECONDS}
        assert noted["backend_retired"]["calls_cut"] == 2
        assert "backend_stopped" in noted


async def test_calls_cut_are_counted_over_all_drains(autojump_clock: MockClock) -> None:
    async with draining() as first, trio.open_nursery() as nursery:
        second = scope_that_wakes(first.drain)
        second.ended.set()
        for scope in (first.scope, second):

            async def hold(scope: Scope = scope) -> None:
                with pytest.raises(BackendUnavailable), Lease(scope.leases, Counter()):
                    await trio.sleep(100)

            nursery.start_soon(hold)
        await wait_all_tasks_blocked()
        await first.run()
        first.drain.begin(second)
        await first.drain.run(second, 1)
        assert first.drain.calls_cut == 2


async def test_what_was_cut_has_a_moment_to_tell_its_backend_and_no_longer(autojump_clock: MockClock) -> None:
    async with draining() as d, trio.open_nursery() as nursery:

        async def hold_on(seconds: float) -> None:
            with pytest.raises(BackendUnavailable), Lease(d.scope.leases, Counter()):
                await until_it_is_told(seconds)

        async def until_it_is_told(seconds: float) -> None:
            try:
                await trio.sleep_forever()
            finally:
                with trio.move_on_after(seconds, shield=True):
                    await d.scope.ended.wait()
                has_ended.append(d.scope.ended.is_set())

        has_ended: list[bool] = []
        for seconds in (1, 100):
            nursery.start_soon(hold_on, seconds)
        await wait_all_tasks_blocked()
        assert await d.run() == pytest.approx(TIMEOUT_SECONDS + CUT_SECONDS)
        await wait_all_tasks_blocked()
        assert has_ended == [False, True]


async def test_what_may_still_come_holds_it_up_until_it_is_known_not_to(autojump_clock: MockClock) -> None:
    async with draining() as d, trio.open_nursery() as nursery:
        d.needs.add(d.scope)
        nursery.start_soon(d.run)
        await trio.sleep(5)
        d.drain.wake()
        await wait_all_tasks_blocked()
        assert not d.scope.ended.is_set()
        d.needs.clear()
        d.drain.wake()
        await d.drain.wait_gone("files")
        assert trio.current_time() == pytest.approx(5)


async def test_what_may_still_come_holds_it_up_no_longer_than_the_drain_and_is_no_call_that_was_cut(
    autojump_clock: MockClock,
) -> None:
    async with draining() as d:
        d.needs.add(d.scope)
        assert await d.run() == pytest.approx(TIMEOUT_SECONDS)
        assert d.drain.calls_cut == 0


async def test_a_backend_is_gone_once_every_scope_of_its_name_has_ended(autojump_clock: MockClock) -> None:
    async with draining() as d, trio.open_nursery() as nursery:
        before = scope_that_wakes(d.drain)
        d.drain.begin(before)
        nursery.start_soon(d.hold, 3)
        await wait_all_tasks_blocked()
        await d.drain.wait_gone("other")
        nursery.start_soon(d.run)
        nursery.start_soon(d.drain.run, before, TIMEOUT_SECONDS)
        gone = trio.Event()

        async def wait() -> None:
            await d.drain.wait_gone("files")
            gone.set()

        nursery.start_soon(wait)
        await trio.sleep(4)
        assert d.drain.retiring == {before}
        assert not gone.is_set()
        before.ended.set()
        await wait_all_tasks_blocked()
        assert gone.is_set()


async def test_what_was_subscribed_to_during_the_drain_is_handed_over_before_the_end(
    autojump_clock: MockClock,
) -> None:
    async with draining() as d, living(FakeBackend()) as successor, trio.open_nursery() as nursery:
        d.scope.hand_over(successor)
        nursery.start_soon(d.hold, 5)
        await wait_all_tasks_blocked()
        nursery.start_soon(d.run)
        await trio.sleep(1)
        d.scope.shared.subscriptions.table.add("a:1", Session(), lambda *_: None)
        await trio.sleep(1)
        assert successor.shared.subscriptions.table.uris == []
        await d.scope.ended.wait()
        assert successor.shared.subscriptions.table.uris == ["a:1"]
        assert d.scope.shared.subscriptions.table.uris == []
