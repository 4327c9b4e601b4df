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
from argus_trio.doctor.backends.seen import WELL, GatewaySeen, has_been_tried
from argus_trio.doctor.backends.trial import try_out
from argus_trio.doctor.examination import Examination
from argus_trio.doctor.finding import DoctorFinding
from argus_trio.errors import ConfigInvalid, ListenFailed
from argus_trio.manage_client.failure import CommandFailed


async def look_at_backends(examination: Examination) -> Sequence[DoctorFinding]:
    """Every backend that is not as it should be, and every name that clients refuse."""
    config, start = examination.config, examination.start
    if config is None or start is None or not any(each.enabled for each in config.backends.values()):
        return ()
    try:
        seen = await try_out(config, start, wait_seconds=examination.wait_seconds)
    except ConfigInvalid as invalid:
        first = invalid.problems[0]
        what = f"no gateway starts with it: {first.path}: {first.message}"
        return (_of_gateway(what, first.hint or "mend the file; `argus-trio check` reads it"),)
    except (ListenFailed, CommandFailed) as failure:
        what = f"no gateway could be started to try its backends: {failure}"
        return (_of_gateway(what, "`argus-trio serve` in another terminal tells more"),)
    return await findings(seen, config, examination)


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
        found.append(_of_gateway(f"the gateway does not tell all: {seen.refused}", _TOKEN, severity="warning"))
    return found + findings_of_names(seen)


_TOKEN = "ask with a token of an operator: `argus-trio doctor --token-file FILE`, or $ARGUS_TOKEN"  # noqa: S105


def _of_gateway(what: str, advice: str, *, severity: str = "problem") -> DoctorFinding:
    is_warning = severity == "warning"
    return DoctorFinding(severity="warning" if is_warning else "problem", about="the gateway", what=what, advice=advice)
