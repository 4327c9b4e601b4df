"""`/manage/v1/metrics`: every metric, its name and what it says; `docs/management-events.md` lists them.

Labels are backends, tools, outcomes and words of ours; never principals, clients or ids. Names stay as they are.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import accumulate
from typing import Final, get_args

import trio

from argus_trio import __version__
from argus_trio.contract.events import METRICS
from argus_trio.contract.operation import Operation
from argus_trio.core.figures import BOUNDS, Figures, Series
from argus_trio.core.health.health import BackendStatus, ShownState
from argus_trio.core.journal import Journal
from argus_trio.core.stages import JournalStage
from argus_trio.frontend.gateway import Gateway
from argus_trio.frontend.http.header_names import CONTENT_TYPE as CONTENT_TYPE_HEADER
from argus_trio.frontend.manage.answer import PageAnswer
from argus_trio.frontend.manage.request import ManageRequest, Page
from argus_trio.frontend.manage.status import ServedFacts
from argus_trio.frontend.manage.watch.exposition import CONTENT_TYPE, Distribution, Family, Sample, family_lines
from argus_trio.frontend.manage.watch.process import OwnProcess, own_process

STATES: Final[tuple[ShownState, ...]] = get_args(ShownState)
RELOADS: Final[Mapping[str, JournalStage]] = {
    "applied": "reloaded",
    "unchanged": "reload_changed_nothing",
    "refused": "reload_refused",
}
"""What a reload came to, and the event that says so."""
SAMPLES_AT_ONCE: Final = 50
"""After how many samples others have their turn: those of a thousand tools take tens of milliseconds."""
_EVERY_SECOND: Final = slice(1, None, 2)
_SHOWN_BOUNDS: Final = BOUNDS[_EVERY_SECOND]
"""The bounds of the buckets that are shown: each is twice the one before."""


def metrics_pages(gateway: Gateway, facts: ServedFacts) -> Mapping[Operation, Page]:
    """Metrics in Prometheus' text format."""
    started = time.time()

    async def metrics(_: ManageRequest) -> PageAnswer:
        process = await trio.to_thread.run_sync(own_process)
        lines: list[str] = []
        for family in families(gateway, facts, process, started):
            for line in family_lines(family):
                lines.append(line)
                if len(lines) % SAMPLES_AT_ONCE == 0:
                    await trio.lowlevel.checkpoint()
        return PageAnswer(body="".join(lines).encode(), headers=((CONTENT_TYPE_HEADER, CONTENT_TYPE),))

    return {METRICS: metrics}


def families(gateway: Gateway, facts: ServedFacts, process: OwnProcess, started: float) -> Iterator[Family]:
    """Every metric, as it is now."""
    overview, management = gateway.overview(), gateway.management
    yield _gauge("argus_build_info", "Which Argus this is; always 1", 1, version=__version__, python=_PYTHON)
    yield _gauge("argus_ready", "Whether traffic should come here", gateway.health().not_ready_because is None)
    yield from _of_calls(management.figures)
    yield _gauge("argus_calls_in_flight", "Calls of all clients that are in flight", len(management.exchanges))
    yield from _of_backends(overview.backends, management.journal)
    yield _counter("argus_calls_cut_total", "Calls cut because a drain took too long", overview.calls_cut)
    yield from _of_clients(facts)
    yield from _of_events(management.journal)
    yield from _of_process(process, started)


def _of_calls(figures: Figures) -> Iterator[Family]:
    outcomes = (
        Sample(value=count, labels={"backend": backend, "tool": tool, "outcome": outcome})
        for backend, tool, series in figures
        for outcome, count in series.outcomes.items()
    )
    said = "Calls that have ended; tool is empty for what is no tool call, backend where it went to none"
    yield Family(name="argus_calls_total", kind="counter", help=said, samples=outcomes)
    durations = (_distribution(backend, tool, series) for backend, tool, series in figures)
    said = "How long calls took, waiting included"
    yield Family(name="argus_call_duration_seconds", kind="histogram", help=said, samples=durations)


def _distribution(backend: str, tool: str, series: Series) -> Distribution:
    cumulated = list(accumulate(series.durations))
    return Distribution(
        labels={"backend": backend, "tool": tool},
        bounds=_SHOWN_BOUNDS,
        cumulated=cumulated[: len(BOUNDS)][_EVERY_SECOND],
        count=cumulated[-1],
        sum=series.seconds,
    )


def _of_backends(backends: Iterable[BackendStatus], journal: Journal) -> Iterator[Family]:
    all_of_them = tuple(backends)

    def each(name: str, said: str, value: Callable[[BackendStatus], float | None]) -> Family:
        kind: Final = "counter" if name.endswith("_total") else "gauge"
        values = ((backend.name, value(backend)) for backend in all_of_them)
        samples = (Sample(value=found, labels={"backend": name}) for name, found in values if found is not None)
        return Family(name=name, kind=kind, help=said, samples=samples)

    yield each("argus_backend_up", "Whether calls pass to it", lambda b: b.standing.state.is_up)
    states = (
        Sample(value=backend.state == state, labels={"backend": backend.name, "state": state})
        for backend in all_of_them
        for state in STATES
    )
    yield Family(name="argus_backend_state", kind="gauge", help="1 for the state that it is in", samples=states)
    entries = (
        Sample(value=count, labels={"backend": backend.name, "kind": kind})
        for backend in all_of_them
        for kind, count in backend.counts.items()
    )
    yield Family(name="argus_backend_entries", kind="gauge", help="What it shows, by kind", samples=entries)
    yield each("argus_backend_calls_in_flight", "Calls that it is serving", lambda b: b.calls.under_way)
    yield each("argus_backend_calls_waiting", "Calls that wait for a place there", lambda b: b.calls.waiting)
    yield each("argus_backend_calls_refused_total", "Calls that found its queue full", lambda b: b.calls.refused)
    yield each(
        "argus_backend_connects_total",
        "How often it has been connected: more than once, it was lost or started anew in between",
        lambda b: journal.times("backend_ready", b.name),
    )
    yield each("argus_backend_failures", "Attempts to connect that have failed in a row", lambda b: b.failures)
    yield each("argus_backend_breaker_open", "Whether it is left alone for a while", lambda b: b.is_breaker_open)
    yield each("argus_backend_probe_seconds", "How long the last probe took to be answered", lambda b: b.latency)
    said = "Notifications dropped because a client, or it, was too slow for them"
    yield each("argus_backend_notifications_dropped_total", said, lambda b: b.dropped)


def _of_clients(facts: ServedFacts) -> Iterator[Family]:
    sessions = (
        Sample(value=facts.sessions() - facts.conversations(), labels={"transport": "streamable-http"}),
        Sample(value=facts.conversations(), labels={"transport": "sse"}),
    )
    yield Family(name="argus_sessions", kind="gauge", help="Sessions that are open", samples=sessions)
    yield _gauge("argus_streams", "Long-lived event streams that are open, of all paths", facts.streams())
    yield _gauge("argus_requests_in_flight", "HTTP requests in flight, streams included", facts.requests())
    said = "HTTP requests turned away because too many were in flight"
    yield _counter("argus_requests_turned_away_total", said, facts.turned_away())
    yield _gauge("argus_memory_held_bytes", "What is held for clients and backends", facts.memory.size)
    yield _gauge("argus_memory_limit_bytes", "What may be held (server.limits.memory)", facts.memory.limit)


def _of_events(journal: Journal) -> Iterator[Family]:
    events = (
        Sample(value=count, labels={"stage": stage, "severity": severity})
        for (stage, severity), count in sorted(journal.happened.items())
    )
    yield Family(name="argus_events_total", kind="counter", help="What has happened, as in /events", samples=events)
    reloads = (Sample(value=journal.times(stage), labels={"outcome": outcome}) for outcome, stage in RELOADS.items())
    yield Family(name="argus_reloads_total", kind="counter", help="Reloads, by what they came to", samples=reloads)


def _of_process(process: OwnProcess, started: float) -> Iterator[Family]:
    yield _counter("process_cpu_seconds_total", "Processor time, that of backends excluded", process.cpu_seconds)
    if process.resident_bytes is not None:
        yield _gauge("process_resident_memory_bytes", "Memory, that of backends excluded", process.resident_bytes)
    if process.open_files is not None:
        yield _gauge("process_open_fds", "Files, pipes and sockets that are open", process.open_files)
    yield _gauge("process_max_fds", "How many may be", process.most_files)
    yield _gauge("process_start_time_seconds", "When the gateway began, in Unix time", started)


_PYTHON: Final = platform.python_version()


def _gauge(name: str, said: str, value: float, **labels: str) -> Family:
    return Family(name=name, kind="gauge", help=said, samples=(Sample(value=value, labels=labels),))


def _counter(name: str, said: str, value: float) -> Family:
    return Family(name=name, kind="counter", help=said, samples=(Sample(value=value),))
