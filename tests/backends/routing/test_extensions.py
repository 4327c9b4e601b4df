"""Methods that nobody here knows: they pass where one backend alone can be meant."""

from __future__ import annotations

import pytest
from trio.testing import MockClock

from argus_trio.backends.routing.tasks import owner_of
from argus_trio.config.model.visibility import Filters, Globs, Override
from argus_trio.errors import InvalidParams, MethodUnknown
from tests.backends.support.fakes import FakeBackend, FakeExchange, Json
from tests.backends.support.supervised import bring_down, named, spec, supervised

UI: Json = {"extensions": {"io.modelcontextprotocol/ui": {}}}


async def echo(params: Json) -> Json:
    return {"got": params}


def backend(*methods: str, **fields: object) -> FakeBackend:
    return FakeBackend(answers=dict.fromkeys(methods, echo), **fields)  # type: ignore[arg-type]  # fields by name


async def test_a_method_goes_to_the_one_that_declares_its_extension(autojump_clock: MockClock) -> None:
    a = backend("ui/show", "io.modelcontextprotocol/ui/show", declares=UI, tools=named("x"))
    b = backend("own/do", declares={"experimental": {"own": {}}, "extensions": 7})
    async with supervised({"a": a, "b": b}) as h:
        assert await h.ask("ui/show", name="a__x", x=1) == {"got": {"name": "x", "x": 1}}
        assert await h.ask("io.modelcontextprotocol/ui/show") == {"got": {}}
        assert await h.ask("own/do", name="a__x") == {"got": {"name": "a__x"}}


async def test_a_method_that_several_declare_passes_only_where_its_params_lead_to_one(
    autojump_clock: MockClock,
) -> None:
    a = backend("ui/show", declares=UI, tools=named("x"), resources=[{"uri": "u://1", "name": "u"}])
    b = backend("ui/show", declares=UI, prompts=named("y"), resources=[{"uri": "u://2", "name": "u"}])
    async with supervised({"a": a, "b": b}, [spec("a", tool_overrides={"x": Override(name="z")})]) as h:
        assert await h.ask("ui/show", name="a__z") == {"got": {"name": "x"}}
        assert await h.ask("ui/show", name="b__y") == {"got": {"name": "y"}}
        assert await h.ask("ui/show", uri="u://2") == {"got": {"uri": "u://2"}}
        assert b.seen[-1][1] == {"uri": "u://2"}
        for params in ({}, {"name": "c__x"}, {"name": 7}, {"name": "a__z", "uri": "u://2"}):
            with pytest.raises(MethodUnknown):
                await h.ask("ui/show", **params)
        await bring_down(b)
        assert await h.ask("ui/show") == {"got": {}}


async def test_the_only_backend_is_meant_by_any_method(autojump_clock: MockClock) -> None:
    async with supervised({"a": backend("any/thing"), "off": backend()}, [spec("off", enabled=False)]) as h:
        assert await h.ask("any/thing", name="unknown") == {"got": {"name": "unknown"}}


async def test_a_task_leads_to_its_backend(autojump_clock: MockClock) -> None:
    async with supervised({"a": backend("x/do"), "b": backend("x/do")}) as h:
        await h.supervisor.current.settle()
        owner = owner_of(FakeExchange("x/do").call)
        task = h.tasks.table.enter(owner, "b", "task-1", now=0)
        assert await h.ask("x/do", taskId=task.id) == {"got": {"taskId": "task-1"}}


@pytest.mark.parametrize("method", ["initialize", "roots/list", "notifications/x", "logging/setLevel"])
async def test_methods_of_the_protocol_are_never_passed_on(method: str, autojump_clock: MockClock) -> None:
    async with supervised({"a": backend(method)}) as h:
        with pytest.raises(MethodUnknown):
            await h.ask(method)


async def test_what_a_filter_hides_is_not_reached_by_another_method(autojump_clock: MockClock) -> None:
    hidden = Filters(tools=Globs(deny=("rm",)), resources=Globs(deny=("secret://*",)))
    async with supervised({"a": backend("any/thing", tools=named("rm", "ls"))}, [spec("a", filters=hidden)]) as h:
        for params in ({"name": "rm"}, {"uri": "secret://1"}):
            with pytest.raises((MethodUnknown, InvalidParams)):
                await h.ask("any/thing", **params)
        assert await h.ask("any/thing", name="a__ls", uri="open://1") == {"got": {"name": "ls", "uri": "open://1"}}
