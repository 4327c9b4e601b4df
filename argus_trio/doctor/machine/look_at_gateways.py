"""Looks at the gateways that run: two on one file, one that runs an older file, one of another version."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from argus_trio import __version__
from argus_trio.contract.control import DIFFERENCE, LAST_RELOAD, DifferenceAnswer, ReloadAnswer
from argus_trio.doctor.examination import Examination
from argus_trio.doctor.finding import DoctorFinding
from argus_trio.doctor.running import RunningGateway
from argus_trio.manage_client.client import ApiClient, open_client
from argus_trio.manage_client.failure import CommandFailed

_MOST_NAMED = 5
"""How many places that differ are named: enough to see which edit is meant."""


async def look_at_gateways(examination: Examination) -> Sequence[DoctorFinding]:
    """What is wrong with the gateways that run the file."""
    mine = examination.running.of(examination.path)
    found = list(_twice(mine, examination))
    for gateway in mine:
        if gateway.place is None:
            found += [] if examination.backends else [_silent(gateway)]  # who looks at backends tells it otherwise
            continue
        found += _of_another_version(gateway)
        try:
            async with open_client(gateway.place, gateway.token) as client:
                found += await _older(client, gateway, examination)
        except CommandFailed as failure:
            what = f"does not tell whether it runs the file as it is now: {failure}"
            found.append(DoctorFinding(severity="warning", about=str(gateway), what=what, advice="argus-trio reload"))
    return found


def _twice(mine: Sequence[RunningGateway], examination: Examination) -> Iterator[DoctorFinding]:
    if len(mine) < 2:
        return
    who = "; ".join(map(str, mine))
    stop = " or ".join(f"kill {each.pid}" if each.pid is not None else f"stop {each}" for each in mine[1:])
    yield DoctorFinding(
        severity="problem",
        about=examination.file_name,
        what=f"{len(mine)} gateways run this file: {who}; each starts all its backends, and what these share they "
        "use twice",
        advice=f"keep one, and have clients use it: {stop}; where both are meant, give each a file of its own",
    )


def _silent(gateway: RunningGateway) -> DoctorFinding:
    return DoctorFinding(
        severity="warning",
        about=str(gateway),
        what=f"it runs this file and does not tell how it stands: {gateway.why_silent or 'it listens nowhere'}",
        advice=gateway.advice,
    )


def _of_another_version(gateway: RunningGateway) -> Iterator[DoctorFinding]:
    if gateway.status is not None and (version := gateway.status.service.version) != __version__:
        yield DoctorFinding(
            severity="warning",
            about=str(gateway),
            what=f"it is argus-trio {version}, and this command is {__version__}",
            advice="start the gateway anew, so that it is the version that is installed",
        )


async def _older(client: ApiClient, gateway: RunningGateway, examination: Examination) -> list[DoctorFinding]:
    raw, _ = await client.fetch(DIFFERENCE)
    difference = client.decoded(raw, DifferenceAnswer)
    reload = _reload_command(gateway, examination)
    if difference.is_same:
        return []
    if difference.problems:
        count = len(difference.problems)
        what = (
            f"it goes on with an older {examination.file_name}: as it is now the file cannot be loaded, for "
            f"{count} problem{'' if count == 1 else 's'}"
        )
        if examination.config is not None:
            what += f", such as {difference.problems[0].path}: {difference.problems[0].message}"
        return [_finding(gateway, what, f"correct the file; then {reload}")]
    places = ", ".join(each.path for each in difference.entries[:_MOST_NAMED])
    more = len(difference.entries) + difference.more - _MOST_NAMED
    what = f"it runs an older {examination.file_name}, other than the file in {places}"
    what += f" and {more} more" if more > 0 else ""
    raw, _ = await client.fetch(LAST_RELOAD, taken=(422, 500, 503))
    needing = set(client.decoded(raw, ReloadAnswer).needs_restart)
    if needing and all(each.path.split(".")[0] == "server" for each in difference.entries):
        return [_finding(gateway, what, "start the gateway anew: a reload does not change these")]
    return [_finding(gateway, what, f"{reload}; `argus-trio config difference` shows all of it")]


def _finding(gateway: RunningGateway, what: str, advice: str) -> DoctorFinding:
    return DoctorFinding(severity="warning", about=str(gateway), what=what, advice=advice)


def _reload_command(gateway: RunningGateway, _: Examination) -> str:
    return "argus-trio reload" + (f" --server {gateway.place.shown}" if gateway.place is not None else "")
