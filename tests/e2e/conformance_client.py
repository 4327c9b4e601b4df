"""What the official suite's `client` mode starts: a gateway in front of the suite's server, and a client before it.

A program, not a test: `python -m tests.e2e.conformance_client WAY URL`, the scenario in MCP_CONFORMANCE_SCENARIO.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import trio
from mcp.client import Client, ClientRequestContext
from mcp.types import ElicitRequestFormParams, ElicitRequestParams, ElicitResult

from tests.e2e import gateway
from tests.e2e.clients import Edge, connected
from tests.e2e.raw import LEGACY, MODERN, Raw


async def filled_in(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
    """The answer of somebody who agrees to everything: each field's default, or yes."""
    if not isinstance(params, ElicitRequestFormParams):
        return ElicitResult(action="accept")
    fields = dict(params.requested_schema).get("properties", {})
    return ElicitResult(action="accept", content={name: field.get("default", True) for name, field in fields.items()})


def context() -> dict[str, Any]:
    """What the scenario wants its client to know."""
    given: dict[str, Any] = json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT", "{}"))
    return given


async def lists(client: Client, url: str) -> None:
    await client.list_tools()


async def adds(client: Client, url: str) -> None:
    (tool,) = (await client.list_tools()).tools
    await client.call_tool(tool.name, {"a": 2, "b": 3})


async def calls_all(client: Client, url: str) -> None:
    for tool in (await client.list_tools()).tools:
        await client.call_tool(tool.name, {})


async def uses_everything(client: Client, url: str) -> None:
    await calls_all(client, url)
    for resource in (await client.list_resources()).resources:
        await client.read_resource(str(resource.uri))
    for prompt in (await client.list_prompts()).prompts:
        await client.get_prompt(prompt.name)


async def calls_as_told(client: Client, url: str) -> None:
    await client.list_tools()
    for call in context()["toolCalls"]:
        await client.call_tool(call["name"], call["arguments"])


async def calls_what_is_shown(client: Client, url: str) -> None:
    """The SDK would leave out tools that it cannot call, so that a client without it says what the gateway shows."""
    shown = await trio.to_thread.run_sync(lambda: Raw(url, MODERN).result("tools/list")["tools"])
    await client.list_tools()
    for tool in shown:
        await client.call_tool(tool["name"], {"region": "north"})


async def echoes_a_schema(client: Client, url: str) -> None:
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    await client.call_tool("json_schema_echo", {"schema": tools["json_schema_2020_12_tool"].input_schema})


async def answers_between_calls(client: Client, url: str) -> None:
    await client.list_tools()
    for name in ("test_mrtr_echo_state", "test_mrtr_unrelated", "test_mrtr_no_state", "test_mrtr_no_result_type"):
        await client.call_tool(name, {})


PLAYS: dict[str, Callable[[Client, str], Awaitable[None]]] = {
    "initialize": lists,
    "tools_call": adds,
    "elicitation-sep1034-client-defaults": calls_all,
    "sse-retry": calls_all,
    "request-metadata": lists,
    "sep-2322-client-request-state": answers_between_calls,
    "http-standard-headers": uses_everything,
    "http-custom-headers": calls_as_told,
    "http-invalid-tool-headers": calls_what_is_shown,
    "json-schema-ref-no-deref": lists,
    "json-schema-2020-12-preservation": echoes_a_schema,
}


async def play(edge: Edge, url: str) -> None:
    async with connected(edge, url, elicitation_callback=filled_in) as client:
        assert client.protocol_version == (MODERN if edge == "modern" else LEGACY)
        await PLAYS[os.environ["MCP_CONFORMANCE_SCENARIO"]](client, url)


def main() -> None:
    edge, url = cast("Edge", sys.argv[1]), sys.argv[-1]
    config = {"backends": {"suite": gateway.http(url, prefix="")}}
    with tempfile.TemporaryDirectory() as folder, gateway.running(config, Path(folder)) as argus:
        try:
            trio.run(play, edge, argus.url)
        finally:
            print("\n".join(argus.child.lines()), file=sys.stderr)


if __name__ == "__main__":
    main()
