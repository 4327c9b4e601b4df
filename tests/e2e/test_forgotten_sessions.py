"""Servers made with real SDKs that are started anew and have forgotten their clients: calls go on as if nothing was."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trio
from mcp.client import Client
from mcp.shared.exceptions import MCPError

from tests.e2e import gateway
from tests.e2e.child import Child, marked
from tests.e2e.clients import Edge, connected, words
from tests.e2e.gateway import SERVERS, Gateway
from tests.e2e.tools import Npm

HEALING_SECONDS = 20.0
WATCHED = {"health": {"interval": 2}}
EDGES: tuple[Edge, ...] = ("legacy", "modern")

Start = Callable[[int], Child]


def free_port() -> int:
    """A port for a server that comes back at the same one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(params=["typescript one", "typescript many", "python 1"])
def start(request: pytest.FixtureRequest) -> Start:
    """Starts the server at a port, and waits until it listens there."""
    language, _, mode = request.param.partition(" ")
    if language == "python":
        python: str = request.getfixturevalue("sdk1")
        return lambda port: listening([python, SERVERS / "sdk1.py", "http", str(port)], "running on")
    npm: Npm = request.getfixturevalue("npm")
    script = SERVERS / "sessions.cjs"
    return lambda port: listening([npm.node, script, npm.packages, str(port), mode], "serving at port")


def listening(command: list[str | Path], words: str) -> Child:
    child = Child(command)
    child.wait_for(lambda line: line if words in line else None)
    return child


async def healed(client: Client, tool: str) -> str:
    """What the tool says, at once or when a refusal said that it may be called again."""
    with trio.fail_after(HEALING_SECONDS):
        while True:
            try:
                return words(await client.call_tool(tool, {}))
            except MCPError as refused:  # it was found down before it had started again
                wait: float = refused.error.data["retryAfter"]
                await trio.sleep(max(wait, 0.1))


async def ended(pid: int, mark: str) -> None:
    """Kill a process below the gateway, and wait until it is gone: while it dies it may still take what comes."""
    assert pid in marked(mark)
    os.kill(pid, signal.SIGKILL)
    with trio.fail_after(HEALING_SECONDS):
        while pid in marked(mark):  # noqa: ASYNC110 - somebody else's child
            await trio.sleep(0.02)


@contextmanager
def behind(port: int, folder: Path) -> Iterator[Gateway]:
    backends = {"far": gateway.http(f"http://127.0.0.1:{port}/mcp", **WATCHED)}
    with gateway.running({"backends": backends}, folder) as argus:
        yield argus


@pytest.mark.parametrize("edge", EDGES)
async def test_a_call_that_finds_the_session_forgotten_is_answered(start: Start, edge: Edge, tmp_path: Path) -> None:
    port = free_port()
    with start(port) as first, behind(port, tmp_path) as argus:
        async with connected(edge, argus.url) as client:
            before = words(await client.call_tool("far__pid", {}))
            first.process.kill()
            first.process.wait()
            with await trio.to_thread.run_sync(start, port):
                assert await healed(client, "far__pid") != before
                assert argus.events("backend_session_lost") or argus.events("backend_down")


async def test_without_a_call_a_probe_finds_it_out(start: Start, tmp_path: Path) -> None:
    port = free_port()
    with start(port) as first, behind(port, tmp_path) as argus:
        first.process.kill()
        first.process.wait()
        with await trio.to_thread.run_sync(start, port):
            with trio.fail_after(HEALING_SECONDS):
                while len(argus.events("backend_ready")) < 2:  # noqa: ASYNC110 - a log line is no event
                    await trio.sleep(0.1)
            async with connected("modern", argus.url) as client:
                assert words(await client.call_tool("far__pid", {}))


@pytest.mark.parametrize("edge", EDGES)
async def test_a_program_that_is_started_anew_behind_its_pipes_is_greeted_anew(
    sdk1: str, edge: Edge, tmp_path: Path
) -> None:
    command = [str(SERVERS / "again.py"), sdk1, str(SERVERS / "sdk1.py"), "stdio"]
    backends = {"near": gateway.stdio("again.py", *command[1:], **WATCHED)}
    with gateway.running({"backends": backends}, tmp_path) as argus:
        async with connected(edge, argus.url) as client:
            before = words(await client.call_tool("near__pid", {}))
            await ended(int(before), argus.mark)
            assert await healed(client, "near__pid") != before
        assert argus.event("backend_session_lost")["reason"].startswith("it does not know that it was greeted")
