"""npm's server-everything hides from a client what that client cannot be asked, and asks those that can.

Through the gateway it does as to a client that is connected to it directly, whatever that client speaks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import partial
from pathlib import Path

import mcp_types as types
import pytest
from pydantic import FileUrl

from tests.e2e import gateway
from tests.e2e.cells import Heard
from tests.e2e.clients import EDGES, Edge, connected, until_shown
from tests.e2e.gateway import Gateway
from tests.e2e.tools import Npm

ASKING = {
    "everything__trigger-sampling-request": ({"prompt": "hello", "maxTokens": 10}, "spoken by the client"),
    "everything__trigger-elicitation-request": ({}, "Name: Ada"),
    "everything__get-roots-list": ({}, "file:///client/root"),
}
"""What asks: the tools, how they are called, and what of the client's answer shows in their results."""


class Asked:
    """A client's answers, and what it was asked for."""

    def __init__(self) -> None:
        self.methods: list[str] = []

    async def elicit(self, _context: object, _params: object) -> types.ElicitResult:
        self.methods.append("elicitation")
        return types.ElicitResult(action="accept", content={"name": "Ada", "check": True})

    async def sample(self, _context: object, _params: object) -> types.CreateMessageResult:
        self.methods.append("sampling")
        said = types.TextContent(type="text", text="spoken by the client")
        return types.CreateMessageResult(role="assistant", content=said, model="none")

    async def list_roots(self, _context: object) -> types.ListRootsResult:
        self.methods.append("roots")
        return types.ListRootsResult(roots=[types.Root(uri=FileUrl("file:///client/root"), name="root")])


@pytest.fixture(scope="module")
def argus(npm: Npm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    node = {
        "type": "stdio",
        "command": npm.node,
        "args": [npm.script("mcp-server-everything")],
        "env": {"PATH": npm.path},
    }
    with gateway.running({"backends": {"everything": node}}, tmp_path_factory.mktemp("asks")) as running:
        yield running


async def names(edge: Edge, url: str, wanted: Collection[str], **callbacks: object) -> set[str]:
    async with connected(edge, url, **callbacks) as client:
        return await until_shown(client, wanted)


def has_changed(heard: Heard, times: int) -> bool:
    """Whether a client was told so often that the tools have changed."""
    return sum(isinstance(message, types.ToolListChangedNotification) for message in heard.messages) >= times


async def test_the_first_list_is_answered_at_once_and_what_differs_is_told_and_shown(npm: Npm, tmp_path: Path) -> None:
    node = {"type": "stdio", "command": npm.node, "args": [npm.script("mcp-server-everything")]}
    asked, heard = Asked(), Heard()
    with gateway.running({"backends": {"everything": {**node, "env": {"PATH": npm.path}}}}, tmp_path) as running:
        plain = await names("legacy", running.url, {"everything__echo"})
        options = {"list_roots_callback": asked.list_roots, "message_handler": heard.hear}
        async with connected("legacy", running.url, **options) as client:
            assert {tool.name for tool in (await client.list_tools()).tools} == plain
            now, told = plain, 0
            while "everything__get-roots-list" not in now:  # other news may come first, on a slow machine
                told += 1
                await heard.until(partial(has_changed, times=told))
                now = {tool.name for tool in (await client.list_tools(cache_mode="bypass")).tools}
    assert now - plain == {"everything__get-roots-list"}


@pytest.mark.parametrize("edge", EDGES)
async def test_each_client_is_shown_what_it_can_be_asked_for(argus: Gateway, edge: Edge) -> None:
    asked = Asked()
    plain = await names(edge, argus.url, ())
    only_roots = await names(edge, argus.url, {"everything__get-roots-list"}, list_roots_callback=asked.list_roots)
    assert plain.isdisjoint(ASKING)
    assert only_roots & ASKING.keys() == {"everything__get-roots-list"}
    assert plain < only_roots


@pytest.mark.parametrize("edge", EDGES)
async def test_the_client_is_asked_and_its_answers_are_what_the_tools_work_with(argus: Gateway, edge: Edge) -> None:
    asked = Asked()
    callbacks = {
        "elicitation_callback": asked.elicit,
        "sampling_callback": asked.sample,
        "list_roots_callback": asked.list_roots,
    }
    async with connected(edge, argus.url, **callbacks) as client:
        await until_shown(client, ASKING)
        for name, (arguments, shown) in ASKING.items():
            result = await client.call_tool(name, arguments)
            assert shown in str(result.content)
    assert asked.methods[:2] == ["sampling", "elicitation"]
    assert "roots" in asked.methods
