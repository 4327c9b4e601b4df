"""A stdio MCP server without any SDK: quick to start, cheap per call, free to say what typed SDKs refuse.

It behaves: what misbehaves is in moody.py. Standard library only, so that any Python runs it.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

MODERN = "2026-07-28"
LEGACY = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
META = "io.modelcontextprotocol/"
PIXEL = base64.b64encode(bytes.fromhex("89504e470d0a1a0a")).decode()
OBJECT: dict[str, Any] = {"type": "object", "properties": {}}

Json = dict[str, Any]


class Refused(Exception):
    """A JSON-RPC error to answer with."""

    def __init__(self, code: int, message: str, data: object = None) -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message, "data": data}


def text(words: str) -> Json:
    return {"content": [{"type": "text", "text": words}]}


def tool_echo(arguments: Json) -> Json:
    return text(arguments.get("text", ""))


def tool_big(arguments: Json) -> Json:
    return text("x" * int(arguments["bytes"]))


def tool_structured(arguments: Json) -> Json:
    return {**text(json.dumps(arguments)), "structuredContent": {"given": arguments, "pi": 3.14159, "none": None}}


def tool_strange(_: Json) -> Json:
    """Everything a gateway that knows too much would lose."""
    return {
        "content": [
            {"type": "hologram", "depth": 3, "rays": [1, 2.50, None, {"é": "\u2028"}]},
            {"type": "text", "text": "plain", "annotations": {"audience": ["user"], "x-mood": "blue"}, "x-new": 1},
            {"type": "image", "data": PIXEL, "mimeType": "image/png", "_meta": {"example.org/size": 1.0}},
            {"type": "resource_link", "uri": "echo://plain", "name": "plain", "size": 12.5},
        ],
        "structuredContent": [1, {"two": 2}],
        "isError": False,
        "_meta": {"example.org/trace": {"deep": [True]}},
        "x-unknown": {"kept": "please", "big": 12345678901234567890},
    }


def tool_fail(arguments: Json) -> Json:
    return {**text(arguments.get("text", "it failed")), "isError": True, "x-why": "on purpose"}


def tool_refuse(arguments: Json) -> Json:
    raise Refused(-32050, "refused on purpose", {"given": arguments, "x": [1]})


def tool_environment(_: Json) -> Json:
    return text(json.dumps(dict(os.environ)))


def tool_process(_: Json) -> Json:
    return text(json.dumps({"pid": os.getpid(), "cwd": os.getcwd(), "argv": sys.argv[1:]}))  # noqa: PTH109


def tool_received(_: Json) -> Json:
    """Every notification that has arrived so far, and the tools that were called late."""
    server = Server.current
    return {"content": [], "structuredContent": {"notifications": server.notifications, "calls": server.late_calls}}


TOOLS: dict[str, Callable[[Json], Json]] = {
    "echo": tool_echo,
    "big": tool_big,
    "structured": tool_structured,
    "strange": tool_strange,
    "fail": tool_fail,
    "refuse": tool_refuse,
    "environment": tool_environment,
    "process": tool_process,
    "received": tool_received,
}
LATE_TOOLS = ("slow", "hang", "progress", "grow")
"""These answer from elsewhere, later or never: see Server."""


def described(name: str) -> Json:
    """One entry of the tools' list, with all that an entry can carry and some that no schema knows."""
    return {
        "name": name,
        "title": f"The tool {name}",
        "description": f"Does {name}.",
        "inputSchema": {**OBJECT, "x-schema": {"odd": True}},
        "annotations": {"readOnlyHint": True, "x-hint": "yes"},
        "icons": [{"src": f"data:image/png;base64,{PIXEL}", "sizes": ["8x8"], "x-icon": 1}],
        "_meta": {"example.org/rank": 7},
        "x-unknown": [name],
    }


RESOURCES: list[Json] = [
    {"uri": "echo://plain", "name": "plain", "mimeType": "text/plain", "size": 12.5, "x-unknown": 1},
    {"uri": "echo://blob", "name": "blob", "mimeType": "application/octet-stream"},
]
TEMPLATES: list[Json] = [{"uriTemplate": "echo://item/{id}", "name": "item", "x-unknown": 2}]
PROMPTS: list[Json] = [
    {"name": "greet", "description": "Greets.", "arguments": [{"name": "who", "required": True}], "x-unknown": 3},
]


def contents_of(uri: str) -> Json:
    if uri == "echo://blob":
        return {"uri": uri, "mimeType": "application/octet-stream", "blob": base64.b64encode(bytes(range(8))).decode()}
    if uri == "echo://plain" or uri.startswith("echo://item/"):
        return {"uri": uri, "mimeType": "text/plain", "text": f"this is {uri}", "x-unknown": 4}
    raise Refused(-32002, "no such resource", {"uri": uri})


class Server:
    """The loop and what it remembers."""

    current: Server

    def __init__(self, options: argparse.Namespace) -> None:
        Server.current = self
        self.options = options
        self.names = [*TOOLS, *LATE_TOOLS, *(f"tool_{number:04}" for number in range(options.tools))]
        self.notifications: list[Json] = []
        self.late_calls: list[str] = []
        self.writing = threading.Lock()

    def send(self, message: Json) -> None:
        line = json.dumps(message, ensure_ascii=False).encode() + b"\n"
        with self.writing:
            sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()

    def notify(self, method: str, **params: object) -> None:
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def later(self, seconds: float, then: Callable[[], None]) -> None:
        timer = threading.Timer(seconds, then)
        timer.daemon = True
        timer.start()

    def page(self, key: str, entries: list[Json], params: Json) -> Json:
        start = int(params.get("cursor", "0"))
        end = start + (self.options.page_size or len(entries))
        following = {"nextCursor": str(end)} if end < len(entries) else {}
        return {key: entries[start:end], **following, **self.cacheable(), "x-page": start}

    def cacheable(self) -> Json:
        return {"ttlMs": 60_000, "cacheScope": "public"} if self.options.era != "legacy" else {}

    def initialize(self, params: Json) -> Json:
        if self.options.era == "modern":
            raise Refused(-32601, "initialize is of another era")
        wanted = params.get("protocolVersion")
        return {
            "protocolVersion": wanted if wanted in LEGACY else LEGACY[-1],
            "capabilities": self.capabilities(),
            "serverInfo": {"name": self.options.name, "version": "1", "x-unknown": True},
            "instructions": f"Instructions of {self.options.name}.",
        }

    def capabilities(self) -> Json:
        changing = {"listChanged": True}
        return {"tools": changing, "resources": changing, "prompts": changing, "x-unknown": {}}

    def discover(self, _: Json) -> Json:
        if self.options.era == "legacy":
            raise Refused(-32601, "Method not found")
        return {"supportedVersions": [MODERN], "capabilities": self.capabilities(), **self.cacheable()}

    def dispatch(self, method: str, params: Json) -> Json:
        match method:
            case "initialize":
                return self.initialize(params)
            case "server/discover":
                return self.discover(params)
            case "ping":
                return {}
            case "tools/list":
                return self.page("tools", [described(name) for name in self.names], params)
            case "resources/list":
                return self.page("resources", RESOURCES, params)
            case "resources/templates/list":
                return self.page("resourceTemplates", TEMPLATES, params)
            case "prompts/list":
                return self.page("prompts", PROMPTS, params)
            case "tools/call":
                return self.call(params["name"], params.get("arguments") or {})
            case "resources/read":
                return {"contents": [contents_of(params["uri"])], **self.cacheable()}
            case "prompts/get":
                return self.prompt(params)
        raise Refused(-32601, "Method not found", {"method": method})

    def call(self, name: str, arguments: Json) -> Json:
        if name not in self.names:
            raise Refused(-32602, f"Unknown tool: {name}")
        return TOOLS.get(name, tool_echo)(arguments)

    def prompt(self, params: Json) -> Json:
        if params["name"] != "greet":
            raise Refused(-32602, "no such prompt")
        who = (params.get("arguments") or {}).get("who", "nobody")
        return {"messages": [{"role": "user", "content": {"type": "text", "text": f"Hello {who}"}}], "x-unknown": 5}

    def answer(self, request: Json, produce: Callable[[], Json]) -> None:
        try:
            result = produce()
        except Refused as refusal:
            self.send({"jsonrpc": "2.0", "id": request["id"], "error": refusal.error})
            return
        if self.options.era != "legacy":
            result = {"resultType": "complete", **result}
        self.send({"jsonrpc": "2.0", "id": request["id"], "result": result})

    def call_late(self, request: Json, name: str, params: Json) -> None:
        self.late_calls.append(name)
        arguments = params.get("arguments") or {}
        match name:
            case "slow":
                self.later(float(arguments["seconds"]), lambda: self.answer(request, lambda: text("at last")))
            case "progress":
                token = (params.get("_meta") or {}).get("progressToken")
                for step in range(int(arguments.get("steps", 3)) if token is not None else 0):
                    self.notify("notifications/progress", progressToken=token, progress=step + 1, message="going on")
                self.answer(request, lambda: text("done"))
            case "grow":
                self.names.append(f"grown_{len(self.names)}")
                self.answer(request, lambda: text(self.names[-1]))
                self.notify("notifications/tools/list_changed")
            case "hang":
                pass

    def handle(self, message: Json) -> None:
        method, params = message.get("method"), message.get("params") or {}
        if method is None:
            return
        if "id" not in message:
            self.notifications.append({"method": method, "params": params})
        elif method == "tools/call" and params.get("name") in LATE_TOOLS:
            self.call_late(message, params["name"], params)
        elif method == "tools/call" and self.options.delay:
            self.later(self.options.delay, lambda: self.answer(message, lambda: self.dispatch(method, params)))
        else:
            self.answer(message, lambda: self.dispatch(method, params))

    def run(self) -> None:
        for line in sys.stdin.buffer:
            if line.strip():
                self.handle(json.loads(line))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", default="echo", help="what it calls itself")
    parser.add_argument("--era", choices=["legacy", "modern", "both"], default="legacy", help="what it speaks")
    parser.add_argument("--tools", type=int, default=0, help="how many numbered tools it has besides its own")
    parser.add_argument("--page-size", type=int, default=0, help="entries of one page of a list; 0 is all")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before it answers a call")
    Server(parser.parse_args()).run()


if __name__ == "__main__":
    main()
