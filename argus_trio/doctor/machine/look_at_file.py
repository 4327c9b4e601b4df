"""Looks at the configuration file: what `check` says of it."""

from __future__ import annotations

from collections.abc import Sequence

import trio

from argus_trio.doctor.examination import Examination
from argus_trio.doctor.finding import DoctorFinding, FindingSeverity
from argus_trio.errors import Problem


async def look_at_file(examination: Examination) -> Sequence[DoctorFinding]:
    """Every problem and every warning."""
    await trio.lowlevel.checkpoint()
    problems = () if examination.invalid is None else examination.invalid.problems
    warnings = examination.config.warnings if examination.config is not None else ()
    warnings = warnings if examination.invalid is None else examination.invalid.warnings
    found = [_finding(examination, each, "problem") for each in problems]
    return [*found, *(_finding(examination, each, "warning") for each in warnings)]


def _finding(examination: Examination, problem: Problem, severity: FindingSeverity) -> DoctorFinding:
    about = examination.file_name + (f":{problem.line}" if problem.line else "")
    what = f"{problem.path}: {problem.message}" if problem.path else problem.message
    return DoctorFinding(severity=severity, about=about, what=what, advice=problem.hint or "correct it there")
