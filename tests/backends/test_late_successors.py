"""Reloads and other changes while images are built: nobody waits, what serves goes on, and what is ready takes over."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType

import attrs
import pytest
import trio
from trio.testing import MockClock

from argus_trio.backends.connectivity.recovery import ITS_TURN
from argus_trio.config.model.backend import StdioBackend
from argus_trio.config.model.config import Config
from argus_trio.config.model.operation import Timeouts
from argus_trio.core.health.lifecycle import BackendState
from argus_trio.errors import LinkFailed
from argus_trio.sandbox.plan.outcome import Contained
from argus_trio.sandbox.telling import TellPreparing
from tests.backends.support.fakes import FakeBackend, Json
from tests.backends.support.supervised import Supervised, named, slow_to_greet, spec, supervised
from tests.sandbox.rooms import PlayedEngine, PlayedRooms, sandbox_of

BUILD_SECONDS = 120.0


def by(program: str) -> FakeBackend:
    """A backend that answers calls with the name of its program."""

    async def answer(_params: Json) -> Json:
        return {"by": program}

    fake = slow_to_greet(0, named("x"))
    fake.answers["tools/call"] = answer
    return fake


@attrs.define(eq=False)
class Workshop(PlayedEngine):
    """An engine that builds images of the programs that `slow` names, each for itself."""

    slow: Mapping[str, float] = attrs.field(factory=dict)
    built: list[str] = attrs.field(factory=list)
    given_up: list[str] = attrs.field(factory=list)
    word: str = "building"

    async def ready(self, wanted: Contained, tell: TellPreparing) -> str:
        (program,) = wanted.argv
        if program in self.slow and program not in self.built:
            tell("pulling" if self.word == "pulling" else "building", f"step 1 of {program}")
            try:
                await trio.sleep(self.slow[program])
            except trio.Cancelled:
                self.given_up.append(program)
                raise
            self.built.append(program)
        self._ask(f"image {program}")
        return program


def leading(h: Supervised, changed: Mapping[str, str], **fields: object) -> Config:
    """The configuration in effect with these backends led by other programs."""
    specs = {
        name: attrs.evolve(spec(name), command=program, **fields)  # type: ignore[arg-type]  # fields by name
        for name, program in changed.items()
    }
    return attrs.evolve(h.supervisor.config, backends={**h.supervisor.config.backends, **specs})


def programs(h: Supervised) -> dict[str, str]:
    """The program of each backend in effect."""
    return {name: each.command for name, each in h.supervisor.config.backends.items() if isinstance(each, StdioBackend)}


async def answered_by(h: Supervised) -> object:
    return (await h.ask("tools/call", name="a__x", arguments={}))["by"]


@asynccontextmanager
async def crafted(
    rooms: PlayedRooms,
    backends: dict[str, FakeBackend],
    specs: Iterable[StdioBackend] = (),
    *,
    spare: Mapping[str, FakeBackend] = MappingProxyType({}),
) -> AsyncIterator[Supervised]:
    """A running supervisor whose images are made in these rooms."""
    async with sandbox_of(rooms) as sandbox, supervised(backends, specs, spare=spare, sandbox=sandbox) as h:
        yield h


def workshop(**slow: float) -> PlayedRooms:
    return PlayedRooms(engine=Workshop(slow=slow))


def engine_of(rooms: PlayedRooms) -> Workshop:
    assert isinstance(rooms.engine, Workshop)
    return rooms.engine


async def test_a_reload_does_not_wait_for_an_image_and_its_backend_takes_over_when_it_is_there(
    autojump_clock: MockClock,
) -> None:
    rooms, swapped = workshop(new=BUILD_SECONDS), list[str]()
    async with crafted(rooms, {"a": by("old")}, spare={"new": by("new")}) as h:
        await h.ask("tools/list")
        began = trio.current_time()
        applied = await h.supervisor.apply(leading(h, {"a": "new"}), on_swap=lambda: swapped.append("settings"))
        assert trio.current_time() - began < 5
        assert applied.still_starting == ("a",)
        assert swapped == ["settings"]
        assert await answered_by(h) == "old"
        assert h.supervisor.is_late("a")
        await trio.sleep(BUILD_SECONDS + 5)
        assert await answered_by(h) == "new"
        assert programs(h)["a"] == "new"
        assert not h.supervisor.is_late("a")


async def test_another_change_goes_on_with_the_build_that_is_under_way(autojump_clock: MockClock) -> None:
    rooms = workshop(new=BUILD_SECONDS)
    spare = {"new": by("new"), "other": slow_to_greet(0, named("y"))}
    async with crafted(rooms, {"a": by("old")}, spare=spare) as h:
        await h.ask("tools/list")
        began = trio.current_time()
        await h.supervisor.apply(leading(h, {"a": "new"}))
        await trio.sleep(60)
        await h.supervisor.apply(leading(h, {"a": "new", "b": "other"}))
        assert await h.names() == ["a__x", "b__y"]
        await trio.sleep_until(began + BUILD_SECONDS + 5)
        assert await answered_by(h) == "new"
    assert engine_of(rooms).given_up == []
    assert engine_of(rooms).built == ["new"]


@pytest.mark.parametrize("change", ["back", "other", "removed", "disabled"])
async def test_a_change_of_the_backend_gives_up_its_build_and_no_other(change: str, autojump_clock: MockClock) -> None:
    rooms = workshop(new=BUILD_SECONDS, second=BUILD_SECONDS)
    spare = {"new": by("new"), "other": by("other"), "second": slow_to_greet(0, named("y"))}
    async with crafted(rooms, {"a": by("old")}, spare=spare) as h:
        await h.ask("tools/list")
        before = h.supervisor.config.backends["a"]
        target = leading(h, {"a": "new", "b": "second"})
        await h.supervisor.apply(target)
        await trio.sleep(30)
        backends = dict(target.backends)
        if change == "removed":
            del backends["a"]
        elif change == "disabled":
            backends["a"] = attrs.evolve(backends["a"], enabled=False)
        else:
            changed = before if change == "back" else attrs.evolve(spec("a"), command="other")
            backends["a"] = changed
        await h.supervisor.apply(attrs.evolve(target, backends=backends))
        await trio.sleep(BUILD_SECONDS)
        assert engine_of(rooms).given_up == ["new"]
        assert engine_of(rooms).built == ["second"]
        assert "b__y" in await h.names()
        if change in ("back", "other"):
            assert await answered_by(h) == {"back": "old", "other": "other"}[change]


async def test_a_restart_during_a_build_begins_it_anew_and_is_answered_at_once(autojump_clock: MockClock) -> None:
    rooms = workshop(slow=BUILD_SECONDS)
    declared = attrs.evolve(spec("a"), command="slow")
    async with crafted(rooms, {}, [declared], spare={"slow": by("s")}) as h:
        await trio.sleep(10)
        assert h.supervisor.scopes["a"].state is BackendState.PREPARING
        began = trio.current_time()
        await h.supervisor.apply(h.supervisor.config, anew=("a",))
        assert trio.current_time() - began < 5
        await trio.sleep(BUILD_SECONDS + 30)
        assert [each.state for each in h.supervisor.scopes.values()] == [BackendState.READY]
    assert engine_of(rooms).given_up == ["slow"]


async def test_the_stop_gives_up_what_is_built(autojump_clock: MockClock) -> None:
    rooms = workshop(new=BUILD_SECONDS)
    began = trio.current_time()
    async with crafted(rooms, {"a": by("old")}, spare={"new": by("new")}) as h:
        await h.ask("tools/list")
        await h.supervisor.apply(leading(h, {"a": "new"}))
    assert trio.current_time() - began < 10
    assert engine_of(rooms).given_up == ["new"]


async def test_a_build_is_no_part_of_timeouts_connect_and_tells_its_last_line(autojump_clock: MockClock) -> None:
    rooms = workshop(slow=BUILD_SECONDS)
    quick = Timeouts(connect=10, call=10, prepare=600)
    declared = attrs.evolve(spec("a"), command="slow", timeouts=quick)
    async with crafted(rooms, {}, [declared], spare={"slow": by("s")}) as h:
        await trio.sleep(60)
        standing = h.supervisor.scopes["a"].recovery.standing
        assert (standing.state, standing.what) == (BackendState.PREPARING, "building")
        assert standing.reason == "its image is being built; it says: step 1 of slow"
        await trio.sleep(BUILD_SECONDS)
        assert h.supervisor.scopes["a"].state is BackendState.READY


async def test_a_build_has_timeouts_prepare_and_is_tried_again_by_the_backoff(autojump_clock: MockClock) -> None:
    rooms = workshop(slow=BUILD_SECONDS)
    declared = attrs.evolve(spec("a"), command="slow", timeouts=Timeouts(connect=10, call=10, prepare=60))
    async with crafted(rooms, {}, [declared], spare={"slow": by("s")}) as h:
        await h.supervisor.scopes["a"].shared.tried.wait()
        standing = h.supervisor.scopes["a"].recovery.standing
        assert standing.reason == "its image was not there within 60 s (timeouts.prepare)"
        engine_of(rooms).slow = {}
        await trio.sleep(60)
        assert h.supervisor.scopes["a"].state is BackendState.READY


async def test_a_build_that_fails_is_down_with_its_log_and_never_bare(autojump_clock: MockClock) -> None:
    rooms = workshop()
    failure = LinkFailed("its image cannot be built", details=("ERROR: no matching distribution",))
    rooms.engine.failures = [failure] * 3
    async with crafted(rooms, {"a": by("a")}) as h:
        scope = h.supervisor.scopes["a"]
        await scope.shared.tried.wait()
        assert scope.recovery.standing.reason == "its image cannot be built"
        assert scope.recovery.standing.details == ("ERROR: no matching distribution",)
        await trio.sleep(60)
        assert scope.state is BackendState.READY
        status = h.supervisor.overview().backends[0]
        assert status.isolation is not None
        assert status.isolation.plan == "contained"


async def test_a_refused_backend_is_down_with_what_to_write(autojump_clock: MockClock) -> None:
    rooms = workshop()
    declared = attrs.evolve(spec("a"), command="bad")
    async with crafted(rooms, {}, [declared], spare={"bad": by("bad")}) as h:
        scope = h.supervisor.scopes["a"]
        await scope.shared.tried.wait()
        assert scope.recovery.standing.reason == "write something else"
        assert engine_of(rooms).asked == []


@pytest.mark.parametrize(("word", "may_start"), [("building", False), ("pulling", True)])
async def test_a_build_keeps_its_turn_and_a_pull_that_only_waits_for_the_network_does_not(
    word: str, may_start: bool, autojump_clock: MockClock
) -> None:
    rooms = PlayedRooms(engine=Workshop(slow={"slow": BUILD_SECONDS}, word=word))
    spare = {"slow": by("s"), "b": by("b")}
    async with crafted(rooms, {}, spare=spare) as h:
        server = attrs.evolve(h.supervisor.config.server, concurrent_starts=1)
        await h.supervisor.apply(attrs.evolve(h.supervisor.config, server=server))
        await h.supervisor.apply(leading(h, {"a": "slow"}))
        await trio.sleep(10)
        await h.supervisor.apply(leading(h, {"b": "b"}))
        await trio.sleep(10)
        assert (h.supervisor.scopes["b"].state is BackendState.READY) == may_start
        assert may_start or h.supervisor.scopes["b"].recovery.standing.reason == ITS_TURN
