"""What the gateway says of its own health: values only; where they come from and how they are shown is elsewhere."""

from __future__ import annotations

from typing import Literal

import attrs

Status = Literal["healthy", "degraded", "unhealthy"]


@attrs.frozen(kw_only=True)
class Health:
    """The state a client would meet: how many backends are declared, connected and answering."""

    total: int
    connected: int
    healthy: int
    starting: int
    """Backends whose first attempt to connect has not ended yet."""

    @property
    def status(self) -> Status:
        """Healthy when every backend answers, unhealthy when none of at least one does, degraded between."""
        if self.healthy == self.total:
            return "healthy"
        return "degraded" if self.healthy else "unhealthy"

    @property
    def not_ready_because(self) -> str | None:
        """Why no traffic should come yet, or None: ready is when no backend is starting and one answers, if any."""
        if self.starting:
            return f"{self.starting} of {self.total} backends are still starting"
        if self.total and not self.connected:
            return f"none of {self.total} backends is connected"
        return None
