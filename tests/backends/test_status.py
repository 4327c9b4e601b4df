"""How backends stand, as plain values: what a client would meet, and what each backend shows and does."""

from __future__ import annotations

import attrs
import trio
from trio.testing import MockClock

from argus_trio.backends.scope.scope import Scope
from argus_trio.backends.status import health_of, statuses_of
from argus_trio.core.call.abilities import NONE
from argus_trio.core.catalog.catalog import EMPTY
from argus_trio.core.health.health import Calls, Health
from argus_trio.core.health.lifecycle import BackendEvent, BackendState
from argus_trio.core.health.probing import Condition, HealthVerdict
from argus_trio.errors import LinkFailed
from tests.backends.support.fakes import FakeBackend, raw
from tests.backends.support.generations import connects, generation_of, idle_scope
from tests.backends.support.scopes import living, spec

SLOW = HealthVerdict(condition=Condition.SLOW, reason="it answers in 9 s")


def ready(name: str) -> Scope:
    scope = idle_scope(name)
    connects(scope, "x")
    return scope


def degraded(name: str) -> Scope:
    scope = ready(name)
    scope.recovery.judged(SLOW)
    return scope


def down(name: str) -> Scope:
    scope = idle_scope(name)
    scope.recovery.failed(LinkFailed("no such program"))
    return scope


def renewing(name: str) -> Scope:
    """Its session has been forgotten, and is begun anew."""
    scope = ready(name)
    scope.recovery.standing = scope.recovery.standing.moved(BackendEvent.FORGOTTEN, trio.current_time())
    return scope


async def test_what_a_client_would_meet_is_counted_by_state() -> None:
    scopes = [ready("a"), ready("b"), degraded("c"), down("d"), idle_scope("e"), renewing("f")]
    assert [scope.state.value for scope in scopes] == ["ready", "ready", "degraded", "down", "starting", "starting"]
    assert health_of(scopes, scopes) == Health(total=6, connected=4, healthy=2, starting=1)


async def test_without_backends_there_is_nothing_to_meet() -> None:
    assert health_of((), ()) == Health(total=0, connected=0, healthy=0, starting=0)
    assert statuses_of((), EMPTY) == []


async def test_how_much_of_each_backend_is_shown_is_what_the_catalog_leads_to() -> None:
    one, other = idle_scope("one"), idle_scope("other")
    for scope in (one, other):
        connects(scope)
    entry = raw({"name": "n", "uri": "a:1", "uriTemplate": "b:{id}"})
    one.listings.keep(
        NONE,
        {
            "tools": [("x", entry), ("y", entry)],
            "prompts": [("p", entry)],
            "resources": [("a:1", entry)],
            "templates": [("b:{id}", entry)],
        },
    )
    other.listings.keep(NONE, {"tools": [("x", entry), ("z", entry)]})
    generation = generation_of(one, other, strategy="first-wins")
    generation.rebuild()
    assert [status.counts for status in statuses_of((one, other), generation.catalog)] == [
        {"tools": 2, "resources": 2, "prompts": 1},
        {"tools": 1, "resources": 0, "prompts": 0},
    ]


async def test_a_backend_that_is_connected_is_told_with_its_revision_and_its_pulse(autojump_clock: MockClock) -> None:
    async with living(FakeBackend(revision="2025-06-18")) as scope:
        connection = scope.shared.connection
        assert connection is not None
        connection.probe_state.heard_at = 0.5
        connection.probe_state.latency = 0.25
        (status,) = statuses_of([scope], EMPTY)
        assert (status.name, status.type, status.standing) == ("files", "stdio", scope.recovery.standing)
        assert (status.revision, status.heard_at, status.latency, status.unanswered) == ("2025-06-18", 0.5, 0.25, 0)
        assert (status.failures, status.is_breaker_open) == (0, False)


async def test_probes_that_were_not_answered_are_counted(autojump_clock: MockClock) -> None:
    async def silent(_params: object) -> dict[str, object]:
        await trio.sleep_forever()
        raise AssertionError

    backend = FakeBackend(answers={"ping": silent, "tools/list": silent})
    async with living(backend) as scope:
        interval, timeout = scope.spec.health.interval, scope.spec.health.timeout
        await trio.sleep(interval + timeout + 1)
        (status,) = statuses_of([scope], EMPTY)
        assert status.unanswered >= 1


async def test_a_backend_that_is_down_is_told_with_its_failures_and_without_a_pulse(autojump_clock: MockClock) -> None:
    backend = FakeBackend(open_failures=[LinkFailed("no such program")] * 100)
    declared = spec()
    async with living(backend, attrs.evolve(declared, restart=attrs.evolve(declared.restart, breaker=2))) as scope:
        (status,) = statuses_of([scope], EMPTY)
        assert (status.failures, status.is_breaker_open) == (1, False)
        assert (status.revision, status.heard_at, status.latency, status.unanswered) == (None, None, None, 0)
        await trio.sleep(20)
        (status,) = statuses_of([scope], EMPTY)
        assert status.failures >= 2
        assert status.is_breaker_open
        assert status.standing.state is BackendState.DOWN
        assert status.standing.reason == "no such program"


async def test_the_calls_of_a_backend_are_told_as_its_bulkhead_counts_them() -> None:
    scope = ready("b")
    assert scope.bulkhead.take(trio.current_time())
    scope.bulkhead.refused = 3
    (status,) = statuses_of([scope], EMPTY)
    assert status.calls == Calls(under_way=1, waiting=0, refused=3)


async def test_backends_are_told_in_the_order_in_which_they_are_given() -> None:
    scopes = [ready("b"), down("a"), idle_scope("c")]
    assert [status.name for status in statuses_of(scopes, EMPTY)] == ["b", "a", "c"]
