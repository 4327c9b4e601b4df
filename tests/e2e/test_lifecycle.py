"""From start to stop: late backends, calls in flight at a stop, a gateway that is killed, a port that is taken."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from pathlib import Path

import pytest
import trio
from mcp.client.session import IncomingMessage
from mcp_types import ToolListChangedNotification

from tests.e2e import gateway
from tests.e2e.child import MARK, Child, left_after, marked
from tests.e2e.clients import connected, words
from tests.e2e.gateway import STOP_SECONDS
from tests.e2e.raw import LEGACY, MODERN, Raw
from tests.e2e.waiting import in_thread, until_in_flight
from tests.servers.moody import DESCENDANTS

CYCLES = int(os.environ.get("ARGUS_KILL_CYCLES", "2"))
"""How often each way of dying is tried."""


async def test_a_list_waits_for_a_backend_that_starts_within_the_grace(tmp_path: Path) -> None:
    config = {
        "server": {"startup_grace": 30},
        "backends": {"late": gateway.stdio("moody.py", "slow", "--seconds", "1.5")},
    }
    with gateway.running(config, tmp_path, ready=False) as argus:
        async with connected("legacy", argus.url) as client:
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
    with gateway.running(config, tmp_path, ready=["echo"]) as argus:
        async with connected("legacy", argus.url, message_handler=hear) as client:
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

    with gateway.running({"backends": {"echo": gateway.stdio("echo.py")}}, tmp_path) as argus:
        async with connected("legacy", argus.url, message_handler=hear) as client:
            before = {tool.name for tool in (await client.list_tools()).tools}
            grown = words(await client.call_tool("echo__grow"))
            await announced.wait()
            after = {tool.name for tool in (await client.list_tools()).tools}
            assert after - before == {f"echo__{grown}"}


def test_ready_turns_true_when_the_last_backend_is(tmp_path: Path) -> None:
    config = {"backends": {"late": gateway.stdio("moody.py", "slow", "--seconds", "2")}}
    with gateway.running(config, tmp_path, ready=False) as argus:
        assert argus.get("/manage/v1/ready")[0] == 503
        argus.event("backend_ready", backend="late")
        assert argus.get("/manage/v1/ready")[0] == 200
        assert argus.get("/manage/v1/health")[0] == 200


@pytest.mark.parametrize("revision", [LEGACY, MODERN])
async def test_a_stop_lets_calls_in_flight_finish(tmp_path: Path, revision: str) -> None:
    with gateway.running({"backends": {"echo": gateway.stdio("echo.py")}}, tmp_path) as argus:
        client = Raw(argus.url, revision)
        results: list[dict[str, object]] = []
        async with trio.open_nursery() as nursery:
            nursery.start_soon(in_thread, lambda: results.append(client.call("echo__slow", seconds=1)))
            await until_in_flight(Raw(argus.url, revision), "slow")
            argus.child.signal(signal.SIGTERM)
        assert results[0]["content"] == [{"type": "text", "text": "at last"}]
        assert argus.child.wait(STOP_SECONDS) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_stop_does_not_wait_for_ever_for_a_call_that_hangs(tmp_path: Path, number: signal.Signals) -> None:
    with gateway.running({"backends": {"echo": gateway.stdio("echo.py")}}, tmp_path) as argus:
        client = Raw(argus.url, LEGACY)
        async with trio.open_nursery() as nursery:

            def hang() -> None:
                with pytest.raises((AssertionError, OSError, ValueError)):  # an error, or a cut connection
                    client.call("echo__hang")

            nursery.start_soon(in_thread, hang)
            await until_in_flight(Raw(argus.url, LEGACY), "hang")
            argus.child.signal(number)
        assert argus.child.wait(STOP_SECONDS) == 0
        assert not left_after(2, argus.mark)


def test_a_stop_ends_whole_trees_of_processes_and_those_that_ignore_it(tmp_path: Path) -> None:
    backends = {"spawns": gateway.stdio("moody.py", "spawns"), "stubborn": gateway.stdio("moody.py", "stubborn")}
    with gateway.running({"backends": backends}, tmp_path) as argus:
        pids = json.loads(Raw(argus.url, LEGACY).call("spawns__go")["content"][0]["text"])
        assert len(pids) == DESCENDANTS
        assert set(pids) <= set(marked(argus.mark))
        assert argus.stop() == 0  # which checks that nothing with the mark is left


@pytest.mark.parametrize("cycle", range(CYCLES))
def test_a_killed_gateway_leaves_nothing_behind(tmp_path: Path, cycle: int) -> None:
    backends = {
        "echo": gateway.stdio("echo.py"),
        "spawns": gateway.stdio("moody.py", "spawns"),
        "stubborn": gateway.stdio("moody.py", "stubborn"),
    }
    with gateway.running({"backends": backends}, tmp_path) as argus:
        Raw(argus.url, LEGACY).call("spawns__go")
        assert len(marked(argus.mark)) >= 1 + len(backends) + DESCENDANTS
        argus.child.signal(signal.SIGKILL)
        argus.child.wait(STOP_SECONDS)
        assert not left_after(10, argus.mark)


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
