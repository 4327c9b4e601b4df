"""What the doctor looks at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import attrs

from argus_trio.config.model.config import Config
from argus_trio.doctor.backends.trial import StartGateway
from argus_trio.doctor.finding import DoctorFinding


@attrs.frozen(kw_only=True)
class Examination:
    """What all looks share."""

    path: Path
    """The configuration file."""
    config: Config | None
    """What it says; None if it has problems."""
    environ: Mapping[str, str] = attrs.field(repr=False)
    home: Path
    cwd: Path
    start: StartGateway | None = None
    """Runs a gateway, to try backends where none runs the file; None: nothing is to be started."""
    wait_seconds: float = 60.0
    """How long backends are waited for that are started."""


DoctorLook = Callable[[Examination], Awaitable[Sequence[DoctorFinding]]]
"""One thing that is looked at. It has a deadline of its own and changes nothing."""
