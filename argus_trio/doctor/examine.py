"""Every look of the doctor, in the order in which its findings are told; all are done side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import attrs
import trio

from argus_trio import Value
from argus_trio.doctor.backends.look import look_at_backends
from argus_trio.doctor.backends.own_address import look_at_own_address
from argus_trio.doctor.examination import Examination, NamedLook
from argus_trio.doctor.finding import DoctorFinding
from argus_trio.doctor.machine.look_at_caches import look_at_caches
from argus_trio.doctor.machine.look_at_clients import look_at_clients
from argus_trio.doctor.machine.look_at_engine import look_at_engine
from argus_trio.doctor.machine.look_at_file import look_at_file
from argus_trio.doctor.machine.look_at_gateways import look_at_gateways
from argus_trio.doctor.machine.look_at_limits import look_at_limits
from argus_trio.doctor.machine.look_at_ports import look_at_ports
from argus_trio.doctor.machine.look_at_programs import look_at_programs
from argus_trio.doctor.machine.look_at_variables import look_at_variables

LOOKS: Final[Sequence[NamedLook]] = (
    NamedLook(name="the configuration", needs_config=False, look=look_at_file),
    NamedLook(name="variables", needs_config=False, look=look_at_variables),
    NamedLook(name="programs", look=look_at_programs),
    NamedLook(name="caches of npx and uv", look=look_at_caches),
    NamedLook(name="ports", look=look_at_ports),
    NamedLook(name="the container engine", look=look_at_engine),
    NamedLook(name="running gateways", needs_config=False, look=look_at_gateways, seconds=70.0),
    NamedLook(name="clients' files", needs_config=False, look=look_at_clients),
    NamedLook(name="disks, memory and limits", look=look_at_limits),
    NamedLook(name="its own address", look=look_at_own_address),
    NamedLook(
        name="backends", look=look_at_backends, seconds=math.inf, yields=True
    ),  # it waits as long as its user says
)


@attrs.frozen(kw_only=True)
class Examined(Value):
    """What came of it."""

    findings: tuple[DoctorFinding, ...]
    looked_at: tuple[str, ...]
    well: tuple[str, ...]
    """What of this nothing is wrong with."""
    left_out: tuple[str, ...] = ()
    """What was not looked at, because the file cannot be read."""


async def examine(examination: Examination, looks: Sequence[NamedLook] = LOOKS) -> Examined:
    """Everything that is wrong."""
    taken = [each for each in looks if examination.config is not None or not each.needs_config]
    found: list[Sequence[DoctorFinding]] = [()] * len(taken)

    async def look(number: int, named: NamedLook) -> None:
        found[number] = await _looked(examination, named)

    async with trio.open_nursery() as nursery:
        for number, named in enumerate(taken):
            nursery.start_soon(look, number, named)
    return Examined(
        findings=tuple(_once(list(zip(taken, found, strict=True)))),
        looked_at=tuple(each.name for each in taken),
        well=tuple(each.name for each, findings in zip(taken, found, strict=True) if not findings),
        left_out=tuple(each.name for each in looks if each not in taken),
    )


def _once(found: Sequence[tuple[NamedLook, Sequence[DoctorFinding]]]) -> list[DoctorFinding]:
    """All findings in their order, without what only follows from another: a backend whose program is missing is not
    ready."""
    told = {
        name
        for look, findings in found
        for each in findings
        if not look.yields and each.severity == "problem"
        for name in each.about.split(", ")
    }
    return [
        each
        for look, findings in found
        for each in dict.fromkeys(findings)
        if not (look.yields and each.severity == "problem" and each.about in told)
    ]


async def _looked(examination: Examination, named: NamedLook) -> Sequence[DoctorFinding]:
    with trio.move_on_after(named.seconds):
        return await named.look(examination)
    what = f"looking at it took more than {named.seconds:g} s and was given up: nothing is known of it"
    advice = "a disk, an engine or a gateway may hang; try again, and look at what this machine waits for"
    return (DoctorFinding(severity="warning", about=named.name, what=what, advice=advice),)
