"""The states of one backend and how it moves between them; everything that decides about them is in this file."""

from __future__ import annotations

from enum import Enum
from typing import Final


class State(Enum):
    """Where a backend stands."""

    STARTING = "starting"
    """Its first attempt to connect is under way: calls wait for the outcome."""
    READY = "ready"
    """Greeted and listed: calls pass."""
    DOWN = "down"
    """Lost or never reached: calls are refused at once, and the next attempt is planned or under way."""
    STOPPED = "stopped"
    """Left for good."""


class Happened(Enum):
    """What moves a backend from one state to another."""

    CONNECTED = "connected"
    FAILED = "failed"
    STOPPED = "stopped"


TRANSITIONS: Final[dict[tuple[State, Happened], State]] = {
    (State.STARTING, Happened.CONNECTED): State.READY,
    (State.STARTING, Happened.FAILED): State.DOWN,
    (State.STARTING, Happened.STOPPED): State.STOPPED,
    (State.READY, Happened.FAILED): State.DOWN,
    (State.READY, Happened.STOPPED): State.STOPPED,
    (State.DOWN, Happened.CONNECTED): State.READY,
    (State.DOWN, Happened.FAILED): State.DOWN,
    (State.DOWN, Happened.STOPPED): State.STOPPED,
}


def after(state: State, happened: Happened) -> State:
    """The state that follows.

    Raises:
        KeyError: nothing of the kind can happen in that state.
    """
    return TRANSITIONS[state, happened]
