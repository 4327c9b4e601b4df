"""The bodies of the health endpoints."""

from __future__ import annotations

import msgspec
import pytest

from argus_trio import __version__
from argus_trio.core.health.health import Health
from argus_trio.frontend.manage.health import health_answer, ready_answer


def test_health_tells_status_uptime_version_and_counts() -> None:
    body = health_answer(Health(total=3, connected=2, healthy=2, starting=0), uptime=1.23456)
    assert msgspec.to_builtins(body) == {
        "status": "degraded",
        "uptime_seconds": 1.235,
        "version": __version__,
        "backends": {"total": 3, "connected": 2, "healthy": 2, "preparing": 0},
    }


@pytest.mark.parametrize(
    ("health", "status", "reason"),
    [
        (Health(total=0, connected=0, healthy=0, starting=0), 200, None),
        (Health(total=2, connected=1, healthy=1, starting=0), 200, None),
        (Health(total=2, connected=1, healthy=1, starting=1), 503, "1 of 2 backends are still starting"),
        (Health(total=2, connected=0, healthy=0, starting=0), 503, "none of 2 backends is connected"),
    ],
)
def test_ready_tells_why_not(health: Health, status: int, reason: str | None) -> None:
    found, body = ready_answer(health)
    assert (found, msgspec.to_builtins(body)) == (status, {"ready": reason is None, "reason": reason})
