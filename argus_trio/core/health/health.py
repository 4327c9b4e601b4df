"""What the gateway says of its own health: values only; where they come from and how they are shown is elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs

from argus_trio.core.health.lifecycle import BackendStanding, BackendState

Status = Literal["healthy", "degraded", "unhealthy"]


@attrs.frozen(kw_only=True)
class Health:
    """The state a client would meet: how many backends are declared, connected and answering as they should."""

    total: int
    connected: int
    """Those that calls pass to."""
    healthy: int
    """Those of them that are not degraded."""
    starting: int
    """Backends whose first attempt to connect has not ended yet."""

    @property
    def status(self) -> Status:
        """Healthy when every backend answers well, unhealthy when none of at least one does at all, else degraded."""
        if self.healthy == self.total:
            return "healthy"
        return "degraded" if self.connected else "unhealthy"

    @property
    def not_ready_because(self) -> str | None:
        """Why no traffic should come here yet, or None: ready is when no backend is starting and any one answers."""
        if self.starting:
            return f"{self.starting} of {self.total} backends are still starting"
        if self.total and not self.connected:
            return f"none of {self.total} backends is connected"
        return None


@attrs.frozen(kw_only=True)
class Calls:
    """What clients have at one backend."""

    under_way: int = 0
    waiting: int = 0
    refused: int = 0
    """How many there was no room for, so far."""


@attrs.frozen(kw_only=True)
class BackendStatus:
    """How one backend stands, and what it is known to show. Times are of the caller's clock, in seconds."""

    name: str
    type: str
    standing: BackendStanding
    revision: str | None = None
    """The protocol revision that it converses in, if it is connected."""
    heard_at: float | None = None
    """When something was last heard of it."""
    latency: float | None = None
    """What its last probe took."""
    unanswered: int = 0
    """Probes in a row that it has left unanswered."""
    failures: int = 0
    """Attempts in a row to connect that have failed."""
    is_breaker_open: bool = False
    calls: Calls = Calls()
    counts: Mapping[str, int]
    """By kind, how many entries it shows."""

    @property
    def status(self) -> Literal["healthy", "degraded", "unhealthy", "unknown"]:
        """Its health in one word."""
        match self.standing.state:
            case BackendState.READY:
                return "healthy"
            case BackendState.DEGRADED:
                return "degraded"
            case BackendState.STARTING:
                return "unknown"
            case _:
                return "unhealthy"


@attrs.frozen(kw_only=True)
class Draining:
    """A backend that a reload replaced or removed, as long as calls are under way there."""

    name: str
    calls: int


@attrs.frozen(kw_only=True)
class Overview:
    """All backends: those in effect, those that are on their way out, and how many calls reloads have cut so far."""

    backends: tuple[BackendStatus, ...] = ()
    draining: tuple[Draining, ...] = ()
    calls_cut: int = 0
