"""`/manage/v1/metrics`: what it says, that a scraper takes it, and that the docs list it."""

from __future__ import annotations

import platform
import re

import attrs
import pytest
import trio
from prometheus_client.parser import text_string_to_metric_families

from argus_trio import __version__
from argus_trio.core.catalog.identity import GatewayIdentity
from argus_trio.core.figures import Figures
from argus_trio.core.health.health import BackendStatus, Calls, Health, Overview
from argus_trio.core.health.lifecycle import BackendStanding, BackendState
from argus_trio.core.stages import STAGES
from argus_trio.frontend.gateway import Gateway, Management
from argus_trio.frontend.manage.status import ServedFacts
from argus_trio.frontend.manage.watch.exposition import family_lines
from argus_trio.frontend.manage.watch.metrics import STATES, families
from argus_trio.frontend.manage.watch.process import OwnProcess, own_process
from tests.e2e.child import ROOT
from tests.frontend.manage.watch.exposition_reader import Read, read_exposition
from tests.frontend.support.serving import Backstage, ask, initialized, serving

ODD = 'fi"le\\s\n'
FACTS = ServedFacts(sessions=lambda: 5, conversations=lambda: 2, streams=lambda: 4, turned_away=lambda: 6)
PROCESS = OwnProcess(cpu_seconds=1.5, resident_bytes=1 << 20, open_files=12, most_files=1024)


def gateway_with(overview: Overview) -> Gateway:
    return Gateway(
        handler=Backstage().handle,
        identity=lambda _: GatewayIdentity(version="1"),
        health=lambda: Health(total=1, connected=1, healthy=1, starting=0),
        overview=lambda: overview,
        management=Management(figures=Figures()),
    )


def status(name: str, state: BackendState, **facts: object) -> BackendStatus:
    return attrs.evolve(
        BackendStatus(name=name, type="stdio", standing=BackendStanding(state=state, since=0.0), counts={"tools": 7}),
        **facts,  # type: ignore[arg-type]
    )


def text_of(gateway: Gateway, process: OwnProcess = PROCESS) -> str:
    found = families(gateway, FACTS, process, 1_750_000_000.0)
    return "".join(line for family in found for line in family_lines(family))


def full_gateway() -> Gateway:
    calls = Calls(under_way=2, waiting=1, refused=4)
    overview = Overview(
        backends=(
            status(ODD, BackendState.DEGRADED, calls=calls, dropped=8, latency=0.25, failures=2),
            status("b", BackendState.DOWN, is_breaker_open=True),
        ),
        calls_cut=6,
    )
    gateway = gateway_with(overview)
    for outcome, seconds in (("ok", 0.003), ("ok", 0.3), ("tool_error", 1000.0)):
        gateway.management.figures.record(ODD, "read", outcome, seconds)  # type: ignore[arg-type]
    gateway.management.figures.record("", "", "error", 0.0)
    journal = gateway.management.journal
    journal.note("backend_ready", "x", backend=ODD)
    journal.note("backend_ready", "x", backend=ODD)
    journal.note("reload_refused", "x", severity="error")
    return gateway


def test_the_metrics_say_what_there_is_to_say() -> None:
    read = read_exposition(text_of(full_gateway()))
    calls, durations = read["argus_calls_total"], read["argus_call_duration_seconds"]
    assert calls.value(backend=ODD, tool="read", outcome="ok") == 2
    assert calls.value(backend=ODD, tool="read", outcome="tool_error") == 1
    assert calls.value(backend="", tool="", outcome="error") == 1
    assert durations.value("_count", backend=ODD, tool="read") == 3
    assert durations.value("_sum", backend=ODD, tool="read") == pytest.approx(1000.303)
    assert durations.value("_bucket", backend=ODD, tool="read", le="+Inf") == 3
    up, state = read["argus_backend_up"], read["argus_backend_state"]
    assert (up.value(backend=ODD), up.value(backend="b")) == (1, 0)
    assert [state.value(backend="b", state=each) for each in STATES] == [each == "down" for each in STATES]
    for name, value in {
        "argus_backend_calls_in_flight": 2,
        "argus_backend_calls_waiting": 1,
        "argus_backend_calls_refused_total": 4,
        "argus_backend_notifications_dropped_total": 8,
        "argus_backend_probe_seconds": 0.25,
        "argus_backend_failures": 2,
        "argus_backend_connects_total": 2,
    }.items():
        assert read[name].value(backend=ODD) == value, name
    assert read["argus_backend_breaker_open"].value(backend="b") == 1
    assert read["argus_sessions"].value(transport="sse") == 2
    assert read["argus_sessions"].value(transport="streamable-http") == 3
    assert read["argus_streams"].value() == 4
    assert read["argus_requests_turned_away_total"].value() == 6
    assert read["argus_events_total"].value(stage="backend_ready", severity="info") == 2
    assert read["argus_reloads_total"].value(outcome="refused") == 1
    assert read["argus_calls_cut_total"].value() == 6
    assert read["process_open_fds"].value() == 12


def test_the_buckets_of_a_histogram_grow_and_hold_every_call() -> None:
    read = read_exposition(text_of(full_gateway()))["argus_call_duration_seconds"]
    buckets = [
        (float(dict(labels)["le"]), value)
        for (ending, labels), value in read.samples.items()
        if ending == "_bucket" and dict(labels)["tool"] == "read"
    ]
    assert buckets == sorted(buckets)
    assert [count for bound, count in buckets if bound < 0.003] == [0] * sum(bound < 0.003 for bound, _ in buckets)
    assert next(count for bound, count in buckets if bound >= 0.003) == 1
    assert next(count for bound, count in buckets if bound >= 0.3) == 2
    assert buckets[-1][1] == 3
    assert buckets[-2][1] == 2, "1000 s are beyond the largest bound"


def test_another_reader_takes_it() -> None:
    read = {family.name: family for family in text_string_to_metric_families(text_of(full_gateway()))}
    ours = read_exposition(text_of(full_gateway()))
    assert read.keys() == {name.removesuffix("_total") for name in ours}
    (sample,) = [each for each in read["argus_backend_up"].samples if each.value == 1]
    assert sample.labels == {"backend": ODD}


def test_a_system_that_tells_less_has_fewer_metrics() -> None:
    silent = OwnProcess(cpu_seconds=1.5, resident_bytes=None, open_files=None, most_files=1024)
    read = read_exposition(text_of(full_gateway(), silent))
    assert "process_open_fds" not in read
    assert "process_max_fds" in read


def test_the_own_process_is_looked_at() -> None:
    process = own_process()
    assert process.cpu_seconds > 0
    assert (process.resident_bytes or 0) > 1 << 20
    assert 0 < (process.open_files or 0) <= process.most_files


def documented(heading: str) -> dict[str, list[str]]:
    """The rows of the table below a heading in the docs of the management API, by their first cell."""
    texts = [path.read_text() for path in sorted((ROOT / "docs").glob("management*.md"))]
    (section,) = [found[1] for text in texts if (found := re.search(rf"(?ms)^#+ {heading}\n(.*?)(?=^#|\Z)", text))]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:2] == "| "]
    return {row[0].strip("`"): row[1:] for row in rows[1:]}


def test_the_docs_list_every_metric_with_its_labels() -> None:
    read = read_exposition(text_of(full_gateway()))
    shown = {
        name: [family.kind, ", ".join(f"`{label}`" for label in labels_of(family))] for name, family in read.items()
    }
    assert {name: cells[:2] for name, cells in documented("Metrics").items()} == shown


def labels_of(family: Read) -> list[str]:
    (labels,) = {frozenset(label for label, _ in each if label != "le") for _, each in family.samples}
    order = ("backend", "tool", "outcome", "state", "kind", "transport", "stage", "severity", "version", "python")
    return sorted(labels, key=order.index)


def test_the_docs_list_every_stage_with_its_meaning() -> None:
    assert {stage: cells[0] for stage, cells in documented("Stages").items()} == dict(STAGES)


async def test_a_scraper_gets_them_over_http_in_the_format_it_asks_for() -> None:
    async with serving() as served:
        session = await initialized(served)
        assert session
        answer = await ask(served, "GET", "/manage/v1/metrics")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    read = read_exposition(answer.body.decode())
    assert read["argus_build_info"].value(version=__version__, python=platform.python_version()) == 1
    assert read["argus_sessions"].value(transport="streamable-http") == 1
    assert read["argus_requests_in_flight"].value() == 1
    assert read["argus_memory_held_bytes"].value() > 0


async def test_metrics_of_a_thousand_tools_let_others_have_their_turn() -> None:
    figures = Figures()
    for number in range(1000):
        figures.record("b", f"tool{number}", "ok", 0.1)
    turns = 0

    async def take_turns() -> None:
        nonlocal turns
        while True:
            await trio.lowlevel.checkpoint()
            turns += 1

    async with serving(management=Management(figures=figures)) as served, trio.open_nursery() as nursery:
        nursery.start_soon(take_turns)
        answer = await ask(served, "GET", "/manage/v1/metrics")
        nursery.cancel_scope.cancel()
    assert len(read_exposition(answer.body.decode())["argus_call_duration_seconds"].samples) == 1000 * 23
    assert turns > 60


def test_every_state_that_a_backend_can_show_has_a_sample() -> None:
    assert {state.value for state in BackendState} <= set(STATES)
