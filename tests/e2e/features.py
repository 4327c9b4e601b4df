"""The rows of the compatibility matrix, first half: what a client asks for, and what happens to it under way."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest
import trio
from mcp.client import Client
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    CallToolRequest,
    CallToolRequestParams,
    CallToolResult,
    EmptyResult,
    LoggingLevel,
    PingRequest,
    PromptReference,
    ResourceTemplateReference,
    SetLevelRequest,
    SetLevelRequestParams,
)
from pydantic import TypeAdapter

from tests.e2e.cells import Absent, Cell, Door, Feature, Kind
from tests.e2e.clients import MODERN, words
from tests.servers.featured.server import ODD, TEMPLATES

LOG_LEVEL = "io.modelcontextprotocol/logLevel"
DEADLINE = -31015

FEATURES: list[Feature] = []

REASONS = {
    "lists-are-the-same": "Revision 2026-07-28 allows no list of tools that varies so: only by authorization.",
    "ping": "Revision 2026-07-28 has no `ping`.",
    "url-required": "Revision 2026-07-28 has no error −32042: its servers ask with `input_required`.",
    "no-resuming": "Revision 2026-07-28 has no streams that can be resumed: a lost one ends its call.",
    "sse-lost": "HTTP+SSE has one stream for everything: without it the session is over.",
    "pipes": "A client on stdio has pipes; the streams behind them are the bridge's, which resumes them itself.",
    "discover": "`server/discover`, `ttlMs` and `resultType` are of revision 2026-07-28.",
}
"""Why a cell can have no such thing, by key."""


def everywhere(door: Door, kind: Kind) -> str | None:
    return None


def feature(
    group: str, name: str, absent: Absent = everywhere, *, is_last: bool = False
) -> Callable[[Callable[[Cell], Awaitable[None]]], Callable[[Cell], Awaitable[None]]]:
    """Makes a function a row of the matrix."""

    def enter(run: Callable[[Cell], Awaitable[None]]) -> Callable[[Cell], Awaitable[None]]:
        FEATURES.append(Feature(group=group, name=name, run=run, absent=absent, is_last=is_last))
        return run

    return enter


def modern_client(key: str) -> Absent:
    return lambda door, kind: key if door.era == "modern" else None


def legacy_client(key: str) -> Absent:
    return lambda door, kind: key if door.era == "legacy" else None


def modern_backend(key: str) -> Absent:
    return lambda door, kind: key if kind.era == "modern" else None


async def all_tools(client: Client) -> dict[str, Any]:
    return {tool.name: tool for tool in (await client.list_tools(cache_mode="bypass")).tools}


def content(result: CallToolResult) -> dict[str, Any]:
    assert not result.is_error, result
    assert isinstance(result.structured_content, dict)
    return result.structured_content


@feature("Tools", "list")
async def tools_are_listed(cell: Cell) -> None:
    tools = await all_tools(cell.plain)
    assert tools[cell.name("add")].description == "Does add"
    assert cell.name("nothing") not in tools


@feature("Tools", "a list that depends on what the client can do", modern_backend("lists-are-the-same"))
async def the_list_depends_on_the_client(cell: Cell) -> None:
    assert cell.name("for_samplers") not in await all_tools(cell.plain)
    # The first list is answered from what is known. What differs comes later, which only some clients can be told.
    while cell.name("for_samplers") not in await all_tools(cell.able):  # noqa: ASYNC110
        await trio.sleep(0.05)
    assert words(await cell.able.call_tool(cell.name("for_samplers"), {"text": "hi"})) == "hi"


@feature("Tools", "call, structured content")
async def a_tool_is_called(cell: Cell) -> None:
    assert content(await cell.plain.call_tool(cell.name("add"), {"a": 2, "b": 3})) == {
        "total": 5,
        "server": cell.kind.name,
    }


@feature("Tools", "a tool's error")
async def a_tool_fails(cell: Cell) -> None:
    failed = await cell.plain.call_tool(cell.name("fail"))
    assert failed.is_error
    assert words(failed) == "on purpose"


@feature("Tools", "an error of the protocol, with its data")
async def a_call_is_refused(cell: Cell) -> None:
    with pytest.raises(MCPError) as refusal:
        await cell.plain.call_tool(cell.name("refuse"), {"x": [1]})
    assert (refusal.value.error.code, refusal.value.error.data) == (-32050, {"given": {"x": [1]}})


class OddParams(CallToolRequestParams):
    """What a client of some later revision might send."""

    x_unknown: dict[str, Any]


class OddRequest(CallToolRequest):
    params: OddParams


@feature("Tools", "unknown members, both ways")
async def unknown_members_pass(cell: Cell) -> None:
    given: dict[str, Any] = {"deep": [None, 12345678901234567890, "\u2028"]}
    meta: Any = {"example.org/x": given}
    params = OddParams(name=cell.name("received"), x_unknown=given, _meta=meta)
    raw: dict[str, Any] = await cell.plain.session.send_request(
        OddRequest(params=params),
        TypeAdapter(dict[str, Any]),  # type: ignore[type-var]
    )
    arrived = raw["structuredContent"]["params"]
    assert arrived["name"] == "received"
    assert arrived["xUnknown"] == given
    assert arrived["_meta"]["example.org/x"] == given
    assert ODD.items() <= raw.items()
    assert ODD.items() <= raw["content"][0].items()
    assert raw["_meta"]["example.org/odd"] == ODD


@feature("Resources", "list, read")
async def a_resource_is_read(cell: Cell) -> None:
    uri = cell.uri("motto")
    assert uri in {str(resource.uri) for resource in (await cell.plain.list_resources(cache_mode="bypass")).resources}
    (found,) = (await cell.plain.read_resource(uri)).contents
    assert (str(found.uri), found.text) == (uri, f"this is {uri}")  # type: ignore[union-attr]  # it is text


@feature("Resources", "read by template")
async def a_resource_is_read_by_template(cell: Cell) -> None:
    uri = cell.uri("t7/item")
    (found,) = (await cell.plain.read_resource(uri)).contents
    assert found.text == f"this is {uri}"  # type: ignore[union-attr]  # it is text


@feature("Resources", "an error for what is not there")
async def a_resource_is_not_there(cell: Cell) -> None:
    with pytest.raises(MCPError) as refusal:
        await cell.plain.read_resource(cell.uri("t7/nothing"))
    assert refusal.value.error.code == INVALID_PARAMS
    assert refusal.value.error.data == {"uri": cell.uri("t7/nothing")}


@feature("Resources", "long lists in pages, forged cursors refused")
async def long_lists_have_pages(cell: Cell) -> None:
    templates: list[str] = []
    cursor: str | None = None
    pages = 0
    while pages == 0 or cursor is not None:
        page = await cell.plain.list_resource_templates(cursor=cursor, cache_mode="bypass")
        templates += [template.uri_template for template in page.resource_templates]
        cursor = page.next_cursor
        pages += 1
    assert pages > 1
    assert len(set(templates)) == len(templates)
    own = {cell.uri(f"t{number}/{{item}}") for number in range(TEMPLATES)}
    assert own <= set(templates)
    with pytest.raises(MCPError) as refusal:
        await cell.plain.list_resource_templates(cursor="100", cache_mode="bypass")
    assert refusal.value.error.code == INVALID_PARAMS


@feature("Prompts and completion", "prompts: list, get")
async def a_prompt_is_got(cell: Cell) -> None:
    assert cell.name("greet") in {p.name for p in (await cell.plain.list_prompts(cache_mode="bypass")).prompts}
    (message,) = (await cell.plain.get_prompt(cell.name("greet"), {"who": "Ada"})).messages
    assert message.content.text == f"{cell.kind.name} greets Ada"  # type: ignore[union-attr]  # it is text


@feature("Prompts and completion", "completion of a prompt's argument")
async def a_prompts_argument_is_completed(cell: Cell) -> None:
    ref = PromptReference(name=cell.name("greet"))
    done = await cell.plain.complete(ref, {"name": "who", "value": "par"}, {"other": "parrot"})
    assert done.completion.values == ["paris", "park", "party", "parrot"]


@feature("Prompts and completion", "completion of a template's variable")
async def a_templates_variable_is_completed(cell: Cell) -> None:
    ref = ResourceTemplateReference(uri=cell.uri("t7/{item}"))
    done = await cell.plain.complete(ref, {"name": "item", "value": "te"})
    assert done.completion.values == ["test"]


@feature("The connection", "instructions of the backend")
async def instructions_are_seen(cell: Cell) -> None:
    if cell.door.era == "modern":
        told = (await cell.plain.session.send_discover(MODERN)).get("instructions", "")
    else:
        told = cell.plain.instructions or ""
    assert f"Instructions of {cell.kind.name}." in told


@feature("The connection", "ping", modern_client("ping"))
async def a_ping_is_answered(cell: Cell) -> None:
    await cell.plain.session.send_request(PingRequest(), EmptyResult)


@feature("The connection", "discovery, cache hints and result types", legacy_client("discover"))
async def it_can_be_discovered(cell: Cell) -> None:
    found = await cell.plain.session.send_discover(MODERN)
    assert MODERN in found["supportedVersions"]
    assert {"tools", "resources", "prompts"} <= set(found["capabilities"])
    assert found["resultType"] == "complete"
    listed = await cell.plain.list_tools(cache_mode="bypass")
    assert (listed.ttl_ms is not None, listed.cache_scope in ("public", "private")) == (True, True)
    called = await cell.plain.call_tool(cell.name("echo"))
    assert called.result_type == "complete"


@feature("During a call", "progress")
async def progress_is_reported(cell: Cell) -> None:
    reported: list[tuple[float, float | None, str | None]] = []
    complete = trio.Event()

    async def report(progress: float, total: float | None, message: str | None) -> None:
        reported.append((progress, total, message))
        if len(reported) == 3:
            complete.set()

    counted = await cell.plain.call_tool(cell.name("count"), {"upto": 3}, progress_callback=report)
    assert words(counted) == "counted to 3"
    await complete.wait()
    assert reported == [(step, 3, f"step {step}") for step in (1, 2, 3)]


async def logged(cell: Cell, client: Client, level: LoggingLevel, mark: str) -> None:
    """Have a call log at every level, while the client wants this level and above."""
    if cell.door.era == "legacy":
        await client.session.send_request(SetLevelRequest(params=SetLevelRequestParams(level=level)), EmptyResult)
        await client.call_tool(cell.name("log_all"), {"mark": mark})
    else:
        meta: Any = {LOG_LEVEL: level}
        await client.call_tool(cell.name("log_all"), {"mark": mark}, meta=meta)


@feature("During a call", "log messages at the level that was asked for", is_last=True)
async def messages_are_logged(cell: Cell) -> None:
    for level, expected in (("warning", ("warning", "error")), ("debug", ("debug", "info", "warning", "error"))):
        mark = uuid.uuid4().hex
        await logged(cell, cell.plain, level, mark)  # type: ignore[arg-type]  # they are levels
        await cell.heard.until(lambda heard, mark=mark: any(text == f"{mark} error" for _, text in heard.logs))  # type: ignore[misc]
        assert [entry for entry in cell.heard.logs if mark in str(entry[1])] == [
            (at, f"{mark} {at}") for at in expected
        ]


@feature("During a call", "two clients log at two levels", is_last=True)
async def messages_are_logged_for_two(cell: Cell) -> None:
    mark, able_mark = uuid.uuid4().hex, uuid.uuid4().hex
    async with trio.open_nursery() as nursery:
        nursery.start_soon(logged, cell, cell.plain, "error", mark)
        nursery.start_soon(logged, cell, cell.able, "info", able_mark)
    await cell.heard.until(lambda heard: any(text == f"{mark} error" for _, text in heard.logs))
    await cell.able_heard.until(lambda heard: any(text == f"{able_mark} error" for _, text in heard.logs))
    assert [text for _, text in cell.heard.logs if mark in str(text) or able_mark in str(text)] == [f"{mark} error"]
    heard = [text for _, text in cell.able_heard.logs if mark in str(text) or able_mark in str(text)]
    assert heard == [f"{able_mark} {level}" for level in ("info", "warning", "error")]


async def marked(cell: Cell, token: str, what: str) -> None:
    """Until a backend has marked that this happened to a call."""
    while not (cell.journal / f"{token}.{what}").exists():  # noqa: ASYNC110
        await trio.sleep(0.02)  # another process has no event to wait for


async def cancels_one_of_two(cell: Cell, client: Client) -> None:
    ends, stays = uuid.uuid4().hex, uuid.uuid4().hex
    results: list[str] = []

    async def call(token: str, scope: trio.CancelScope) -> None:
        with scope:
            results.append(words(await client.call_tool(cell.name("wait"), {"token": token})))

    async with trio.open_nursery() as nursery:
        scope = trio.CancelScope()
        nursery.start_soon(call, ends, scope)
        nursery.start_soon(call, stays, trio.CancelScope())
        await marked(cell, ends, "waiting")
        await marked(cell, stays, "waiting")
        scope.cancel()
        await marked(cell, ends, "cancelled")
        (cell.journal / f"{stays}.released").touch()
    assert results == ["released"]
    assert not (cell.journal / f"{stays}.cancelled").exists()


@feature("During a call", "cancellation, of that call and no other")
async def a_call_is_cancelled(cell: Cell) -> None:
    await cancels_one_of_two(cell, cell.plain)


@feature("During a call", "cancellation by a client that can be asked")
async def a_call_of_an_able_client_is_cancelled(cell: Cell) -> None:
    await cancels_one_of_two(cell, cell.able)


@feature("During a call", "a deadline ends it, at the backend too")
async def a_deadline_ends_a_call(cell: Cell) -> None:
    token = uuid.uuid4().hex
    with pytest.raises(MCPError) as refusal:
        await cell.plain.call_tool(cell.brief("wait"), {"token": token})
    assert refusal.value.error.code == DEADLINE
    await marked(cell, token, "cancelled")


@feature("During a call", "progress puts the deadline off")
async def progress_puts_the_deadline_off(cell: Cell) -> None:
    heard: list[float] = []

    async def report(progress: float, total: float | None, message: str | None) -> None:
        heard.append(progress)

    call = partial(cell.plain.call_tool, cell.brief("count_slowly"), {"upto": 28})
    assert words(await call(progress_callback=report)) == "counted to 28"
    assert heard
