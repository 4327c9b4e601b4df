"""The router over a supervisor: lists, names, URIs, backends that are slow, down or unknown."""

from __future__ import annotations

import json

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from argus_trio.backends.routing.directory import ToolHeaders
from argus_trio.config.model.visibility import Filters, Globs, Override
from argus_trio.core.call.abilities import Abilities
from argus_trio.core.health.lifecycle import BackendState
from argus_trio.errors import BackendUnavailable, InvalidParams, LinkFailed, MethodUnknown, ResourceUnknown
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import FakeBackend, FakeExchange, Json, answering
from tests.backends.support.scopes import Session
from tests.backends.support.supervised import named, slow_to_greet, spec, supervised


async def test_all_backends_make_one_list_in_file_order(autojump_clock: MockClock) -> None:
    async with supervised({"b": FakeBackend(tools=named("x")), "a": FakeBackend(tools=named("x", "y"))}) as h:
        assert await h.names() == ["b__x", "a__x", "a__y"]


async def test_a_call_reaches_the_backend_under_its_own_name(autojump_clock: MockClock) -> None:
    files = FakeBackend(tools=named("read"))
    overridden = spec("files", tool_overrides={"read": Override(name="fetch")})
    async with supervised({"files": files}, [overridden]) as h:
        result = await h.ask("tools/call", name="files__fetch", arguments={"path": "/x"}, _meta={"trace": 1})
    assert result == {
        "asked": "tools/call",
        "params": {"name": "read", "arguments": {"path": "/x"}, "_meta": {"trace": 1}},
    }


async def test_a_tool_and_a_prompt_of_one_name_do_not_meet(autojump_clock: MockClock) -> None:
    async with supervised(
        {"a": FakeBackend(tools=named("x")), "b": FakeBackend(prompts=named("x"))}, separator="."
    ) as h:
        assert (await h.ask("tools/call", name="a.x"))["asked"] == "tools/call"
        assert (await h.ask("prompts/get", name="b.x"))["asked"] == "prompts/get"
        with pytest.raises(InvalidParams, match=r"unknown prompt: a\.x"):
            await h.ask("prompts/get", name="a.x")


async def test_a_first_list_waits_for_a_slow_backend_only_as_long_as_the_grace(autojump_clock: MockClock) -> None:
    backends = {"fast": FakeBackend(tools=named("x")), "slow": slow_to_greet(12, tools=named("y"))}
    async with supervised(backends) as h:
        assert await h.names() == ["fast__x"]
        assert trio.current_time() == pytest.approx(5, abs=0.1)
        await trio.sleep(8)
        assert h.told.count("notifications/tools/list_changed") == 2
        assert await h.names() == ["fast__x", "slow__y"]


async def test_a_first_list_waits_no_longer_than_the_slowest_backend(autojump_clock: MockClock) -> None:
    async with supervised({"slow": slow_to_greet(2, tools=named("y"))}) as h:
        assert await h.names() == ["slow__y"]
        assert trio.current_time() == pytest.approx(2, abs=0.1)


async def test_a_prefixed_name_of_a_starting_backend_waits_for_it(autojump_clock: MockClock) -> None:
    backends = {"fast": FakeBackend(tools=named("x")), "slow": slow_to_greet(8, tools=named("y"))}
    async with supervised(backends) as h:
        assert (await h.ask("tools/call", name="slow__y"))["asked"] == "tools/call"
        with pytest.raises(InvalidParams):
            await h.ask("tools/call", name="slow__z")


async def test_a_name_of_a_backend_that_never_came_up_is_unavailable_not_unknown(autojump_clock: MockClock) -> None:
    dead = FakeBackend(open_failures=[LinkFailed("exited with code 1")] * 99)
    async with supervised({"dead": dead, "fine": FakeBackend(tools=named("x"))}) as h:
        with pytest.raises(BackendUnavailable, match="exited with code 1"):
            await h.ask("tools/call", name="dead__x")
        assert (await h.ask("tools/call", name="fine__x"))["asked"] == "tools/call"
        assert h.supervisor.health().status == "degraded"


async def test_a_backend_that_went_down_keeps_its_names_and_answers_unavailable(autojump_clock: MockClock) -> None:
    files = FakeBackend(tools=named("x"))
    async with supervised({"files": files}) as h:
        await h.supervisor.current.settle()
        files.open_failures = [LinkFailed("gone")] * 99
        files.links[0].die("exited with code 9")
        await trio.sleep(0.01)
        assert await h.names() == ["files__x"]
        with pytest.raises(BackendUnavailable, match="exited with code 9"):
            await h.ask("tools/call", name="files__x")
        assert h.supervisor.scopes["files"].state is BackendState.DOWN


async def test_resources_are_read_by_uri_and_by_template(autojump_clock: MockClock) -> None:
    a = FakeBackend(resources=[{"uri": "file:///x", "name": "x"}], absent=("other:",))
    b = FakeBackend(templates=[{"uriTemplate": "note://{id}", "name": "n"}], absent=("other:",))
    async with supervised({"a": a, "b": b}) as h:
        assert await h.names("resources") == ["file:///x"]
        await h.ask("resources/read", uri="file:///x")
        await h.ask("resources/read", uri="note://7")
        assert [m for m, _ in a.seen].count("resources/read") == 1
        assert b.seen[-1] == ("resources/read", {"uri": "note://7"})
        with pytest.raises(ResourceUnknown):
            await h.ask("resources/read", uri="other://7")
        with pytest.raises(InvalidParams):
            await h.supervisor.generations.serve(FakeExchange("resources/read", {"uri": "other://7"}, era=Era.MODERN))


async def test_what_a_filter_hides_cannot_be_read_or_called_either(autojump_clock: MockClock) -> None:
    hidden = Filters(tools=Globs(deny=("rm",)), resources=Globs(deny=("secret://*",)))
    files = FakeBackend(tools=named("rm", "ls"), templates=[{"uriTemplate": "{+any}", "name": "n"}])
    async with supervised({"files": files}, [spec("files", filters=hidden)]) as h:
        assert await h.names() == ["files__ls"]
        with pytest.raises(InvalidParams):
            await h.ask("tools/call", name="files__rm")
        with pytest.raises(ResourceUnknown):
            await h.ask("resources/read", uri="secret://1")
        await h.ask("resources/read", uri="open://1")


@pytest.mark.parametrize(
    ("method", "params", "error"),
    [
        ("tools/call", {}, InvalidParams),
        ("tools/call", {"name": 7}, InvalidParams),
        ("prompts/get", {"name": "nope"}, InvalidParams),
        ("resources/read", {}, InvalidParams),
        ("tools/list", {"cursor": "forged"}, InvalidParams),
        ("ping", {}, MethodUnknown),
        ("subscriptions/listen", {}, MethodUnknown),
    ],
)
async def test_what_fits_nothing_is_refused(
    method: str, params: Json, error: type[Exception], autojump_clock: MockClock
) -> None:
    async with supervised({"a": FakeBackend(tools=named("x"))}) as h:
        with pytest.raises(error):
            await h.ask(method, **params)


async def test_a_disabled_backend_is_left_out(autojump_clock: MockClock) -> None:
    backends = {"on": FakeBackend(tools=named("x")), "off": FakeBackend(tools=named("x"))}
    async with supervised(backends, [spec("off", enabled=False)]) as h:
        assert await h.names() == ["on__x"]
        assert backends["off"].links == []
        assert h.supervisor.health().total == 1


async def test_a_reconnect_that_shows_the_same_tells_nobody(autojump_clock: MockClock) -> None:
    files = FakeBackend(tools=named("x"))
    async with supervised({"files": files}) as h:
        await h.supervisor.current.settle()
        files.links[0].die("exited with code 9")
        await trio.sleep(90)
        assert len(files.links) == 2
        assert h.told == ["notifications/tools/list_changed"]


async def test_a_long_list_is_read_page_by_page(autojump_clock: MockClock) -> None:
    everything = [f"t{number:04}" for number in range(2500)]
    async with supervised({"a": FakeBackend(tools=named(*everything)), "b": FakeBackend(prompts=named("p"))}) as h:
        shown: list[object] = []
        page = await h.ask("tools/list")
        for size in (1000, 1000, 500):
            tools = page["tools"]
            assert isinstance(tools, list)
            assert len(tools) == size
            shown += [tool["name"] for tool in tools]
            cursor = page.get("nextCursor")
            page = await h.ask("tools/list", **({"cursor": cursor} if cursor else {}))
            with pytest.raises(InvalidParams):
                await h.ask("prompts/list", cursor=cursor or "")
        assert shown == [f"a__{name}" for name in everything]


async def test_a_list_that_became_short_is_read_on_from_a_cursor(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=named(*(f"t{number:04}" for number in range(1001))))
    async with supervised({"a": backend}) as h:
        cursor = (await h.ask("tools/list"))["nextCursor"]
        backend.tools = named("z", "t0001", "y")
        await backend.links[0].says("notifications/tools/list_changed", {})
        await trio.sleep(1)
        assert await h.names() == ["a__z", "a__t0001", "a__y"]
        rest = await h.ask("tools/list", cursor=cursor)
        assert rest == {"tools": named("a__y", "a__z")}


@pytest.mark.parametrize("cursor", ["", 7, {}])
async def test_a_cursor_that_is_none_is_refused(cursor: object, autojump_clock: MockClock) -> None:
    async with supervised({"a": FakeBackend(tools=named("x"))}) as h:
        with pytest.raises(InvalidParams):
            await h.ask("tools/list", cursor=cursor)


REGION: Json = {"type": "object", "properties": {"region": {"type": "string", "x-mcp-header": "Region"}}}
BROKEN: Json = {"type": "object", "properties": {"region": {"type": "object", "x-mcp-header": "Region"}}}


async def test_annotated_arguments_go_to_a_modern_backend_in_headers_too(autojump_clock: MockClock) -> None:
    tools: list[Json] = [{"name": "x", "inputSchema": REGION}, {"name": "y", "inputSchema": {"type": "object"}}]
    modern, legacy = FakeBackend(era=Era.MODERN, tools=tools), FakeBackend(tools=tools)
    async with supervised({"m": modern, "l": legacy}) as h:
        assert len(await h.names()) == 4
        await h.ask("tools/call", name="m__x", arguments={"region": "eü"})
        assert modern.headers[-1][-1] == ("mcp-param-region", "=?base64?ZcO8?=")
        for name, arguments in (("x", {}), ("y", {"region": "eu"})):
            await h.ask("tools/call", name=f"m__{name}", arguments=arguments)
            assert "mcp-param-region" not in dict(modern.headers[-1])
        await h.ask("tools/call", name="l__x", arguments={"region": "eu"})
        assert legacy.headers[-1] == (("mcp-protocol-version", "2025-11-25"),)
        plain = FakeExchange("tools/call").call
        assert await ToolHeaders(h.supervisor.generations)(plain, "m__x") == ((("region",), "Region"),)
        assert (
            await ToolHeaders(h.supervisor.generations)(plain, "m__y")
            == await ToolHeaders(h.supervisor.generations)(plain, "x")
            == ()
        )


async def test_annotated_arguments_count_as_the_tool_is_shown_to_the_client_that_calls(
    autojump_clock: MockClock,
) -> None:
    """A tool that all are shown may have another schema for some, and one may be shown to some alone."""

    async def tools(_params: Json) -> Json:
        declared = [params["capabilities"] for method, params in backend.seen if method == "initialize"][-1]
        area = {"type": "object", "properties": {"region": {"type": "string", "x-mcp-header": "Area"}}}
        if declared:
            return {"tools": [{"name": "x", "inputSchema": area}, {"name": "own", "inputSchema": REGION}]}
        return {"tools": [{"name": "x", "inputSchema": REGION}]}

    backend = FakeBackend(tools=named("x"), answers={"tools/list": tools})
    region, area = ((("region",), "Region"),), ((("region",), "Area"),)
    plain = FakeExchange("tools/call").call
    asked = FakeExchange("tools/call", era=Era.MODERN, abilities=Abilities(roots=True)).call
    async with supervised({"a": backend}) as h:
        await h.names()
        assert (
            await ToolHeaders(h.supervisor.generations)(asked, "a__x") == region
        )  # nothing is known yet of what it is shown
        assert await ToolHeaders(h.supervisor.generations)(asked, "a__own") == region
        assert await ToolHeaders(h.supervisor.generations)(asked, "a__x") == area
        assert await ToolHeaders(h.supervisor.generations)(asked, "a__none") == ()
        assert await ToolHeaders(h.supervisor.generations)(plain, "a__x") == region
        assert await ToolHeaders(h.supervisor.generations)(plain, "a__own") == ()


async def test_a_tool_with_an_invalid_header_annotation_is_dropped_and_reported_once(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=[{"name": "x", "inputSchema": BROKEN}, {"name": "y"}])
    with capture_logs() as logs:
        async with supervised({"a": backend}) as h:
            assert await h.names() == ["a__y"]
            with pytest.raises(InvalidParams):
                await h.ask("tools/call", name="a__x")
            await backend.links[0].says("notifications/tools/list_changed", {})
            await trio.sleep(1)
    dropped = [line for line in logs if line["event"] == "tool_dropped"]
    assert [(line["backend"], line["tool"]) for line in dropped] == [("a", "x")]
    assert "x-mcp-header" in dropped[0]["reason"]


async def test_what_changes_on_a_sessions_own_connection_is_shown_to_that_session_alone(
    autojump_clock: MockClock,
) -> None:
    async def listed(_params: Json) -> Json:
        return {"tools": named("x", *(["mine"] if answering.get() is files.links[-1] and grown else []))}

    grown: list[bool] = []
    files = FakeBackend(declares={"tools": {}}, answers={"tools/list": listed})
    async with supervised({"files": files}) as h:

        async def names(session: Session) -> list[object]:
            exchange = FakeExchange("tools/list", abilities=Abilities(form=True), client=session)
            return [tool["name"] for tool in json.loads(await h.supervisor.generations.serve(exchange))["tools"]]

        one, other = Session(), Session()
        for session in (other, one):
            call = FakeExchange("tools/call", {"name": "files__x"}, abilities=Abilities(form=True), client=session)
            await h.supervisor.generations.serve(call)
            assert await names(session) == ["files__x"]
        grown.append(True)
        await files.links[-1].says("notifications/tools/list_changed", {})
        await trio.sleep(1)
        assert await names(one) == ["files__x", "files__mine"]
        assert await names(other) == ["files__x"]
        assert [method for method, _ in one.told] == ["notifications/tools/list_changed"]
        assert other.told == []
        h.supervisor.release(one)


async def test_a_modern_stream_of_subscriptions_only_has_to_be_let_pass(autojump_clock: MockClock) -> None:
    async with supervised({"a": FakeBackend()}) as h:
        exchange = FakeExchange("subscriptions/listen", {}, era=Era.MODERN)
        assert await h.supervisor.generations.serve(exchange) == b"{}"
