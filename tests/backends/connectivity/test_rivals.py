"""A backend whose processes end each other: it is shared from then on, and whoever looks is told why."""

from __future__ import annotations

from contextlib import suppress

import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from argus_trio.backends.connectivity.rivals import HINT, WHY
from argus_trio.backends.scope.scope import Scope
from argus_trio.backends.status import statuses_of
from argus_trio.config.model.backend import HttpBackend
from argus_trio.core.call.abilities import Abilities
from argus_trio.core.catalog.catalog import EMPTY
from argus_trio.errors import BackendUnavailable, LinkFailed
from tests.backends.support.fakes import FakeBackend, FakeExchange, Json, answering, empty, raw
from tests.backends.support.scopes import TIMEOUTS, Session, living, spec

FORM = Abilities(form=True)


def only_one_can_live(seconds: float = 0) -> FakeBackend:
    """Whoever is greeted ends all others. Its calls take so long."""

    async def greet(_params: Json) -> Json:
        for link in backend.links:
            if link is not answering.get() and link.is_open and link.failure is None:
                link.die("was killed by SIGTERM")
        return {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}, "resources": {"subscribe": True}}}

    async def call(_params: Json) -> Json:
        await trio.sleep(seconds)
        return {}

    backend = FakeBackend(
        tools=[{"name": "x"}],
        resources=[{"uri": "file:///x", "name": "x"}],
        answers={"initialize": greet, "tools/call": call, "resources/subscribe": empty},
    )
    return backend


async def call(scope: Scope, session: Session, method: str = "tools/call", **params: object) -> None:
    exchange = FakeExchange(method, params or {"name": "x"}, abilities=FORM, client=session)
    if method == "tools/call":
        await scope.calls.call(exchange, raw(exchange.params))
    else:
        await scope.subscriptions.subscribe(exchange, str(params["uri"]))


async def fight(scope: Scope) -> list[str]:
    """A client calls until it is shared; the reasons of the calls that failed."""
    reasons: list[str] = []
    session = Session()
    for _ in range(5):
        if scope.rivals.shares_because is not None:
            break
        try:
            await call(scope, session)
        except BackendUnavailable as failed:
            reasons.append(failed.reason)
        await trio.sleep(2)
    return reasons


async def test_after_two_such_losses_all_share_one_process_and_the_log_says_what_to_write(
    autojump_clock: MockClock,
) -> None:
    backend = only_one_can_live()
    async with living(backend) as scope:
        with capture_logs() as logs:
            await fight(scope)
        assert scope.rivals.shares_because == WHY
        (told,) = [line for line in logs if line["event"] == "backend_shared_from_now_on"]
        assert (told["log_level"], told["reason"]) == ("warning", WHY)
        assert "session: shared" in told["hint"]
        await trio.sleep(10)
        started = len(backend.links)
        for _ in range(3):
            await call(scope, Session())
        await scope.list_for(FORM)
        await trio.sleep(100)
        assert len(backend.links) == started
        assert sum(link.is_open for link in backend.links) == 1


async def test_the_listing_for_a_client_counts_as_such_a_process_too(autojump_clock: MockClock) -> None:
    async with living(only_one_can_live()) as scope:
        for _ in range(3):
            await scope.list_for(FORM)
            await trio.sleep(5)
        assert scope.rivals.shares_because == WHY


async def test_a_call_that_fails_meanwhile_says_what_to_write(autojump_clock: MockClock) -> None:
    async with living(only_one_can_live(seconds=5)) as scope:
        reasons = await fight(scope)
    assert reasons
    assert all(HINT in reason and "session: shared" in reason for reason in reasons)


async def test_status_says_that_it_is_shared_and_why(autojump_clock: MockClock) -> None:
    async with living(only_one_can_live()) as scope:
        (before,) = statuses_of([scope], EMPTY)
        await fight(scope)
        (after,) = statuses_of([scope], EMPTY)
    assert (before.session, before.is_shared, before.shared_because) == ("auto", False, None)
    assert (after.session, after.is_shared, after.shared_because) == ("auto", True, WHY)


async def test_what_a_session_subscribed_to_over_its_own_process_is_heard_over_the_shared_one(
    autojump_clock: MockClock,
) -> None:
    backend = only_one_can_live()
    async with living(backend) as scope:
        session = Session()
        await call(scope, session, "resources/subscribe", uri="file:///x")
        await trio.sleep(5)
        await fight(scope)
        await trio.sleep(20)
        assert [link.is_open for link in backend.links].count(True) == 1
        await backend.links[-1].says("notifications/resources/updated", {"uri": "file:///x"})
        await trio.sleep(0.1)
        assert [method for method, _ in session.told].count("notifications/resources/updated") == 1


async def test_per_client_stays_as_it_was_set_and_is_warned_of(autojump_clock: MockClock) -> None:
    async with living(only_one_can_live(), spec(session="per-client")) as scope:
        with capture_logs() as logs:
            for _ in range(4):
                with suppress(BackendUnavailable):
                    await call(scope, Session())
                await trio.sleep(5)
        assert scope.rivals.shares_because is None
        assert "backend_processes_fight" in [line["event"] for line in logs]


async def test_a_remote_server_is_not_judged(autojump_clock: MockClock) -> None:
    http = HttpBackend(name="web", url="http://127.0.0.1/mcp", timeouts=TIMEOUTS)
    async with living(only_one_can_live(), http) as scope:
        await fight(scope)
        assert scope.rivals.shares_because is None


async def test_a_process_that_crashes_now_and_then_is_left_alone(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=[{"name": "x"}])
    async with living(backend) as scope:
        for _ in range(6):
            await call(scope, Session())
            await trio.sleep(4)
            backend.links[-1].die("crashed")
            await trio.sleep(40)
        assert scope.rivals.shares_because is None


async def test_a_process_that_never_comes_up_beside_others_is_no_loss(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=[{"name": "x"}])
    async with living(backend) as scope:
        for _ in range(5):
            backend.open_failures = [LinkFailed("exited with code 1")]
            with suppress(BackendUnavailable):
                await call(scope, Session())
            await call(scope, Session())
        assert scope.rivals.shares_because is None
