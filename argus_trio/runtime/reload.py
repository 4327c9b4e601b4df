"""The reload supervisor: one reload at a time, however many are asked for, and a report to each who asked.

The supervisor decides when; `apply` knows what a configuration means to the backends, `load` where its text comes from.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

import attrs
import structlog
import trio

from argus_trio.config.model.config import Config
from argus_trio.config.model.server import Server
from argus_trio.core.redaction import Redactor
from argus_trio.core.reload_report import AppliedConfig, ReloadReport, Trigger
from argus_trio.errors import ConfigInvalid
from argus_trio.frontend.http.served_settings import CurrentSettings
from argus_trio.runtime.candidate import Candidate

log = structlog.get_logger()

Apply = Callable[[Candidate], Awaitable[AppliedConfig]]
"""Lets a candidate take effect: its pipeline, its settings and its first generation at once. Cancelling it leaves the
old or the new one in effect. Raises `ConfigInvalid` where its pipeline cannot be entered, and nothing has changed."""


_FROM_FILE: Final[frozenset[Trigger]] = frozenset({"file"})


def _not_observed(*_: object) -> None:
    pass


@attrs.define(eq=False)
class _Batch:
    """The requests that one reload answers."""

    triggers: list[Trigger] = attrs.field(factory=list)
    done: trio.Event = attrs.field(factory=trio.Event)
    report: ReloadReport | None = None


@attrs.define(eq=False, kw_only=True)
class ReloadSupervisor:
    """Reloads the configuration of one gateway, which was started with `config`.

    A request while a reload runs waits, together with all others, for the next reload: that one begins later, so it
    reads what was written before the request.
    """

    config: Config
    """The configuration that is in effect."""
    load: Callable[[], Awaitable[Candidate]]
    """Reads what the file says now, or raises ConfigInvalid."""
    apply: Apply
    settings: CurrentSettings
    """What the front end serves by; renewed by a reload."""
    redact: Redactor
    look_again: Callable[[], None] = _not_observed
    """Has every backend listed again, changed or not; called when a reload that somebody asked for has succeeded."""
    on_begin: Callable[[], None] = _not_observed
    """Called as a reload begins; neither this nor `on_end` may block."""
    on_end: Callable[[ReloadReport], None] = _not_observed
    """Called with the report of each reload that came to its end; not of one that the gateway's stop cut."""
    last: ReloadReport = attrs.field(init=False)
    """The report of the latest reload, or of the start."""
    _started_with: Server = attrs.field(init=False)
    _must_apply: bool = attrs.field(default=False, init=False)
    """Whether an equal configuration is applied all the same: `apply` failed, and what is in effect is not known."""
    _next: _Batch = attrs.field(factory=_Batch, init=False)
    _running: _Batch | None = attrs.field(default=None, init=False)
    _wanted: trio.Event = attrs.field(factory=trio.Event, init=False)
    _ended: trio.Event = attrs.field(factory=trio.Event, init=False)
    _is_stopping: bool = attrs.field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._started_with = self.config.server
        first = AppliedConfig(generation=1, added=_enabled(self.config))
        self.last = ReloadReport(at=_now(), duration=0.0, triggers=("start",), applied=first, is_applied=True)

    async def run(self, stop: trio.Event, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Reload whenever a reload is asked for, until `stop` is set, which cuts a reload that is under way."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._work)
            task_status.started()
            await stop.wait()
            nursery.cancel_scope.cancel()
        self._is_stopping = True
        for batch in (self._running, self._next):
            if batch is not None:
                self._settle(batch, self._cut(batch))

    def ask(self, trigger: Trigger) -> None:
        """Ask for a reload, without waiting for it."""
        self._join(trigger)

    async def reload(self, trigger: Trigger = "request") -> ReloadReport:
        """Ask for a reload and wait for the report of one that begins after this call.

        Cancelling this ends the waiting, not the reload.
        """
        batch = self._join(trigger)
        await batch.done.wait()
        if batch.report is None:
            raise RuntimeError("a reload that is done has its report")
        return batch.report

    async def ended(self) -> None:
        """Wait for the end of the next reload."""
        await self._ended.wait()

    def _join(self, trigger: Trigger) -> _Batch:
        batch = self._next
        if trigger not in batch.triggers:
            batch.triggers.append(trigger)
        if self._is_stopping:
            self._settle(batch, self._cut(batch))
        self._wanted.set()
        return batch

    async def _work(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted = trio.Event()
            batch = self._running = self._next
            self._next = _Batch()
            self.on_begin()
            report = await self._report(batch)
            self._running, self.last = None, report
            _log(report)
            if report.is_applied and not _FROM_FILE.issuperset(report.triggers):
                self.look_again()
            self._settle(batch, report)
            self._ended.set()
            self._ended = trio.Event()
            self.on_end(report)

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
        if candidate.is_pipeline_kept and self._is_in_effect(config):
            renewed = attrs.evolve(candidate.settings, access=self.settings.now.access)
            self.settings.renew(renewed)  # the content of a certificate may have changed
            return attrs.evolve(draft, is_applied=True, is_unchanged=True)
        self._must_apply = True
        try:
            applied = await self.apply(candidate)
        except ConfigInvalid as invalid:
            self._must_apply = False
            return attrs.evolve(draft, problems=invalid.problems)
        except Exception:  # the boundary: a fault in changing the gateway must not end it
            error_id = secrets.token_hex(6)
            log.exception("reload_failed_unexpectedly", error_id=error_id)
            return attrs.evolve(draft, error_id=error_id)
        self._must_apply = False
        self.config = config
        return attrs.evolve(draft, applied=applied, is_applied=True)

    def _is_in_effect(self, config: Config) -> bool:
        return not self._must_apply and config == self.config and config.secrets == self.config.secrets

    def _draft(self, batch: _Batch) -> ReloadReport:
        """The report of a reload that has not changed anything yet."""
        unchanged = AppliedConfig(generation=self.last.applied.generation, untouched=_enabled(self.config))
        return ReloadReport(
            at=_now(), duration=0.0, triggers=tuple(batch.triggers), applied=unchanged, is_applied=False
        )

    def _cut(self, batch: _Batch) -> ReloadReport:
        return attrs.evolve(self._draft(batch), is_stopping=True)

    def _settle(self, batch: _Batch, report: ReloadReport) -> None:
        batch.report = report
        batch.done.set()


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


def _log(report: ReloadReport) -> None:
    applied = report.applied
    if not report.is_applied:
        for problem in report.problems:
            log.error("config_problem", **attrs.asdict(problem))
        log.error("reload_refused", problems=len(report.problems), error_id=report.error_id, running=applied.generation)
    elif report.is_unchanged:
        log.info("reload_changed_nothing", generation=applied.generation)
    else:
        log.info("reloaded", seconds=round(report.duration, 3), **attrs.asdict(applied))
    if report.needs_restart:
        log.warning("restart_needed", settings=report.needs_restart)
