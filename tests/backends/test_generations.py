"""Which generation serves an exchange, and how long one that is no longer in effect is remembered."""

from __future__ import annotations

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from argus_trio.backends.generation import Generation
from argus_trio.backends.generations import Generations
from argus_trio.backends.scope.lease import Lease
from argus_trio.backends.scope.scope import Scope
from argus_trio.core.call.abilities import Abilities
from argus_trio.core.call.exchange import Exchange
from argus_trio.errors import InvalidParams
from tests.backends.support.fakes import FakeExchange
from tests.backends.support.generations import connects, generation_of, has_own_connection, idle_scope
from tests.backends.support.scopes import Session

ROOTS = Abilities(roots=True)


class Slow:
    """A handler that answers with its name, once it is told to."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.go = trio.Event()

    async def __call__(self, _exchange: Exchange) -> bytes:
        await self.go.wait()
        return self.name.encode()


class Ends:
    """Counts how often it is told that an exchange has ended."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


def generation(number: int, *scopes: Scope, slow: Slow | None = None) -> Generation:
    return generation_of(*scopes, number=number, handler=slow or Slow("unused"))


async def test_an_exchange_is_served_to_its_end_by_the_generation_that_accepted_it() -> None:
    old, new = Slow("old"), Slow("new")
    generations = Generations(generation(1, slow=old), Ends())
    answers: list[bytes] = []

    async def ask() -> None:
        answers.append(await generations.serve(FakeExchange("tools/call")))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        await wait_all_tasks_blocked()
        generations.install(generation(2, slow=new))
        nursery.start_soon(ask)
        await wait_all_tasks_blocked()
        new.go.set()
        await wait_all_tasks_blocked()
        assert answers == [b"new"]
        old.go.set()
    assert answers == [b"new", b"old"]


async def test_an_earlier_generation_is_remembered_until_its_last_exchange_has_ended() -> None:
    slow, ends = Slow("old"), Ends()
    first = generation(1, slow=slow)
    generations = Generations(first, ends)
    hasty = trio.CancelScope()

    async def ask_hastily() -> None:
        with hasty:
            await generations.serve(FakeExchange("tools/call"))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask_hastily)
        nursery.start_soon(generations.serve, FakeExchange("tools/call"))
        await wait_all_tasks_blocked()
        for number in (2, 3):
            generations.install(generation(number))
        assert generations.past == [first]
        assert first.exchanges == 2
        hasty.cancel()
        await wait_all_tasks_blocked()
        assert generations.past == [first]
        assert ends.count == 1
        slow.go.set()
    assert generations.past == []
    assert ends.count == 2


async def test_one_without_exchanges_is_forgotten_as_soon_as_another_is_in_effect() -> None:
    generations = Generations(generation(1), Ends())
    second = generation(2)
    generations.install(second)
    assert generations.current is second
    assert generations.past == []


async def test_the_end_of_an_exchange_of_the_generation_in_effect_is_no_news() -> None:
    slow, ends = Slow("only"), Ends()
    slow.go.set()
    generations = Generations(generation(1, slow=slow), ends)
    await generations.serve(FakeExchange("tools/call"))
    assert (ends.count, generations.past, generations.current.exchanges) == (0, [], 0)


async def test_an_exchange_that_fails_ends_all_the_same() -> None:
    async def fail(_exchange: Exchange) -> bytes:
        await trio.lowlevel.checkpoint()
        generations.install(generation(2))
        raise InvalidParams("no such tool")

    ends = Ends()
    generations = Generations(generation_of(handler=fail), ends)
    with pytest.raises(InvalidParams):
        await generations.serve(FakeExchange("tools/call"))
    assert (ends.count, generations.past) == (1, [])


async def test_a_scope_may_be_needed_while_an_earlier_exchange_has_not_found_its_backend() -> None:
    mine, other, fresh = idle_scope("mine"), idle_scope("other"), idle_scope("fresh")
    slow = Slow("old")
    first = generation(1, mine, other, slow=slow)
    generations = Generations(first, Ends())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(generations.serve, FakeExchange("tools/call"))
        await wait_all_tasks_blocked()
        assert not generations.may_need(mine), "it is in effect"
        generations.install(generation(2, fresh))
        assert generations.may_need(mine)
        assert generations.may_need(other)
        assert not generations.may_need(fresh)
        with Lease(other.leases, first):
            assert not generations.may_need(mine)
            assert not generations.may_need(other)
        assert generations.may_need(mine)
        slow.go.set()
    assert not generations.may_need(mine)


async def test_what_was_shown_to_a_session_that_has_ended_is_forgotten_in_earlier_generations_too() -> None:
    scope, slow, session = idle_scope("b"), Slow("old"), Session()
    first, second = generation(1, scope, slow=slow), generation(2, scope)
    connects(scope, "x")
    has_own_connection(scope, session, ROOTS, "mine")
    generations = Generations(first, Ends())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(generations.serve, FakeExchange("tools/call"))
        await wait_all_tasks_blocked()
        generations.install(second)
        shown = [each.catalog_for(ROOTS, session) for each in (first, second)]
        generations.release(session)
        again = [each.catalog_for(ROOTS, session) for each in (first, second)]
        assert [before is now for before, now in zip(shown, again, strict=True)] == [False, False]
        slow.go.set()
