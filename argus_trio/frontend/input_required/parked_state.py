"""The states of a call that outlives its POST, and how it moves between them; sans I/O.

Two things go on at once: the call runs or has its outcome, and its client waits or is away. Each state names both.
"""

from __future__ import annotations

from enum import Enum
from typing import Final


class ParkedState(Enum):
    """Where a call and its client stand."""

    ATTENDED = "attended"
    """The call runs, and a request of its client waits for it, or is about to."""
    AWAY = "away"
    """The call runs; its client was asked, and has not come back."""
    ANSWERED = "answered"
    """The call has its outcome, and a request of its client is there to collect it."""
    ANSWERED_AWAY = "answered away"
    """The call has its outcome, and its client has not come back for it."""
    LOST = "lost"
    """The client went while its request waited: nobody is answered any more, however the call ends."""
    ENDED = "ended"
    """Nothing more comes of the call: its outcome was collected, or its task was cut before there was one."""

    @property
    def is_away(self) -> bool:
        """Whether the client was asked, and has not come back."""
        return self in (ParkedState.AWAY, ParkedState.ANSWERED_AWAY)


class ParkedEvent(Enum):
    """What moves a call from one state to another."""

    ANSWERED = "answered"
    """Its handler has ended with an outcome."""
    ASKED = "asked"
    """Its client is told what is asked of it, and so goes away."""
    CAME_BACK = "came back"
    LOST = "lost"
    """Its client disconnected while its request waited."""
    COLLECTED = "collected"
    """Its client gets the outcome."""
    OVER = "over"
    """Its task has ended."""


TRANSITIONS: Final[dict[tuple[ParkedState, ParkedEvent], ParkedState]] = {
    (ParkedState.ATTENDED, ParkedEvent.ANSWERED): ParkedState.ANSWERED,
    (ParkedState.ATTENDED, ParkedEvent.ASKED): ParkedState.AWAY,
    (ParkedState.ATTENDED, ParkedEvent.LOST): ParkedState.LOST,
    (ParkedState.ATTENDED, ParkedEvent.OVER): ParkedState.ENDED,
    (ParkedState.AWAY, ParkedEvent.ANSWERED): ParkedState.ANSWERED_AWAY,
    (ParkedState.AWAY, ParkedEvent.CAME_BACK): ParkedState.ATTENDED,
    (ParkedState.AWAY, ParkedEvent.OVER): ParkedState.ENDED,
    # A backend's question may outlive the call that it was asked in.
    (ParkedState.ANSWERED, ParkedEvent.ASKED): ParkedState.ANSWERED_AWAY,
    (ParkedState.ANSWERED, ParkedEvent.LOST): ParkedState.LOST,
    (ParkedState.ANSWERED, ParkedEvent.COLLECTED): ParkedState.ENDED,
    # The task may be cut between the outcome and the request that comes for it, which gets it all the same.
    (ParkedState.ANSWERED, ParkedEvent.OVER): ParkedState.ANSWERED,
    (ParkedState.ANSWERED_AWAY, ParkedEvent.CAME_BACK): ParkedState.ANSWERED,
    (ParkedState.ANSWERED_AWAY, ParkedEvent.OVER): ParkedState.ENDED,
    # A handler may shield itself from the cancellation, and a connection may tell of its end twice.
    (ParkedState.LOST, ParkedEvent.ANSWERED): ParkedState.LOST,
    (ParkedState.LOST, ParkedEvent.LOST): ParkedState.LOST,
    (ParkedState.LOST, ParkedEvent.OVER): ParkedState.LOST,
    (ParkedState.ENDED, ParkedEvent.LOST): ParkedState.LOST,
    (ParkedState.ENDED, ParkedEvent.OVER): ParkedState.ENDED,
}


def after(state: ParkedState, happened: ParkedEvent) -> ParkedState:
    """The state that follows.

    Raises:
        KeyError: nothing of the kind can happen in that state.
    """
    return TRANSITIONS[state, happened]
