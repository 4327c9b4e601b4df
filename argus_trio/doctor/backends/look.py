"""The look at all backends: asked of the gateway that runs the file, or of one that runs for a moment."""

from __future__ import annotations

from collections.abc import Sequence

import trio

from argus_trio.config.model.backend import StdioBackend
from argus_trio.config.model.config import Config
from argus_trio.doctor.backends.closer import look_closer
from argus_trio.doctor.backends.diagnosis import Diagnosis
from argus_trio.doctor.backends.names import findings_of_names
from argus_trio.doctor.backends.outcome import findings_of
from argus_trio.doctor.backends.seen import WELL, GatewaySeen, has_been_tried, see
from argus_trio.doctor.backends.trial import try_out
from argus_trio.doctor.examination import Examination
from argus_trio.doctor.finding import DoctorFinding
from argus_trio.doctor.running import ASK_AS_OPERATOR
from argus_trio.errors import ConfigInvalid, ListenFailed
from argus_trio.manage_client.client import open_client
from argus_trio.manage_client.failure import CommandFailed


async def look_at_backends(examination: Examination) -> Sequence[DoctorFinding]:
    """Every backend that is not as it should be, and every name that clients refuse."""
    config = examination.config
    if config is None or not examination.backends:
        return ()
    running = examination.running.of(examination.path)
    if running and examination.running.answering(examination.path) is None:
        what = f"{running[0]} runs this file and does not say how its backends stand: {running[0].why_silent}"
        return (_of_gateway(what, running[0].advice),)
    try:
        seen = await _seen(config, examination)
    except ConfigInvalid as invalid:
        first = invalid.problems[0]
        what = f"no gateway starts with it: {first.path}: {first.message}"
        return (_of_gateway(what, first.hint or "mend the file; `argus-trio check` reads it"),)
    except (ListenFailed, CommandFailed) as failure:
        what = f"it is not known how its backends stand: {failure}"
        return (_of_gateway(what, "`argus-trio serve`, and `argus-trio backends` in another terminal, tell more"),)
    return () if seen is None else await findings(seen, config, examination)


async def _seen(config: Config, examination: Examination) -> GatewaySeen | None:
    """What the gateway that runs the file says, else one that is started; None where none is to be started."""
    gateway = examination.running.answering(examination.path)
    if gateway is not None and gateway.place is not None:
        async with open_client(gateway.place, gateway.token) as client:
            return await see(client, wait_seconds=examination.wait_seconds)
    if examination.start is None:
        return None
    return await try_out(config, examination.start, wait_seconds=examination.wait_seconds)


async def findings(seen: GatewaySeen, config: Config, examination: Examination) -> list[DoctorFinding]:
    """What is to be told of all that was seen; closer looks are taken side by side."""
    closer: dict[str, Diagnosis | None] = {}

    async def look(name: str) -> None:
        spec = config.backends.get(name)
        if spec is not None and not isinstance(spec, StdioBackend):
            closer[name] = await look_closer(spec, examination.environ)

    async with trio.open_nursery() as nursery:
        for each in seen.backends:
            if each.entry.state not in WELL and has_been_tried(each.entry) and each.entry.state != "degraded":
                nursery.start_soon(look, each.entry.name)
    found = [
        finding
        for each in seen.backends
        for finding in findings_of(each, closer.get(each.entry.name), waited=seen.waited)
    ]
    if seen.refused:
        found.append(_of_gateway(f"the gateway does not tell all: {seen.refused}", ASK_AS_OPERATOR, severity="warning"))
    return found + findings_of_names(seen)


def _of_gateway(what: str, advice: str, *, severity: str = "problem") -> DoctorFinding:
    is_warning = severity == "warning"
    return DoctorFinding(severity="warning" if is_warning else "problem", about="the gateway", what=what, advice=advice)
