"""What a backend shows is looked at again where it says nothing of changes, and where there is reason to."""

from __future__ import annotations

import json

import attrs
import pytest
import trio
from trio.testing import MockClock

from argus_trio.backends.connectivity.client_connections import UNUSED_SECONDS
from argus_trio.config.model.backend import HttpBackend, StdioBackend
from argus_trio.config.model.operation import Probing, Timeouts
from argus_trio.core.call.abilities import Abilities
from argus_trio.core.health.lifecycle import BackendState
from argus_trio.errors import BackendError
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import FakeBackend, FakeExchange, Json, Refusal
from tests.backends.support.scopes import Session, living
from tests.backends.support.supervised import Supervised, named, spec, supervised

ERAS = pytest.mark.parametrize("era", list(Era))
CHANGED = "notifications/tools/list_changed"
RELIST = 50.0
FORM = Abilities(form=True)


def watched(**more: object) -> StdioBackend:
    return spec("files", health=Probing(relist=RELIST), **more)


def lists(backend: FakeBackend, method: str = "tools/list") -> int:
    return sum(each == method for each, _ in backend.seen)


async def begun(at: Supervised) -> None:
    await at.supervisor.current.settle()
    at.told.clear()


@ERAS
async def test_a_backend_that_says_nothing_of_changes_is_looked_at_in_intervals(
    era: Era, autojump_clock: MockClock
) -> None:
    backend = FakeBackend(era=era, tools=named("a"), declares={"tools": {}})
    async with supervised({"files": backend}, [watched()]) as at:
        await begun(at)
        await trio.sleep(10 * RELIST + 1)
        assert lists(backend) == 11
        assert at.told == []
        backend.tools = named("a", "b")
        await trio.sleep(RELIST + 1)
        assert await at.names() == ["files__a", "files__b"]
        assert at.told == [CHANGED]


@ERAS
async def test_a_backend_that_says_what_changes_is_not(era: Era, autojump_clock: MockClock) -> None:
    async def listen(_params: Json) -> Json:
        await trio.sleep_forever()
        raise AssertionError

    backend = FakeBackend(era=era, tools=named("a"), answers={"subscriptions/listen": listen})
    async with supervised({"files": backend}, [watched()]) as at:
        await begun(at)
        await trio.sleep(10 * RELIST)
        assert lists(backend) == 1


@ERAS
async def test_one_that_declares_to_say_so_and_has_no_stream_to_say_it_on_is_looked_at(
    era: Era, autojump_clock: MockClock
) -> None:
    backend = FakeBackend(era=era, tools=named("a"))  # a modern one knows no subscriptions/listen
    async with supervised({"files": backend}, [watched()]) as at:
        await begun(at)
        backend.links[0].has_stream = False
        await trio.sleep(2 * RELIST + 1)
        assert lists(backend) == 3


async def test_by_default_a_look_is_due_each_fifth_interval_of_the_probes(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=named("a"), declares={"tools": {}})
    async with supervised({"files": backend}, [spec("files", health=Probing(interval=4, timeout=1, slow=1))]) as at:
        await begun(at)
        await trio.sleep(61)
        assert lists(backend) == 4


@ERAS
async def test_a_list_that_was_empty_at_first_is_looked_at_some_seconds_after(
    era: Era, autojump_clock: MockClock
) -> None:
    backend = FakeBackend(era=era, declares={"tools": {"listChanged": True}})
    async with supervised({"files": backend}) as at:
        await begun(at)
        await trio.sleep(1)
        backend.tools = named("a")
        await trio.sleep(5)
        assert await at.names() == ["files__a"]
        assert at.told == [CHANGED]


@ERAS
@pytest.mark.parametrize(
    "answer",
    [
        Refusal(-32602, "Tool a not found"),
        Refusal(-32601, "Method not found"),
        {"content": [{"type": "text", "text": "Unknown tool: a"}], "isError": True},
    ],
)
async def test_a_backend_that_does_not_know_a_tool_that_it_listed_is_listed_again(
    era: Era, answer: Refusal | Json, autojump_clock: MockClock
) -> None:
    async def called(_params: Json) -> Json:
        if isinstance(answer, Refusal):
            raise answer
        return answer

    backend = FakeBackend(era=era, tools=named("a"), answers={"tools/call": called})
    async with supervised({"files": backend}) as at:
        await begun(at)
        backend.tools = named("b")
        before = lists(backend)
        for _ in range(20):
            if isinstance(answer, Refusal):
                with pytest.raises(BackendError):
                    await at.ask("tools/call", name="files__a")
            else:
                assert await at.ask("tools/call", name="files__a") == answer
        await trio.sleep(2)
        assert await at.names() == ["files__b"]
        assert lists(backend) == before + 1


async def test_a_tool_that_goes_on_to_be_unknown_costs_ever_fewer_looks(autojump_clock: MockClock) -> None:
    async def called(_params: Json) -> Json:
        raise Refusal(-32602, "Unknown tool: a")

    backend = FakeBackend(tools=named("a"), answers={"tools/call": called})
    async with supervised({"files": backend}) as at:
        await begun(at)
        for _ in range(600):
            with pytest.raises(BackendError):
                await at.ask("tools/call", name="files__a")
            await trio.sleep(1)
        assert 5 < lists(backend) < 13
        assert at.told == []


@ERAS
async def test_a_reload_that_is_asked_for_looks_at_every_backend(era: Era, autojump_clock: MockClock) -> None:
    backend = FakeBackend(era=era, tools=named("a"))
    async with supervised({"files": backend}) as at:
        await begun(at)
        await trio.sleep(10)
        backend.tools = named("a", "b")
        at.supervisor.look_again()
        await trio.sleep(0.5)
        assert await at.names() == ["files__a", "files__b"]
        assert at.told == [CHANGED]
        for _ in range(100):
            at.supervisor.look_again()
            await trio.sleep(0.1)
        assert lists(backend) <= 13


async def test_a_backend_that_is_down_is_not_looked_at(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=named("a"))
    async with supervised({"files": backend}) as at:
        await begun(at)
        backend.links[0].die("gone")
        await trio.sleep(0.01)
        at.supervisor.look_again()
        assert at.supervisor.scopes["files"].state is BackendState.DOWN


async def test_looks_do_not_keep_a_connection_of_a_client_open_that_nobody_uses(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=named("a"), declares={"tools": {}})
    declared = HttpBackend(
        name="files",
        url="http://127.0.0.1:1/mcp",
        timeouts=Timeouts(connect=20, call=100, idle=200),
        health=Probing(relist=RELIST),
    )
    async with living(backend, declared) as scope:
        client = Session()
        await scope.calls.call(FakeExchange("tools/call", {"name": "a"}, abilities=FORM, client=client), {})
        scope.list_soon(FORM)
        await trio.sleep(1)
        assert scope.client_connections.table.of(client) is not None
        for number in range(6):
            backend.tools = named(*(f"t{count}" for count in range(number + 2)))  # each look finds something else
            await trio.sleep(RELIST)
        assert scope.client_connections.table.of(client) is None
        await trio.sleep(UNUSED_SECONDS + RELIST)
        assert len(scope.listings.of(FORM) or {}) > 0


async def test_a_look_that_finds_nothing_new_opens_no_connection_for_those_who_can_be_asked(
    autojump_clock: MockClock,
) -> None:
    backend = FakeBackend(tools=named("a"), declares={"tools": {}})
    async with supervised({"files": backend}, [watched()]) as at:
        await begun(at)
        exchange = FakeExchange("tools/list", abilities=FORM)
        json.loads(await at.supervisor.generations.serve(exchange))
        await trio.sleep(1)
        assert len(backend.links) == 2
        await trio.sleep(10 * RELIST)
        assert len(backend.links) == 2
        assert [link.is_open for link in backend.links] == [True, False]


async def test_what_is_mended_or_left_out_is_told_once_in_the_log_and_always_in_the_status(
    autojump_clock: MockClock,
) -> None:
    odd: list[Json] = [
        {"name": "no_schema"},
        {"name": "null", "inputSchema": None},
        {"name": "string", "inputSchema": {"type": "string"}},
        {"title": "no name"},
    ]
    backend = FakeBackend(tools=[*named("a", "b.c"), *odd], declares={"tools": {}})
    async with supervised({"files": backend}, [watched()]) as at:
        await begun(at)
        await trio.sleep(3 * RELIST + 1)
        assert await at.names() == ["files__a", "files__b.c", "files__no_schema", "files__null"]
        (status,) = at.supervisor.overview().backends
    lists_now = attrs.asdict(status.lists)
    assert lists_now["mended"] == (
        {
            "kind": "tools",
            "what": 'inputSchema: missing, became {"type":"object"}',
            "count": 2,
            "names": ("no_schema", "null"),
        },
    )
    assert [(each["what"], each["count"], each["names"]) for each in lists_now["left_out"]] == [
        ("it has no name", 1, ("",)),
        ("inputSchema is the schema of another type than object", 1, ("string",)),
    ]
    assert lists_now["not_portable"] == ("files__b.c",)
