"""npm's MCP Inspector in CLI mode as an independent client: lists and calls over each edge."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from tests.e2e import gateway
from tests.e2e.gateway import Gateway, Json
from tests.e2e.tools import Npm

LIMIT_SECONDS = 60.0
EDGES = {
    "legacy": ("/mcp", "http", "legacy"),
    "modern": ("/mcp", "http", "modern"),
    "auto": ("/mcp", "http", "auto"),
    "sse": ("/sse", "sse", "legacy"),
}
every_edge = pytest.mark.parametrize("edge", EDGES)


@attrs.frozen(kw_only=True)
class Inspector:
    """Its command line, with a home of its own."""

    npm: Npm
    gateway: Gateway
    home: Path

    def ask(self, edge: str, *arguments: str) -> Json:
        path, transport, era = EDGES[edge]
        command = [self.npm.node, self.npm.script("mcp-inspector"), "--cli", "--server-url", self.gateway.url + path]
        options = ["--transport", transport, "--protocol-era", era, "--format", "json", "--quiet"]
        headers = ["--header", "X-Example: yes"]
        done = subprocess.run(
            [*command, *options, *headers, *arguments],
            env={"PATH": self.npm.path, "HOME": str(self.home)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr + done.stdout
        answer: Json = json.loads(done.stdout)
        return answer


@pytest.fixture(scope="module")
def inspector(tmp_path_factory: pytest.TempPathFactory, npm: Npm) -> Iterator[Inspector]:
    home = tmp_path_factory.mktemp("inspector")
    with gateway.running({"backends": {"echo": gateway.stdio("echo.py")}}, home) as running:
        yield Inspector(npm=npm, gateway=running, home=home)


def result_of(answer: Json) -> Json:
    result: Json = answer.get("result", answer)
    return result


@every_edge
def test_the_inspector_lists_tools(inspector: Inspector, edge: str) -> None:
    listed = result_of(inspector.ask(edge, "--method", "tools/list"))["tools"]
    assert "echo__echo" in {tool["name"] for tool in listed}


@every_edge
def test_the_inspector_calls_a_tool(inspector: Inspector, edge: str) -> None:
    called = inspector.ask(edge, "--method", "tools/call", "--tool-name", "echo__echo", "--tool-arg", "text=hello")
    assert result_of(called)["content"] == [{"type": "text", "text": "hello"}]


@every_edge
def test_the_inspector_reads_a_resource_and_gets_a_prompt(inspector: Inspector, edge: str) -> None:
    read = result_of(inspector.ask(edge, "--method", "resources/read", "--uri", "echo://item/5"))
    assert read["contents"][0]["text"] == "this is echo://item/5"
    got = inspector.ask(edge, "--method", "prompts/get", "--prompt-name", "echo__greet", "--prompt-args", "who=Ada")
    assert result_of(got)["messages"][0]["content"]["text"] == "Hello Ada"
