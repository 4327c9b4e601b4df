"""Reloads whose backends take their time: what is new comes in on its own, what is changed waits for its successor."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import pytest
import trio
import trio.testing

from argus_trio.backends.succession import SUCCESSION_SECONDS
from argus_trio.config.model.backend import StdioBackend
from argus_trio.config.model.config import Config
from argus_trio.config.model.operation import Timeouts
from argus_trio.config.model.visibility import Filters, Globs
from argus_trio.core.health.lifecycle import BackendState
from argus_trio.core.reload_report import AppliedConfig
from tests.backends.support.fakes import FakeBackend, Json
from tests.backends.support.supervised import Supervised, named, slow_to_greet, spec, supervised

TOOLS_CHANGED = "notifications/tools/list_changed"


def by(program: str, seconds: float = 0.0) -> FakeBackend:
    """A backend that takes so long to greet, and answers calls with the name of its program."""

    async def answer(_params: Json) -> Json:
        return {"by": program}

    fake = slow_to_greet(seconds, named("x"))
    fake.answers["tools/call"] = answer
    return fake


def spares(**seconds: float) -> dict[str, FakeBackend]:
    """Programs by name, each with how long it takes to greet."""
    return {program: by(program, each) for program, each in seconds.items()}


def leading(h: Supervised, programs: Mapping[str, str], **fields: object) -> Config:
    """The configuration in effect, with these backends added or changed: each leads to the program that is named."""
    specs = {
        name: attrs.evolve(spec(name), command=program, **fields)  # type: ignore[arg-type]  # fields by name
        for name, program in programs.items()
    }
    return attrs.evolve(h.supervisor.config, backends={**h.supervisor.config.backends, **specs})


def programs(h: Supervised) -> dict[str, str]:
    """The program that each backend of the configuration in effect leads to."""
    backends = h.supervisor.config.backends
    return {name: each.command for name, each in backends.items() if isinstance(each, StdioBackend)}


async def test_what_is_added_is_listed_as_it_becomes_ready_whatever_else_still_starts(autojump_clock: object) -> None:
    async with supervised({"a": by("a")}, spare=spares(quick=0.2, late=4, slow=30)) as h:
        await h.ask("tools/list")
        began = trio.current_time()
        wanted = leading(h, {each: each for each in ("quick", "late", "slow")}, timeouts=Timeouts(connect=60))
        applied = await h.supervisor.apply(wanted)
        assert trio.current_time() == began
        assert applied.added == applied.not_ready == applied.still_starting == ("quick", "late", "slow")
        assert await h.names() == ["a__x", "quick__x"]
        assert trio.current_time() - began == pytest.approx(1, abs=0.05)
        for second, names in ((3.9, ["a__x", "quick__x"]), (4.1, ["a__x", "quick__x", "late__x"])):
            await trio.sleep_until(began + second)
            assert await h.names() == names
            assert trio.current_time() == began + second
        await trio.sleep_until(began + 30.1)
        assert await h.names() == ["a__x", "quick__x", "late__x", "slow__x"]
        assert h.told.count(TOOLS_CHANGED) == 4


async def test_a_call_to_what_was_just_added_waits_for_it_to_start(autojump_clock: object) -> None:
    async with supervised({"a": by("a")}, spare=spares(new=3)) as h:
        await h.ask("tools/list")
        await h.supervisor.apply(leading(h, {"new": "new"}))
        assert await h.ask("tools/call", name="new__x") == {"by": "new"}


async def test_what_is_added_while_the_gateway_serves_does_not_make_it_unready(autojump_clock: object) -> None:
    async with supervised({"a": by("a", 1)}, spare=spares(new=3)) as h:
        assert h.supervisor.health().not_ready_because == "1 of 1 backends are still starting"
        await h.ask("tools/list")
        await h.supervisor.apply(leading(h, {"new": "new"}))
        health = h.supervisor.health()
        assert (health.total, health.connected, health.starting) == (2, 1, 1)
        assert health.not_ready_because is None


async def test_removed_and_adjusted_take_effect_at_once_while_a_successor_starts(autojump_clock: object) -> None:
    backends = {name: FakeBackend(tools=named("x", "y")) for name in ("gone", "less", "b")}
    async with supervised(backends, spare=spares(new=8)) as h, trio.open_nursery() as nursery:
        await h.ask("tools/list")
        config = leading(h, {"b": "new"})
        less = attrs.evolve(config.backends["less"], filters=Filters(tools=Globs(deny=("y",))))
        config = attrs.evolve(config, backends={"less": less, "b": config.backends["b"]})
        nursery.start_soon(h.supervisor.apply, config)
        await trio.sleep(0.1)
        assert await h.names() == ["less__x", "b__x", "b__y"]
        assert not backends["gone"].links[0].is_open
        assert programs(h) == {"less": "unused", "b": "unused"}
        await trio.sleep(8)
        assert await h.names() == ["less__x", "b__x"]
        assert h.supervisor.config == config


async def test_each_changed_backend_is_replaced_as_its_successor_becomes_ready(autojump_clock: object) -> None:
    seconds = {"p": 0.0, "q": 0.1, "r": 0.3, "s": 4.0}
    backends = {name: by("old") for name in seconds}
    spare = {f"new-{name}": by(f"new-{name}", each) for name, each in seconds.items()}
    reports: list[AppliedConfig] = []
    async with supervised(backends, spare=spare) as h, trio.open_nursery() as nursery:

        async def apply() -> None:
            reports.append(await h.supervisor.apply(leading(h, {name: f"new-{name}" for name in seconds})))

        async def replaced() -> list[str]:
            calls = {name: await h.ask("tools/call", name=f"{name}__x") for name in seconds}
            return [name for name, answer in calls.items() if answer == {"by": f"new-{name}"}]

        await h.ask("tools/list")
        nursery.start_soon(apply)
        found = []
        for pause in (0.05, 0.4, 0.1, 3.0, 1.0):  # looked at 0.05, 0.45, 0.55, 3.55, 4.55 s after it was asked for
            await trio.sleep(pause)
            found.append((await replaced(), h.supervisor.current.number))
        assert found == [(["p"], 2), (["p"], 2), (["p", "q", "r"], 3), (["p", "q", "r"], 3), (["p", "q", "r", "s"], 4)]
        assert [report.generation for report in reports] == [4]
        assert reports[0].changed == ("p", "q", "r", "s")
        assert reports[0].not_ready == ()


async def test_one_that_cannot_become_ready_holds_up_no_other(autojump_clock: object) -> None:
    backends, spare = {"b": by("old"), "c": by("old")}, spares(never=1e6, new=2)
    async with supervised(backends, spare=spare) as h, trio.open_nursery() as nursery:
        await h.ask("tools/list")
        reports: list[AppliedConfig] = []

        async def apply() -> None:
            reports.append(
                await h.supervisor.apply(leading(h, {"b": "never", "c": "new"}, timeouts=Timeouts(connect=9)))
            )

        nursery.start_soon(apply)
        await trio.sleep(2.1)
        assert await h.ask("tools/call", name="c__x") == {"by": "new"}
        assert await h.ask("tools/call", name="b__x") == {"by": "old"}
        await trio.sleep(7)
        assert h.supervisor.scopes["b"].state is BackendState.DOWN
        (report,) = reports
        assert (report.not_ready, report.still_starting) == (("b",), ())


async def test_one_that_installs_itself_for_long_takes_its_place_at_the_bound(autojump_clock: object) -> None:
    async with supervised({"b": by("old"), "c": by("old")}, spare=spares(late=1000, alone=1000)) as h:
        await h.ask("tools/list")
        wanted = leading(h, {"b": "late", "c": "alone"}, timeouts=Timeouts(connect=2000))
        alone = attrs.evolve(wanted.backends["c"], overlap=False)
        wanted = attrs.evolve(wanted, backends={**wanted.backends, "c": alone})
        began = trio.current_time()
        applied = await h.supervisor.apply(wanted)
        assert trio.current_time() - began == pytest.approx(SUCCESSION_SECONDS, abs=1)
        assert applied.not_ready == applied.still_starting == ("b", "c")
        assert h.supervisor.config == wanted
        await trio.sleep(1000 - SUCCESSION_SECONDS)
        assert await h.ask("tools/call", name="b__x") == {"by": "late"}


async def test_a_reload_that_is_cut_leaves_what_has_changed_and_keeps_the_rest(autojump_clock: object) -> None:
    backends, spare = {"b": by("old"), "c": by("old")}, spares(quick=1, slow=20, added=0)
    async with supervised(backends, spare=spare) as h:
        await h.ask("tools/list")
        wanted = leading(h, {"b": "quick", "c": "slow", "d": "added"})
        with trio.move_on_after(5):
            await h.supervisor.apply(wanted)
        assert programs(h) == {"b": "quick", "c": "unused", "d": "added"}
        assert await h.ask("tools/call", name="b__x") == {"by": "quick"}
        assert await h.ask("tools/call", name="c__x") == {"by": "old"}
        assert await h.ask("tools/call", name="d__x") == {"by": "added"}
        await trio.testing.wait_all_tasks_blocked()
        assert not any(link.is_open for link in spare["slow"].links)
        applied = await h.supervisor.apply(wanted)
        assert (applied.changed, applied.untouched) == (("c",), ("b", "d"))
        assert h.supervisor.config == wanted
        assert await h.ask("tools/call", name="c__x") == {"by": "slow"}


async def test_a_successor_that_lists_the_same_is_no_news_to_clients(autojump_clock: object) -> None:
    async with supervised({"b": by("old"), "c": by("old")}, spare=spares(quick=1, slow=3)) as h:
        await h.ask("tools/list")
        h.told.clear()
        await h.supervisor.apply(leading(h, {"b": "quick", "c": "slow"}))
        assert h.told == []


async def test_what_must_not_overlap_is_replaced_in_turn_while_another_successor_starts(autojump_clock: object) -> None:
    backends = {"b": by("old"), "c": by("old")}
    async with supervised(backends, spare=spares(alone=1, slow=6)) as h, trio.open_nursery() as nursery:
        await h.ask("tools/list")
        config = leading(h, {"b": "alone", "c": "slow"})
        config = attrs.evolve(
            config, backends={**config.backends, "b": attrs.evolve(config.backends["b"], overlap=False)}
        )
        nursery.start_soon(h.supervisor.apply, config)
        await trio.sleep(0.1)
        assert not backends["b"].links[0].is_open
        assert await h.ask("tools/call", name="b__x") == {"by": "alone"}
        assert await h.ask("tools/call", name="c__x") == {"by": "old"}
        await trio.sleep(6)
        assert await h.ask("tools/call", name="c__x") == {"by": "slow"}
