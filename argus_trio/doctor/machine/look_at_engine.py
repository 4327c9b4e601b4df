"""Looks at the container engine, and at the backends that would not run because of it."""

from __future__ import annotations

from collections.abc import Sequence

import trio

from argus_trio.doctor.examination import Examination
from argus_trio.doctor.finding import DoctorFinding
from argus_trio.sandbox.plan.engine_facts import NoEngine
from argus_trio.sandbox.plan.outcome import Refused
from argus_trio.sandbox.rooms import BackendPlan


async def look_at_engine(examination: Examination) -> Sequence[DoctorFinding]:
    """Each engine that is there and does not work, each backend that is refused."""
    await trio.lowlevel.checkpoint()
    wanting: dict[NoEngine, list[BackendPlan]] = {}
    for each in examination.plans:
        if isinstance(each.found, NoEngine) and each.spec.container.setting != "off":
            wanting.setdefault(each.found, []).append(each)
    found = [finding for engine, plans in wanting.items() if (finding := _of_engine(engine, plans)) is not None]
    refused = [each for each in examination.plans if isinstance(each.plan, Refused) and each.found not in wanting]
    return [*found, *map(_refused, refused)]


def _of_engine(engine: NoEngine, plans: Sequence[BackendPlan]) -> DoctorFinding | None:
    required = [each.spec.name for each in plans if isinstance(each.plan, Refused)]
    if not required and not engine.says_way_out and "does not run" not in engine.why:
        return None  # auto, on a machine without an engine: as it is meant
    if required:
        consequence = f"and isolation: required keeps {', '.join(required)} from running"
    else:
        consequence = f"so {', '.join(each.spec.name for each in plans)} run bare, with all that this user may do"
    return DoctorFinding(
        severity="problem" if required else "warning",
        about="container engine",
        what=f"{engine.why}; {consequence}",
        advice=f"{engine.way_out}; then `argus-trio isolation` shows what becomes of each backend",
    )


def _refused(planned: BackendPlan) -> DoctorFinding:
    why = planned.plan.why if isinstance(planned.plan, Refused) else ""
    what, _, advice = why.rpartition(": ")
    return DoctorFinding(
        severity="problem",
        about=planned.spec.name,
        what=f"it is not run as it is configured: {what or why}",
        advice=f"{advice if what else 'correct its container settings'}; `argus-trio isolation {planned.spec.name}` "
        "shows all that is decided",
    )
