"""What is said outside calls: in order, bounded, by few tasks; and what is lost on the way is counted and told."""

from __future__ import annotations

import attrs
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.backends.connection.notification_queue import CAPACITY
from argus_trio.backends.scope.scope import Scope
from argus_trio.backends.status import statuses_of
from argus_trio.core.call.abilities import Abilities
from argus_trio.core.catalog.catalog import EMPTY
from argus_trio.wire.envelope import Notification, Params
from tests.backends.support.fakes import FakeBackend, FakeExchange, FakeLink, Json, empty, raw
from tests.backends.support.scopes import Session, living

LOG, UPDATED, CHANGED = (
    "notifications/message",
    "notifications/resources/updated",
    "notifications/tools/list_changed",
)
FLOOD = 50_000


@attrs.define(eq=False)
class SlowSession(Session):
    """A session whose client reads nothing until it may."""

    may_read: trio.Event = attrs.field(factory=trio.Event)

    async def notify(self, method: str, params: Params) -> None:
        await self.may_read.wait()
        await super().notify(method, params)


def talkative() -> FakeBackend:
    return FakeBackend(
        tools=[{"name": "x"}], resources=[{"uri": "a:1", "name": "a"}], answers={"resources/subscribe": empty}
    )


async def own_link(scope: Scope, backend: FakeBackend, session: Session) -> FakeLink:
    """The link of the session's own connection, which its first call opens."""
    exchange = FakeExchange("tools/call", {"name": "x"}, abilities=Abilities(sampling=True), client=session)
    await scope.calls.call(exchange, raw(exchange.params))
    return backend.links[-1]


def tasks_now() -> int:
    return trio.lowlevel.current_statistics().tasks_living


async def test_what_a_backend_says_on_a_sessions_own_connection_arrives_in_order(autojump_clock: MockClock) -> None:
    backend, session = talkative(), Session()
    async with living(backend) as scope:
        link = await own_link(scope, backend, session)
        for number in range(20):
            await link.says(LOG, {"level": "info", "data": number})
            await link.says(UPDATED, {"uri": f"a:{number}"})
        await wait_all_tasks_blocked()
    said: list[Json] = []
    for number in range(20):
        said += [{"level": "info", "data": number}, {"uri": f"a:{number}"}]
    assert [params for _, params in session.told] == said


async def test_what_a_backend_says_just_before_its_end_arrives(autojump_clock: MockClock) -> None:
    backend, session = talkative(), Session()
    async with living(backend) as scope:
        link = await own_link(scope, backend, session)
        for number in range(20):
            await link.says(LOG, {"level": "error", "data": number})
        link.die("exited with code 3")
        await wait_all_tasks_blocked()
        assert [params["data"] for _, params in session.told] == list(range(20))


async def test_a_flood_to_a_client_that_does_not_read_costs_one_task_and_its_loss_is_counted_and_told_once(
    autojump_clock: MockClock,
) -> None:
    backend, session = talkative(), SlowSession()
    async with living(backend) as scope:
        link = await own_link(scope, backend, session)
        before = tasks_now()
        for number in range(FLOOD):
            await link.says(LOG, {"level": "info", "data": number})
        await wait_all_tasks_blocked()
        assert tasks_now() <= before + 1
        lost = FLOOD - CAPACITY
        assert statuses_of([scope], EMPTY)[0].dropped == lost
        with capture_logs() as logs:
            session.may_read.set()
            await wait_all_tasks_blocked()
        assert [(entry["event"], entry["backend"], entry["count"]) for entry in logs] == [
            ("notifications_dropped", "files", lost)
        ]
    assert [params["data"] for _, params in session.told] == list(range(lost, FLOOD))


async def test_updates_over_the_shared_connection_arrive_in_order_and_cost_one_task(autojump_clock: MockClock) -> None:
    backend, session = talkative(), SlowSession()
    async with living(backend) as scope:
        exchange = FakeExchange("resources/subscribe", {"uri": "a:1"}, client=session)
        await scope.subscriptions.subscribe(exchange, "a:1")
        before = tasks_now()
        for number in range(1000):
            await backend.links[0].says(UPDATED, {"uri": "a:1", "n": number})
        await wait_all_tasks_blocked()
        assert tasks_now() <= before + 1
        session.may_read.set()
        await wait_all_tasks_blocked()
    assert [params["n"] for _, params in session.told] == list(range(1000))


async def test_notifications_of_a_client_reach_its_backend_in_order_and_cost_one_task(
    autojump_clock: MockClock,
) -> None:
    backend, session = talkative(), Session()
    async with living(backend) as scope:
        await own_link(scope, backend, session)
        before = tasks_now()
        for number in range(1000):
            scope.forward_notification(session, "notifications/made_up", raw({"n": number}))
        assert tasks_now() <= before + 1
        await wait_all_tasks_blocked()
    heard = [params["n"] for method, params in backend.seen if method == "notifications/made_up"]
    assert heard == list(range(1000))


async def test_a_slow_client_does_not_hold_up_another(autojump_clock: MockClock) -> None:
    backend, slow, quick = talkative(), SlowSession(), Session()
    async with living(backend) as scope:
        links = [await own_link(scope, backend, session) for session in (slow, quick)]
        for link in links:
            await link.says(LOG, {"level": "info", "data": 1})
        await wait_all_tasks_blocked()
        assert (slow.told, quick.told) == ([], [(LOG, {"level": "info", "data": 1})])


async def test_what_a_client_loses_within_a_call_is_counted_and_told_too(autojump_clock: MockClock) -> None:
    exchange = FakeExchange("tools/call", {"name": "x", "_meta": {"progressToken": "t"}})

    async def flood(params: Json) -> Json:
        meta = params["_meta"]
        assert isinstance(meta, dict)
        for number in range(CAPACITY + 10):
            said = Notification(LOG, raw({"level": "info", "data": number}))
            await backend.links[0].inbox(said, meta["progressToken"])
        return {}

    backend = talkative()
    backend.answers["tools/call"] = flood
    async with living(backend) as scope:
        with capture_logs() as logs:
            await scope.calls.call(exchange, raw(exchange.params))
        assert scope.address.losses.dropped == 10
    assert ("notifications_dropped", 10) in [(entry["event"], entry.get("count")) for entry in logs]
    assert [params["data"] for _, params in exchange.told] == list(range(10, CAPACITY + 10))
