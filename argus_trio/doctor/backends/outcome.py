"""One backend that is not as it should be, as findings: the gateway's own words, what they mean, what to do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from argus_trio.doctor.backends.diagnosis import Diagnosis
from argus_trio.doctor.backends.seen import BackendSeen
from argus_trio.doctor.backends.words import said
from argus_trio.doctor.finding import DoctorFinding

QUOTED_CHARACTERS: Final = 300
"""How much of the gateway's reason is quoted; `argus-trio backends NAME` has all of it."""
_NOISE_LINES: Final = 1
_NAMED: Final = re.compile(r"\[[a-z-]+\]")


def findings_of(seen: BackendSeen, closer: Diagnosis | None, *, waited: float) -> list[DoctorFinding]:
    """What is to be told of one backend. `closer` is what a closer look at it came to."""
    entry = seen.entry
    if entry.state in ("starting", "preparing") and not entry.failed_attempts:
        return [_late(seen, waited)]
    if entry.state in ("down", "stopped") or (entry.state in ("starting", "preparing") and entry.failed_attempts):
        return [_down(seen, closer)]
    found = [_degraded(seen)] if entry.state == "degraded" else []
    return found + _cut_lists(seen)


def _late(seen: BackendSeen, waited: float) -> DoctorFinding:
    entry = seen.entry
    doing = f"it is still {entry.what}" if entry.what else "it has not answered yet"
    what = f"not ready after {waited:.0f} s: {doing} ({_quoted(entry.reason)})"
    advice = "wait longer: `argus-trio doctor --wait 600`; what installs is faster the second time"
    if "waits for its turn" in entry.reason:
        advice = "look at those that are starting first; `argus-trio doctor --wait 600` waits for all"
    elif (printed := _printed(seen)) is not None:
        what, advice = f"{what}; {printed.what}", printed.advice
    elif wrote := [each.text for each in seen.lines if each.source == "stderr"]:
        what = f"{what}; it wrote last: {_quoted(wrote[-1])}"
        advice = (
            f"if it asks something, nobody can answer: what it needs goes into backends.{entry.name}; else {advice}"
        )
    return DoctorFinding(severity="warning", about=entry.name, what=what, advice=advice)


def _down(seen: BackendSeen, closer: Diagnosis | None) -> DoctorFinding:
    entry = seen.entry
    found = closer or _refused_plan(seen) or _egress(seen) or _noise(seen) or said(_text_of(seen), name=entry.name)
    reason = _quoted(entry.reason)
    opened = (
        f"; it is tried only now and then, `argus-trio restart {entry.name}` tries it at once"
        if entry.breaker == "open"
        else ""
    )
    if found is None:
        advice = f"look at what it wrote: `argus-trio logs {entry.name}`" + _tail(entry.details)
        return DoctorFinding(severity="problem", about=entry.name, what=f"not ready: {reason}{opened}", advice=advice)
    what = f"not ready: {found.what}{opened}; the gateway says: {reason}"
    return DoctorFinding(severity="problem", about=entry.name, what=what, advice=found.advice)


def _degraded(seen: BackendSeen) -> DoctorFinding:
    entry = seen.entry
    advice = f"see what it is busy with; `argus-trio logs {entry.name}`, or raise backends.{entry.name}.health.slow"
    return DoctorFinding(
        severity="warning", about=entry.name, what=f"it answers badly: {_quoted(entry.reason)}", advice=advice
    )


def _cut_lists(seen: BackendSeen) -> list[DoctorFinding]:
    entry = seen.entry
    found = [
        DoctorFinding(
            severity="warning",
            about=entry.name,
            what=f"its {each.kind} are missing: {_quoted(each.reason)}",
            advice=f"they are asked for again; `argus-trio restart {entry.name}` does so now",
        )
        for each in entry.lists.failed
    ]
    found += [
        DoctorFinding(
            severity="warning",
            about=entry.name,
            what=f"{each.count} of its {each.kind} are left out ({', '.join(each.names)}): {each.what}",
            advice="who makes the server has to mend them; all others are shown",
        )
        for each in entry.lists.left_out
    ]
    return found


def _refused_plan(seen: BackendSeen) -> Diagnosis | None:
    isolation = seen.entry.isolation
    if isolation is None or isolation.plan != "refused":
        return None
    name = seen.entry.name
    advice = f"start an engine (Docker or Podman), or write backends.{name}.container.isolation: auto or off"
    return Diagnosis(what=f"it is not to run without a container: {_quoted(isolation.why)}", advice=advice)


def _egress(seen: BackendSeen) -> Diagnosis | None:
    """What its container was not let reach: the reason, most likely, if it does not start."""
    if seen.egress is None:
        return None
    refused = [each for each in seen.egress.hosts if each.refused]
    if not refused:
        return None
    hosts = ", ".join(f"{each.host}:{each.port}" for each in refused[:5])
    lists, at = seen.egress.not_let_through, f"backends.{seen.entry.name}.container"
    ways = []
    if lists.allow:
        ways.append(f"{at}.network: {{allow: {_flow((*seen.egress.let_through.allow, *lists.allow))}}}")
    if lists.host_services:
        services = (*seen.egress.let_through.host_services, *lists.host_services)
        ways.append(f"{at}.host_services: {_flow(services)}")
    advice = (
        f"if it should reach that, write {' and '.join(ways)}" if ways else f"see `argus-trio egress {seen.entry.name}`"
    )
    return Diagnosis(what=f"its container was not let reach {hosts}", advice=advice)


def _noise(seen: BackendSeen) -> Diagnosis | None:
    """What it printed on stdout that is no message, where nothing else tells why it is not ready."""
    return _printed(seen) if re.search(r"timeouts\.connect|no message|stdout", seen.entry.reason) else None


def _printed(seen: BackendSeen) -> Diagnosis | None:
    """What it printed on stdout that is no message."""
    if seen.entry.type != "stdio":
        return None
    printed = [each.text for each in seen.lines if each.source == "stdout"]
    if len(printed) < _NOISE_LINES:
        return None
    name = seen.entry.name
    listens = re.search(r"https?://[^\s\"']+", " ".join(printed))
    if listens is not None:
        entry = f"{{type: streamable-http, url: {listens[0]}}}"
        advice = f"if it serves HTTP, run it yourself and write backends.{name}: {entry}"
    else:
        advice = f"make it speak MCP on stdio (often an argument such as stdio or --stdio in backends.{name}.args)"
    return Diagnosis(what=f"it prints text that is no MCP on its stdout: {_quoted(printed[0])}", advice=advice)


def _text_of(seen: BackendSeen) -> str:
    wrote = [each.text for each in seen.lines if each.source in ("stderr", "exit")]
    return "\n".join((seen.entry.reason, *seen.entry.details, *wrote))


def _quoted(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= QUOTED_CHARACTERS else f"{flat[: QUOTED_CHARACTERS - 1]}…"


def _tail(details: Sequence[str]) -> str:
    return f"; its last words: {_quoted(details[-1])}" if details else ""


def _flow(values: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{each}"' for each in dict.fromkeys(values)) + "]"
