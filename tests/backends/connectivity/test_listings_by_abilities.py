"""What a backend shows those who can be asked: at once, once it is listed for them, and when it goes and comes back."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.backends.connectivity.client_connections import UNUSED_SECONDS
from argus_trio.backends.connectivity.listings_by_abilities import LISTING_TURNS
from argus_trio.backends.generation import AT_HAND_SECONDS
from argus_trio.backends.links.life import LoopFound
from argus_trio.core.call.abilities import NONE, Abilities, Audience
from argus_trio.errors import InvalidParams, LinkFailed
from tests.backends.support.fakes import FakeBackend, FakeExchange, FakeLink, Json, answering
from tests.backends.support.scopes import Session
from tests.backends.support.supervised import Supervised, bring_down, named, spec, supervised

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
    assert [tuple(c(Audience(abilities=a)) for a in (FORM, NONE, Abilities(url=True))) for c in at.concerned] == [
        (True, False, False)
    ]
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


async def test_what_leads_back_to_the_gateway_is_shown_to_nobody_until_it_no_longer_does(
    autojump_clock: MockClock,
) -> None:
    backend = more_for_those_who_can_be_asked()
    async with supervised({"files": backend}) as at:
        await at.supervisor.current.settle()
        await listed_for_those(at)
        at.told.clear()
        backend.open_failures = [LoopFound("it leads back here")] * 3
        with capture_logs() as logs:
            backend.links[0].die("gone")
            await trio.sleep(1)
            assert await names(at) == []
            assert at.told == ["notifications/tools/list_changed"]
            await trio.sleep(60)
        withdrawn = [entry for entry in logs if entry["event"] == "backend_lists_withdrawn"]
        assert [(entry["backend"], entry["tools"]) for entry in withdrawn] == [("files", 1)]
        assert await names(at) == ["files__a", "files__asks"]


async def test_nobody_waits_for_the_lists_of_what_leads_back(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=named("a"))
    backend.open_failures = [LoopFound("it leads back here")] * 99
    async with supervised({"files": backend}) as at:
        await at.supervisor.current.settle()
        before = trio.current_time()
        assert await names(at) == []
        assert trio.current_time() == before
        assert at.supervisor.current.scopes["files"].has_listed


async def test_the_first_list_waits_for_no_listing_and_a_slow_one_only_corrects_it(autojump_clock: MockClock) -> None:
    backend = more_for_those_who_can_be_asked()
    greet = backend.answers["initialize"]

    async def greeted(params: Json) -> Json:
        await trio.sleep(20 if params["capabilities"] else 0)
        return await greet(params)

    backend.answers["initialize"] = greeted
    async with supervised({"files": backend}) as at:
        await at.supervisor.current.settle()
        at.told.clear()
        before = trio.current_time()
        assert await names(at) == ["files__a"]
        assert trio.current_time() == before
        assert at.told == []
        await trio.sleep(21)
        assert at.told == ["notifications/tools/list_changed"]
        assert await names(at) == ["files__a", "files__asks"]


async def test_nobody_is_told_anything_where_the_listing_is_no_other(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=named("a"))
    async with supervised({"files": backend}) as at:
        await at.supervisor.current.settle()
        at.told.clear()
        for _ in range(3):
            assert await names(at) == ["files__a"]
            await trio.sleep(1)
        assert at.told == []
        assert len(backend.links) == 2


async def test_a_name_that_only_such_clients_are_shown_is_waited_for_when_it_is_called(
    autojump_clock: MockClock,
) -> None:
    async with supervised({"files": more_for_those_who_can_be_asked()}) as at:
        await at.supervisor.current.settle()
        call = FakeExchange("tools/call", {"name": "files__asks"}, abilities=FORM)
        assert json.loads(await at.supervisor.generations.serve(call))["asked"] == "tools/call"
        with pytest.raises(InvalidParams):
            await at.supervisor.generations.serve(FakeExchange("tools/call", {"name": "files__asks"}))


async def test_a_shared_backend_is_listed_once_for_all(autojump_clock: MockClock) -> None:
    backend = more_for_those_who_can_be_asked()
    async with supervised({"files": backend}, [spec("files", session="shared")]) as at:
        await at.supervisor.current.settle()
        assert await names(at) == ["files__a"]
        await trio.sleep(60)
        assert await names(at) == ["files__a"]
        assert len(backend.links) == 1


async def test_a_few_are_listed_at_a_time_over_all_backends(autojump_clock: MockClock) -> None:
    under_way: list[int] = [0]
    most: list[int] = [0]

    async def greet(params: Json) -> Json:
        if params["capabilities"]:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
            await trio.sleep(1)
            under_way[0] -= 1
        return {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}}

    backends = {f"b{n}": FakeBackend(tools=named("a"), answers={"initialize": greet}) for n in range(9)}
    async with supervised(backends) as at:
        await at.supervisor.current.settle()
        began = trio.current_time()
        await names(at)
        await at.supervisor.current.list_for(FORM)
        assert most == [LISTING_TURNS]
        assert trio.current_time() - began == pytest.approx(3, abs=0.1)
        assert [len(backend.links) for backend in backends.values()] == [2] * 9


async def test_a_backend_that_is_down_when_its_turn_comes_is_not_started_to_list(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=named("a"))
    async with supervised({"files": backend}) as at:
        await at.supervisor.current.settle()
        turns = at.supervisor.scopes["files"].listing_turns
        for busy in range(LISTING_TURNS):
            turns.acquire_on_behalf_of_nowait(busy)
        await names(at)
        await bring_down(backend)
        for busy in range(LISTING_TURNS):
            turns.release_on_behalf_of(busy)
        await wait_all_tasks_blocked()
        assert len(backend.links) == 1


async def test_news_that_change_nothing_in_the_shared_process_start_no_other(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=named("a"))
    async with supervised({"files": backend}) as at:
        await at.supervisor.current.settle()
        await names(at)
        await trio.sleep(UNUSED_SECONDS + 1)
        for _ in range(5):
            await backend.links[0].says("notifications/tools/list_changed", {})
            await trio.sleep(10)
        assert len(backend.links) == 2
        backend.tools.append({"name": "b"})
        await backend.links[0].says("notifications/tools/list_changed", {})
        await trio.sleep(1)
        assert len(backend.links) == 3
        assert await names(at) == ["files__a", "files__b"]


async def test_what_can_be_listed_over_an_open_connection_is_in_the_first_list(autojump_clock: MockClock) -> None:
    backend = more_for_those_who_can_be_asked()
    async with supervised({"files": backend}) as at:
        await at.supervisor.current.settle()
        call = FakeExchange("tools/call", {"name": "files__a"}, abilities=FORM)
        await at.supervisor.generations.serve(call)
        assert await names(at) == ["files__a", "files__asks"]
        assert len(backend.links) == 2


async def test_a_list_waits_only_briefly_for_a_connection_that_does_not_answer(autojump_clock: MockClock) -> None:
    backend = more_for_those_who_can_be_asked()
    listed = backend.answers["tools/list"]

    async def slowly(params: Json) -> Json:
        await trio.sleep(0 if answering.get() is backend.links[0] else 5)
        return await listed(params)

    backend.answers["tools/list"] = slowly
    async with supervised({"files": backend}) as at:
        await at.supervisor.current.settle()
        await at.supervisor.generations.serve(FakeExchange("tools/call", {"name": "files__a"}, abilities=FORM))
        began = trio.current_time()
        assert await names(at) == ["files__a"]
        assert trio.current_time() - began == pytest.approx(AT_HAND_SECONDS)
        await trio.sleep(6)
        assert await names(at) == ["files__a", "files__asks"]


async def test_a_session_that_ends_while_its_connection_is_listed_over_takes_no_list_with_it(
    autojump_clock: MockClock,
) -> None:
    backend = more_for_those_who_can_be_asked()
    listed = backend.answers["tools/list"]

    async def slowly(params: Json) -> Json:
        await trio.sleep(0 if answering.get() is backend.links[0] else 1)
        return await listed(params)

    backend.answers["tools/list"] = slowly
    async with supervised({"files": backend}) as at:
        await at.supervisor.current.settle()
        session = Session()
        call = FakeExchange("tools/call", {"name": "files__a"}, abilities=FORM, client=session)
        await at.supervisor.generations.serve(call)
        await trio.sleep(0.5)
        at.supervisor.release(session)
        backend.links[1].die("closed")
        await trio.sleep(0.05)
        assert await names(at) == ["files__a"]
        await trio.sleep(3)
        assert await names(at) == ["files__a", "files__asks"]


async def test_a_backend_that_says_at_each_list_that_it_has_changed_is_not_listed_without_end(
    autojump_clock: MockClock,
) -> None:
    backend = more_for_those_who_can_be_asked()
    listed = backend.answers["tools/list"]
    count = 0

    async def restless(params: Json) -> Json:
        nonlocal count
        if answering.get() is not backend.links[0]:
            count += 1
            await answering.get().says("notifications/tools/list_changed", {})
        return await listed(params)

    backend.answers["tools/list"] = restless
    async with supervised({"files": backend}) as at:
        await at.supervisor.current.settle()
        await names(at)
        await trio.sleep(UNUSED_SECONDS + 10)
        assert await names(at) == ["files__a", "files__asks"]
        assert count < 30


async def test_a_list_for_those_who_can_be_asked_that_fails_is_the_common_one_until_it_comes(
    autojump_clock: MockClock,
) -> None:
    backend = more_for_those_who_can_be_asked()
    tools = backend.answers["tools/list"]
    failures: list[Exception] = []

    async def listed(params: Json) -> Json:
        found = await tools(params)
        if len(found["tools"]) > 1 and failures:  # type: ignore[arg-type]  # a list
            raise failures.pop()
        return found

    backend.answers["tools/list"] = listed
    async with supervised({"files": backend}, [spec("files")]) as at:
        await at.supervisor.current.settle()
        failures.append(LinkFailed("HTTP 503"))
        assert await names(at) == ["files__a"]
        await trio.sleep(0.15)  # the first retry comes no sooner than a tenth of a second after that
        assert await names(at) == ["files__a"]
        await trio.sleep(5)
        assert await names(at) == ["files__a", "files__asks"]
