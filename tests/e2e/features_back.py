"""The rows of the compatibility matrix, second half: what comes from the backend: questions and changes."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from mcp.client import Client
from mcp.client.session import IncomingMessage
from mcp.client.subscriptions import Subscription
from mcp.shared.exceptions import MCPError
from mcp.types import (
    URL_ELICITATION_REQUIRED,
    EmptyResult,
    PromptListChangedNotification,
    ResourceListChangedNotification,
    ResourceUpdatedNotification,
    SubscribeRequest,
    SubscribeRequestParams,
    ToolListChangedNotification,
    UnsubscribeRequest,
    UnsubscribeRequestParams,
)

from tests.e2e.cells import Cell, Heard
from tests.e2e.clients import words
from tests.e2e.features import content, feature, modern_backend

PARIS = {"role": "assistant", "content": {"type": "text", "text": "Paris"}, "model": "m"}
ADA = {"action": "accept", "content": {"name": "Ada"}}


async def asked(cell: Cell, tool: str) -> tuple[dict[str, Any], list[Any]]:
    """What a tool that asks made of the answers, and what the client was asked meanwhile."""
    before = len(cell.able_heard.asked)
    answers = content(await cell.able.call_tool(cell.name(tool)))
    return answers, cell.able_heard.asked[before:]


@feature("Questions to the client", "elicitation, form")
async def a_form_is_filled_in(cell: Cell) -> None:
    answers, (question,) = await asked(cell, "ask_form")
    assert answers == {"user": ADA}
    assert question.message == "Who?"
    assert question.requested_schema["required"] == ["name"]


@feature("Questions to the client", "elicitation, URL")
async def a_url_is_visited(cell: Cell) -> None:
    answers, (question,) = await asked(cell, "ask_url")
    assert answers["visited"]["action"] == "accept"
    assert question.url == "https://example.org/go"


@feature("Questions to the client", "the error that demands a URL elicitation", modern_backend("url-required"))
async def an_error_demands_a_url(cell: Cell) -> None:
    before = len(cell.able_heard.asked)
    call = partial(cell.able.call_tool, cell.name("demand_url"), {"token": uuid.uuid4().hex})
    if cell.door.era == "legacy":
        with pytest.raises(MCPError) as refusal:
            await call()
        assert refusal.value.error.code == URL_ELICITATION_REQUIRED
        assert refusal.value.error.data["elicitations"][0]["url"] == "https://example.org/login"
    assert words(await call()) == "logged in"
    if cell.door.era == "modern":
        assert cell.able_heard.asked[before].url == "https://example.org/login"


@feature("Questions to the client", "sampling")
async def a_model_is_asked(cell: Cell) -> None:
    answers, (question,) = await asked(cell, "ask_sample")
    assert answers["sampled"] == PARIS
    assert question.messages[0].content.text == "What is the capital of France?"


@feature("Questions to the client", "roots")
async def roots_are_listed(cell: Cell) -> None:
    answers, questions = await asked(cell, "ask_roots")
    assert answers["roots"]["roots"] == [{"uri": "file:///work", "name": "work"}]
    assert questions == ["roots"]


@feature("Questions to the client", "two in one call")
async def two_are_asked_at_once(cell: Cell) -> None:
    answers, questions = await asked(cell, "ask_two")
    assert answers == {"user": ADA, "sampled": PARIS}
    assert len(questions) == 2


@feature("Questions to the client", "one after the other")
async def one_is_asked_after_the_other(cell: Cell) -> None:
    answers, questions = await asked(cell, "ask_rounds")
    assert answers == {"user": ADA, "other": ADA}
    assert [question.message for question in questions] == ["Who?", "And who else?"]


@feature("Questions to the client", "what was not declared is not asked")
async def what_was_not_declared_is_not_asked(cell: Cell) -> None:
    """Nothing but the call's own answer reaches the client, and that says what is the matter."""
    with pytest.raises(MCPError) as refusal:
        await cell.plain.call_tool(cell.name("ask_anyway"))
    assert refusal.value.error.code < 0
    assert not [message for message in cell.heard.messages if isinstance(message, Exception)]


@feature("Questions to the client", "the backend is told what this client can do")
async def the_backend_knows_what_the_client_can(cell: Cell) -> None:
    able = content(await cell.able.call_tool(cell.name("abilities")))["abilities"]
    assert {"elicitation", "sampling", "roots"} <= set(able)
    assert set(able["elicitation"]) == {"form", "url"}
    plain = content(await cell.plain.call_tool(cell.name("abilities")))["abilities"]
    assert not {"elicitation", "sampling", "roots"} & set(plain)


@asynccontextmanager
async def watching(
    cell: Cell, client: Client, heard: Heard, *uris: str
) -> AsyncIterator[Callable[[str], Awaitable[None]]]:
    """Subscribe as the client's era does; gives a function that waits for an update of a URI."""
    if cell.door.era == "modern":
        async with client.listen(resource_subscriptions=uris) as subscription:
            assert set(subscription.honored.resource_subscriptions or ()) == set(uris)

            async def event(uri: str) -> None:
                async for found in subscription:
                    if getattr(found, "uri", None) == uri:
                        return

            yield event
        return
    for uri in uris:
        await client.session.send_request(SubscribeRequest(params=SubscribeRequestParams(uri=uri)), EmptyResult)

    async def message(uri: str) -> None:
        await heard.until(lambda so_far: uri in updated(so_far))

    yield message
    for uri in uris:
        await client.session.send_request(UnsubscribeRequest(params=UnsubscribeRequestParams(uri=uri)), EmptyResult)


def updated(heard: Heard) -> list[str]:
    return [str(message.params.uri) for message in heard.messages if isinstance(message, ResourceUpdatedNotification)]


async def hears_of_a_resource(cell: Cell, client: Client, heard: Heard) -> None:
    """News of a resource while it is watched; none of what is not watched, and none afterwards."""
    own = f"t1/{id(client)}"
    first, second, never = (cell.uri(f"{own}-{number}") for number in range(3))
    async with watching(cell, client, heard, second) as news:
        async with watching(cell, client, heard, first) as first_news:
            await client.call_tool(cell.name("touch"), {"uri": first})
            await first_news(first)
        del heard.messages[:]
        for uri in (first, never, second):
            await client.call_tool(cell.name("touch"), {"uri": uri})
        await news(second)
        # That a stream is closed has no answer to wait for, unlike `resources/unsubscribe`.
        assert set(updated(heard)) <= ({second} if cell.door.era == "legacy" else {first, second})


@feature("Changes", "a resource that is watched is updated")
async def a_resource_is_updated(cell: Cell) -> None:
    await hears_of_a_resource(cell, cell.plain, cell.heard)


@feature("Changes", "the same for a client that can be asked")
async def a_resource_is_updated_for_an_able_client(cell: Cell) -> None:
    await hears_of_a_resource(cell, cell.able, cell.able_heard)


CHANGED: dict[str, type[IncomingMessage]] = {
    "tools": ToolListChangedNotification,
    "prompts": PromptListChangedNotification,
    "resources": ResourceListChangedNotification,
}


async def listed(cell: Cell, client: Client, kind: str) -> list[str]:
    """The names in a list, by the backend's own word."""
    match kind:
        case "tools":
            return [tool.name for tool in (await client.list_tools(cache_mode="bypass")).tools]
        case "prompts":
            return [prompt.name for prompt in (await client.list_prompts(cache_mode="bypass")).prompts]
    return [
        cell.name(str(r.uri).partition("://")[2]) for r in (await client.list_resources(cache_mode="bypass")).resources
    ]


async def hears_of_a_list(cell: Cell, client: Client, heard: Heard, kind: str) -> None:
    """Told of a change, the client finds the new entry in the list."""
    async with cell.growing:
        await _hears_of_a_list(cell, client, heard, kind)


async def _hears_of_a_list(cell: Cell, client: Client, heard: Heard, kind: str) -> None:
    if cell.door.era == "modern":
        wanted: dict[str, Any] = {f"{kind}_list_changed": True}
        async with client.listen(**wanted) as subscription:
            name = words(await client.call_tool(cell.name("grow"), {"kind": kind}))
            await _found(cell, client, kind, name, subscription)
        return
    del heard.messages[:]
    name = words(await client.call_tool(cell.name("grow"), {"kind": kind}))
    while True:
        await heard.until(lambda so_far: any(isinstance(message, CHANGED[kind]) for message in so_far.messages))
        del heard.messages[:]
        if cell.name(name) in await listed(cell, client, kind):
            return


async def _found(cell: Cell, client: Client, kind: str, name: str, subscription: Subscription) -> None:
    async for _ in subscription:
        if cell.name(name) in await listed(cell, client, kind):
            return
    raise AssertionError("the subscription ended")


@feature("Changes", "the list of tools")
async def the_tools_change(cell: Cell) -> None:
    await hears_of_a_list(cell, cell.plain, cell.heard, "tools")


@feature("Changes", "the list of tools, for a client that can be asked")
async def the_tools_of_an_able_client_change(cell: Cell) -> None:
    await hears_of_a_list(cell, cell.able, cell.able_heard, "tools")


@feature("Changes", "the list of prompts")
async def the_prompts_change(cell: Cell) -> None:
    await hears_of_a_list(cell, cell.plain, cell.heard, "prompts")


@feature("Changes", "the list of resources")
async def the_resources_change(cell: Cell) -> None:
    await hears_of_a_list(cell, cell.plain, cell.heard, "resources")
