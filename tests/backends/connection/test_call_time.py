"""The time of calls: it ends what only waits for its answer without a scope, and anything else within one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import inf
from typing import Final

import attrs
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.backends.connection.in_flight import InFlight, InFlightTable, followed_round
from argus_trio.backends.connection.notification_queue import Losses
from argus_trio.backends.links.link import Link, Outgoing
from argus_trio.backends.links.pending import Expected, Overdue, Pending
from argus_trio.core.call.record import CallRecord
from argus_trio.errors import DeadlineExceeded, LinkFailed
from argus_trio.wire.envelope import Notification, Params, Request, Response
from argus_trio.wire.headers import Headers
from tests.backends.support.fakes import FakeBackend, FakeExchange, FakeLink

PATIENCE_SECONDS: Final = 10.0
LATEST_SECONDS: Final = 25.0


@attrs.define(eq=False)
class AtOnce(FakeLink):
    """Sends at once, unless it is `full`."""

    pending: Pending = attrs.field(factory=Pending)
    full: bool = False

    def begin(self, outgoing: Outgoing) -> Expected | None:  # type: ignore[override]
        return None if self.full else Expected(self.pending, outgoing.id).__enter__()

    async def request(self, outgoing: Outgoing) -> Response:
        await trio.sleep_forever()
        raise AssertionError


@attrs.define(eq=False)
class Rig:
    nursery: trio.Nursery
    link: AtOnce
    table: InFlightTable
    starts: list[object]
    """The tasks that keep the time."""
    ends: dict[int, tuple[float, object]] = attrs.field(factory=dict)
    """When each call had its end, and what that was."""

    def call(self, number: int, patience: float = PATIENCE_SECONDS) -> InFlight:
        """A call that begins now."""
        now = trio.current_time()
        made = InFlight(
            exchange=FakeExchange("tools/call"),
            table=self.table,
            deadline=now + patience,
            patience=patience,
            latest=now + LATEST_SECONDS,
            nursery=self.nursery,
            losses=Losses(),
        )
        self.table.add(number, made)
        self.nursery.start_soon(self._ask, number, made)
        return made

    async def _ask(self, number: int, call: InFlight) -> None:
        link: Link = self.link
        try:
            end: object = await call.ask(link, Outgoing(id=number, body=b"{}"))
        except (Overdue, LinkFailed) as error:
            end = type(error)
        finally:
            self.table.remove(number)
        self.ends[number] = (trio.current_time(), end)

    def answer(self, number: int) -> bool:
        return self.link.pending.resolve(Response(b"%d" % number, b"{}"))


async def nobody(message: Request | Notification, within: int | None) -> None:
    raise AssertionError("nothing is said")


@asynccontextmanager
async def rig() -> AsyncIterator[Rig]:
    starts: list[object] = []
    async with trio.open_nursery() as nursery:

        def start_soon(task: object) -> None:
            starts.append(task)
            nursery.start_soon(task)  # type: ignore[arg-type]

        table = InFlightTable(is_exclusive=False, start_soon=start_soon)
        yield Rig(nursery, AtOnce(FakeBackend(), nobody), table, starts)
        nursery.cancel_scope.cancel()


async def test_a_call_that_is_sent_at_once_has_its_answer(autojump_clock: MockClock) -> None:
    async with rig() as r:
        begun = trio.current_time()
        r.call(1)
        await trio.sleep(3)
        assert r.answer(1)
        await wait_all_tasks_blocked()
        assert r.ends == {1: (begun + 3, Response(b"1", b"{}"))}
        assert not r.link.pending.waiting


@pytest.mark.parametrize("full", [False, True])
async def test_a_call_without_an_answer_is_overdue_at_its_deadline(autojump_clock: MockClock, full: bool) -> None:
    async with rig() as r:
        r.link.full, begun = full, trio.current_time()
        r.call(1)
        await trio.sleep(PATIENCE_SECONDS + 1)
        assert r.ends == {1: (begun + PATIENCE_SECONDS, Overdue)}
        assert not r.link.pending.waiting
        assert not r.answer(1)


@pytest.mark.parametrize("full", [False, True])
async def test_progress_puts_the_deadline_off_and_an_ask_stops_it(autojump_clock: MockClock, full: bool) -> None:
    async with rig() as r:
        r.link.full, begun, ask = full, trio.current_time(), trio.CancelScope()
        call = r.call(1)
        await trio.sleep(8)
        call.progressed()
        await trio.sleep(8)
        assert not r.ends
        call.begin_ask(ask)
        await trio.sleep(1000)
        assert call.deadline == inf
        call.end_ask(ask)
        await trio.sleep(5)
        assert r.ends == {1: (begun + 1018, Overdue)}


@pytest.mark.parametrize("full", [False, True])
async def test_a_deadline_that_is_put_nearer_is_kept(autojump_clock: MockClock, full: bool) -> None:
    async with rig() as r:
        r.link.full, begun = full, trio.current_time()
        call = r.call(1)
        await trio.sleep(1)
        call.move(begun + 2)
        await trio.sleep(3)
        assert r.ends == {1: (begun + 2, Overdue)}


async def test_one_task_keeps_the_time_of_all_calls(autojump_clock: MockClock) -> None:
    async with rig() as r:
        begun = trio.current_time()
        for number, patience in enumerate((9.0, 3.0, 6.0, 3.0)):
            r.call(number, patience)
        await trio.sleep(20)
        assert {number: at - begun for number, (at, _) in r.ends.items()} == {0: 9.0, 1: 3.0, 2: 6.0, 3: 3.0}
        r.call(7)
        await trio.sleep(20)
        assert r.ends[7] == (begun + 20 + PATIENCE_SECONDS, Overdue)
        assert len(r.starts) == 1


async def test_a_call_that_has_ended_is_judged_no_more(autojump_clock: MockClock) -> None:
    async with rig() as r:
        r.call(1)
        await trio.sleep(PATIENCE_SECONDS - 1)
        r.answer(1)
        await wait_all_tasks_blocked()
        r.call(2)
        await trio.sleep(PATIENCE_SECONDS - 1)
        assert set(r.ends) == {1}
        await trio.sleep(2)
        assert r.ends[2][1] is Overdue


async def test_a_call_that_is_cancelled_leaves_nothing_behind(autojump_clock: MockClock) -> None:
    async with rig() as r:
        call = r.call(1)
        r.table.remove(1)
        with trio.move_on_after(2) as cut:
            await call.ask(r.link, Outgoing(id=2, body=b"{}"))
        assert cut.cancelled_caught
        assert set(r.link.pending.waiting) == {b"1"}
        r.table.add(1, call)


async def test_what_is_asked_within_another_wait_is_bounded_by_it(autojump_clock: MockClock) -> None:
    async with rig() as r:
        call, begun = r.call(1), trio.current_time()

        async def again() -> None:
            await call.within(trio.sleep_forever)

        with pytest.raises(Overdue):
            await call.within(again)
        assert trio.current_time() == begun + PATIENCE_SECONDS


async def test_a_deadline_that_has_passed_ends_a_call_as_soon_as_it_waits(autojump_clock: MockClock) -> None:
    async with rig() as r:
        begun = trio.current_time()
        r.call(1, -5)
        await trio.sleep(1)
        assert r.ends == {1: (begun, Overdue)}


async def test_a_link_that_dies_ends_a_call_before_its_deadline(autojump_clock: MockClock) -> None:
    async with rig() as r:
        r.call(1)
        await trio.sleep(2)
        r.link.pending.fail(LinkFailed("gone"))
        await trio.sleep(1)
        assert r.ends[1][1] is LinkFailed


async def test_time_is_kept_anew_once_its_task_was_ended(autojump_clock: MockClock) -> None:
    async with rig() as r, trio.open_nursery() as first:
        table = InFlightTable(is_exclusive=False, start_soon=first.start_soon)
        r.table = table
        r.call(1)
        await wait_all_tasks_blocked()
        first.cancel_scope.cancel()
        await trio.lowlevel.checkpoint()
        await wait_all_tasks_blocked()
        assert table.wakes_at == inf
        r.answer(1)


async def test_who_follows_an_overdue_request_hears_that_it_had_no_answer(autojump_clock: MockClock) -> None:
    async with rig() as r:
        call, heard = r.call(1), list[BaseException | None]()

        class Followed:
            params: Params = {}  # noqa: RUF012 - a protocol's, and never changed
            headers: Headers = ()

            def end(self, result: bytes | None, error: BaseException | None) -> None:
                heard.append(error)

        async def perform(call_in_flight: InFlight, params: Params, headers: Headers) -> bytes:
            return await call_in_flight.within(forever)

        async def forever() -> bytes:
            await trio.sleep_forever()
            raise AssertionError

        with pytest.raises(Overdue):
            await followed_round(CallRecord(backend="b"), lambda *_: Followed(), perform, call, {}, ())
        (error,) = heard
        assert isinstance(error, DeadlineExceeded)
        assert error.data == {"backend": "b", "seconds": PATIENCE_SECONDS}
