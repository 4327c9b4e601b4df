"""A server that can run only once, behind the gateway without any configuration for it."""

from __future__ import annotations

import sys
from pathlib import Path

import mcp_types as types
import trio
from mcp.shared.exceptions import MCPError

from tests.e2e import gateway
from tests.e2e.clients import connected, words

JEALOUS = Path(__file__).parents[1] / "servers" / "jealous.py"


async def roots(_context: object) -> types.ListRootsResult:
    return types.ListRootsResult(roots=[])


async def elicit(_context: object, _params: object) -> types.ElicitResult:
    return types.ElicitResult(action="decline")


async def test_a_client_that_can_be_asked_gets_one_that_answers_after_two_losses(tmp_path: Path) -> None:
    spec = {"type": "stdio", "command": sys.executable, "args": [str(JEALOUS), str(tmp_path / "held")]}
    with gateway.running({"backends": {"only": {**spec, "restart": {"initial": 0.1, "max": 0.2}}}}, tmp_path) as argus:
        options = {"list_roots_callback": roots, "elicitation_callback": elicit}
        async with connected("legacy", argus.url, **options) as client:
            with trio.fail_after(30):
                while True:
                    await client.list_tools(cache_mode="bypass")
                    _, body = await trio.to_thread.run_sync(argus.get, "/manage/v1/backends")
                    (shown,) = body["backends"]
                    if shown["session"]["shared"] and shown["state"] == "ready":
                        break
                    try:
                        await client.call_tool("only__who", {})
                    except MCPError as error:
                        assert "only" in str(error)  # noqa: PT017  # which calls fail is a matter of chance
                    await trio.sleep(0.2)
            assert shown["session"]["setting"] == "auto"
            assert "end each other" in shown["session"]["reason"]
            assert len({words(await client.call_tool("only__who", {})) for _ in range(10)}) == 1
