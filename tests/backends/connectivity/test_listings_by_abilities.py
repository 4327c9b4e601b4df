"""What is shown of a backend that goes and comes back, to clients that it shows something of their own."""

from __future__ import annotations

import json
from collections.abc import Callable

import trio
from trio.testing import MockClock

from argus_trio.core.call.abilities import NONE, Abilities
from tests.backends.support.fakes import FakeBackend, FakeExchange, FakeLink, Json, answering
from tests.backends.support.supervised import Supervised, named, supervised

FORM = Abilities(form=True)


def more_for_those_who_can_be_asked(is_stuck: Callable[[], bool] = lambda: False) -> FakeBackend:
    """It lists a tool more on a connection whose client can be asked; while `is_stuck`, none of those opens."""
    asked: set[FakeLink] = set()

    async def greet(params: Json) -> Json:
        if params["capabilities"]:
            asked.add(answering.get())
            if is_stuck():
                await trio.sleep_forever()
        return {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}}

    async def listed(_params: Json) -> Json:
        return {"tools": named("a", "asks") if answering.get() in asked else named("a")}

    return FakeBackend(tools=named("a"), answers={"tools/list": listed, "initialize": greet})


async def names(at: Supervised) -> list[str]:
    result = json.loads(await at.supervisor.generations.serve(FakeExchange("tools/list", abilities=FORM)))
    return [tool["name"] for tool in result["tools"]]


async def listed_for_those(at: Supervised) -> None:
    """The first list is answered at once, as for everybody; then those who can be asked are told of their own."""
    at.told.clear()
    at.concerned.clear()
    assert await names(at) == ["files__a"]
    await trio.sleep(1)
    assert at.told == ["notifications/tools/list_changed"]
    assert [(c(FORM), c(NONE), c(Abilities(url=True))) for c in at.concerned] == [(True, False, False)]
    assert await names(at) == ["files__a", "files__asks"]


async def test_a_backend_that_comes_back_as_it_was_shows_nobody_anything_else(autojump_clock: MockClock) -> None:
    backend = more_for_those_who_can_be_asked()
    async with supervised({"files": backend}) as at:
        await at.supervisor.current.settle()
        await listed_for_those(at)
        at.told.clear()
        backend.links[0].die("gone")
        for _ in range(100):
            await trio.sleep(0.1)
            assert await names(at) == ["files__a", "files__asks"]
        assert at.told == []


async def test_what_cannot_be_made_anew_is_shown_no_longer(autojump_clock: MockClock) -> None:
    is_back = False
    backend = more_for_those_who_can_be_asked(lambda: is_back)
    async with supervised({"files": backend}) as at:
        await at.supervisor.current.settle()
        await listed_for_those(at)
        is_back = True
        for link in backend.links:
            link.die("gone")
        await trio.sleep(20)
        assert await names(at) == ["files__a", "files__asks"]
        await trio.sleep(60)
        assert await names(at) == ["files__a"]
