"""Looks at the variables that the file names and that are not set: each once, with the backends that need it."""

from __future__ import annotations

from collections.abc import Sequence

import trio

from argus_trio.doctor.examination import Examination
from argus_trio.doctor.finding import DoctorFinding
from argus_trio.doctor.machine.words import backend_of, missing_variable
from argus_trio.errors import Problem


async def look_at_variables(examination: Examination) -> Sequence[DoctorFinding]:
    """One finding for each variable."""
    await trio.lowlevel.checkpoint()
    if examination.invalid is None:
        return ()
    found: dict[str, list[Problem]] = {}
    for problem in examination.invalid.problems:
        if (name := missing_variable(problem)) is not None:
            found.setdefault(name, []).append(problem)
    return [_finding(examination, name, problems) for name, problems in found.items()]


def _finding(examination: Examination, name: str, problems: Sequence[Problem]) -> DoctorFinding:
    backends = dict.fromkeys(each for problem in problems if (each := backend_of(problem)) is not None)
    places = "; ".join(f"{each.path} (line {each.line})" if each.line else each.path for each in problems)
    what = f"the variable {name} is not set, and {examination.file_name} needs it: {places}"
    advice = (
        f"write a line {name}=VALUE into the file that env_file names, beside {examination.file_name}: "
        f"`env_file: argus.env`, mode 600; or set it where the gateway is started; or give a default: ${{{name}:-}}"
    )
    about = ", ".join(backends) or examination.file_name
    return DoctorFinding(severity="problem", about=about, what=what, advice=advice)
