"""The states of one backend and how it moves between them; everything that decides about them is in this file."""

from __future__ import annotations

from enum import Enum
from typing import Final

import attrs


class BackendState(Enum):
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
        return self in (BackendState.READY, BackendState.DEGRADED)


class BackendEvent(Enum):
    """What moves a backend from one state to another."""

    CONNECTED = "connected"
    FALTERED = "faltered"
    """A probe says that it is slow, or was not answered."""
    RECOVERED = "recovered"
    FORGOTTEN = "forgotten"
    """It forgot the session, and is greeted anew at once."""
    FAILED = "failed"
    STOPPED = "stopped"


TRANSITIONS: Final[dict[tuple[BackendState, BackendEvent], BackendState]] = {
    (BackendState.STARTING, BackendEvent.CONNECTED): BackendState.READY,
    (BackendState.STARTING, BackendEvent.FAILED): BackendState.DOWN,
    (BackendState.STARTING, BackendEvent.STOPPED): BackendState.STOPPED,
    (BackendState.READY, BackendEvent.FALTERED): BackendState.DEGRADED,
    (BackendState.READY, BackendEvent.FORGOTTEN): BackendState.STARTING,
    (BackendState.READY, BackendEvent.FAILED): BackendState.DOWN,
    (BackendState.READY, BackendEvent.STOPPED): BackendState.STOPPED,
    (BackendState.DEGRADED, BackendEvent.FALTERED): BackendState.DEGRADED,
    (BackendState.DEGRADED, BackendEvent.RECOVERED): BackendState.READY,
    (BackendState.DEGRADED, BackendEvent.FORGOTTEN): BackendState.STARTING,
    (BackendState.DEGRADED, BackendEvent.FAILED): BackendState.DOWN,
    (BackendState.DEGRADED, BackendEvent.STOPPED): BackendState.STOPPED,
    (BackendState.DOWN, BackendEvent.CONNECTED): BackendState.READY,
    (BackendState.DOWN, BackendEvent.FAILED): BackendState.DOWN,
    (BackendState.DOWN, BackendEvent.STOPPED): BackendState.STOPPED,
}

WHY: Final[dict[BackendState, str]] = {
    BackendState.STARTING: "it is still starting",
    BackendState.READY: "it answers",
    BackendState.DEGRADED: "it does not answer as it should",
    BackendState.DOWN: "it is not connected",
    BackendState.STOPPED: "it was stopped",
}
"""Why it stands there, where nothing more particular is known."""


def after(state: BackendState, happened: BackendEvent) -> BackendState:
    """The state that follows.

    Raises:
        KeyError: nothing of the kind can happen in that state.
    """
    return TRANSITIONS[state, happened]


@attrs.frozen(kw_only=True)
class BackendStanding:
    """Where a backend stands, since when, and why. Times are of the caller's clock, in seconds."""

    state: BackendState = BackendState.STARTING
    since: float
    """When it came into this state."""
    reason: str = WHY[BackendState.STARTING]
    """One line for people."""
    details: tuple[str, ...] = ()
    next_attempt: float | None = None
    """When it is tried again, while it is down."""

    def moved(
        self,
        happened: BackendEvent,
        now: float,
        reason: str = "",
        *,
        details: tuple[str, ...] = (),
        next_attempt: float | None = None,
    ) -> BackendStanding:
        """The standing that follows. Raises `KeyError` as `after` does."""
        state = after(self.state, happened)
        since = self.since if state is self.state else now
        return BackendStanding(
            state=state, since=since, reason=reason or WHY[state], details=details, next_attempt=next_attempt
        )

    def retry_after(self, now: float) -> float | None:
        """Seconds until the next attempt, if one is planned; 0 while it is under way."""
        return None if self.next_attempt is None else max(0.0, round(self.next_attempt - now, 3))
