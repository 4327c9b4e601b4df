"""Whose a name is: the preferred backend's, however slowly that starts; and how long lists wait for backends."""

from __future__ import annotations

import attrs
import pytest
import trio
from structlog.testing import capture_logs

from argus_trio.config.model.backend import StdioBackend
from argus_trio.config.model.operation import Restart
from argus_trio.errors import LinkFailed
from tests.backends.support.fakes import FakeBackend, Json
from tests.backends.support.supervised import Supervised, bring_down, named, slow_to_greet, spec, supervised

TOOLS_CHANGED = "notifications/tools/list_changed"
RESOURCES_CHANGED = "notifications/resources/list_changed"


def by(name: str, seconds: float = 0.0, tools: tuple[str, ...] = ("x",)) -> FakeBackend:
    """A backend that takes so long to greet, and says its name in its list and when it is called."""

    async def answer(_params: Json) -> Json:
        return {"by": name}

    fake = slow_to_greet(seconds, [{"name": tool, "description": name} for tool in tools])
    fake.answers["tools/call"] = answer
    return fake


async def owner(h: Supervised) -> object:
    return (await h.ask("tools/call", name="x"))["by"]


async def test_a_name_goes_to_the_preferred_backend_however_slowly_that_starts(autojump_clock: object) -> None:
    backends = {"second": by("second"), "first": by("first", 8)}
    async with supervised(backends, strategy="first-wins", order=("first", "second")) as h:
        assert await owner(h) == "second"
        assert trio.current_time() == pytest.approx(5, abs=0.1)
        h.told.clear()
        await trio.sleep(4)
        assert h.told == [TOOLS_CHANGED]
        assert await owner(h) == "first"


async def test_a_resource_goes_to_the_preferred_backend_however_slowly_that_starts(autojump_clock: object) -> None:
    async def greet(_params: Json) -> Json:
        await trio.sleep(8)
        return {"protocolVersion": "2025-11-25", "capabilities": {"resources": {}}}

    def shown(by: str) -> list[Json]:
        return [{"uri": "file:///x", "name": by}]

    backends = {
        "first": FakeBackend(resources=shown("first"), answers={"initialize": greet}),
        "second": FakeBackend(resources=shown("second")),
    }
    async with supervised(backends) as h:
        assert (await h.ask("resources/list"))["resources"] == shown("second")
        h.told.clear()
        await trio.sleep(4)
        assert h.told.count(RESOURCES_CHANGED) == 1
        assert (await h.ask("resources/list"))["resources"] == shown("first")


async def test_a_name_moves_no_more_once_its_owner_has_been_seen(autojump_clock: object) -> None:
    first, second = by("first"), by("second", 1)
    async with supervised({"first": first, "second": second}, strategy="first-wins") as h:
        assert await owner(h) == "first"
        await bring_down(first)
        h.told.clear()
        await trio.sleep(100)
        assert await h.names() == ["x"]
        assert h.supervisor.current.catalog.tools["x"].backend == "first"
        assert h.told == []


@pytest.mark.parametrize(("failures", "winner"), [(2, "first"), (3, "second")])
async def test_a_preferred_backend_whose_breaker_has_opened_comes_too_late(
    failures: int, winner: str, autojump_clock: object
) -> None:
    first = by("first")
    first.open_failures = [LinkFailed("no such program")] * failures
    declared = attrs.evolve(spec("first"), restart=Restart(breaker=3))
    async with supervised({"first": first, "second": by("second")}, [declared], strategy="first-wins") as h:
        assert await owner(h) == "second"
        await trio.sleep(200)
        assert h.supervisor.scopes["first"].has_listed
        assert await owner(h) == winner


async def test_a_name_that_is_held_is_not_opened_again_by_a_reload(autojump_clock: object) -> None:
    async with supervised({"second": by("second")}, spare={"new": by("first", 8)}, strategy="first-wins") as h:
        assert await owner(h) == "second"
        first = StdioBackend(name="first", command="new", timeouts=spec("first").timeouts)
        backends = {"first": first, **h.supervisor.config.backends}
        await h.supervisor.apply(attrs.evolve(h.supervisor.config, backends=backends))
        await trio.sleep(9)
        assert h.supervisor.scopes["first"].has_listed
        assert await owner(h) == "second"


async def test_two_backends_with_the_same_names_are_one_line_in_the_log(autojump_clock: object) -> None:
    tools = tuple(f"t{number}" for number in range(160))
    backends = {"first": by("first", 1, tools), "second": by("second", 0, tools), "third": by("third", 2, ("t9",))}
    with capture_logs() as logs:
        async with supervised(backends, strategy="first-wins") as h:
            await h.ask("tools/list")
            backends["second"].tools = named(*tools[1:])
            await backends["second"].links[0].says(TOOLS_CHANGED, {})
            await trio.sleep(1)
            backends["second"].tools = named(*tools)
            await backends["second"].links[0].says(TOOLS_CHANGED, {})
            await trio.sleep(1)
    lines = [line for line in logs if line["event"] == "name_collision"]
    assert [(line["backends"], line["winner"], line["count"]) for line in lines] == [
        (["first", "second"], "first", 160),
        (["first", "third"], "first", 1),
        (["first", "second"], "first", 160),
    ]
    assert lines[0]["names"] == ["t0", "t1", "t2", "t3", "t4"]
    assert (lines[0]["renamed"], lines[0]["log_level"]) == (0, "warning")


async def test_what_a_reload_adds_is_waited_for_less_long_than_at_the_start(autojump_clock: object) -> None:
    spare = {"late": slow_to_greet(20, named("y"))}
    async with supervised({"slow": slow_to_greet(9, named("x"))}, spare=spare) as h:
        await trio.sleep(2)
        assert await h.names() == []
        assert trio.current_time() == pytest.approx(5, abs=0.1)
        await trio.sleep(5)
        late = attrs.evolve(spec("late"), command="late")
        config = h.supervisor.config
        await h.supervisor.apply(attrs.evolve(config, backends={**config.backends, "late": late}))
        assert await h.names() == ["slow__x"]
        assert trio.current_time() == pytest.approx(11, abs=0.1)


async def test_a_reload_within_the_grace_does_not_prolong_it(autojump_clock: object) -> None:
    backends = {"slow": slow_to_greet(9, named("x")), "gone": FakeBackend(tools=named("z"))}
    async with supervised(backends) as h:
        await trio.sleep(3)
        config = h.supervisor.config
        await h.supervisor.apply(attrs.evolve(config, backends={"slow": config.backends["slow"]}))
        assert await h.names() == []
        assert trio.current_time() == pytest.approx(5, abs=0.1)
