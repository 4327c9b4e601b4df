"""A reload supervisor with fakes around it: a file that is a value, a gateway that only notes what it was given."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import attrs
import trio

from argus_trio.config.model.backend import StdioBackend
from argus_trio.config.model.config import Config
from argus_trio.config.model.server import Server
from argus_trio.core.access.access import OPEN
from argus_trio.core.control import Hold
from argus_trio.core.journal import Journal
from argus_trio.core.redaction import Redactor
from argus_trio.core.reload_report import AppliedConfig
from argus_trio.errors import ConfigInvalid
from argus_trio.frontend.http.host_origin import HostOriginCheck
from argus_trio.frontend.http.limits import Limits
from argus_trio.frontend.http.served_settings import CurrentSettings, ServedSettings
from argus_trio.pipeline.pipeline import Pipeline
from argus_trio.runtime.changes.candidate import Candidate
from argus_trio.runtime.changes.in_effect import InEffect
from argus_trio.runtime.changes.reload import ReloadSupervisor

BACKEND = StdioBackend(name="files", command="run")
FIRST = Config(backends={"files": BACKEND, "off": attrs.evolve(BACKEND, name="off", enabled=False)})


def bodies(size: int) -> Config:
    """A configuration that can be told from others by its largest body."""
    return attrs.evolve(FIRST, server=Server(max_body_bytes=size))


def settings_of(config: Config) -> ServedSettings:
    """What the front end serves by with this configuration, without a look at any file."""
    limits = Limits(body_bytes=config.server.max_body_bytes)
    return ServedSettings(server=config.server, host_origin=HostOriginCheck(), limits=limits, access=OPEN, context=None)


@attrs.define(eq=False)
class Surroundings:
    """What surrounds a reload supervisor: the file as `text`, and what was done to the gateway."""

    text: Config | ConfigInvalid = FIRST
    load_seconds: float = 1.0
    apply_seconds: float = 1.0
    is_broken: bool = False
    applied: list[Config] = attrs.field(factory=list)
    held: list[Mapping[str, Hold]] = attrs.field(factory=list)
    """What operators held, each time that a configuration was applied."""
    seen: list[object] = attrs.field(factory=list)
    looks: list[int] = attrs.field(factory=list)
    """How often a configuration had been applied, each time that backends were to be listed again."""
    redact: Redactor = attrs.field(factory=Redactor)
    settings: CurrentSettings = attrs.field(factory=lambda: CurrentSettings(settings_of(FIRST)))
    journal: Journal = attrs.field(factory=lambda: Journal(now=trio.current_time))
    stop: trio.Event = attrs.field(factory=trio.Event)

    async def load(self) -> Candidate:
        text = self.text
        await trio.sleep(self.load_seconds)
        if isinstance(text, ConfigInvalid):
            raise text
        return Candidate(config=text, settings=settings_of(text), pipeline=Pipeline(), is_pipeline_kept=True)

    async def apply(self, candidate: Candidate, holds: Mapping[str, Hold]) -> AppliedConfig:
        await trio.sleep(self.apply_seconds)
        if self.is_broken:
            raise ZeroDivisionError("hush-7f3a9c")
        self.applied.append(candidate.config)
        self.held.append(holds)
        self.settings.renew(candidate.settings)
        return AppliedConfig(generation=len(self.applied) + 1, changed=("files",))

    def supervisor(self) -> ReloadSupervisor:
        return ReloadSupervisor(
            in_effect=InEffect(config=FIRST),
            journal=self.journal,
            load=self.load,
            apply=self.apply,
            settings=self.settings,
            redact=self.redact,
            look_again=lambda: self.looks.append(len(self.applied)),
            on_begin=lambda: self.seen.append("begin"),
            on_end=self.seen.append,
        )


@asynccontextmanager
async def running(around: Surroundings) -> AsyncIterator[ReloadSupervisor]:
    supervisor = around.supervisor()
    async with trio.open_nursery() as nursery:
        await nursery.start(supervisor.run, around.stop)
        yield supervisor
        around.stop.set()
