"""The notes, called in process by the SDK's client, and once over its own socket."""

from __future__ import annotations

import pytest
import trio
from mcp.client import Client
from mcp.shared.exceptions import MCPError

from argus_trio.samples import notes


async def test_a_note_is_kept_listed_found_and_read() -> None:
    async with Client(notes.server) as client:
        added = (await client.call_tool("add_note", {"title": "Milk", "text": "Two LITRES of it"})).structured_content
        assert added is not None
        listed = (await client.call_tool("list_notes")).structured_content
        found = (await client.call_tool("search", {"words": "litres MILK"})).structured_content
        resources = await client.list_resources()
        read = await client.read_resource(added["uri"])
    assert listed is not None
    assert added in listed["result"]
    assert found == {"result": [added]}
    assert added["uri"] in {str(resource.uri) for resource in resources.resources}
    assert "Two LITRES of it" in str(read.contents)


async def test_words_that_no_note_holds_find_nothing() -> None:
    async with Client(notes.server) as client:
        assert (await client.call_tool("search", {"words": "zyzzyva"})).structured_content == {"result": []}


@pytest.mark.parametrize("number", ["999999", "none"])
async def test_an_unknown_note_is_an_error(number: str) -> None:
    async with Client(notes.server) as client:
        with pytest.raises(MCPError, match=number):
            await client.read_resource(f"note://{number}")


async def test_notes_are_offered_as_a_template_and_a_prompt() -> None:
    async with Client(notes.server) as client:
        templates = await client.list_resource_templates()
        prompt = await client.get_prompt("summarise", {"style": "a haiku"})
    assert [template.uri_template for template in templates.resource_templates] == ["note://{id}"]
    assert "a haiku" in str(prompt.messages)


async def test_it_serves_on_a_free_port_over_streamable_http(nursery: trio.Nursery) -> None:
    with trio.fail_after(20):
        port = await nursery.start(notes.serve, 0)
        async with Client(f"http://127.0.0.1:{port}/mcp", mode="legacy") as client:
            assert {tool.name for tool in (await client.list_tools()).tools} == {"add_note", "list_notes", "search"}
    nursery.cancel_scope.cancel()
