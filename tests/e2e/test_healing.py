"""Backends that go and come back behind live clients: what clients are told, and what the management API says."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest
import trio
from mcp.client.session import IncomingMessage
from mcp.shared.exceptions import MCPError
from mcp_types import ToolListChangedNotification

from tests.e2e import gateway
from tests.e2e.child import marked
from tests.e2e.clients import connected, words
from tests.e2e.gateway import Gateway
from tests.servers.forgetful import Forgetful

QUICK = {
    "restart": {"initial": 0.1, "max": 0.5, "cooldown": 0.5},
    "health": {"interval": 0.5, "timeout": 0.5, "slow": 0.5, "failures": 2},
}


async def look(argus: Gateway, name: str, state: str, *, within: float = 20.0) -> dict[str, Any]:
    """The backend as the management API shows it, once it is in that state."""
    with trio.fail_after(within):
        while True:
            status, body = await trio.to_thread.run_sync(argus.get, "/manage/v1/backends")
            assert status == 200
            (shown,) = [backend for backend in body["backends"] if backend["name"] == name]
            if shown["state"] == state:
                return dict(shown)
            await trio.sleep(0.05)


async def test_a_server_that_stops_and_comes_back_is_announced_to_a_live_client(tmp_path: Path) -> None:
    announced = trio.Event()

    async def hear(message: IncomingMessage) -> None:
        if isinstance(message, ToolListChangedNotification):
            announced.set()

    server = Forgetful()
    async with trio.open_nursery() as nursery:
        await server.start(nursery)
        config = {"backends": {"far": gateway.http(server.url, **QUICK), "echo": gateway.stdio("echo.py")}}
        with gateway.running(config, tmp_path, ready=False) as argus:
            await look(argus, "far", "ready")
            async with connected("legacy", argus.url, message_handler=hear) as client:
                assert words(await client.call_tool("far__do", {"what": "first"})) == "done"
                server.stop()
                down = await look(argus, "far", "down")
                assert "Connection refused" in down["reason"]
                assert down["next_attempt"] > down["since"]
                assert (await trio.to_thread.run_sync(argus.get, "/manage/v1/health"))[1]["status"] == "degraded"
                assert (await trio.to_thread.run_sync(argus.get, "/manage/v1/ready"))[0] == 200
                with pytest.raises(MCPError) as caught:
                    await client.call_tool("far__do", {"what": "second"})
                assert caught.value.error.data["backend"] == "far"
                assert caught.value.error.data["retryAfter"] == 1
                announced = trio.Event()
                server.tools.append("more")
                await server.start(nursery)
                with trio.fail_after(10):
                    await announced.wait()
                assert words(await client.call_tool("far__do", {"what": "third"})) == "done"
                assert "far__more" in {tool.name for tool in (await client.list_tools()).tools}
                server.forget()
                assert words(await client.call_tool("far__do", {"what": "fourth"})) == "done"
        nursery.cancel_scope.cancel()
    assert server.executed == {"first": 1, "third": 1, "fourth": 1}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=lambda number: number.name)
async def test_a_process_that_is_killed_or_hangs_is_replaced(number: signal.Signals, tmp_path: Path) -> None:
    config = {"backends": {"echo": gateway.stdio("echo.py", **QUICK)}}
    with gateway.running(config, tmp_path) as argus:
        (pid,) = [pid for pid, command in marked(argus.mark).items() if "echo.py" in command]
        os.kill(pid, number)
        await trio.to_thread.run_sync(lambda: argus.event("backend_down", backend="echo"))
        shown = await look(argus, "echo", "ready")
        assert shown["health"]["status"] == "healthy"
        assert shown["capabilities"]["tools"] > 0
        async with connected("modern", argus.url) as client:
            assert words(await client.call_tool("echo__echo", {"text": "back"})) == "back"
        assert pid not in marked(argus.mark)
