"""Two clients in random interleavings: what is meant for one never reaches the other, and nothing remains of either."""

from __future__ import annotations

import json
import os
import random

import attrs
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from argus_trio.backends.scope.scope import Scope
from argus_trio.config.model.backend import StdioBackend
from argus_trio.config.model.operation import Timeouts
from argus_trio.core.call.abilities import Abilities
from tests.backends.support.fakes import FakeBackend, FakeExchange, Json, answering, empty, raw
from tests.backends.support.scopes import Session, scope_of

STEPS = int(os.environ.get("ARGUS_ISOLATION_STEPS", "60"))
"""Actions of each client in one example."""
ABILITIES = [Abilities(form=True, roots=True), Abilities(roots=True)]


@attrs.define(eq=False)
class Person:
    """One client, its session, and every mark that it has seen; marks begin with the name of whom they are for."""

    name: str
    session: Session
    abilities: Abilities
    seen: list[str] = attrs.field(factory=list)

    def exchange(self, index: int) -> FakeExchange:
        async def answer(params: Json) -> Json:
            self.seen.append(str(params["mark"]))
            return {"from": self.name}

        meta: Json = {"progressToken": index % 3}  # on purpose the same for both
        params: Json = {"name": "x", "for": self.name, "_meta": meta}
        return FakeExchange(
            "tools/call", params, abilities=self.abilities, client=self.session, log_level="debug", answer=answer
        )


def talkative(chance: random.Random) -> FakeBackend:
    """A backend that says and asks all kinds of things during a call, each marked with whom it is for."""

    async def call(params: Json) -> Json:
        link = answering.get()
        mark = f"{params['for']}-{chance.random()}"
        meta = params["_meta"]
        assert isinstance(meta, dict)
        for _ in range(chance.randrange(4)):
            await trio.sleep(chance.random())
            match chance.randrange(4):
                case 0:
                    progress: Json = {"progressToken": meta["progressToken"], "progress": 1, "mark": mark}
                    await link.says("notifications/progress", progress)
                case 1:
                    await link.says("notifications/message", {"level": "info", "data": mark, "mark": mark})
                case 2:
                    answer = await link.ask("roots/list", {"mark": mark})
                    assert answer["result"] == {"from": params["for"]}
                case _:
                    await link.says("notifications/resources/updated", {"uri": "u", "mark": mark})
        return {"mark": mark}

    return FakeBackend(
        tools=[{"name": "x"}], declares={"logging": {}}, answers={"tools/call": call, "logging/setLevel": empty}
    )


async def live(seed: int) -> None:
    chance = random.Random(seed)
    backend = talkative(chance)
    spec = StdioBackend(name="files", command="unused", timeouts=Timeouts(connect=20, call=100, idle=5))
    scope = scope_of(spec, backend.open)
    people = [Person(name, Session(), abilities) for name, abilities in zip("AB", ABILITIES, strict=True)]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(scope.run)
        await scope.shared.settled.wait()
        async with trio.open_nursery() as acting:
            for person in people:
                acting.start_soon(act, scope, person, random.Random(chance.random()))
        await trio.sleep(1)
        assert sum(link.is_open for link in backend.links) == 1
        assert all(link.waiting == 0 for link in backend.links)
        assert len(scope.client_connections.table) == 0
        nursery.cancel_scope.cancel()
    for person in people:
        marks = [*person.seen, *(str(params["mark"]) for _, params in person.session.told)]
        assert all(mark.startswith(person.name) for mark in marks)


async def act(scope: Scope, person: Person, chance: random.Random) -> None:
    """Sessions one after the other, each with some calls; one ends as they do: its calls first, then what it had."""

    async def one(index: int) -> None:
        exchange = person.exchange(index)
        try:
            with trio.move_on_after(chance.choice([0.1, 1, 1000])):
                result = json.loads(await scope.calls.call(exchange, raw(exchange.params)))
                assert result["mark"].startswith(person.name)
        finally:
            person.seen.extend(str(params["mark"]) for _, params in exchange.told)
            assert all(params.get("progressToken", index % 3) == index % 3 for _, params in exchange.told)

    for _ in range(4):
        async with trio.open_nursery() as nursery:
            for index in range(STEPS // 4):
                nursery.start_soon(one, index)
                await trio.sleep(chance.choice([0, 0.01, 0.5, 8]))
            await trio.sleep(chance.random() * 4)
            nursery.cancel_scope.cancel()
        scope.release(person.session)


@given(st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_nothing_of_one_client_reaches_the_other(seed: int) -> None:
    trio.run(live, seed, clock=MockClock(autojump_threshold=0))
