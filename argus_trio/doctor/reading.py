"""Reads the file that is examined, as far as it can be read, with the variables of the gateway that runs it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.config.load import load
from argus_trio.config.model.backend import StdioBackend
from argus_trio.config.model.config import Config
from argus_trio.config.read.find import find_config
from argus_trio.doctor.examination import Examination
from argus_trio.doctor.machine.words import backend_of, missing_variable
from argus_trio.doctor.processes import ServeProcess, serving_processes
from argus_trio.errors import ConfigInvalid
from argus_trio.sandbox.plan.outcome import Bare
from argus_trio.sandbox.rooms import BackendPlan

PlanBackends = Callable[[Sequence[StdioBackend], Mapping[str, str]], Sequence[BackendPlan]]
"""Plans how backends would be isolated, by the engine that answers; it has a deadline of its own."""
_STAND_IN: Final = "not-set"
"""What stands for a variable that is not set, so that the rest of the file can be looked at."""


@attrs.frozen(kw_only=True)
class ExaminedFile(Value):
    """Which file is to be examined, and by what."""

    named: Path | None
    environ: Mapping[str, str] = attrs.field(repr=False)
    cwd: Path
    plan: PlanBackends

    def read(self) -> Examination:
        """What is examined. It blocks: it looks at files, processes, and an engine. Never raises for what they hold."""
        home = Path(self.environ.get("HOME") or "/")
        blank = Examination(
            path=None, config=None, environ=self.environ, own_environ=self.environ, home=home, cwd=self.cwd
        )
        try:
            path = find_config(self.named, environ=self.environ, cwd=self.cwd).absolute()
        except ConfigInvalid as invalid:
            return attrs.evolve(blank, invalid=invalid)
        runner = _runner(path)
        environ = self.environ if runner is None or runner.environ is None else runner.environ
        blank = attrs.evolve(blank, path=path, environ=environ, runner=None if runner is None else runner.pid)
        plans: list[BackendPlan] = []
        try:
            config = load(path, environ=environ, contained=partial(self._contained, environ, plans))
        except ConfigInvalid as invalid:
            return attrs.evolve(blank, invalid=invalid, config=self._rest(path, environ, plans, invalid), plans=plans)
        return attrs.evolve(blank, config=config, plans=plans)

    def _contained(self, environ: Mapping[str, str], plans: list[BackendPlan], config: Config) -> Collection[str]:
        specs = [each for each in config.backends.values() if isinstance(each, StdioBackend) and each.enabled]
        plans[:] = self.plan(specs, environ)
        return [each.spec.name for each in plans if not isinstance(each.plan, Bare)]

    def _rest(
        self, path: Path, environ: Mapping[str, str], plans: list[BackendPlan], invalid: ConfigInvalid
    ) -> Config | None:
        """The configuration without the backends that lack variables, where nothing else is wrong with the file."""
        missing = [missing_variable(each) for each in invalid.problems]
        lacking = {backend_of(each) for each in invalid.problems}
        if None in missing or None in lacking:
            return None
        stand_ins = {name: _STAND_IN for name in missing if name is not None}
        try:
            config = load(path, environ={**environ, **stand_ins}, contained=partial(self._contained, environ, plans))
        except ConfigInvalid:
            return None
        backends = {name: each for name, each in config.backends.items() if name not in lacking}
        plans[:] = [each for each in plans if each.spec.name not in lacking]
        return attrs.evolve(config, backends=MappingProxyType(backends))


def _runner(path: Path) -> ServeProcess | None:
    """The process that runs the file, whose variables this user may see."""
    file = path.resolve()
    return next((each for each in serving_processes() if each.file == file and each.environ is not None), None)
