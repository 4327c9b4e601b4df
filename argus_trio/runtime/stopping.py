"""The stop of the gateway: begun once, by a signal or by an operator."""

from __future__ import annotations

import attrs
import structlog
import trio

from argus_trio.core.journal import Journal
from argus_trio.runtime.notify import Notifier

log = structlog.get_logger()


@attrs.define(eq=False)
class Stopping:
    """The stop of the gateway. `event` is set once it has begun."""

    _notifier: Notifier
    event: trio.Event = attrs.field(factory=trio.Event, init=False)
    cause: str = attrs.field(default="", init=False)
    """What began it: the name of a signal, or `request`."""
    by: str = attrs.field(default="", init=False)
    """The name of the principal who asked for it; empty for a signal."""

    def begin(self, cause: str, *, by: str = "", drain_seconds: float | None = None) -> None:
        """Begin it, if it has not begun. The service manager is told."""
        if self.event.is_set():
            return
        self.cause, self.by = cause, by
        if by:
            log.info("stopping", by=by, drain_seconds=drain_seconds)
        else:
            log.info("stopping", signal=cause)
        self._notifier.stopping()
        self.event.set()

    def note(self, journal: Journal, drain_seconds: float) -> None:
        """Note in the journal that it has begun, and who began it."""
        message = f"the gateway stops: {self.by} asked for it" if self.by else f"the gateway stops: {self.cause}"
        details = {"cause": self.cause, "by": self.by or None, "drain_seconds": drain_seconds}
        journal.note("stopping", message, details=details)
