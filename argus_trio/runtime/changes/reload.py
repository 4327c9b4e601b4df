"""The reload supervisor: one reload at a time, however many are asked for, and a report to each who asked.

The supervisor decides when; `apply` knows what a configuration means to the backends, `load` where its text comes from.
A reload has its turn among the other changes of the gateway (`turns.py`).
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Final

import attrs
import structlog
import trio

from argus_trio.config.model.config import Config
from argus_trio.config.model.server import Server
from argus_trio.core.control import Hold, NoFile
from argus_trio.core.journal import Journal
from argus_trio.core.redaction import Redactor
from argus_trio.core.reload_report import AppliedConfig, ReloadReport, Trigger
from argus_trio.errors import ConfigInvalid
from argus_trio.frontend.http.served_settings import CurrentSettings
from argus_trio.runtime.changes.candidate import Candidate
from argus_trio.runtime.changes.holds import lasting, overridden
from argus_trio.runtime.changes.in_effect import InEffect
from argus_trio.runtime.changes.tell_reload import tell_reload
from argus_trio.runtime.changes.turns import ChangeTurn, Turns

log = structlog.get_logger()

Apply = Callable[[Candidate, Mapping[str, Hold]], Awaitable[AppliedConfig]]
"""Lets a candidate take effect: its pipeline, its settings and its first generation at once, with what operators hold.
Cancelling it leaves the old or the new one in effect. Raises `ConfigInvalid` where its pipeline cannot be entered, and
nothing has changed."""

MOST_NAMED: Final = 8
"""How many of those who ask for the same reload are named: who, not how many, is what people look for."""

_FROM_FILE: Final[frozenset[Trigger]] = frozenset({"file"})


def _not_observed(*_: object) -> None:
    pass


async def no_file() -> Candidate:
    """Load nothing, where there is no file."""
    raise NoFile("this gateway runs without a configuration file")


@attrs.define(eq=False, repr=False)
class _Batch:
    """The requests that one reload answers."""

    triggers: list[Trigger] = attrs.field(factory=list)
    by: list[str] = attrs.field(factory=list)


@attrs.define(eq=False, repr=False, kw_only=True)
class ReloadSupervisor:
    """Reloads the configuration of one gateway, which was started with what is `in_effect` at first.

    A request while a reload runs waits, together with all others, for the next reload: that one begins later, so it
    reads what was written before the request.
    """

    in_effect: InEffect
    load: Callable[[], Awaitable[Candidate]]
    """Reads what the file says now, or raises ConfigInvalid."""
    apply: Apply
    settings: CurrentSettings
    """What the front end serves by; renewed by a reload."""
    redact: Redactor
    journal: Journal
    turns: Turns = attrs.field(factory=Turns)
    """The changes of the gateway, one at a time; this one's `run` takes all of them."""
    look_again: Callable[[], None] = _not_observed
    """Has every backend listed again, changed or not; called when a reload that somebody asked for has succeeded."""
    on_begin: Callable[[], None] = _not_observed
    """Called as a reload begins; neither this nor `on_end` may block."""
    on_end: Callable[[ReloadReport], None] = _not_observed
    """Called with the report of each reload that came to its end; not of one that the gateway's stop cut."""
    last: ReloadReport = attrs.field(init=False)
    """The report of the latest reload, or of the start."""
    _started_with: Server = attrs.field(init=False)
    _next: tuple[_Batch, ChangeTurn[ReloadReport]] | None = attrs.field(default=None, init=False)
    """The reload that has not begun."""
    _ended: trio.Event = attrs.field(factory=trio.Event, init=False)

    def __attrs_post_init__(self) -> None:
        self._started_with = self.config.server
        first = AppliedConfig(generation=1, added=_enabled(self.config))
        self.last = ReloadReport(at=_now(), duration=0.0, triggers=("start",), applied=first, is_applied=True)

    @property
    def config(self) -> Config:
        """The configuration that is in effect."""
        return self.in_effect.config

    async def run(self, stop: trio.Event, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Reload whenever a reload is asked for, until `stop` is set, which cuts a reload that is under way."""
        await self.turns.run(stop, task_status=task_status)

    def ask(self, trigger: Trigger) -> None:
        """Ask for a reload, without waiting for it."""
        self._join(trigger)

    async def reload(self, trigger: Trigger = "request", *, by: str = "") -> ReloadReport:
        """Ask for a reload and wait for the report of one that begins after this call; `by` is who asks, if known.

        Cancelling this ends the waiting, not the reload.
        """
        return await self._join(trigger, by).wait()

    async def ended(self) -> None:
        """Wait for the end of the next reload."""
        await self._ended.wait()

    def _join(self, trigger: Trigger, by: str = "") -> ChangeTurn[ReloadReport]:
        if self._next is None:
            batch = _Batch()
            self._next = batch, ChangeTurn(partial(self._work, batch), partial(self._cut, batch))
            self.turns.add(self._next[1])
        batch, turn = self._next
        if trigger not in batch.triggers:
            batch.triggers.append(trigger)
        if by and by not in batch.by and len(batch.by) < MOST_NAMED:
            batch.by.append(by)
        return turn

    async def _work(self, batch: _Batch) -> ReloadReport:
        self._next = None
        self.on_begin()
        report = await self._report(batch)
        self.last = report
        tell_reload(report, self.journal)
        if report.is_applied and not _FROM_FILE.issuperset(report.triggers):
            self.look_again()
        self._ended.set()
        self._ended = trio.Event()
        self.on_end(report)
        return report

    async def _report(self, batch: _Batch) -> ReloadReport:
        began = trio.current_time()
        log.info("reloading", triggers=batch.triggers)
        report = await self._attempt(self._draft(batch))
        return attrs.evolve(report, duration=trio.current_time() - began)

    async def _attempt(self, draft: ReloadReport) -> ReloadReport:
        try:
            candidate = await self.load()
        except ConfigInvalid as invalid:
            return attrs.evolve(draft, problems=invalid.problems)
        config = candidate.config
        self.redact.learn(config.secrets)
        draft = attrs.evolve(draft, needs_restart=_needs_restart(self._started_with, config.server))
        in_effect = self.in_effect
        holds = lasting(in_effect.holds, in_effect.config, config)
        dropped = tuple(name for name in in_effect.holds if name not in holds)
        if candidate.is_pipeline_kept and not dropped and self._is_in_effect(config):
            renewed = attrs.evolve(candidate.settings, access=self.settings.now.access)
            self.settings.renew(renewed)  # the content of a certificate may have changed
            in_effect.config = config  # it says the same, perhaps in other words
            return attrs.evolve(draft, is_applied=True, is_unchanged=True)
        in_effect.is_known = False
        try:
            applied = await self.apply(candidate, holds)
        except ConfigInvalid as invalid:
            in_effect.is_known = True
            return attrs.evolve(draft, problems=invalid.problems)
        except Exception:  # the boundary: a fault in changing the gateway must not end it
            error_id = secrets.token_hex(6)
            log.exception("reload_failed_unexpectedly", error_id=error_id)
            return attrs.evolve(draft, error_id=error_id)
        in_effect.config, in_effect.holds, in_effect.is_known = config, holds, True
        in_effect.generation = applied.generation
        return attrs.evolve(draft, applied=applied, is_applied=True, holds_dropped=dropped)

    def _is_in_effect(self, config: Config) -> bool:
        return self.in_effect.is_known and config == self.config and config.secrets == self.config.secrets

    def _draft(self, batch: _Batch) -> ReloadReport:
        """The report of a reload that has not changed anything yet."""
        running = _enabled(overridden(self.config, self.in_effect.holds))
        unchanged = AppliedConfig(generation=self.in_effect.generation, untouched=running)
        return ReloadReport(
            at=_now(),
            duration=0.0,
            triggers=tuple(batch.triggers),
            applied=unchanged,
            is_applied=False,
            by=tuple(batch.by),
        )

    def _cut(self, batch: _Batch) -> ReloadReport:
        return attrs.evolve(self._draft(batch), is_stopping=True)


def _now() -> datetime:
    return datetime.now(UTC)


def _enabled(config: Config) -> tuple[str, ...]:
    return tuple(name for name, spec in config.backends.items() if spec.enabled)


def _needs_restart(started_with: Server, server: Server) -> tuple[str, ...]:
    """The settings that cannot change while the gateway listens."""
    differs = {
        "server.host": server.host != started_with.host,
        "server.port": server.port != started_with.port,
        "server.management.socket": server.management.socket != started_with.management.socket,
        "server.management.listen": server.management.listen != started_with.management.listen,
        "server.tls": (server.tls is None) != (started_with.tls is None),
    }
    return tuple(name for name, is_other in differs.items() if is_other)
