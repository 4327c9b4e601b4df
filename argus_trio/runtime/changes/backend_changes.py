"""The changes of single backends that operators ask for: restart, drain, enable, disable.

Each has its turn among the reloads. What it does to the holds is decided in `holds.py`; a restart is the same change as
that of a reload with another link: a scope beside the old one, which takes over when it is ready.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import partial
from typing import Final

import attrs
import structlog
import trio

from argus_trio import Value
from argus_trio.backends.supervisor import Supervisor
from argus_trio.config.diff import is_same
from argus_trio.core.control import (
    Action,
    BackendUnknown,
    ChangedSince,
    ChangeFailed,
    ChangeRefused,
    ChangeReport,
    ChangesUnserved,
    Fits,
    Hold,
)
from argus_trio.core.journal import Journal
from argus_trio.core.stages import JournalStage
from argus_trio.runtime.changes.holds import decided, overridden
from argus_trio.runtime.changes.in_effect import InEffect
from argus_trio.runtime.changes.turns import MOST_TURNS, ChangeTurn, Turns

log = structlog.get_logger()

RESTART_SECONDS: Final = 300.0
"""How long a restart waits for the new connection: longer than programs take that install themselves, and bounded, for
all other changes wait meanwhile."""

WAITS_SECONDS: Final = 10.0
"""After which time it is told that a change waits for others: most of them are over by then."""

STAGES: Final[dict[Action, tuple[JournalStage, str]]] = {
    "restart": ("backend_restarted", "restarted"),
    "drain": ("backend_drained", "drained"),
    "enable": ("backend_enabled", "enabled"),
    "disable": ("backend_disabled", "disabled"),
}
"""What each is called once it is done: in the journal and the log, and in words."""


@attrs.frozen(kw_only=True)
class BackendChange(Value):
    """One change that was asked for."""

    name: str
    action: Action
    by: str
    """The name of the principal who asks."""
    fits: Fits | None = None


@attrs.define(eq=False, repr=False, kw_only=True)
class BackendChanges:
    """Makes the changes of single backends."""

    supervisor: Supervisor
    in_effect: InEffect
    turns: Turns
    journal: Journal
    now: Callable[[], float]
    """Tells the time: Unix, in seconds."""

    def version(self, name: str) -> str | None:
        """What differs whenever the hold, the entry or the scope of a backend was changed; None without a backend."""
        if name not in self.in_effect.config.backends:
            return None
        return f"{self.journal.instance}.{self.supervisor.holds.version(name)}"

    async def change(self, change: BackendChange) -> ChangeReport:
        """Make a change after those that were asked for before, and wait for it. Cancelling ends the waiting alone.

        Raises:
            BackendUnknown: the file has no such backend.
            ChangedSince: its version is not what was seen.
            ChangeRefused: it cannot be done to this backend as it is.
            ChangesUnserved: the gateway stops, or too many changes wait.
            ChangeFailed: a fault of the gateway itself.
        """
        if change.name not in self.in_effect.config.backends:
            raise BackendUnknown(change.name)
        if self.turns.is_full:
            raise ChangesUnserved(f"{MOST_TURNS} changes wait already; come back later")
        turn = ChangeTurn[ChangeReport | Exception](partial(self._outcome, change), _cut)
        self.turns.add(turn)
        with trio.move_on_after(WAITS_SECONDS):
            await turn.wait()
        if self.turns.is_waiting(turn):
            reason = "another change is under way: a reload or a restart waits for a backend to start"
            log.warning("change_waits", backend=change.name, action=change.action, by=change.by, reason=reason)
        outcome = await turn.wait()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def _outcome(self, change: BackendChange) -> ChangeReport | Exception:
        try:
            return await self._made(change)
        except (BackendUnknown, ChangedSince, ChangeRefused) as refused:
            log.info("change_refused", backend=change.name, action=change.action, by=change.by, reason=str(refused))
            return refused
        except Exception:  # the boundary: a fault in changing the gateway must not end it
            error_id = secrets.token_hex(6)
            log.exception("change_failed_unexpectedly", backend=change.name, action=change.action, error_id=error_id)
            return ChangeFailed(f"internal error {error_id}; the log tells more under this id")

    async def _made(self, change: BackendChange) -> ChangeReport:
        began, at, name = trio.current_time(), self.now(), change.name
        version = self.version(name)
        if change.fits is not None and version is not None and not change.fits(version):
            raise ChangedSince(f"{name} was changed since; it is at another version now")
        holds = decided(self.in_effect.holds, self.in_effect.config, name, change.action, by=change.by, at=at)
        is_restart = change.action == "restart"
        report = ChangeReport(
            backend=name,
            action=change.action,
            is_done=True,
            is_changed=is_restart or holds != self.in_effect.holds,
            by=change.by,
            at=at,
            duration=0.0,
        )
        error = None
        if is_restart:
            error = await self._restarted(name)
        elif report.is_changed:
            await self._hold(holds)
        self.in_effect.generation = self.supervisor.current.number
        report = attrs.evolve(
            report,
            is_done=error is None,
            error=error,
            version=self.version(name) or "",
            duration=round(trio.current_time() - began, 3),
        )
        self._tell(report)
        return report

    async def _hold(self, holds: dict[str, Hold]) -> None:
        supervisor, config = self.supervisor, overridden(self.in_effect.config, holds)
        if is_same(config, supervisor.config):
            supervisor.hold(holds)
        else:
            self.in_effect.is_known = False
            await supervisor.apply(config, on_swap=partial(supervisor.hold, holds))
            self.in_effect.is_known = True
        self.in_effect.holds = holds

    async def _restarted(self, name: str) -> str | None:
        """Connect anew; why the backend is not up then, or None."""
        supervisor, before = self.supervisor, self.supervisor.scopes.get(name)
        with trio.move_on_after(RESTART_SECONDS):
            await supervisor.apply(overridden(self.in_effect.config, self.in_effect.holds), anew=(name,))
        scope = supervisor.scopes[name]
        if supervisor.is_late(name):
            return "its image is not there yet: the connection that it had stays until then"
        if scope is before:
            return f"it was not ready within {RESTART_SECONDS:g} s, so the connection that it had stays"
        return None if scope.state.is_up else scope.recovery.standing.reason

    def _tell(self, report: ChangeReport) -> None:
        stage, word = STAGES[report.action]
        if not report.is_changed:
            return
        facts = {"by": report.by, "seconds": report.duration, "error": report.error}
        tell = log.info if report.is_done else log.warning
        tell(stage, backend=report.backend, **facts)
        rest = "" if report.error is None else f", and is not up: {report.error}"
        self.journal.note(
            stage,
            f"{report.backend} was {word} by {report.by}{rest}",
            severity="info" if report.is_done else "warning",
            backend=report.backend,
            details={"cause": "request", **facts},
        )


def _cut() -> ChangesUnserved:
    return ChangesUnserved("the gateway is stopping")
