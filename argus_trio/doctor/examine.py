"""Every look of the doctor, in the order in which its findings are told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from argus_trio.doctor.backends.look import look_at_backends
from argus_trio.doctor.examination import DoctorLook, Examination
from argus_trio.doctor.finding import DoctorFinding

LOOKS: Final[Sequence[DoctorLook]] = (look_at_backends,)


async def examine(examination: Examination) -> list[DoctorFinding]:
    """Everything that is wrong."""
    return [finding for look in LOOKS for finding in await look(examination)]
