"""A server that lists what its state says at the moment, and never says that it has changed: over three transports.

As a program it speaks stdio, and reads its state from the file that its argument names, at each request.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import trio

from tests.servers.nasty_http import Received, Wire

Json = dict[str, Any]

MEMBERS = {
    "tools/list": "tools",
    "prompts/list": "prompts",
    "resources/list": "resources",
    "resources/templates/list": "resourceTemplates",
}
SENTINEL = b'"method":"tools/list"'


@attrs.define(eq=False)
class Lister:
    """What the server says."""

    state: Callable[[], Json]
    """Its lists by the member that holds each, `capabilities`, and whether it `is_modern`."""
    failures: list[tuple[int, str]] = attrs.field(factory=list)
    """The HTTP status and further header lines of the next answers to `tools/list`."""
    asked: list[str] = attrs.field(factory=list)

    def answer(self, message: Json) -> Json | None:
        if "id" not in message:
            return None
        method, state = message["method"], self.state()
        self.asked.append(method)
        head = {"jsonrpc": "2.0", "id": message["id"]}
        said = {"capabilities": state.get("capabilities", {"tools": {}, "prompts": {}, "resources": {}})}
        hints = {"resultType": "complete", "ttlMs": 0, "cacheScope": "private"} if state.get("is_modern") else {}
        if method in MEMBERS and MEMBERS[method] in state:
            return {**head, "result": {MEMBERS[method]: state[MEMBERS[method]], **hints}}
        if method == "initialize" and not state.get("is_modern"):
            info = {"serverInfo": {"name": "lister", "version": "1"}}
            return {**head, "result": {"protocolVersion": message["params"]["protocolVersion"], **said, **info}}
        if method == "server/discover" and state.get("is_modern"):
            return {**head, "result": {"supportedVersions": ["2026-07-28"], **said, **hints}}
        if method == "ping":
            return {**head, "result": {}}
        names = [tool.get("name") for tool in state.get("tools", ())]
        if method == "tools/call" and message["params"]["name"] in names:
            return {**head, "result": {"content": [{"type": "text", "text": "called"}], **hints}}
        if method == "tools/call":
            return {**head, "error": {"code": -32602, "message": f"Unknown tool: {message['params']['name']}"}}
        return {**head, "error": {"code": -32601, "message": "Method not found"}}

    async def serve_stateless(self, request: Received, wire: Wire) -> None:
        """Streamable HTTP without sessions, and without a stream of its own."""
        if request.method != "POST":
            await wire.reply(405)
        elif SENTINEL in request.body and self.failures:
            status, more = self.failures.pop(0)
            await wire.reply(status, b"try later", more=more)
        elif (answer := self.answer(json.loads(request.body))) is None:
            await wire.reply(202)
        else:
            await wire.json(json.dumps(answer).encode())


@attrs.define(eq=False)
class SseLister:
    """The same over HTTP+SSE."""

    lister: Lister
    streams: list[Wire] = attrs.field(factory=list)
    turn: trio.Lock = attrs.field(factory=trio.Lock)
    """Whose turn it is to send on the stream: several questions are answered at once."""

    async def serve(self, request: Received, wire: Wire) -> None:
        if request.method == "GET":
            await wire.begin_stream()
            await wire.chunk(b"event: endpoint\ndata: /messages\n\n")
            self.streams.append(wire)
            await wire.until_closed()
        elif SENTINEL in request.body and self.lister.failures:
            status, more = self.lister.failures.pop(0)
            await wire.reply(status, b"try later", more=more)
        else:
            await wire.reply(202)
            if (answer := self.lister.answer(json.loads(request.body))) is not None:
                async with self.turn:
                    await self.streams[-1].event(json.dumps(answer).encode(), more=b"event: message\n")


def main(path: Path) -> None:
    lister = Lister(state=lambda: dict(json.loads(path.read_text())))
    for line in sys.stdin:
        answer = lister.answer(json.loads(line))
        if answer is not None:
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
