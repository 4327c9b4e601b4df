"""What the journal is told of how a backend stands."""

from __future__ import annotations

import trio
from trio.testing import MockClock

from argus_trio.backends.connectivity.recovery import Recovery, breaker_of
from argus_trio.config.model.backend import StdioBackend
from argus_trio.config.model.operation import Restart
from argus_trio.core.health.probing import WELL, Condition, HealthVerdict
from argus_trio.core.journal import Journal, JournalEvent
from argus_trio.core.redaction import HIDDEN, Redactor
from argus_trio.errors import LinkFailed, SessionLost

SPEC = StdioBackend(name="files", command="unused", restart=Restart(breaker=4, cooldown=60))
SLOW = HealthVerdict(condition=Condition.SLOW, reason="it took 9.0 s to answer a probe")


def recovery_of() -> Recovery:
    redact = Redactor(["hunter2"])
    journal = Journal(now=trio.current_time, redact=redact)
    made = Recovery("files", redact, breaker_of(SPEC), journal=journal)
    made.begin()
    return made


def told(recovery: Recovery) -> list[tuple[str, str]]:
    return [(event.stage, event.severity) for event in events_of(recovery)]


def events_of(recovery: Recovery) -> tuple[JournalEvent, ...]:
    return recovery.journal.since(1)[0]


async def test_the_life_of_a_backend_is_told_state_by_state(autojump_clock: MockClock) -> None:
    recovery = recovery_of()
    recovery.prepares("collecting")
    recovery.prepares("building")
    recovery.connected("2025-11-25", {"tools": 3}, 1.23456)
    recovery.judged(SLOW)
    recovery.judged(SLOW)
    recovery.judged(WELL)
    recovery.listed("prompts did not come: HTTP 503")
    recovery.judged(WELL)
    recovery.listed("")
    recovery.failed(SessionLost("it forgot the session"))
    recovery.connected("2025-11-25", {"tools": 3}, 0.1)
    recovery.stopped()
    assert told(recovery) == [
        ("backend_preparing", "info"),
        ("backend_ready", "info"),
        ("backend_degraded", "warning"),
        ("backend_recovered", "info"),
        ("backend_degraded", "warning"),
        ("backend_recovered", "info"),
        ("backend_session_lost", "info"),
        ("backend_ready", "info"),
        ("backend_stopped", "info"),
    ]
    assert {event.backend for event in events_of(recovery)} == {"files"}
    assert events_of(recovery)[1].details == {"revision": "2025-11-25", "seconds": 1.235, "tools": 3}


async def test_failures_that_look_the_same_are_told_ever_more_rarely_and_the_breaker_once(
    autojump_clock: MockClock,
) -> None:
    recovery = recovery_of()
    for number in range(200):
        recovery.failed(LinkFailed("exited with hunter2", details=(f"pid {number}: hunter2",)))
        await trio.sleep(1)
    stages = [stage for stage, _ in told(recovery)]
    assert stages.count("backend_breaker_opened") == 1
    assert 3 < stages.count("backend_down") < 14
    first = events_of(recovery)[0]
    assert first.details["reason"] == "exited with " + HIDDEN
    assert "hunter2" not in str(events_of(recovery))


async def test_a_backend_that_flaps_for_a_day_leaves_room_for_others(autojump_clock: MockClock) -> None:
    recovery = recovery_of()
    recovery.journal.note("reloaded", "a new configuration is in effect")
    for _ in range(8000):
        recovery.connected("2025-11-25", {}, 0.1)
        await trio.sleep(5)
        recovery.failed(LinkFailed("gone"))
        await trio.sleep(5)
    assert told(recovery)[0] == ("reloaded", "info")
    assert recovery.journal.times("backend_ready", "files") == 8000
