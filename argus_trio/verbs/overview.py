"""The gateway and its backends at a glance."""

from __future__ import annotations

from typing import Final

import attrs

from argus_trio.contract.backends import BACKEND, BACKENDS, BackendEntry, BackendsAnswer
from argus_trio.contract.health import STATUS, IsolationStatus, StatusAnswer
from argus_trio.manage_client.clean import clean, one_line
from argus_trio.manage_client.failure import DONE
from argus_trio.manage_client.moments import duration, moment, now, size
from argus_trio.manage_client.outline import tree_lines
from argus_trio.verbs.show.table import Cell, write_table
from argus_trio.verbs.verb import Verb

COLOURS: Final = {
    "ready": "green",
    "degraded": "yellow",
    "down": "red",
    "draining": "yellow",
    "disabled": "dim",
    "stopped": "dim",
    "healthy": "green",
    "unhealthy": "red",
    "contained": "green",
    "bare": "yellow",
    "refused": "red",
}


def status(verb: Verb) -> int:
    """The gateway in a glance."""
    raw = verb.client.fetch(STATUS)
    if verb.shows_raw(raw):
        return DONE
    answer = verb.client.decoded(raw, StatusAnswer)
    service, load, health = answer.service, answer.load, answer.health
    counts = health.backends
    ready = "ready" if answer.ready.ready else f"not ready: {answer.ready.reason or 'it does not say why'}"
    preparing = f", {counts.preparing} preparing" if counts.preparing else ""
    rows = [
        ("gateway", f"{service.name} {service.version}, {service.state} for {duration(service.uptime_seconds)}", None),
        ("asked at", verb.client.place.shown, None),
        ("health", f"{health.status}, {ready}", COLOURS.get(health.status, "yellow")),
        ("backends", f"{counts.connected} of {counts.total} connected, {counts.healthy} healthy{preparing}", None),
        ("isolation", *_isolation(answer.isolation)),
        ("clients", ", ".join(answer.transport.urls) or answer.transport.streamable_http_url, None),
        ("operators", ", ".join(answer.transport.management_urls), None),
        (
            "load",
            f"{load.exchanges} exchanges, {load.parked} parked, {load.clients} clients, {load.sessions} sessions, "
            f"{load.requests} requests, "
            f"{size(load.memory_held)} held of {size(load.memory_limit)}",
            None,
        ),
        (
            "config",
            f"{answer.config.file_path or 'no file'}, loaded {moment(answer.config.loaded_at, now())}, "
            f"generation {answer.config.generation}",
            None,
        ),
        ("log", answer.log_level, None),
    ]
    for name, text, colour in rows:
        if text:
            verb.terminal.line(f"{name:<9} {verb.terminal.painted(one_line(text), colour)}")
    return DONE


def backends(verb: Verb) -> int:
    """All backends, or all about one."""
    if name := verb.option("backend"):
        return _backend(verb, name)
    raw = verb.client.fetch(BACKENDS)
    if verb.shows_raw(raw):
        return DONE
    answer = verb.client.decoded(raw, BackendsAnswer)
    rows = [
        (
            each.name,
            Cell(each.state, COLOURS.get(each.state, "blue")),
            each.type,
            Cell("", None) if each.isolation is None else Cell(each.isolation.plan, COLOURS[each.isolation.plan]),
            str(each.capabilities.tools),
            str(each.calls.under_way),
            "" if each.health.latency_ms is None else f"{each.health.latency_ms:g} ms",
            moment(each.since, now()),
            _why(each),
        )
        for each in answer.backends
    ]
    head = ("NAME", "STATE", "TYPE", "ISOLATION", "TOOLS", "CALLS", "LATENCY", "SINCE", "WHY")
    spare = ("TYPE", "LATENCY", "CALLS", "TOOLS", "SINCE")
    write_table(verb.terminal, head, rows, none="the configuration has no backends", spare=spare, is_whole=True)
    for draining in answer.draining:
        verb.terminal.line(f"{one_line(draining.name)}: its old connections drain, {draining.calls} calls under way")
    return DONE


def _isolation(isolation: IsolationStatus) -> tuple[str, str | None]:
    """How many backends are contained and how many are not, and by what; in a colour where some are not."""
    plans = isolation.plans
    counts = {"contained": plans.contained, "bare": plans.bare, "refused": plans.refused}
    told = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    if not told:
        return "", None
    by = isolation.engine or isolation.why or f"isolation: {isolation.setting}"
    return f"{told} ({by})", "red" if plans.refused else "yellow" if plans.bare else None


def _why(backend: BackendEntry) -> str:
    if backend.hold is not None:
        return f"{backend.hold.kind} by {backend.hold.by} at {moment(backend.hold.at, now())}"
    tries = f"; next attempt {moment(backend.next_attempt, now())}" if backend.next_attempt else ""
    if backend.state != "ready":
        return f"{backend.reason}{tries}"
    isolation = backend.isolation
    return f"runs bare: {isolation.why}" if isolation is not None and isolation.plan == "bare" else ""


def _backend(verb: Verb, name: str) -> int:
    raw = verb.client.fetch(BACKEND, {"name": name})
    if not verb.shows_raw(raw):
        entry = verb.client.decoded(raw, BackendEntry)
        for line in tree_lines(attrs.asdict(entry)):
            verb.terminal.line(clean(line))
    return DONE
