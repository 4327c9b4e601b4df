"""Clients that speak stdio only: the SDK's stdio client, the bridge as a real process, a gateway, and real backends."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args

import pytest
import trio
from mcp.client import Client
from mcp.client.session import IncomingMessage
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.shared.exceptions import MCPError
from mcp_types import (
    EmptyResult,
    LoggingMessageNotificationParams,
    ResourceUpdatedNotification,
    SetLevelRequest,
    SetLevelRequestParams,
    SubscribeRequest,
    SubscribeRequestParams,
    ToolListChangedNotification,
)

from tests.e2e import gateway
from tests.e2e.child import MARK, ROOT, Child, left_after, marked, serving
from tests.e2e.clients import CALL_SECONDS, MODERN, words
from tests.e2e.gateway import Gateway, Json

Era = Literal["legacy", "modern", "auto"]
BACKENDS = ("stdio", "http")
every_era = pytest.mark.parametrize("era", get_args(Era))


def bridge(url: str, *options: str) -> list[str]:
    return [sys.executable, "-m", "argus_trio", "stdio", "--url", url, *options]


@asynccontextmanager
async def connected(
    era: Era, url: str, *bridge_options: str, mark: str = "bridge", **options: Any
) -> AsyncIterator[Client]:
    """A client that has greeted the gateway at `url` through a bridge of its own."""
    command, *arguments = bridge(url, *bridge_options)
    environment = {"PYTHONPATH": str(ROOT), MARK: mark, "PATH": os.environ["PATH"]}
    spec = StdioServerParameters(command=command, args=arguments, env=environment)
    with trio.fail_after(CALL_SECONDS):
        async with Client(stdio_client(spec), mode=MODERN if era == "modern" else era, **options) as client:
            yield client


@pytest.fixture(scope="module")
def argus(tmp_path_factory: pytest.TempPathFactory, served: Callable[..., int]) -> Iterator[Gateway]:
    backends = {
        "stdio": gateway.stdio("sdk.py", "stdio", "--name", "stdio"),
        "http": gateway.http(f"http://127.0.0.1:{served('streamable-http', '--name', 'http')}/mcp"),
        "echo": gateway.stdio("echo.py"),
    }
    with gateway.running({"backends": backends}, tmp_path_factory.mktemp("bridge")) as running:
        yield running


@every_era
@pytest.mark.parametrize("backend", BACKENDS)
async def test_everything_is_there(argus: Gateway, era: Era, backend: str) -> None:
    reported: list[float] = []
    complete = trio.Event()

    async def report(progress: float, total: float | None, message: str | None) -> None:
        reported.append(progress)
        if len(reported) == 3:
            complete.set()

    async with connected(era, argus.url) as client:
        assert f"{backend}__add" in {tool.name for tool in (await client.list_tools()).tools}
        added = await client.call_tool(f"{backend}__add", {"a": 2, "b": 3})
        assert added.structured_content == {"total": 5, "server": backend}
        counted = await client.call_tool(f"{backend}__count", {"upto": 3}, progress_callback=report)
        assert words(counted) == "counted to 3"
        await complete.wait()
        assert reported == [1, 2, 3]
        assert f"the motto of {backend}" in str((await client.read_resource(f"{backend}://motto")).contents)
        assert f"{backend}__greet" in {prompt.name for prompt in (await client.list_prompts()).prompts}
        greeting = await client.get_prompt(f"{backend}__greet", {"who": "Ada"})
        assert f"{backend} greets Ada" in str(greeting.messages)
        with pytest.raises(MCPError):
            await client.call_tool("nobody__add", {})


@every_era
async def test_a_cancelled_call_is_cancelled_at_its_backend(argus: Gateway, era: Era) -> None:
    async with connected(era, argus.url) as client:

        async def received() -> Json:
            found = (await client.call_tool("echo__received")).structured_content
            assert isinstance(found, dict)
            return found

        before = await received()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(partial(client.call_tool, "echo__hang"))
            await until(received, lambda now: now["calls"].count("hang") > before["calls"].count("hang"))
            nursery.cancel_scope.cancel()
        await until(received, lambda now: cancellations(now) > cancellations(before))
        assert words(await client.call_tool("echo__echo", {"text": "still here"})) == "still here"


def cancellations(received: Json) -> int:
    return json.dumps(received["notifications"]).count("notifications/cancelled")


async def until(look: Callable[[], Any], is_so: Callable[[Json], bool]) -> None:
    with trio.fail_after(20):
        while not is_so(await look()):  # noqa: ASYNC110
            await trio.sleep(0.02)  # another process' progress has no event to wait for


async def test_a_change_of_the_tools_reaches_an_idle_client(argus: Gateway) -> None:
    announced = trio.Event()

    async def hear(message: IncomingMessage) -> None:
        if isinstance(message, ToolListChangedNotification):
            announced.set()

    async with connected("legacy", argus.url, message_handler=hear) as client:
        await client.call_tool("echo__grow")
        await announced.wait()


@every_era
async def test_a_gateway_may_go_and_come_again(tmp_path: Path, era: Era) -> None:
    config = {"backends": {"echo": gateway.stdio("echo.py")}}
    arguments = ("--port", str(free_port()))
    with gateway.running(config, tmp_path, arguments=arguments) as first:
        url = first.url
        async with connected(era, url, "--wait", "0") as client:
            assert words(await client.call_tool("echo__echo", {"text": "one"})) == "one"
            assert first.stop() == 0
            with pytest.raises(MCPError) as told:
                await client.call_tool("echo__echo", {"text": "two"})
            assert url in str(told.value)
            with gateway.running(config, tmp_path, arguments=arguments):
                assert words(await client.call_tool("echo__echo", {"text": "three"})) == "three"


@every_era
async def test_a_bridge_may_be_started_before_its_gateway_and_calls_wait_for_a_restart(
    tmp_path: Path, era: Era
) -> None:
    config = {"backends": {"echo": gateway.stdio("echo.py")}}
    port = free_port()
    running = partial(gateway.running, config, tmp_path, arguments=("--port", str(port)))
    said = list[str]()

    async def greet_and_call() -> None:
        async with connected(era, f"http://127.0.0.1:{port}/mcp") as client:
            said.append(words(await client.call_tool("echo__echo", {"text": "one"})))
            await trio.to_thread.run_sync(first.stop)
            async with trio.open_nursery() as during:
                during.start_soon(call_again, client)
                await trio.sleep(0.5)  # for so long nobody listens
                with running():
                    while len(said) < 2:  # noqa: ASYNC110
                        await trio.sleep(0.02)

    async def call_again(client: Client) -> None:
        said.append(words(await client.call_tool("echo__echo", {"text": "two"})))

    with trio.fail_after(CALL_SECONDS):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(greet_and_call)
            await trio.sleep(2)  # the bridge is first: what this is about
            with running() as first:
                while len(said) < 2:  # noqa: ASYNC110
                    await trio.sleep(0.02)
    assert said == ["one", "two"]


def test_a_bridge_without_a_gateway_says_so_on_both_sides() -> None:
    port = free_port()
    with Child(bridge(f"http://127.0.0.1:{port}", "--wait", "1")) as child:
        assert child.process.stdin is not None
        child.process.stdin.write('{"jsonrpc":"2.0","id":1,"method":"ping"}\n')
        child.process.stdin.flush()
        answer = json.loads(child.wait_for(lambda line: line if line.startswith("{") else None))
        assert "waited for 1 s (--wait); start it with 'argus-trio serve'" in answer["error"]["message"]
        assert sum("gateway_awaited" in line for line in child.lines()) == 1


@pytest.mark.parametrize("wait", ["soon", "-1", "nan", "inf"])
def test_a_wait_that_is_no_time_is_refused_with_what_to_write(wait: str) -> None:
    with Child([sys.executable, "-m", "argus_trio", "stdio", f"--wait={wait}"]) as child:
        assert child.wait(10.0) == 2
        assert "write a number of seconds such as 20" in "\n".join(child.lines())


async def test_a_subscription_and_a_level_outlive_a_gateway(tmp_path: Path) -> None:
    """The backend on HTTP lives on; what the client had asked of the lost session holds in the new one."""
    arguments = ("-m", "tests.servers.featured", "streamable-http", "--name", "far", "--journal", str(tmp_path))
    port = ("--port", str(free_port()))
    updated, logged = trio.Event(), list[str]()

    async def hear(message: IncomingMessage) -> None:
        if isinstance(message, ResourceUpdatedNotification):
            updated.set()

    async def log(params: LoggingMessageNotificationParams) -> None:
        logged.append(params.level)

    with Child([sys.executable, *arguments]) as child:
        config = {"backends": {"far": gateway.http(f"http://127.0.0.1:{child.wait_for(serving)}/mcp")}}
        with gateway.running(config, tmp_path, arguments=port) as first:
            url = first.url
            async with connected("legacy", url, message_handler=hear, logging_callback=log) as client:
                uri = str((await client.list_resources()).resources[0].uri)
                await client.session.send_request(SubscribeRequest(params=SubscribeRequestParams(uri=uri)), EmptyResult)
                await client.session.send_request(
                    SetLevelRequest(params=SetLevelRequestParams(level="error")), EmptyResult
                )
                assert first.stop() == 0
                with gateway.running(config, tmp_path, arguments=port):
                    await client.call_tool("far__log_all", {"mark": "m"})
                    while not updated.is_set():
                        await client.call_tool("far__touch", {"uri": uri})
                        with trio.move_on_after(0.2):
                            await updated.wait()
        assert set(logged) <= {"error", "critical", "alert", "emergency"}
        assert logged


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_of_a_bridge_that_is_ended(argus: Gateway, number: signal.Signals) -> None:
    mark = uuid.uuid4().hex
    with Child(bridge(argus.url), env={MARK: mark}) as child:
        greet(child)
        assert marked(mark)
        child.signal(number)
        assert child.wait(5.0) == (-number if number == signal.SIGKILL else 0)
        assert not left_after(1.0, mark)


def test_the_clients_end_is_the_bridges_end(argus: Gateway) -> None:
    mark = uuid.uuid4().hex
    with Child(bridge(argus.url), env={MARK: mark}) as child:
        greet(child)
        assert child.process.stdin is not None
        child.process.stdin.close()
        assert child.wait(5.0) == 0
        assert not left_after(1.0, mark)


def greet(child: Child) -> None:
    """Open a legacy session through the bridge."""
    params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}}
    assert child.process.stdin is not None
    child.process.stdin.write(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}) + "\n")
    child.process.stdin.flush()
    child.wait_for(lambda line: line if '"protocolVersion":"2025-11-25"' in line else None)


def test_a_secret_is_sent_and_never_shown(tmp_path: Path) -> None:
    environment = {"ARGUS_TOKEN": "hunter22", "ARGUS_URL": "http://127.0.0.1:9"}
    command = [sys.executable, "-m", "argus_trio", "stdio", "--log-level", "debug", "--header", "X-Key: hunter33"]
    with Child(command, env=environment) as child:
        assert child.process.stdin is not None
        child.process.stdin.write('{"jsonrpc":"2.0","id":1,"method":"ping"}\n')
        child.process.stdin.close()
        assert child.wait(10.0) == 0
        told = "\n".join(child.lines())
        assert "http://127.0.0.1:9" in told
        assert "hunter" not in told


@pytest.mark.parametrize("header", ["hunter33", "X Key: hunter33", "X-Key: hunter33\n"])
def test_a_header_that_is_none_is_refused_without_its_value(header: str) -> None:
    with Child([sys.executable, "-m", "argus_trio", "stdio", "--header", header]) as child:
        assert child.wait(10.0) == 2
        told = "\n".join(child.lines())
        assert "NAME: VALUE" in told
        assert "hunter" not in told
