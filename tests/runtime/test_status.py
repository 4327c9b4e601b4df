"""The line that says how the gateway stands, and how often it is told."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from argus_trio.core.health.health import Health
from argus_trio.runtime.notify import Notifier
from argus_trio.runtime.status import keep_status, status_line


@pytest.mark.parametrize(
    ("total", "healthy", "starting", "calls", "line"),
    [
        (4, 3, 0, 2, "3 of 4 backends ready, 2 calls under way"),
        (1, 0, 1, 1, "0 of 1 backend ready (1 starting), 1 call under way"),
        (0, 0, 0, 0, "0 of 0 backends ready, 0 calls under way"),
    ],
)
def test_the_line_says_what_a_client_would_meet(total: int, healthy: int, starting: int, calls: int, line: str) -> None:
    health = Health(total=total, connected=healthy, healthy=healthy, starting=starting)
    assert status_line(health, calls) == line


async def test_a_change_is_told_within_a_second_and_once(autojump_clock: trio.testing.MockClock) -> None:
    told: list[tuple[float, str]] = []
    started = trio.current_time()

    def line() -> str:
        return f"{int((trio.current_time() - started + 0.5) // 10)} calls"

    notifier = Notifier(lambda datagram: told.append((round(trio.current_time() - started), datagram.decode())))
    with trio.move_on_after(25):
        await keep_status(notifier, line)
    assert told == [(0, "STATUS=0 calls"), (10, "STATUS=1 calls"), (20, "STATUS=2 calls")]


async def test_nobody_is_kept_awake_where_nobody_listens() -> None:
    with trio.fail_after(5):
        await keep_status(Notifier(), lambda: "well")
