"""The states of a backend: the whole table, and the standing that moves along it."""

from __future__ import annotations

from itertools import product

import pytest

from argus_trio.core.health.lifecycle import TRANSITIONS, WHY, BackendEvent, BackendStanding, BackendState, after

TABLE = {
    "starting": {"works": "preparing", "connected": "ready", "failed": "down", "stopped": "stopped"},
    "preparing": {"works": "preparing", "connected": "ready", "failed": "down", "stopped": "stopped"},
    "ready": {"faltered": "degraded", "forgotten": "starting", "failed": "down", "stopped": "stopped"},
    "degraded": {
        "faltered": "degraded",
        "recovered": "ready",
        "forgotten": "starting",
        "failed": "down",
        "stopped": "stopped",
    },
    "down": {"works": "preparing", "connected": "ready", "failed": "down", "stopped": "stopped"},
    "stopped": {},
}
"""From each state, what can happen and where it leads."""


def test_the_table_is_this_one_and_no_other() -> None:
    found: dict[str, dict[str, str]] = {state.value: {} for state in BackendState}
    for (state, happened), following in TRANSITIONS.items():
        found[state.value][happened.value] = following.value
    assert found == TABLE


@pytest.mark.parametrize(
    ("state", "happened"),
    [pair for pair in product(BackendState, BackendEvent) if pair[1].value not in TABLE[pair[0].value]],
    ids=lambda each: each.value,
)
def test_what_is_not_in_the_table_cannot_happen(state: BackendState, happened: BackendEvent) -> None:
    with pytest.raises(KeyError):
        after(state, happened)


def test_calls_pass_to_what_is_ready_or_degraded_alone() -> None:
    assert {state for state in BackendState if state.is_up} == {BackendState.READY, BackendState.DEGRADED}


def test_every_state_has_its_why_in_one_line() -> None:
    assert all(WHY[state] and "\n" not in WHY[state] for state in BackendState)


def test_a_standing_says_since_when_and_why_and_when_it_is_tried_again() -> None:
    standing = BackendStanding(since=1.0)
    assert (standing.state, standing.reason) == (BackendState.STARTING, "it is still starting")
    down = standing.moved(BackendEvent.FAILED, 5.0, "exited with code 1", details=("boo",), next_attempt=7.0)
    assert (down.state, down.since, down.reason, down.details) == (
        BackendState.DOWN,
        5.0,
        "exited with code 1",
        ("boo",),
    )
    assert [down.retry_after(now) for now in (5.0, 6.5, 9.0)] == [2.0, 1.0, 1.0]
    still = down.moved(BackendEvent.FAILED, 7.0, "exited with code 2", next_attempt=11.0)
    assert (still.since, still.reason, still.details) == (5.0, "exited with code 2", ())
    ready = still.moved(BackendEvent.CONNECTED, 12.0)
    assert (ready.since, ready.reason, ready.retry_after(12.0)) == (12.0, "it answers", None)
