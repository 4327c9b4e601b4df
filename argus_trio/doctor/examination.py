"""What the doctor looks at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.config.model.backend import BackendSpec, StdioBackend
from argus_trio.config.model.config import Config
from argus_trio.doctor.backends.trial import StartGateway
from argus_trio.doctor.finding import DoctorFinding
from argus_trio.doctor.running import RunningGateways
from argus_trio.errors import ConfigInvalid
from argus_trio.sandbox.plan.outcome import Bare
from argus_trio.sandbox.rooms import BackendPlan

LOOK_SECONDS: Final = 20.0
"""How long a look may take that says nothing else: files and sockets of this machine, of which some may hang."""


@attrs.frozen(kw_only=True)
class Examination(Value):
    """What all looks share."""

    path: Path | None
    """The configuration file; None if there is none."""
    config: Config | None
    """What it says; None if it has problems."""
    invalid: ConfigInvalid | None = None
    """Its problems."""
    environ: Mapping[str, str] = attrs.field(repr=False)
    """The variables of the gateway: of the one that runs the file, else those of the command."""
    own_environ: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    """The variables of the command: where its user's clients have their files."""
    runner: int | None = None
    """The process of the gateway whose variables `environ` are; None where they are those of the command."""
    home: Path
    cwd: Path
    running: RunningGateways = attrs.field(factory=RunningGateways)
    plans: Sequence[BackendPlan] = ()
    """How each stdio backend would be isolated."""
    start: StartGateway | None = None
    """Runs a gateway, to try backends where none runs the file; None: nothing is to be started."""
    wait_seconds: float = 60.0
    """How long backends are waited for that are started."""

    @property
    def file_name(self) -> str:
        """The file as findings name it."""
        return "configuration" if self.path is None else self.path.name

    @property
    def backends(self) -> tuple[BackendSpec, ...]:
        """Those that are enabled."""
        return () if self.config is None else tuple(each for each in self.config.backends.values() if each.enabled)

    @property
    def bare(self) -> tuple[StdioBackend, ...]:
        """Those that run as processes of this machine, with its programs and its files."""
        planned = {each.spec.name: each.plan for each in self.plans}
        stdio = (each for each in self.backends if isinstance(each, StdioBackend))
        return tuple(each for each in stdio if isinstance(planned.get(each.name, Bare(why="")), Bare))


DoctorLook = Callable[[Examination], Awaitable[Sequence[DoctorFinding]]]
"""One thing that is looked at. It changes nothing."""


@attrs.frozen(kw_only=True)
class NamedLook(Value):
    """A look as its user is told of it."""

    name: str
    """What is looked at: "the port", "programs of backends"."""
    look: DoctorLook
    seconds: float = LOOK_SECONDS
    """What it may take: a look that takes longer is told as a finding, and ended."""
    needs_config: bool = True
    """Whether nothing can be looked at where the file cannot be read."""
    yields: bool = False
    """Its problems with something are left out where another look tells a problem of it, and what to do."""
