"""What `argus-trio client` prints leads clients to a gateway: a command for those that speak stdio, else an address."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
import trio
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from argus_trio.client_files.kinds import KINDS
from tests.e2e import gateway
from tests.e2e.child import MARK, ROOT, Child
from tests.e2e.clients import CALL_SECONDS
from tests.e2e.gateway import STOP_SECONDS, Gateway, Json

TOKEN = "canary-3d1c0a9f7b"
REMOTE = [name for name, kind in KINDS.items() if kind.form.address and kind.format == "json"]


@pytest.fixture(scope="module")
def demo() -> Iterator[str]:
    """The address of a running demo."""
    command = [sys.executable, "-m", "argus_trio", "demo", "--port", "0"]
    with Child(command, env={MARK: f"snippets-{os.getpid()}"}) as child:
        yield child.wait_for(lambda line: re.search(r"http://127\.0\.0\.1:\d+", line)).group()
        child.signal(signal.SIGINT)
        assert child.wait(STOP_SECONDS) == 0, child.lines()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway that lets nobody in without a token."""
    tokens = [{"token": TOKEN, "principal": "ops"}]
    config: Json = {
        "middleware": [{"type": "authentication", "methods": [{"type": "bearer", "tokens": tokens}]}],
        "backends": {"echo": gateway.stdio("echo.py")},
    }
    with gateway.running(config, tmp_path_factory.mktemp("snippets")) as found:
        yield found


def entry(tmp_path: Path, *words: str) -> Json:
    """What the snippet has under the gateway's name, printed where there is no configuration."""
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    command = [sys.executable, "-m", "argus_trio", "client", *words]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    printed: Json = json.loads(done.stdout)
    (servers,) = (each for name, each in printed.items() if name != "inputs")
    found: Json = servers["argus"]
    return found


def started(printed: Json, tmp_path: Path) -> AbstractAsyncContextManager[Client]:
    """A client that starts the command as Claude Desktop does: with few variables, none of them ours."""
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    return Client(stdio_client(StdioServerParameters(**printed, env=environment, cwd=tmp_path)))


async def test_the_command_for_claude_desktop_runs_as_it_is_printed(demo: str, tmp_path: Path) -> None:
    printed = entry(tmp_path, "claude-desktop", "--url", demo)
    assert Path(printed["command"]).is_absolute()
    with trio.fail_after(CALL_SECONDS):
        async with started(printed, tmp_path) as client:
            assert "clock__now" in {tool.name for tool in (await client.list_tools()).tools}
            days = await client.call_tool("clock__days_between", {"start": "2026-07-01", "end": "2026-07-28"})
            assert days.structured_content == {"result": 27}


@pytest.mark.parametrize("name", REMOTE)
async def test_the_address_for_every_other_client_connects(demo: str, tmp_path: Path, name: str) -> None:
    printed = entry(tmp_path, name, "--url", f"{demo}/sse")
    with trio.fail_after(CALL_SECONDS):
        async with Client(printed[KINDS[name].form.address]) as client:
            assert "clock__now" in {tool.name for tool in (await client.list_tools()).tools}


async def test_a_token_of_a_file_lets_a_client_in_that_starts_a_command(guarded: Gateway, tmp_path: Path) -> None:
    token = tmp_path / "the token's file"
    token.write_text(f"{TOKEN}\n")
    token.chmod(0o600)
    printed = entry(tmp_path, "claude-desktop", "--url", guarded.url, "--token-file", str(token))
    assert TOKEN not in json.dumps(printed)
    with trio.fail_after(CALL_SECONDS):
        async with started(printed, tmp_path) as client:
            assert "echo__echo" in {tool.name for tool in (await client.list_tools()).tools}


def test_a_token_of_a_file_that_is_not_there_ends_the_command(tmp_path: Path) -> None:
    printed = entry(tmp_path, "claude-desktop", "--url", "http://127.0.0.1:1", "--token-file", str(tmp_path / "none"))
    done = subprocess.run(
        [printed["command"], *printed["args"]], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode != 0
    assert "No such file" in done.stderr
