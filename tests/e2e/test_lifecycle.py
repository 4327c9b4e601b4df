"""From start to stop: late backends, calls in flight at a stop, a gateway that is killed, a port that is taken."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import trio
from mcp.client.session import IncomingMessage
from mcp_types import ToolListChangedNotification

from tests.e2e import gateway
from tests.e2e.child import MARK, Child, left_after, marked
from tests.e2e.clients import connected, words
from tests.e2e.gateway import STOP_S
from tests.e2e.raw import LEGACY, MODERN, Raw
from tests.servers.moody import DESCENDANTS

CYCLES = int(os.environ.get("ARGUS_KILL_CYCLES", "2"))
"""How often each way of dying is tried."""


async def test_a_list_waits_for_a_backend_that_starts_within_the_grace(tmp_path: Path) -> None:
    config = {
        "server": {"startup_grace": 30},
        "backends": {"late": gateway.stdio("moody.py", "slow", "--seconds", "1.5")},
    }
    with gateway.running(config, tmp_path, ready=False) as house:
        async with connected("legacy", house.url) as client:
            assert [tool.name for tool in (await client.list_tools()).tools] == ["late__go"]


async def test_a_list_does_not_wait_longer_and_a_change_is_announced(tmp_path: Path) -> None:
    announced = trio.Event()

    async def hear(message: IncomingMessage) -> None:
        if isinstance(message, ToolListChangedNotification):
            announced.set()

    config = {
        "server": {"startup_grace": 0.3},
        "backends": {"late": gateway.stdio("moody.py", "slow", "--seconds", "5"), "echo": gateway.stdio("echo.py")},
    }
    with gateway.running(config, tmp_path, ready=["echo"]) as house:
        async with connected("legacy", house.url, message_handler=hear) as client:
            started = time.monotonic()
            early = {tool.name for tool in (await client.list_tools()).tools}
            assert time.monotonic() - started < 4
            assert "echo__echo" in early
            assert "late__go" not in early
            await announced.wait()
            assert "late__go" in {tool.name for tool in (await client.list_tools()).tools}


async def test_a_new_tool_of_a_backend_is_announced_and_listed(tmp_path: Path) -> None:
    announced = trio.Event()

    async def hear(message: IncomingMessage) -> None:
        if isinstance(message, ToolListChangedNotification):
            announced.set()

    with gateway.running({"backends": {"echo": gateway.stdio("echo.py")}}, tmp_path) as house:
        async with connected("legacy", house.url, message_handler=hear) as client:
            before = {tool.name for tool in (await client.list_tools()).tools}
            grown = words(await client.call_tool("echo__grow"))
            await announced.wait()
            after = {tool.name for tool in (await client.list_tools()).tools}
            assert after - before == {f"echo__{grown}"}


def test_ready_turns_true_when_the_last_backend_is(tmp_path: Path) -> None:
    config = {"backends": {"late": gateway.stdio("moody.py", "slow", "--seconds", "2")}}
    with gateway.running(config, tmp_path, ready=False) as house:
        assert house.get("/manage/v1/ready")[0] == 503
        house.event("backend_ready", backend="late")
        assert house.get("/manage/v1/ready")[0] == 200
        assert house.get("/manage/v1/health")[0] == 200


@pytest.mark.parametrize("revision", [LEGACY, MODERN])
async def test_a_stop_lets_calls_in_flight_finish(tmp_path: Path, revision: str) -> None:
    with gateway.running({"backends": {"echo": gateway.stdio("echo.py")}}, tmp_path) as house:
        client = Raw(house.url, revision)
        results: list[dict[str, object]] = []
        async with trio.open_nursery() as nursery:
            nursery.start_soon(in_thread, lambda: results.append(client.call("echo__slow", seconds=1)))
            await until_in_flight(Raw(house.url, revision), "slow")
            house.child.signal(signal.SIGTERM)
        assert results[0]["content"] == [{"type": "text", "text": "at last"}]
        assert house.child.wait(STOP_S) == 0


async def in_thread(work: Callable[[], None]) -> None:
    await trio.to_thread.run_sync(work)


async def until_in_flight(client: Raw, tool: str) -> None:
    """Return when the backend has received a call of this tool."""

    def calls() -> list[str]:
        received: list[str] = client.call("echo__received")["structuredContent"]["calls"]
        return received

    with trio.fail_after(20):
        while tool not in await trio.to_thread.run_sync(calls):  # noqa: ASYNC110
            await trio.sleep(0.02)  # another process' progress has no event to wait for


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_stop_does_not_wait_for_ever_for_a_call_that_hangs(tmp_path: Path, number: signal.Signals) -> None:
    with gateway.running({"backends": {"echo": gateway.stdio("echo.py")}}, tmp_path) as house:
        client = Raw(house.url, LEGACY)
        async with trio.open_nursery() as nursery:

            def hang() -> None:
                with pytest.raises((AssertionError, OSError, ValueError)):  # an error, or a cut connection
                    client.call("echo__hang")

            nursery.start_soon(in_thread, hang)
            await until_in_flight(Raw(house.url, LEGACY), "hang")
            house.child.signal(number)
        assert house.child.wait(STOP_S) == 0
        assert not left_after(2, house.mark)


def test_a_stop_ends_whole_trees_of_processes_and_those_that_ignore_it(tmp_path: Path) -> None:
    backends = {"spawns": gateway.stdio("moody.py", "spawns"), "stubborn": gateway.stdio("moody.py", "stubborn")}
    with gateway.running({"backends": backends}, tmp_path) as house:
        pids = json.loads(Raw(house.url, LEGACY).call("spawns__go")["content"][0]["text"])
        assert len(pids) == DESCENDANTS
        assert set(pids) <= set(marked(house.mark))
        assert house.stop() == 0  # which checks that nothing with the mark is left


@pytest.mark.parametrize("cycle", range(CYCLES))
def test_a_killed_gateway_leaves_nothing_behind(tmp_path: Path, cycle: int) -> None:
    backends = {
        "echo": gateway.stdio("echo.py"),
        "spawns": gateway.stdio("moody.py", "spawns"),
        "stubborn": gateway.stdio("moody.py", "stubborn"),
    }
    with gateway.running({"backends": backends}, tmp_path) as house:
        Raw(house.url, LEGACY).call("spawns__go")
        assert len(marked(house.mark)) >= 1 + len(backends) + DESCENDANTS
        house.child.signal(signal.SIGKILL)
        house.child.wait(STOP_S)
        assert not left_after(10, house.mark)


def test_a_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    path = gateway.written({"backends": {"echo": gateway.stdio("echo.py")}}, tmp_path, "taken")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "argus_trio", "serve", "-c", str(path), "--port", str(port)]
        command += ["--log-level", "error"]
        with Child(command, env={MARK: "taken"}) as child:
            assert child.wait(30) == 1
            (line,) = child.lines()
        assert str(port) in line
        assert "in use" in line
        assert not left_after(2, "taken")
