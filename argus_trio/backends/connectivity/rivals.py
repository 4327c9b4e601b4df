"""Processes of one backend that end each other: recognised, told, and a reason to share one from then on.

Whether they do is judged in `core/health/rivalry.py`. Only processes are judged: a remote server is one, however many
connections lead to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from typing import Final

import attrs
import structlog
import trio

from argus_trio.backends.connection.connection import Connection
from argus_trio.backends.connection.open import BackendAddress
from argus_trio.config.model.backend import StdioBackend
from argus_trio.core.health.rivalry import WINDOW_SECONDS, Arrival, Rivalry
from argus_trio.errors import BackendUnavailable

log = structlog.get_logger()

WHY: Final = "its processes end each other: twice a minute one ended within 3 s of the start of another one"
HINT: Final = (
    "another process of it had just come up: if it can run only once (a port, a profile, a database), write "
    "session: shared for it"
)
NOTING_SECONDS: Final = 1.0
"""How long the error of a call waits until the loss of its connection has been judged: that takes no time, but is done
by another task."""


def _do_nothing() -> None:
    """Leave who shares as it is."""


@attrs.define(eq=False, repr=False)
class Rivals:
    """The processes of one backend, as far as they may end each other. `on_sharing` is called when that is certain."""

    address: BackendAddress
    on_sharing: Callable[[], None] = _do_nothing
    shares_because: str | None = attrs.field(default=None, init=False)
    """Why all clients share one process although the configuration leaves that open; None as long as they need not."""
    _rivalry: Rivalry = attrs.field(factory=Rivalry, init=False)
    _noted_at: float = attrs.field(default=-inf, init=False)
    """When a loss was last explained by another process."""
    _open: int = attrs.field(default=0, init=False)
    """How many are running or about to."""

    @contextmanager
    def one_more(self) -> Iterator[Arrival]:
        """A process that starts and ends within the block."""
        arrival = self._rivalry.began(trio.current_time())
        self._open += 1
        try:
            yield arrival
        finally:
            self._open -= 1
            self._rivalry.ended(arrival, trio.current_time())

    def opened(self, arrival: Arrival) -> None:
        """Note that it is ready."""
        self._rivalry.opened(arrival, trio.current_time())

    def lost(self, arrival: Arrival) -> None:
        """Note that it ended by itself; logged, once, when it is certain that they end each other."""
        spec, now = self.address.spec, trio.current_time()
        if not isinstance(spec, StdioBackend) or not self._rivalry.lost(arrival, now):
            return
        self._noted_at = now
        if not self._rivalry.is_certain or self.shares_because is not None or spec.session == "shared":
            return
        if spec.session == "per-client":
            log.warning("backend_processes_fight", backend=spec.name, reason=WHY, hint="write session: shared for it")
            return
        self.shares_because = WHY
        log.warning(
            "backend_shared_from_now_on",
            backend=spec.name,
            reason=WHY,
            hint="write session: shared for it; until it is changed or the gateway restarts it is shared anyway",
        )
        self.on_sharing()

    async def advised(self, error: BackendUnavailable, connection: Connection | None) -> BackendUnavailable:
        """`error` of a call, with what to write where processes of the backend seem to end each other.

        Waits until the loss of `connection`, over which the call went, has been noted, within `NOTING_SECONDS`.
        """
        if connection is not None and self._open > 1 and isinstance(self.address.spec, StdioBackend):
            with trio.move_on_after(NOTING_SECONDS):
                await connection.gone.wait()
        if trio.current_time() - self._noted_at > WINDOW_SECONDS or HINT in error.reason:
            return error
        reason = f"{error.reason}; {HINT}"
        return BackendUnavailable(
            error.backend, reason, details=error.details, retry_after=error.retry_after, cause=error.cause
        )
