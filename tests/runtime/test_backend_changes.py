"""What operators do to single backends: a real supervisor over fakes, in virtual time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.config.model.backend import StdioBackend
from argus_trio.core.control import (
    Action,
    BackendUnknown,
    ChangedSince,
    ChangeFailed,
    ChangeRefused,
    ChangeReport,
    ChangesUnserved,
)
from argus_trio.core.journal import Journal
from argus_trio.errors import BackendUnavailable, InvalidParams, LinkFailed
from argus_trio.runtime.changes.backend_changes import RESTART_SECONDS, BackendChange, BackendChanges
from argus_trio.runtime.changes.in_effect import InEffect
from argus_trio.runtime.changes.turns import MOST_TURNS, Turns
from tests.backends.support.fakes import FakeBackend, Json
from tests.backends.support.supervised import Supervised, named, slow_to_greet, spec, supervised

TOOLS_CHANGED = "notifications/tools/list_changed"


@attrs.define(eq=False)
class Operated:
    """A gateway's backends, and an operator."""

    h: Supervised
    changes: BackendChanges
    journal: Journal
    stop: trio.Event

    async def do(self, action: Action, name: str = "b", *, seen: str | None = None) -> ChangeReport:
        fits = None if seen is None else seen.__eq__
        return await self.changes.change(BackendChange(name=name, action=action, by="ann", fits=fits))

    def version(self) -> str:
        version = self.changes.version("b")
        assert version is not None
        return version

    def shown(self) -> dict[str, str]:
        return {status.name: status.state for status in self.h.supervisor.overview().backends}

    def stages(self) -> list[tuple[str, str | None]]:
        return [(event.stage, event.backend) for event in self.journal.since(1)[0]]

    async def call(self) -> Json:
        return await self.h.ask("tools/call", name="b__x")


def counting() -> FakeBackend:
    async def answer(_params: Json) -> Json:
        return {"done": True}

    return FakeBackend(tools=named("x"), answers={"tools/call": answer})


@asynccontextmanager
async def operated(backend: FakeBackend | None = None, *specs: StdioBackend) -> AsyncIterator[Operated]:
    fakes = {"b": backend or counting(), "other": counting(), **{each.name: counting() for each in specs[1:]}}
    async with supervised(fakes, specs) as h, trio.open_nursery() as nursery:
        journal = Journal(now=trio.current_time, instance="i")
        turns, stop, in_effect = Turns(), trio.Event(), InEffect(config=h.supervisor.config)
        changes = BackendChanges(
            supervisor=h.supervisor, in_effect=in_effect, turns=turns, journal=journal, now=lambda: 1_800_000_000.0
        )
        await nursery.start(turns.run, stop)
        await h.ask("tools/list")
        h.told.clear()
        yield Operated(h, changes, journal, stop)
        stop.set()


async def test_what_is_disabled_is_gone_from_the_lists_and_comes_back_when_it_is_enabled(
    autojump_clock: MockClock,
) -> None:
    async with operated() as at:
        report = await at.do("disable")
        assert (report.is_done, report.is_changed, report.by) == (True, True, "ann")
        assert await at.h.names() == ["other__x"]
        assert at.h.told.count(TOOLS_CHANGED) == 1
        assert at.shown() == {"b": "disabled", "other": "ready"}
        (status, _) = at.h.supervisor.overview().backends
        assert status.hold is not None
        assert (status.hold.by, status.hold.at, status.is_enabled) == ("ann", 1_800_000_000.0, True)
        assert at.h.supervisor.health().total == 1
        with pytest.raises(InvalidParams):
            await at.call()
        assert (await at.do("enable")).is_changed
        await trio.sleep(1)
        assert await at.h.names() == ["b__x", "other__x"]
        assert at.changes.in_effect.generation == at.h.supervisor.current.number == 3
        assert at.shown() == {"b": "ready", "other": "ready"}
        assert at.stages() == [("backend_disabled", "b"), ("backend_enabled", "b")]


async def test_what_a_backend_went_through_outlives_that_it_is_disabled(autojump_clock: MockClock) -> None:
    async with operated() as at:

        def states() -> list[str]:
            (status, _) = at.h.supervisor.overview().backends
            return [change.state.value for change in status.conditions]

        assert states() == ["starting", "ready"]
        for disabled in (["starting", "ready", "stopped"], ["starting", "ready", "stopped"] * 2):
            await at.do("disable")
            assert states() == disabled
            await at.do("disable")
            await at.do("restart", "other")
            assert states() == disabled
            await at.do("enable")
            await trio.sleep(1)
            assert states() == [*disabled, "starting", "ready"]
        assert at.h.supervisor.holds.went_through == {}


async def test_what_is_so_already_is_done_and_changes_nothing(autojump_clock: MockClock) -> None:
    async with operated() as at:
        for action in ("enable", "disable", "disable"):
            report = await at.do(action)
            assert report.is_done
        assert not report.is_changed
        assert len(at.stages()) == 1
        assert at.h.supervisor.current.number == 2


async def test_a_drained_backend_is_listed_takes_no_new_call_and_ends_those_in_flight(
    autojump_clock: MockClock,
) -> None:
    backend, go = counting(), trio.Event()

    async def slow(_params: Json) -> Json:
        await go.wait()
        return {"slow": True}

    backend.answers["tools/call"] = slow
    results: list[Json] = []
    async with operated(backend) as at, trio.open_nursery() as nursery:

        async def begin() -> None:
            results.append(await at.call())

        nursery.start_soon(begin)
        await wait_all_tasks_blocked()
        assert (await at.do("drain")).is_changed
        assert at.shown()["b"] == "draining"
        assert await at.h.names() == ["b__x", "other__x"]
        assert at.h.told.count(TOOLS_CHANGED) == 0
        with pytest.raises(BackendUnavailable, match="an operator drains it") as caught:
            await at.call()
        assert caught.value.retry_after is None
        go.set()
        await wait_all_tasks_blocked()
        assert results == [{"slow": True}]
        assert len(backend.links) == 1
        await at.do("enable")
        assert await at.call() == {"slow": True}
        assert at.stages() == [("backend_drained", "b"), ("backend_enabled", "b")]


async def test_a_restart_connects_anew_and_waits_until_the_backend_is_up(autojump_clock: MockClock) -> None:
    backend = counting()
    async with operated(backend) as at:
        report = await at.do("restart")
        assert (report.is_done, report.is_changed, report.error) == (True, True, None)
        await trio.sleep(1)
        assert [link.is_open for link in backend.links] == [False, True]
        assert await at.call() == {"done": True}
        assert at.h.told.count(TOOLS_CHANGED) == 0
        assert at.stages() == [("backend_restarted", "b")]


async def test_a_restart_of_what_may_not_overlap_ends_the_old_one_first(autojump_clock: MockClock) -> None:
    backend = counting()
    async with operated(backend, spec("b", overlap=False)) as at:
        assert (await at.do("restart")).is_done
        assert [link.is_open for link in backend.links] == [False, True]


async def test_a_restart_says_why_the_backend_is_not_up(autojump_clock: MockClock) -> None:
    backend = counting()
    async with operated(backend) as at:
        backend.open_failures = [LinkFailed("no such program")] * 99
        report = await at.do("restart")
        assert (report.is_done, report.is_changed, report.error) == (False, True, "no such program")
        (event,) = at.journal.since(1)[0]
        assert (event.severity, event.message) == (
            "warning",
            "b was restarted by ann, and is not up: no such program",
        )


async def test_a_change_that_waits_for_long_behind_another_one_is_told_once(autojump_clock: MockClock) -> None:
    backend = counting()
    patient = attrs.evolve(spec("b"), timeouts=attrs.evolve(spec("b").timeouts, connect=2 * RESTART_SECONDS))

    async def slow(_params: Json) -> Json:
        await trio.sleep(30)
        return {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}}

    with capture_logs() as logs:
        async with operated(backend, patient) as at, trio.open_nursery() as nursery:
            backend.answers |= {"initialize": slow}
            backend.processor_seconds = trio.current_time  # it works all the time
            nursery.start_soon(at.do, "restart")
            await wait_all_tasks_blocked()
            assert (await at.do("drain", "other")).is_changed
    told = [(log["backend"], log["action"]) for log in logs if log["event"] == "change_waits"]
    assert told == [("other", "drain")]


async def test_a_restart_that_takes_for_ever_leaves_the_connection_and_lets_other_changes_pass(
    autojump_clock: MockClock,
) -> None:
    backend = counting()
    patient = attrs.evolve(spec("b"), timeouts=attrs.evolve(spec("b").timeouts, connect=2 * RESTART_SECONDS))
    async with operated(backend, patient) as at:

        async def never(_params: Json) -> Json:
            await trio.sleep_forever()
            raise AssertionError

        backend.answers |= {"initialize": never, "server/discover": never}
        backend.processor_seconds = trio.current_time  # it works all the time
        report = await at.do("restart")
        assert report.error == "it was not ready within 300 s, so the connection that it had stays"
        assert await at.call() == {"done": True}
        assert (await at.do("disable")).is_done


async def test_what_is_drained_stays_so_over_a_restart(autojump_clock: MockClock) -> None:
    async with operated() as at:
        await at.do("drain")
        assert (await at.do("restart")).is_done
        assert at.shown()["b"] == "draining"
        with pytest.raises(BackendUnavailable):
            await at.call()
        await at.do("enable")
        assert await at.call() == {"done": True}


async def test_calls_go_on_through_a_restart(autojump_clock: MockClock) -> None:
    backend = counting()
    async with operated(backend) as at, trio.open_nursery() as nursery:
        nursery.start_soon(at.do, "restart")
        for _ in range(40):
            assert await at.call() == {"done": True}
            await trio.sleep(0.05)
    assert len(backend.links) == 2


async def test_each_change_makes_another_version_and_nothing_else_does(autojump_clock: MockClock) -> None:
    async with operated() as at:
        seen = [at.version()]
        await at.call()
        assert at.version() == seen[0]
        for action in ("drain", "enable", "restart", "disable", "enable"):
            report = await at.do(action)
            assert report.version == at.version()
            seen.append(at.version())
        assert len(set(seen)) == len(seen)
        assert (await at.do("enable")).version == seen[-1]
        assert at.changes.version("nothing") is None


async def test_of_two_operators_who_saw_the_same_only_one_gets_through(autojump_clock: MockClock) -> None:
    async with operated() as at, trio.open_nursery() as nursery:
        seen, ends = at.version(), list[str]()

        async def operator(action: Action) -> None:
            try:
                await at.do(action, seen=seen)
                ends.append("done")
            except ChangedSince:
                ends.append("changed")

        nursery.start_soon(operator, "disable")
        nursery.start_soon(operator, "drain")
        await trio.sleep(1)
        assert sorted(ends) == ["changed", "done"]


async def test_who_goes_away_does_not_stop_the_change(autojump_clock: MockClock) -> None:
    async with operated() as at, trio.open_nursery() as nursery:
        with trio.CancelScope() as scope:
            scope.cancel()
            await at.do("disable")
        nursery.start_soon(wait_all_tasks_blocked)
    assert at.stages() == [("backend_disabled", "b")]


async def test_refusals_change_nothing(autojump_clock: MockClock) -> None:
    async with operated(None, spec("b"), spec("off", enabled=False)) as at:
        with pytest.raises(BackendUnknown):
            await at.do("disable", "nothing")
        with pytest.raises(ChangeRefused):
            await at.do("enable", "off")
        with pytest.raises(ChangedSince):
            await at.do("disable", seen="old")
        assert at.shown() == {"b": "ready", "other": "ready", "off": "disabled"}
        assert at.stages() == []
        assert at.h.supervisor.current.number == 1


async def test_a_fault_of_the_gateway_is_told_by_its_id_and_ends_nothing(autojump_clock: MockClock) -> None:
    async with operated() as at:

        def broken(_version: str) -> bool:
            raise ZeroDivisionError("hush-7f3a9c")

        change = BackendChange(name="b", action="disable", by="ann", fits=broken)
        with capture_logs(), pytest.raises(ChangeFailed, match="internal error") as caught:
            await at.changes.change(change)
        assert "hush" not in str(caught.value)
        assert (await at.do("disable")).is_done


async def test_too_many_that_wait_and_those_after_the_stop_are_refused(autojump_clock: MockClock) -> None:
    backend = counting()
    async with operated(backend) as at, trio.open_nursery() as nursery:
        backend.answers["initialize"] = slow_to_greet(5.0, named("x")).answers["initialize"]
        refused: list[str] = []

        async def ask() -> None:
            try:
                await at.do("restart")
            except ChangesUnserved as unserved:
                refused.append(str(unserved))

        for _ in range(MOST_TURNS + 2):
            nursery.start_soon(ask)
        await wait_all_tasks_blocked()
        too_many = len(refused)
        assert too_many in (1, 2)  # the first one may have been under way as the last one came
        assert set(refused) == {"64 changes wait already; come back later"}
        at.stop.set()
    assert refused[too_many:] == ["the gateway is stopping"] * (MOST_TURNS + 2 - too_many)
    with pytest.raises(ChangesUnserved, match="stopping"):
        await at.do("restart")


async def test_restarts_are_counted_from_the_second_connection_on_over_holds_and_successors(
    autojump_clock: MockClock,
) -> None:
    async with operated() as at:

        def restarts() -> int:
            (status, _) = at.h.supervisor.overview().backends
            return status.restarts

        assert restarts() == 0
        await at.do("restart")
        assert restarts() == 1
        await at.do("disable")
        assert restarts() == 1
        await at.do("enable")
        await trio.sleep(1)
        assert restarts() == 2
