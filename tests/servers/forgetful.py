"""A legacy Streamable HTTP server in the test's own process that forgets sessions, stops and comes back at its port."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial

import attrs
import trio

from tests.servers.nasty_http import NastyServer, Received, Wire

GONE = b'{"jsonrpc":"2.0","id":"server-error","error":{"code":-32600,"message":"Session not found"}}'


@attrs.define(eq=False)
class Forgetful:
    """The server. `executed` counts what its one tool has really done, by the argument it was given."""

    tools: list[str] = attrs.field(factory=lambda: ["do"])
    sessions: set[str] = attrs.field(factory=set)
    executed: Counter[str] = attrs.field(factory=Counter)
    greeted: int = 0
    methods: list[str] = attrs.field(factory=list)
    refusal: tuple[int, bytes] = (404, GONE)
    """How it says that it does not know a session."""
    is_forgetting: bool = False
    """Whether every session is forgotten as soon as it was begun."""
    perform: Callable[[Wire, bytes], Awaitable[bool]] | None = None
    """Answers a call in its own way, if it returns True."""
    _port: int = 0
    _running: trio.CancelScope | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/mcp"

    def forget(self) -> None:
        self.sessions.clear()

    async def start(self, nursery: trio.Nursery) -> None:
        """Listen, at the same port as before if it has been running."""
        await nursery.start(self._run)

    def stop(self) -> None:
        """Close every connection and the port; sessions are gone."""
        self.forget()
        assert self._running is not None
        self._running.cancel()

    async def _run(self, task_status: trio.TaskStatus[None]) -> None:
        server = NastyServer(self._handle)
        with trio.CancelScope() as self._running:
            async with trio.open_nursery() as nursery:
                listeners = await nursery.start(partial(trio.serve_tcp, server._serve, self._port, host="127.0.0.1"))
                self._port = listeners[0].socket.getsockname()[1]
                task_status.started()

    async def _handle(self, request: Received, wire: Wire) -> None:
        if request.method != "POST":
            await wire.reply(405)
            return
        message = json.loads(request.body)
        method, session = message["method"], request.headers.get("mcp-session-id", "")
        self.methods.append(method)
        if method in ("server/discover", "initialize") and not session:
            await self._greet(message, wire)
        elif session not in self.sessions:
            status, body = self.refusal
            await wire.json(body, status=status)
        elif "id" not in message:
            await wire.reply(202)
        else:
            await self._answer(message, wire)

    async def _greet(self, message: dict[str, object], wire: Wire) -> None:
        if message["method"] == "server/discover":
            await wire.json(b'{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no"}}', status=400)
            return
        self.greeted += 1
        session = f"s-{self.greeted}"
        if not self.is_forgetting:
            self.sessions.add(session)
        result: dict[str, object] = {
            "protocolVersion": "2025-11-25",
            "capabilities": {"tools": {}, "resources": {"subscribe": True}},
            "serverInfo": {"name": "f"},
        }
        await wire.json(_response(message["id"], result), more=f"mcp-session-id: {session}\r\n")

    async def _answer(self, message: dict[str, object], wire: Wire) -> None:
        result: dict[str, object] = {}
        if message["method"] == "tools/list":
            result = {"tools": [{"name": name, "inputSchema": {"type": "object"}} for name in self.tools]}
        elif message["method"] in ("resources/list", "resources/templates/list"):
            result = {"resources": [], "resourceTemplates": []}
        elif message["method"] == "tools/call":
            params = message["params"]
            assert isinstance(params, dict)
            self.executed[params["arguments"]["what"]] += 1
            if self.perform is not None and await self.perform(wire, _response(message["id"], {"content": []})):
                return
            result = {"content": [{"type": "text", "text": "done"}]}
        await wire.json(_response(message["id"], result))


def _response(message_id: object, result: dict[str, object]) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": message_id, "result": result}).encode()
