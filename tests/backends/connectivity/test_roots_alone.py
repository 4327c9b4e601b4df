"""Clients that can be asked for roots alone, at backends that make no difference for it: they share a connection."""

from __future__ import annotations

import trio
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.backends.connectivity.client_connections import UNWANTED_SECONDS
from argus_trio.backends.connectivity.listings_by_abilities import LISTING_TURNS
from argus_trio.backends.scope.scope import Scope
from argus_trio.core.call.abilities import NONE, Abilities
from argus_trio.core.call.exchange import ClientSession
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import FakeBackend, FakeExchange, Json, answering, raw
from tests.backends.support.scopes import Session, living, spec

ROOTS, MORE = Abilities(roots=True, roots_changes=True), Abilities(roots=True, form=True)


async def call(
    scope: Scope, client: ClientSession | None, abilities: Abilities = ROOTS, **params: object
) -> FakeExchange:
    async def answer(_params: Json) -> Json:
        return {"roots": [{"uri": "file:///mine"}]}

    era = Era.MODERN if client is None else Era.LEGACY
    exchange = FakeExchange(
        "tools/call", {"name": "x", **params}, era=era, abilities=abilities, client=client, answer=answer
    )
    await scope.calls.call(exchange, raw(exchange.params))
    return exchange


def asking(answers: list[Json]) -> FakeBackend:
    """It asks for roots in calls that say so, and takes as long as they say."""

    async def perform(params: Json) -> Json:
        await trio.sleep(float(str(params.get("seconds", 0))))
        if params.get("asks"):
            answers.append(await answering.get().ask("roots/list"))
        await trio.sleep(float(str(params.get("more", 0))))
        return {}

    return FakeBackend(tools=[{"name": "x"}], answers={"tools/call": perform})


async def test_once_it_is_known_they_share_the_connection_of_all(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=[{"name": "x"}])
    async with living(backend) as scope:
        await scope.list_for(ROOTS)
        await trio.sleep(UNWANTED_SECONDS + 1)
        assert [link.is_open for link in backend.links] == [True, False]
        await call(scope, Session())
        await call(scope, None)
        assert len(backend.links) == 2


async def test_whoever_can_be_asked_more_has_a_connection_of_its_own(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=[{"name": "x"}])
    async with living(backend) as scope:
        for abilities in (ROOTS, MORE):
            await scope.list_for(abilities)
        await call(scope, Session(), MORE)
        assert len(backend.links) == 3
        await call(scope, Session(), MORE)
        assert len(backend.links) == 4


async def test_per_client_stays_per_client(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=[{"name": "x"}])
    async with living(backend, spec(session="per-client")) as scope:
        await scope.list_for(ROOTS)
        await call(scope, Session())
        await call(scope, Session())
        assert len(backend.links) == 3


async def test_a_session_stays_with_the_process_that_its_calls_went_to_before(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=[{"name": "x"}])
    async with living(backend) as scope:
        early, late = Session(), Session()
        await call(scope, early)
        await scope.list_for(ROOTS)
        assert len(backend.links) == 2  # listed over the connection of the one that called
        over: list[object] = []

        async def note(_params: Json) -> Json:
            over.append(answering.get())
            return {}

        backend.answers["tools/call"] = note
        await call(scope, early)
        await call(scope, late)
        assert over == [backend.links[1], backend.links[0]]


async def test_a_backend_that_lists_something_else_to_them_separates_them(autojump_clock: MockClock) -> None:
    async def listed(_params: Json) -> Json:
        names = ["x"] if answering.get() is backend.links[0] else ["x", "roots"]
        return {"tools": [{"name": name} for name in names]}

    backend = FakeBackend(declares={"tools": {}}, answers={"tools/list": listed})
    async with living(backend) as scope:
        await scope.list_for(ROOTS)
        for _ in range(2):
            await call(scope, Session())
        assert len(backend.links) == 3


async def test_a_backend_that_asks_while_it_is_listed_separates_them(autojump_clock: MockClock) -> None:
    async def listed(_params: Json) -> Json:
        if answering.get() is not backend.links[0]:
            await answering.get().asks("roots/list")
        return {"tools": [{"name": "x"}]}

    backend = FakeBackend(declares={"tools": {}}, answers={"tools/list": listed})
    async with living(backend) as scope:
        await scope.list_for(ROOTS)
        for _ in range(2):
            await call(scope, Session())
        assert len(backend.links) == 3


async def test_one_that_changes_separates_them_until_both_lists_are_the_same_again(autojump_clock: MockClock) -> None:
    def is_separate() -> bool:
        return scope.client_connections.separates(FakeExchange("tools/call", abilities=ROOTS).call)

    backend = FakeBackend(tools=[{"name": "x"}])
    async with living(backend) as scope:
        await scope.list_for(ROOTS)
        assert not is_separate()
        for busy in range(LISTING_TURNS):
            scope.listing_turns.acquire_on_behalf_of_nowait(busy)
        backend.tools.append({"name": "y"})
        await backend.links[0].says("notifications/tools/list_changed", {})
        await trio.sleep(1)
        assert is_separate()
        for busy in range(LISTING_TURNS):
            scope.listing_turns.release_on_behalf_of(busy)
        await trio.sleep(1)
        assert not is_separate()


async def test_the_first_call_that_asks_after_all_is_answered_and_the_next_has_its_own(
    autojump_clock: MockClock,
) -> None:
    answers: list[Json] = []
    backend = asking(answers)
    async with living(backend) as scope:
        await scope.list_for(ROOTS)
        session = Session()
        with capture_logs() as logs:
            first = await call(scope, session, asks=True)
            assert [method for method, _ in first.asked] == ["roots/list"]
            assert answers[0]["result"] == {"roots": [{"uri": "file:///mine"}]}
            assert len(backend.links) == 2
            await trio.sleep(UNWANTED_SECONDS + 1)
            await call(scope, session, asks=True)
        assert len(answers) == 2
        assert len(backend.links) == 3
        events = [(line["event"], line.get("purpose"), line.get("abilities")) for line in logs]
        assert events.count(("backend_asked_for_roots", None, None)) == 1
        assert events.count(("client_process_started", "call", ["roots", "roots_changes"])) == 1


async def test_with_several_clients_under_way_it_waits_until_it_is_clear_whose_it_is(
    autojump_clock: MockClock,
) -> None:
    answers: list[Json] = []
    async with living(asking(answers)) as scope:
        await scope.list_for(ROOTS)
        asked: list[FakeExchange] = []

        async def note(client: Session, abilities: Abilities, **params: object) -> None:
            asked.append(await call(scope, client, abilities, **params))

        async with trio.open_nursery() as nursery:
            one = Session()
            nursery.start_soon(lambda: note(Session(), NONE, seconds=3))
            nursery.start_soon(lambda: note(Session(), ROOTS, seconds=5))
            nursery.start_soon(lambda: note(one, ROOTS, seconds=1, asks=True))
            await trio.sleep(4)
            assert answers == []
        assert "result" in answers[0]
        assert [len(each.asked) for each in asked] == [0, 0, 1]


async def test_what_cannot_be_told_apart_is_refused_and_asks_nobody(autojump_clock: MockClock) -> None:
    answers: list[Json] = []
    async with living(asking(answers)) as scope:
        await scope.list_for(ROOTS)
        asked: list[FakeExchange] = []

        async def note(**params: object) -> None:
            asked.append(await call(scope, Session(), **params))  # type: ignore[arg-type]  # params of the call

        async with trio.open_nursery() as nursery:
            for _ in range(2):
                nursery.start_soon(lambda: note(asks=True))
        assert ["error" in each for each in answers] == [True, True]
        assert [len(each.asked) for each in asked] == [0, 0]


async def test_one_of_two_calls_of_a_session_may_end_before_the_answer_of_the_other(
    autojump_clock: MockClock,
) -> None:
    answers: list[Json] = []
    async with living(asking(answers)) as scope:
        await scope.list_for(ROOTS)
        session = Session()

        async def slow(_params: Json) -> Json:
            await trio.sleep(5)
            return {"roots": []}

        async def ask(**params: object) -> None:
            exchange = FakeExchange("tools/call", {"name": "x", **params}, abilities=ROOTS, client=session, answer=slow)
            await scope.calls.call(exchange, raw(exchange.params))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(lambda: ask(asks=True, seconds=0.1))
            await wait_all_tasks_blocked()
            nursery.start_soon(lambda: ask(seconds=2))
        assert answers[0]["result"] == {"roots": []}


async def test_who_shares_by_the_setting_is_not_asked_for_it(autojump_clock: MockClock) -> None:
    answers: list[Json] = []
    async with living(asking(answers), spec(session="shared")) as scope:
        exchange = await call(scope, Session(), asks=True)
        assert exchange.asked == []
        assert "error" in answers[0]
