"""The states of one backend and how it moves between them; everything that decides about them is in this file."""

from __future__ import annotations

from enum import Enum
from typing import Final

import attrs


class State(Enum):
    """Where a backend stands."""

    STARTING = "starting"
    """An attempt is under way whose outcome calls wait for: the first one, or the one that renews a lost session."""
    READY = "ready"
    """Greeted and listed: calls pass."""
    DEGRADED = "degraded"
    """As ready, but it answers slowly, or not everything: calls pass all the same."""
    DOWN = "down"
    """Lost or never reached: calls are refused at once, and the next attempt is planned or under way."""
    STOPPED = "stopped"
    """Left for good."""

    @property
    def is_up(self) -> bool:
        """Whether calls pass."""
        return self in (State.READY, State.DEGRADED)


class Happened(Enum):
    """What moves a backend from one state to another."""

    CONNECTED = "connected"
    FALTERED = "faltered"
    """A probe says that it is slow, or was not answered."""
    RECOVERED = "recovered"
    FORGOTTEN = "forgotten"
    """It forgot the session, and is greeted anew at once."""
    FAILED = "failed"
    STOPPED = "stopped"


TRANSITIONS: Final[dict[tuple[State, Happened], State]] = {
    (State.STARTING, Happened.CONNECTED): State.READY,
    (State.STARTING, Happened.FAILED): State.DOWN,
    (State.STARTING, Happened.STOPPED): State.STOPPED,
    (State.READY, Happened.FALTERED): State.DEGRADED,
    (State.READY, Happened.FORGOTTEN): State.STARTING,
    (State.READY, Happened.FAILED): State.DOWN,
    (State.READY, Happened.STOPPED): State.STOPPED,
    (State.DEGRADED, Happened.FALTERED): State.DEGRADED,
    (State.DEGRADED, Happened.RECOVERED): State.READY,
    (State.DEGRADED, Happened.FORGOTTEN): State.STARTING,
    (State.DEGRADED, Happened.FAILED): State.DOWN,
    (State.DEGRADED, Happened.STOPPED): State.STOPPED,
    (State.DOWN, Happened.CONNECTED): State.READY,
    (State.DOWN, Happened.FAILED): State.DOWN,
    (State.DOWN, Happened.STOPPED): State.STOPPED,
}

WHY: Final[dict[State, str]] = {
    State.STARTING: "it is still starting",
    State.READY: "it answers",
    State.DEGRADED: "it does not answer as it should",
    State.DOWN: "it is not connected",
    State.STOPPED: "it was stopped",
}
"""Why it stands there, where nothing more particular is known."""


def after(state: State, happened: Happened) -> State:
    """The state that follows.

    Raises:
        KeyError: nothing of the kind can happen in that state.
    """
    return TRANSITIONS[state, happened]


@attrs.frozen(kw_only=True)
class Standing:
    """Where a backend stands, since when, and why. Times are of the caller's clock, in seconds."""

    state: State = State.STARTING
    since: float
    """When it came into this state."""
    reason: str = WHY[State.STARTING]
    """One line for people."""
    details: tuple[str, ...] = ()
    next_attempt: float | None = None
    """When it is tried again, while it is down."""

    def moved(
        self,
        happened: Happened,
        now: float,
        reason: str = "",
        *,
        details: tuple[str, ...] = (),
        next_attempt: float | None = None,
    ) -> Standing:
        """The standing that follows. Raises `KeyError` as `after` does."""
        state = after(self.state, happened)
        since = self.since if state is self.state else now
        return Standing(
            state=state, since=since, reason=reason or WHY[state], details=details, next_attempt=next_attempt
        )

    def retry_after(self, now: float) -> float | None:
        """Seconds until the next attempt, if one is planned; 0 while it is under way."""
        return None if self.next_attempt is None else max(0.0, round(self.next_attempt - now, 3))
