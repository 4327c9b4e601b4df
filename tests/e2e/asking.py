"""Servers that ask, one in the words of each published SDK and two everything servers; and what a client was asked.

A server is a command for each of its transports; so it can be a backend, and what a client is connected to directly.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from typing import Any

import attrs
import mcp_types as types
import trio
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.shared.exceptions import MCPError
from pydantic import FileUrl

from tests.e2e import gateway
from tests.e2e.child import ROOT, Child
from tests.e2e.clients import CALL_SECONDS, MODERN, Edge
from tests.e2e.gateway import SERVERS, Json
from tests.e2e.official import python_over_http, python_over_stdio
from tests.e2e.ports import free_port
from tests.e2e.tools import SDKS, Npm, Peers, Uv

HERE = SERVERS / "asking"
OWN = ("mcp-1", "mcp-2", "fastmcp-2", "fastmcp-3", "fastmcp-4", "typescript-1", "typescript-2")
EVERYTHING: dict[str, dict[str, Json]] = {
    "everything-npm": {
        "trigger-elicitation-request": {},
        "trigger-sampling-request": {"prompt": "what?", "maxTokens": 10},
        "get-roots-list": {},
    },
    "everything-python": {"test_elicitation": {"message": "who?"}, "test_sampling": {"prompt": "what?"}},
}
CALLS: dict[str, dict[str, Json]] = {**{name: {"who": {}, "think": {}, "where": {}} for name in OWN}, **EVERYTHING}
"""The servers, and the calls of each that ask."""
OF_BOTH_ERAS = ("mcp-2", "fastmcp-4", "typescript-2", "everything-python")
TRANSPORTS = ("stdio", "http")
UP = ("listening ", "Uvicorn running", "listening on port")
"""What these servers say once they listen."""


@attrs.frozen(kw_only=True)
class Commands:
    """How each of them is started; `npm` has server-everything, and so on."""

    npm: Npm
    peers: Peers
    uv: Uv

    def stdio(self, name: str) -> list[str]:
        match name:
            case "everything-npm":
                return [self.npm.node, self.npm.script("mcp-server-everything")]
            case "everything-python":
                return python_over_stdio()
            case _:
                return [*self._own(name), "stdio"]

    def http(self, name: str, port: int) -> list[str]:
        match name:
            case "everything-npm":
                return [*self.stdio(name), "streamableHttp"]  # its port is in the environment
            case "everything-python":
                return python_over_http(port)
            case _:
                return [*self._own(name), "http", str(port)]

    def _own(self, name: str) -> list[str]:
        if name.startswith("typescript-"):
            return [self.peers.node, self.peers.placed((HERE / f"typescript{name[-1]}.mts").read_text())]
        python = self.uv.python_with(name) if name in SDKS else sys.executable
        return [python, str(HERE / ("fast.py" if name.startswith("fastmcp") else "sdk.py"))]


@attrs.frozen(kw_only=True)
class Servers:
    """All of them: commands for stdio, and addresses of those that listen. `name-transport` is a backend's name."""

    commands: dict[str, list[str]]
    urls: dict[str, str]
    env: dict[str, str]

    @classmethod
    def started(cls, commands: Commands, children: ExitStack) -> Servers:
        env = {"PATH": commands.npm.path, "PYTHONPATH": str(ROOT)}
        ports = {name: free_port() for name in CALLS}
        listening = [
            children.enter_context(Child(commands.http(name, port), env={**env, "PORT": str(port)}))
            for name, port in ports.items()
        ]
        for child in listening:
            child.wait_for(lambda line: line if any(words in line for words in UP) else None)
        urls = {name: f"http://127.0.0.1:{port}/mcp" for name, port in ports.items()}
        return cls(commands={name: commands.stdio(name) for name in CALLS}, urls=urls, env=env)

    def backends(self) -> dict[str, Json]:
        stdio = {
            f"{name}-stdio": {"type": "stdio", "command": program, "args": args, "env": self.env}
            for name, (program, *args) in self.commands.items()
        }
        return {**stdio, **{f"{name}-http": gateway.http(url) for name, url in self.urls.items()}}

    @asynccontextmanager
    async def directly(self, name: str, transport: str, edge: Edge, **options: Any) -> AsyncIterator[Client]:
        """A client that is connected to one of them without the gateway."""
        mode = MODERN if edge == "modern" else "legacy"
        if transport == "stdio":
            program, *args = self.commands[name]
            server: Any = stdio_client(StdioServerParameters(command=program, args=args, env=self.env))
        else:
            server = self.urls[name]
        with trio.fail_after(CALL_SECONDS):
            async with Client(server, mode=mode, **options) as client:
                yield client


@attrs.define(eq=False)
class Respondent:
    """A client that answers everything, and what it was asked: the method, and the words of the question."""

    questions: list[tuple[str, str]] = attrs.field(factory=list, init=False)

    async def elicit(self, _: object, params: types.ElicitRequestParams) -> types.ElicitResult:
        self.questions.append(("elicitation", params.message))
        assert isinstance(params, types.ElicitRequestFormParams)
        return types.ElicitResult(action="accept", content=dict.fromkeys(params.requested_schema["properties"], "Ada"))

    async def sample(self, _: object, params: types.CreateMessageRequestParams) -> types.CreateMessageResult:
        self.questions.append(("sampling", str(params.messages[0].content_as_list[0])))
        said = types.TextContent(type="text", text="spoken by the client")
        return types.CreateMessageResult(role="assistant", content=said, model="none")

    async def roots(self, _: object) -> types.ListRootsResult:
        self.questions.append(("roots", ""))
        return types.ListRootsResult(roots=[types.Root(uri=FileUrl("file:///client/root"), name="root")])

    @property
    def callbacks(self) -> dict[str, Any]:
        return {
            "elicitation_callback": self.elicit,
            "sampling_callback": self.sample,
            "list_roots_callback": self.roots,
        }


@attrs.frozen(kw_only=True)
class Told:
    """What came of a call: the result's words, or an error; and what the client was asked meanwhile."""

    words: str
    failed: bool
    questions: tuple[tuple[str, str], ...]


async def told(client: Client, asked: Respondent, tool: str, arguments: Json) -> Told:
    before = len(asked.questions)
    try:
        result = await client.call_tool(tool, arguments)
    except MCPError as error:
        words, failed = error.message, True
    else:
        assert isinstance(result, types.CallToolResult)
        words = " ".join(item.text for item in result.content if isinstance(item, types.TextContent))
        failed = bool(result.is_error)
    return Told(words=words, failed=failed, questions=tuple(asked.questions[before:]))
