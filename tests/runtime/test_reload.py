"""When the reload supervisor reloads, and what it tells; the loader and `apply` are fakes, the time is virtual."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import attrs
import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.config.model.server import Server, ServerManagement, ServerTls
from argus_trio.core.control import Hold
from argus_trio.core.redaction import HIDDEN, Redactor
from argus_trio.core.reload_report import AppliedConfig, ReloadReport
from argus_trio.errors import ConfigInvalid, Problem
from argus_trio.runtime.changes.reload import MOST_NAMED, ReloadSupervisor
from tests.runtime.support.reloading import BACKEND, FIRST, Surroundings, bodies, running

PROBLEM = Problem(path="server.port", message="expected a whole number", hint="write 9000", line=3)


async def test_the_start_is_the_first_report() -> None:
    last = Surroundings().supervisor().last
    assert (last.triggers, last.is_applied, last.applied) == (
        ("start",),
        True,
        AppliedConfig(generation=1, added=("files",)),
    )


async def test_a_changed_file_takes_effect_and_is_reported(autojump_clock: MockClock) -> None:
    around = Surroundings(text=bodies(7))
    async with running(around) as supervisor:
        report = await supervisor.reload()
    assert report.is_applied
    assert not report.is_unchanged
    assert report.applied == AppliedConfig(generation=2, changed=("files",))
    assert report.triggers == ("request",)
    assert report.duration == pytest.approx(2)
    assert supervisor.last is report
    assert supervisor.config == bodies(7)
    assert around.settings.now.limits.body_bytes == 7
    assert around.seen == ["begin", report]


async def test_requests_during_a_reload_become_one_that_reads_what_stands_there_then(
    autojump_clock: MockClock,
) -> None:
    around = Surroundings(text=bodies(1))
    reports: dict[int, ReloadReport] = {}

    async def ask(supervisor: ReloadSupervisor, number: int) -> None:
        reports[number] = await supervisor.reload()

    async with running(around) as supervisor, trio.open_nursery() as nursery:
        nursery.start_soon(ask, supervisor, 1)
        await wait_all_tasks_blocked()
        for number in (2, 3, 4):
            around.text = bodies(number)
            nursery.start_soon(ask, supervisor, number)
            await trio.sleep(0.1)
        supervisor.ask("signal")
        supervisor.ask("file")
    assert around.applied == [bodies(1), bodies(4)]
    assert reports[2] is reports[3] is reports[4]
    assert reports[2] is not reports[1]
    assert reports[2].triggers == ("request", "signal", "file")


async def test_one_who_asks_waits_for_a_reload_that_began_afterwards(autojump_clock: MockClock) -> None:
    around = Surroundings(text=bodies(1))
    async with running(around) as supervisor:
        supervisor.ask("file")
        await trio.sleep(1.5)  # the file has been read
        around.text = bodies(2)
        assert (await supervisor.reload()).applied.generation == 3
    assert around.applied == [bodies(1), bodies(2)]


async def test_any_problem_keeps_what_runs_and_all_are_told(autojump_clock: MockClock) -> None:
    problems = (PROBLEM, Problem(path="", message="more"))
    around = Surroundings(text=ConfigInvalid("c.yaml", problems))
    with capture_logs() as logs:
        async with running(around) as supervisor:
            report = await supervisor.reload()
    assert not report.is_applied
    assert report.problems == problems
    assert report.applied == AppliedConfig(generation=1, untouched=("files",))
    assert supervisor.config == FIRST
    assert around.applied == []
    assert [(each["path"], each["line"]) for each in logs if each["event"] == "config_problem"] == [
        ("server.port", 3),
        ("", None),
    ]
    assert around.seen == ["begin", report]


async def test_the_same_content_changes_nothing_but_certificates_are_read_anew(autojump_clock: MockClock) -> None:
    around = Surroundings()
    before = around.settings.now
    async with running(around) as supervisor:
        report = await supervisor.reload()
    assert report.is_applied
    assert report.is_unchanged
    assert report.applied == AppliedConfig(generation=1, untouched=("files",))
    assert around.applied == []
    assert around.settings.now is not before


async def test_a_reload_that_somebody_asks_for_has_every_backend_listed_again_changed_or_not(
    autojump_clock: MockClock,
) -> None:
    around = Surroundings()
    async with running(around) as supervisor:
        await supervisor.reload()
        await supervisor.reload("signal")
        assert around.looks == [0, 0]
        around.text = bodies(7)
        await supervisor.reload()
        assert around.looks == [0, 0, 1]
        await supervisor.reload("file")
        around.text = ConfigInvalid("argus.yaml", (PROBLEM,))
        await supervisor.reload()
        assert around.looks == [0, 0, 1]


async def test_another_secret_alone_is_a_change_and_both_are_hidden_before_it_takes_effect(
    autojump_clock: MockClock,
) -> None:
    around = Surroundings(text=attrs.evolve(FIRST, secrets=frozenset({"new-secret"})), redact=Redactor(["old-secret"]))
    async with running(around) as supervisor:
        nursery_report = await supervisor.reload()
    assert not nursery_report.is_unchanged
    assert len(around.applied) == 1
    assert around.redact("old-secret new-secret") == f"{HIDDEN} {HIDDEN}"


async def test_a_fault_while_it_takes_effect_is_told_by_an_id_and_the_next_reload_is_tried(
    autojump_clock: MockClock,
) -> None:
    around = Surroundings(text=bodies(1), is_broken=True)
    with capture_logs() as logs:
        async with running(around) as supervisor:
            report = await supervisor.reload()
            assert not report.is_applied
            assert report.error_id in [each.get("error_id") for each in logs]
            around.text, around.is_broken = FIRST, False  # what it was before the fault: still applied, not unchanged
            again = await supervisor.reload()
    assert again.is_applied
    assert not again.is_unchanged
    assert around.applied == [FIRST]


@pytest.mark.parametrize(
    ("server", "names"),
    [
        (Server(host="::1"), ("server.host",)),
        (Server(port=9001), ("server.port",)),
        (Server(tls=ServerTls(cert_file=Path("c"), key_file=Path("k"))), ("server.tls",)),
        (Server(management=ServerManagement(socket="/run/a.sock")), ("server.management.socket",)),
        (Server(management=ServerManagement(listen="127.0.0.1:9001")), ("server.management.listen",)),
        (Server(management=ServerManagement(token="t" * 16)), ()),
        (Server(drain_timeout=1, allowed_hosts=("a",)), ()),
    ],
)
async def test_what_needs_a_restart_is_named_and_the_rest_takes_effect(
    server: Server, names: tuple[str, ...], autojump_clock: MockClock
) -> None:
    around = Surroundings(text=attrs.evolve(FIRST, server=server))
    async with running(around) as supervisor:
        assert (await supervisor.reload()).needs_restart == names
        again = await supervisor.reload()
    assert len(around.applied) == 1
    assert again.is_unchanged
    assert again.needs_restart == names


async def test_the_stop_cuts_a_reload_and_answers_all_who_wait(autojump_clock: MockClock) -> None:
    around = Surroundings(text=bodies(1), apply_seconds=1000)
    reports: list[ReloadReport] = []

    async def ask(supervisor: ReloadSupervisor) -> None:
        reports.append(await supervisor.reload())

    async with running(around) as supervisor, trio.open_nursery() as nursery:
        nursery.start_soon(ask, supervisor)
        await trio.sleep(2)
        nursery.start_soon(ask, supervisor)
        await wait_all_tasks_blocked()
        around.stop.set()
        began = trio.current_time()
    assert trio.current_time() - began < 1
    assert [(each.is_applied, each.is_stopping) for each in reports] == [(False, True)] * 2
    assert around.seen == ["begin"]
    assert (await supervisor.reload()).is_stopping


async def test_one_who_gives_up_does_not_stop_the_reload(autojump_clock: MockClock) -> None:
    around = Surroundings(text=bodies(1))
    async with running(around) as supervisor:
        with trio.move_on_after(0.5):
            await supervisor.reload()
        await supervisor.ended()
    assert around.applied == [bodies(1)]


HELD = {"files": Hold(kind="disable", by="ann", at=1.0)}


async def test_what_an_operator_holds_lasts_over_a_reload_and_is_dropped_when_its_entry_changes(
    autojump_clock: MockClock,
) -> None:
    around = Surroundings(text=bodies(7))
    with capture_logs() as logs:
        async with running(around) as supervisor:
            supervisor.in_effect.holds = HELD
            assert (await supervisor.reload()).holds_dropped == ()
            assert around.held == [HELD]
            entry = attrs.evolve(BACKEND, prefix="f")
            around.text = attrs.evolve(bodies(7), backends={"files": entry})
            report = await supervisor.reload()
    assert report.holds_dropped == ("files",)
    assert around.held == [HELD, {}]
    assert supervisor.in_effect.holds == {}
    assert [(each["backend"], each["log_level"]) for each in logs if each["event"] == "hold_dropped"] == [
        ("files", "warning")
    ]
    assert [event.stage for event in around.journal.since(1)[0]] == ["reloaded", "hold_dropped", "reloaded"]


async def test_an_entry_that_is_written_otherwise_drops_the_hold_though_it_comes_to_the_same(
    autojump_clock: MockClock,
) -> None:
    first = attrs.evolve(FIRST, entries={"files": b"1"})
    around = Surroundings(text=first)
    async with running(around) as supervisor:
        await supervisor.reload()
        supervisor.in_effect.holds = HELD
        assert (await supervisor.reload()).is_unchanged
        around.text = attrs.evolve(first, entries={"files": b"2"})
        report = await supervisor.reload()
        assert (report.is_unchanged, report.holds_dropped) == (False, ("files",))


async def test_a_reload_that_is_refused_keeps_what_operators_hold(autojump_clock: MockClock) -> None:
    around = Surroundings(text=ConfigInvalid("argus.yaml", (PROBLEM,)))
    async with running(around) as supervisor:
        supervisor.in_effect.holds = HELD
        assert (await supervisor.reload()).holds_dropped == ()
        assert supervisor.in_effect.holds == HELD
        assert supervisor.last.applied.untouched == ()
    (event,) = around.journal.since(1)[0]
    assert (event.stage, event.severity, event.details["problems"]) == ("reload_refused", "error", 1)


async def test_who_asked_is_in_the_report_and_in_the_journal(autojump_clock: MockClock) -> None:
    around = Surroundings(text=bodies(7))
    async with running(around) as supervisor, trio.open_nursery() as nursery:
        supervisor.ask("file")
        await wait_all_tasks_blocked()
        for name in ("ann", "bob", "ann", *map(str, range(20))):
            nursery.start_soon(partial(supervisor.reload, by=name))
        await wait_all_tasks_blocked()
        report = await supervisor.reload()
        assert len(report.by) == MOST_NAMED
        assert len(set(report.by)) == MOST_NAMED
    first, second = around.journal.since(1)[0]
    assert (first.details["by"], first.details["cause"]) == ([], ["file"])
    assert second.details["by"] == list(report.by)
