"""The states of one backend and the table of transitions between them; nothing else decides about them."""

from __future__ import annotations

from enum import Enum
from typing import Final

import attrs

from argus_trio import Value


class BackendState(Enum):
    """The state of one backend."""

    STARTING = "starting"
    """An attempt is under way whose outcome calls wait for: the first one, or the one that renews a lost session."""
    PREPARING = "preparing"
    """The backend's program works, but has not said a word yet: it installs what it needs, most likely. Calls are
    refused at once, with that reason."""
    READY = "ready"
    """The handshake and the first listing are done: calls pass."""
    DEGRADED = "degraded"
    """The backend is connected, but answers slowly, or not everything: calls pass all the same."""
    DOWN = "down"
    """The backend is lost or was never reached: calls are refused at once, the next attempt is planned or under way."""
    STOPPED = "stopped"
    """The gateway has let go of the backend for good."""

    @property
    def is_up(self) -> bool:
        """Whether calls pass to a backend in this state."""
        return self in (BackendState.READY, BackendState.DEGRADED)


class BackendEvent(Enum):
    """What moves a backend from one state to another."""

    WORKS = "works"
    """A program that was started works for long before its first message."""
    CONNECTED = "connected"
    """An attempt has succeeded."""
    FALTERED = "faltered"
    """A probe was answered slowly, or not at all."""
    RECOVERED = "recovered"
    """A degraded backend answers well again."""
    FORGOTTEN = "forgotten"
    """The backend forgot the session, and a new handshake begins at once."""
    FAILED = "failed"
    """An attempt has failed, or the connection was lost."""
    STOPPED = "stopped"
    """The gateway stops, or a reload removed the backend."""


TRANSITIONS: Final[dict[tuple[BackendState, BackendEvent], BackendState]] = {
    (BackendState.STARTING, BackendEvent.CONNECTED): BackendState.READY,
    (BackendState.STARTING, BackendEvent.FAILED): BackendState.DOWN,
    (BackendState.STARTING, BackendEvent.STOPPED): BackendState.STOPPED,
    (BackendState.STARTING, BackendEvent.WORKS): BackendState.PREPARING,
    (BackendState.DOWN, BackendEvent.WORKS): BackendState.PREPARING,
    (BackendState.PREPARING, BackendEvent.WORKS): BackendState.PREPARING,
    (BackendState.PREPARING, BackendEvent.CONNECTED): BackendState.READY,
    (BackendState.PREPARING, BackendEvent.FAILED): BackendState.DOWN,
    (BackendState.PREPARING, BackendEvent.STOPPED): BackendState.STOPPED,
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
    BackendState.PREPARING: "it is preparing",
    BackendState.READY: "it answers",
    BackendState.DEGRADED: "it does not answer as it should",
    BackendState.DOWN: "it is not connected",
    BackendState.STOPPED: "it was stopped",
}
"""Why a backend is in a state, where nothing more particular is known."""


def after(state: BackendState, happened: BackendEvent) -> BackendState:
    """The state that follows `state` when `happened` happens.

    Raises:
        KeyError: no such event can happen in that state.
    """
    return TRANSITIONS[state, happened]


@attrs.frozen(kw_only=True)
class BackendStanding(Value):
    """The state of one backend, since when, and why. Times are of the caller's clock, in seconds."""

    state: BackendState = BackendState.STARTING
    since: float
    """When the backend came into this state."""
    reason: str = WHY[BackendState.STARTING]
    """Why it is in this state, in one line for people."""
    details: tuple[str, ...] = ()
    next_attempt: float | None = None
    """When a backend that is down is tried again."""
    what: str = ""
    """What a backend that is preparing seems to do, in one word: `installing`."""

    def moved(
        self,
        happened: BackendEvent,
        now: float,
        reason: str = "",
        *,
        details: tuple[str, ...] = (),
        next_attempt: float | None = None,
        what: str = "",
    ) -> BackendStanding:
        """The standing that follows when `happened` happens at `now`.

        Raises:
            KeyError: no such event can happen in this state.
        """
        state = after(self.state, happened)
        since = self.since if state is self.state else now
        return BackendStanding(
            state=state,
            since=since,
            reason=reason or WHY[state],
            details=details,
            next_attempt=next_attempt,
            what=what,
        )

    def retry_after(self, now: float) -> float | None:
        """The seconds until the next attempt, 1 at least, for it takes time too; None if none is planned."""
        return None if self.next_attempt is None else max(1.0, round(self.next_attempt - now, 3))
