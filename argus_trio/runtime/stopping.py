"""The stop of the gateway: begun once, by a signal or by an operator, and cut after the drain."""

from __future__ import annotations

from typing import Final

import attrs
import structlog
import trio

from argus_trio.core.journal import Journal
from argus_trio.net.ending.last_moment import end_farewells_at
from argus_trio.runtime.notify import Notifier

log = structlog.get_logger()

LAST_WORDS_SECONDS: Final = 0.25
"""How long the front end may take after the drain to say what was cut, before backends are closed under it."""
END_SECONDS: Final = 4.6
"""How long after the drain, or after a second signal, the backends may take to end; the process has the rest of 5 s."""


@attrs.define(eq=False, repr=False)
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

    def cut(self, everything: trio.CancelScope, *, drain_seconds: float | None = None) -> None:
        """Cancel `everything` at once, or after the drain, and bound the farewells of backends.

        What the front end still owes to a backend that does not answer is bounded, but must not come before the time
        that backends need to end: both at once is what keeps a stop within `drain_timeout` and 5 s.
        """
        drained = trio.current_time() + (drain_seconds or 0.0)
        if drain_seconds is None:
            everything.cancel()
        else:
            everything.deadline = drained + LAST_WORDS_SECONDS
        end_farewells_at(drained + END_SECONDS)

    def note(self, journal: Journal, drain_seconds: float) -> None:
        """Note in the journal that it has begun, and who began it."""
        message = f"the gateway stops: {self.by} asked for it" if self.by else f"the gateway stops: {self.cause}"
        details = {"cause": self.cause, "by": self.by or None, "drain_seconds": drain_seconds}
        journal.note("stopping", message, details=details)
