"""When a lost backend is tried again: hours of it in virtual time."""

from __future__ import annotations

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from argus_trio.backends.connectivity.recovery import CHANGES_KEPT
from argus_trio.backends.scope.scope import Scope
from argus_trio.config.model.backend import HttpBackend, StdioBackend
from argus_trio.config.model.operation import Probing, Restart, Timeouts
from argus_trio.core.health.lifecycle import BackendState
from argus_trio.core.health.probing import Condition, HealthVerdict
from argus_trio.core.redaction import HIDDEN
from argus_trio.errors import BackendUnavailable, LinkFailed
from tests.backends.support.fakes import FakeBackend, FakeExchange
from tests.backends.support.scopes import scope_of
from tests.backends.support.supervised import named

HOUR = 3600
RESTART = Restart(initial=1, max=30, stable_after=30, breaker=8, cooldown=60)
TIMEOUTS = Timeouts(connect=5, call=10)
STDIO = StdioBackend(name="files", command="unused", timeouts=TIMEOUTS, restart=RESTART)
REMOTE = HttpBackend(
    name="far",
    url="http://127.0.0.1/mcp",
    timeouts=TIMEOUTS,
    restart=Restart(initial=1, max=900, cooldown=900),
    health=Probing(interval=20),
)


def started(nursery: trio.Nursery, backend: FakeBackend, spec: StdioBackend | HttpBackend = STDIO) -> Scope:
    scope = scope_of(spec, backend.open, secrets=["hunter2"])
    nursery.start_soon(scope.run)
    return scope


async def test_a_backend_that_never_starts_is_tried_once_a_cooldown(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    backend = FakeBackend(open_failures=[LinkFailed("exited with hunter2")] * 10_000)
    scope = started(nursery, backend)
    with capture_logs() as logs:
        await trio.sleep(10 * HOUR)
    tried = 10_000 - len(backend.open_failures)
    assert 500 < tried < 700
    told = [entry for entry in logs if str(entry["event"]).endswith("_down")]
    assert [(entry["event"], entry["breaker"], entry["failures"]) for entry in told[:6]] == [
        ("backend_down", "closed", 1),
        ("backend_still_down", "closed", 2),
        ("backend_still_down", "closed", 4),
        ("backend_down", "open", 8),
        ("backend_still_down", "open", 9),
        ("backend_still_down", "open", 11),
    ]
    assert len(told) < 15
    assert {entry["reason"] for entry in told} == {f"exited with {HIDDEN}"}
    assert scope.recovery.breaker.is_open
    assert scope.recovery.standing.since < 1, "it has been down all the time"
    backend.open_failures.clear()
    await trio.sleep(70)
    assert scope.state is BackendState.READY
    assert scope.recovery.standing.next_attempt is None


async def test_a_backend_that_dies_as_soon_as_it_is_ready_is_not_hammered(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    backend = FakeBackend(tools=named("a"))
    scope = started(nursery, backend)

    async def kill() -> None:
        while True:
            await trio.sleep(0.5)
            if scope.state is BackendState.READY:
                backend.links[-1].die("exited with code 1")

    nursery.start_soon(kill)
    await trio.sleep(HOUR)
    assert len(backend.links) < 90


async def test_after_a_stable_time_the_first_retry_is_soon_again(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    backend = FakeBackend(tools=named("a"), open_failures=[LinkFailed("no")] * 12)
    scope = started(nursery, backend)
    await trio.sleep(HOUR)
    assert scope.state is BackendState.READY
    backend.links[-1].die("was killed by SIGKILL")
    await trio.sleep(1.1)
    assert scope.state is BackendState.READY


async def test_a_remote_backend_is_never_left_alone_for_longer_than_the_interval_of_probes(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    backend = FakeBackend(tools=named("a"), open_failures=[LinkFailed("refused")] * 10_000)
    scope = started(nursery, backend, REMOTE)
    await trio.sleep(HOUR)
    backend.open_failures.clear()
    await trio.sleep(20.1)
    assert scope.state is BackendState.READY


async def test_a_call_to_a_backend_that_is_down_is_told_when_to_come_again(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    backend = FakeBackend(open_failures=[LinkFailed("exited with code 3")] * 10_000)
    scope = started(nursery, backend)
    await trio.sleep(HOUR)
    with pytest.raises(BackendUnavailable, match="exited with code 3") as caught:
        await scope.calls.call(FakeExchange("tools/call"), {})
    wait = caught.value.retry_after
    assert wait is not None
    before = len(backend.open_failures)
    await trio.sleep(wait + 0.1)
    assert len(backend.open_failures) == before - 1


async def test_the_same_failure_is_told_in_full_again_once_it_is_another_or_after_the_backend_was_up(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    def failing(said: str, count: int) -> list[LinkFailed]:
        return [LinkFailed("exited with code 1", details=(f"[pid {number}] {said}",)) for number in range(count)]

    backend = FakeBackend(tools=named("a"), open_failures=[*failing("no module", 3), *failing("no token", 2)])
    with capture_logs() as logs:
        scope = started(nursery, backend)
        await trio.sleep(HOUR)
        assert scope.state is BackendState.READY
        backend.open_failures += failing("no token", 1)
        backend.links[-1].die("exited with code 1", "[pid 9] no token")
        await trio.testing.wait_all_tasks_blocked()
        assert scope.recovery.standing.details == ("[pid 9] no token",)
        with pytest.raises(BackendUnavailable) as caught:
            await scope.calls.call(FakeExchange("tools/call"), {})
        assert caught.value.details == ("[pid 9] no token",), "an error holds all of it, whatever the log has told"
        await trio.sleep(10)
    told = [(entry["event"], entry.get("details"), entry.get("times")) for entry in logs if "_down" in entry["event"]]
    assert told == [
        ("backend_down", ["[pid 0] no module"], None),
        ("backend_still_down", None, 2),
        ("backend_down", ["[pid 0] no token"], None),
        ("backend_still_down", None, 2),
        ("backend_down", ["[pid 9] no token"], None),
        ("backend_still_down", None, 2),
    ]


async def test_the_latest_states_are_kept_and_when_the_connection_was_opened(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    backend = FakeBackend(open_failures=[LinkFailed("exited with hunter2")])
    scope = started(nursery, backend)
    await trio.sleep(10)
    recovery = scope.recovery
    assert [(change.state, change.reason) for change in recovery.changes] == [
        (BackendState.STARTING, "it is still starting"),
        (BackendState.DOWN, f"exited with {HIDDEN}"),
        (BackendState.READY, "it answers"),
    ]
    opened = recovery.connected_at
    assert opened == recovery.changes[-1].at > 0
    recovery.judged(HealthVerdict(condition=Condition.SLOW, reason="it took 6 s to answer"))
    assert scope.recovery.connected_at == opened, "a degraded one is connected still"
    recovery.failed(LinkFailed("it went"))
    assert not scope.recovery.connected_at
    assert [change.state for change in recovery.changes[-2:]] == [BackendState.DEGRADED, BackendState.DOWN]


async def test_only_the_latest_states_are_kept(nursery: trio.Nursery, autojump_clock: MockClock) -> None:
    scope = started(nursery, FakeBackend())
    await trio.sleep(1)
    for _ in range(CHANGES_KEPT):
        scope.recovery.judged(HealthVerdict(condition=Condition.SLOW, reason="slow"))
        scope.recovery.judged(HealthVerdict(condition=Condition.WELL, reason="well"))
    assert len(scope.recovery.changes) == CHANGES_KEPT
    assert scope.recovery.changes[-1].state is BackendState.READY


async def test_a_successor_has_the_states_of_its_predecessor_before_its_own(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    old = started(nursery, FakeBackend())
    await trio.sleep(5)
    new = started(nursery, FakeBackend())
    await trio.sleep(5)
    old.hand_over(new)
    old.recovery.failed(LinkFailed("it goes"))
    starting, ready = BackendState.STARTING, BackendState.READY
    assert [change.state for change in new.recovery.changes] == [starting, ready, starting, ready]
    assert [change.at for change in new.recovery.changes] == sorted(change.at for change in new.recovery.changes)
