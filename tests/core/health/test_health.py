"""Health: what the numbers mean."""

from __future__ import annotations

import pytest

from argus_trio.core.health.health import BackendStatus, Health
from argus_trio.core.health.lifecycle import BackendStanding, BackendState


@pytest.mark.parametrize(
    ("total", "healthy", "status"), [(0, 0, "healthy"), (2, 2, "healthy"), (2, 1, "degraded"), (2, 0, "unhealthy")]
)
def test_status_follows_how_many_answer(total: int, healthy: int, status: str) -> None:
    assert Health(total=total, connected=healthy, healthy=healthy, starting=0).status == status


def test_not_ready_while_a_backend_is_starting_or_none_is_connected() -> None:
    starting = Health(total=2, connected=1, healthy=1, starting=1)
    alone = Health(total=2, connected=0, healthy=0, starting=0)
    assert starting.not_ready_because == "1 of 2 backends are still starting"
    assert alone.not_ready_because == "none of 2 backends is connected"


def test_ready_with_one_of_two_and_with_none_declared() -> None:
    assert Health(total=2, connected=1, healthy=1, starting=0).not_ready_because is None
    assert Health(total=0, connected=0, healthy=0, starting=0).not_ready_because is None


def test_backends_that_are_all_degraded_are_no_outage() -> None:
    assert Health(total=1, connected=1, healthy=0, starting=0).status == "degraded"


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (BackendState.STARTING, "unknown"),
        (BackendState.READY, "healthy"),
        (BackendState.DEGRADED, "degraded"),
        (BackendState.DOWN, "unhealthy"),
        (BackendState.STOPPED, "unhealthy"),
    ],
)
def test_each_state_has_its_word(state: BackendState, status: str) -> None:
    standing = BackendStanding(state=state, since=0)
    assert BackendStatus(name="a", type="stdio", standing=standing, counts={}).status == status


def test_what_a_reload_adds_does_not_make_a_gateway_unready_that_serves() -> None:
    assert Health(total=3, connected=1, healthy=1, starting=2, added=2).not_ready_because is None
    first = Health(total=3, connected=1, healthy=1, starting=2, added=1)
    assert first.not_ready_because == "1 of 3 backends are still starting"
