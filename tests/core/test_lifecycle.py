"""The states of a backend: every one can be left, and stopped is for good."""

from __future__ import annotations

import pytest

from argus_trio.core.lifecycle import TRANSITIONS, Happened, State, after


def test_every_state_but_stopped_can_stop_and_can_fail() -> None:
    for state in (State.STARTING, State.READY, State.DOWN):
        assert after(state, Happened.STOPPED) is State.STOPPED
        assert after(state, Happened.FAILED) is State.DOWN


def test_nothing_happens_to_a_stopped_backend() -> None:
    for happened in Happened:
        with pytest.raises(KeyError):
            after(State.STOPPED, happened)


def test_a_ready_backend_cannot_become_ready() -> None:
    assert (State.READY, Happened.CONNECTED) not in TRANSITIONS
