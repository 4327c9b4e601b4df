"""Who subscribes while the backend is being asked already: told what the backend says, and by no other's leaving."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.backends.scope.scope import Scope
from argus_trio.backends.subscriptions.listen_stream import AGREE_SECONDS, NotAgreed
from argus_trio.errors import BackendError, BackendMisbehaved, BackendUnavailable, RpcError
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import FakeBackend, FakeExchange, Json, Refusal, answering, empty
from tests.backends.support.scopes import Session, living

URI, ALIKE = "note://h/a b", "NOTE://h/a%20b"
UPDATED = "notifications/resources/updated"


@attrs.define(eq=False)
class Slow:
    """A backend that agrees, or refuses, when it is told to."""

    era: Era
    go: trio.Event = attrs.field(factory=trio.Event)
    refusal: Refusal | None = None
    agrees_to: list[str] = attrs.field(factory=lambda: [URI])
    backend: FakeBackend = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.backend = FakeBackend(
            era=self.era,
            resources=[{"uri": URI, "name": "x"}],
            answers={
                "resources/subscribe": self.subscribe,
                "resources/unsubscribe": empty,
                "subscriptions/listen": self.listen,
            },
        )

    async def subscribe(self, _params: Json) -> Json:
        await self.go.wait()
        if self.refusal is not None:
            raise self.refusal
        return {}

    async def listen(self, params: Json) -> Json:
        link = answering.get()
        if "resourceSubscriptions" in params["notifications"]:  # type: ignore[operator]  # an object
            await self.go.wait()
            if self.refusal is not None:
                raise self.refusal
        agreed: Json = {"notifications": {"resourceSubscriptions": self.agrees_to}}
        await link.says("notifications/subscriptions/acknowledged", agreed)
        await trio.sleep_forever()
        raise AssertionError

    @property
    def asked(self) -> int:
        """How often it has been asked for the resource."""
        method = "resources/subscribe" if self.era is Era.LEGACY else "subscriptions/listen"
        return sum(name == method and URI in str(params) for name, params in self.backend.seen)


@attrs.define(eq=False)
class Subscriber:
    """A session that subscribes, and what it was answered: nothing as long as `answer` is None."""

    scope: Scope
    session: Session = attrs.field(factory=Session)
    answer: bytes | RpcError | None = None
    leave: trio.CancelScope = attrs.field(factory=trio.CancelScope)

    async def subscribe(self, uri: str = URI, verb: str = "subscribe") -> None:
        exchange = FakeExchange(f"resources/{verb}", {"uri": uri}, client=self.session)
        with self.leave:
            try:
                self.answer = await self.scope.subscriptions.subscribe(exchange, uri)
            except RpcError as error:
                self.answer = error


@asynccontextmanager
async def two(slow: Slow) -> AsyncIterator[tuple[Subscriber, Subscriber, trio.Nursery]]:
    """Two who subscribe, the second while the backend has not answered the first."""
    async with living(slow.backend) as scope, trio.open_nursery() as nursery:
        await trio.sleep(1)
        first, second = Subscriber(scope), Subscriber(scope)
        nursery.start_soon(first.subscribe)
        await trio.sleep(0.1)
        nursery.start_soon(second.subscribe, ALIKE)
        await trio.sleep(0.5)
        assert (first.answer, second.answer) == (None, None), "nobody is told yes before the backend has agreed"
        yield first, second, nursery


ERAS = pytest.mark.parametrize("era", [Era.LEGACY, Era.MODERN])


@ERAS
async def test_who_comes_second_is_told_yes_when_the_backend_has_agreed_and_it_is_asked_once(
    era: Era, autojump_clock: MockClock
) -> None:
    slow = Slow(era)
    async with two(slow) as (first, second, _):
        slow.go.set()
        await trio.sleep(1)
        assert (first.answer, second.answer) == (b"{}", b"{}")
        assert slow.asked == 1
        await slow.backend.links[0].says(UPDATED, {"uri": URI})
        await wait_all_tasks_blocked()
        assert [len(each.session.told) for each in (first, second)] == [1, 1]


@ERAS
async def test_who_comes_second_hears_of_it_though_the_first_has_left_before_the_answer(
    era: Era, autojump_clock: MockClock
) -> None:
    slow = Slow(era)
    async with two(slow) as (first, second, _):
        first.leave.cancel()
        await trio.sleep(0.1)
        slow.go.set()
        await trio.sleep(1)
        assert (first.answer, second.answer) == (None, b"{}")
        await slow.backend.links[0].says(UPDATED, {"uri": URI})
        await wait_all_tasks_blocked()
        assert [len(each.session.told) for each in (first, second)] == [0, 1]


@ERAS
async def test_both_are_told_the_backends_own_error_as_it_came(era: Era, autojump_clock: MockClock) -> None:
    slow = Slow(era, refusal=Refusal(-32002, "no such thing", {"uri": URI}))
    async with two(slow) as (first, second, _):
        slow.go.set()
        await trio.sleep(1)
        for each in (first, second):
            assert isinstance(each.answer, BackendError)
            assert each.answer.encoded == (
                b'{"code": -32002, "message": "no such thing", "data": {"uri": "note://h/a b"}}'
            )
        assert first.scope.shared.subscriptions.table.uris == []


@ERAS
async def test_when_both_have_left_nothing_is_left_and_the_next_one_asks_anew(
    era: Era, autojump_clock: MockClock
) -> None:
    slow = Slow(era)
    async with two(slow) as (first, second, nursery):
        first.leave.cancel()
        second.leave.cancel()
        await trio.sleep(1)
        assert first.scope.shared.subscriptions.table.uris == []
        third = Subscriber(first.scope)
        slow.go.set()
        nursery.start_soon(third.subscribe)
        await trio.sleep(5)
        assert (third.answer, slow.asked) == (b"{}", 2)


async def test_who_unsubscribes_before_the_answer_leaves_the_next_one_to_ask_anew(autojump_clock: MockClock) -> None:
    slow = Slow(Era.LEGACY)
    async with two(slow) as (first, second, nursery):
        for each in (first, second):
            await Subscriber(each.scope, each.session).subscribe(URI, "unsubscribe")
        third = Subscriber(first.scope)
        nursery.start_soon(third.subscribe)
        await trio.sleep(0.1)
        assert slow.asked == 2
        slow.go.set()
        await trio.sleep(1)
        assert third.answer == b"{}"


@ERAS
async def test_the_end_of_the_connection_ends_the_wait_of_both(era: Era, autojump_clock: MockClock) -> None:
    slow = Slow(era)
    async with two(slow) as (first, second, _):
        slow.backend.links[0].die("exited with code 1")
        await trio.sleep(5)
        assert isinstance(first.answer, BackendUnavailable)
        assert isinstance(second.answer, BackendUnavailable)


async def test_what_a_modern_backend_does_not_agree_to_is_not_subscribed_to(autojump_clock: MockClock) -> None:
    slow = Slow(Era.MODERN, agrees_to=["other:1"])
    async with two(slow) as (first, second, _):
        slow.go.set()
        await trio.sleep(1)
        for each in (first, second):
            assert isinstance(each.answer, BackendUnavailable)
            assert isinstance(each.answer.cause, NotAgreed)
        assert first.scope.shared.subscriptions.table.uris == []


async def test_a_modern_backend_that_agrees_late_has_agreed(autojump_clock: MockClock) -> None:
    slow = Slow(Era.MODERN)
    async with two(slow) as (first, second, _):
        await trio.sleep(AGREE_SECONDS - 2)
        slow.go.set()
        await trio.sleep(1)
        assert (first.answer, second.answer) == (b"{}", b"{}")


async def test_a_refusal_that_is_no_error_object_is_told_as_that(autojump_clock: MockClock) -> None:
    refusal = Refusal(-32002, "x")
    refusal.error = {"code": "x"}
    slow = Slow(Era.LEGACY, refusal=refusal)
    async with two(slow) as (first, _, _):
        slow.go.set()
        await trio.sleep(1)
        assert isinstance(first.answer, BackendMisbehaved)


async def test_who_comes_while_a_new_connection_is_asked_again_waits_for_that(autojump_clock: MockClock) -> None:
    slow = Slow(Era.LEGACY)
    slow.go.set()
    async with living(slow.backend) as scope, trio.open_nursery() as nursery:
        first, second = Subscriber(scope), Subscriber(scope)
        await first.subscribe()
        slow.go = trio.Event()
        slow.refusal = Refusal(-32603, "not any more")
        with capture_logs() as logs:
            slow.backend.links[0].die("exited with code 1")
            await trio.sleep(60)
            assert slow.asked == 2
            nursery.start_soon(second.subscribe)
            await trio.sleep(0.1)
            slow.go.set()
            await trio.sleep(1)
        assert isinstance(second.answer, BackendError)
        assert slow.asked == 2
        assert "backend_resubscribe_failed" in [entry["event"] for entry in logs]
