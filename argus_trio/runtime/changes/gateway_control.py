"""What the management API can have done to the running whole: a `Control`, joined of what does it."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from functools import partial

import attrs

from argus_trio.backends.generation import Generation
from argus_trio.backends.supervisor import Supervisor
from argus_trio.config.file import ConfigFile
from argus_trio.config.model.config import Config
from argus_trio.core.backend_log import BackendLogs
from argus_trio.core.call.exchange import Handler
from argus_trio.core.control import Action, ChangeReport, Checked, FileDifference, Fits, Hold, NoFile
from argus_trio.core.figures import Figures
from argus_trio.core.journal import Journal
from argus_trio.core.redaction import Redactor
from argus_trio.core.reload_report import AppliedConfig, ReloadReport
from argus_trio.frontend.http.served_settings import CurrentSettings
from argus_trio.pipeline.pipeline import Pipeline
from argus_trio.runtime.changes.backend_changes import BackendChange, BackendChanges
from argus_trio.runtime.changes.candidate import Candidate, load_candidate
from argus_trio.runtime.changes.check_config import ConfigCheck
from argus_trio.runtime.changes.file_difference import FileComparison
from argus_trio.runtime.changes.holds import overridden
from argus_trio.runtime.changes.in_effect import InEffect
from argus_trio.runtime.changes.reload import ReloadSupervisor, no_file
from argus_trio.runtime.changes.turns import Turns
from argus_trio.runtime.pipelines import Pipelines
from argus_trio.runtime.stopping import Stopping


def _nothing() -> None:
    """Tell nobody of a reload."""


@attrs.define(eq=False, repr=False, kw_only=True)
class GatewayControl:
    """Does what operators ask for to one gateway, which was started with `config`."""

    config: Config
    file: ConfigFile | None
    """Where it came from, and is read again; None where there is no file."""
    is_exposed: bool
    """Whether it is served on an inherited socket that can be reached from elsewhere, whatever `server.host` is."""
    supervisor: Supervisor
    pipelines: Pipelines
    make_handler: Callable[[Pipeline, Generation], Handler]
    """Joins a pipeline with what is behind it."""
    settings: CurrentSettings
    redact: Redactor
    journal: Journal
    figures: Figures
    logs: BackendLogs
    stopping: Stopping
    on_reload: Callable[[], None] = _nothing
    """Called as a reload begins, and `on_reloaded` at its end; neither may block."""
    on_reloaded: Callable[[], None] = _nothing
    loaded_at: float = attrs.field(factory=time.time, init=False)
    """When the configuration in effect took effect, in seconds of Unix time."""
    reloads: ReloadSupervisor = attrs.field(init=False)
    _changes: BackendChanges = attrs.field(init=False)
    _check: ConfigCheck = attrs.field(init=False)
    _compare: FileComparison = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        in_effect, turns = InEffect(config=self.config), Turns()
        load = no_file
        if self.file is not None:
            load = partial(load_candidate, self.file, self._kept, is_exposed=self.is_exposed, journal=self.journal)
        self.reloads = ReloadSupervisor(
            in_effect=in_effect,
            turns=turns,
            load=load,
            apply=self._apply,
            settings=self.settings,
            redact=self.redact,
            journal=self.journal,
            look_again=self.supervisor.look_again,
            on_begin=self.on_reload,
            on_end=lambda _: self.on_reloaded(),
        )
        self._changes = BackendChanges(
            supervisor=self.supervisor, in_effect=in_effect, turns=turns, journal=self.journal, now=time.time
        )
        self._check = ConfigCheck(
            file=self.file, config=lambda: in_effect.config, kept=self._kept, is_exposed=self.is_exposed
        )
        self._compare = FileComparison(file=self.file, config=lambda: in_effect.config)

    @property
    def last(self) -> ReloadReport:
        """The report of the latest reload, or of the start."""
        return self.reloads.last

    @property
    def generation(self) -> int:
        """As `Control.generation`."""
        return self.supervisor.current.number

    async def reload(self, *, by: str) -> ReloadReport:
        """As `Control.reload`."""
        if self.file is None:
            raise NoFile("this gateway runs without a configuration file: there is nothing to read again")
        return await self.reloads.reload(by=by)

    async def change(self, name: str, action: Action, *, by: str, fits: Fits | None = None) -> ChangeReport:
        """As `Control.change`."""
        return await self._changes.change(BackendChange(name=name, action=action, by=by, fits=fits))

    def version(self, name: str) -> str | None:
        """As `Control.version`."""
        return self._changes.version(name)

    async def check(self, text: str | None) -> Checked:
        """As `Control.check`."""
        return await self._check(text)

    async def difference(self) -> FileDifference:
        """As `Control.difference`."""
        return await self._compare()

    def drain_seconds(self, asked: float | None) -> float:
        """As `Control.drain_seconds`."""
        return self.settings.drain_timeout if asked is None else asked

    def stop(self, *, by: str, drain_seconds: float) -> None:
        """As `Control.stop`."""
        if not self.stopping.event.is_set():
            self.settings.drain_within(drain_seconds)
            self.stopping.begin("request", by=by, drain_seconds=drain_seconds)

    def _kept(self) -> Mapping[Hashable, object]:
        return self.pipelines.current.kept

    async def _apply(self, candidate: Candidate, holds: Mapping[str, Hold]) -> AppliedConfig:
        def take() -> None:
            self.loaded_at = time.time()
            self.settings.renew(candidate.settings)
            self.pipelines.install(candidate.pipeline)
            self.supervisor.hold(holds)
            self.figures.keep_backends(candidate.config.backends)
            self.logs.keep_backends(candidate.config.backends)

        await self.pipelines.enter(candidate.pipeline)
        try:
            config = overridden(candidate.config, holds)
            return await self.supervisor.apply(config, partial(self.make_handler, candidate.pipeline), on_swap=take)
        finally:
            if self.pipelines.current is not candidate.pipeline:
                candidate.pipeline.retire()
