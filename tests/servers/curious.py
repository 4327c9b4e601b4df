"""A stdio MCP server for tests of who shows calls: it asks, floods, answers with much and by all types: `curious.py`.

Each call is a thread of its own, so that several ask at once. Standard library only, to start fast.
"""

from __future__ import annotations

import base64
import json
import struct
import sys
import threading
import time
import zlib
from collections.abc import Callable
from itertools import count
from typing import Any

Json = dict[str, Any]
_writing, _ids, _waiting = threading.Lock(), count(1), dict[str, "tuple[threading.Event, Json]"]()
INFO = {"name": "curious", "version": "1"}
CAPABILITIES: Json = {"tools": {}, "resources": {}, "prompts": {}, "logging": {}}
SCHEMA: Json = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "title": "Your name", "minLength": 2},
        "age": {"type": "integer", "minimum": 0},
        "colour": {"type": "string", "enum": ["red", "green"], "default": "green"},
        "sure": {"type": "boolean", "default": True},
    },
    "required": ["name"],
}


def send(message: Json) -> None:
    with _writing:
        sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        sys.stdout.flush()


def ask(method: str, params: Json) -> Json:
    """The answer of the client."""
    name = f"ask-{next(_ids)}"
    came, holder = _waiting[name] = threading.Event(), {}
    send({"id": name, "method": method, "params": params})
    came.wait(120)
    return holder


def text(words: str) -> Json:
    return {"content": [{"type": "text", "text": words}]}


def told(answer: Json) -> Json:
    return text(json.dumps(answer.get("result", answer.get("error"))))


def form(_: Json) -> Json:
    return told(ask("elicitation/create", {"mode": "form", "message": "Who are you?", "requestedSchema": SCHEMA}))


def url(_: Json) -> Json:
    params = {
        "mode": "url",
        "message": "Please sign in.",
        "url": "https://user@login.example.org:8443/authorize?state=abcdefghijklmnopqrstuvwxyz&scope=read%20write&"
        "redirect_uri=https%3A%2F%2Fexample.com%2Fcallback",
        "elicitationId": "e-1",
    }
    answer = ask("elicitation/create", params)
    send({"method": "notifications/elicitation/complete", "params": {"elicitationId": "e-1"}})
    return told(answer)


def sample(_: Json) -> Json:
    params = {
        "messages": [
            {"role": "user", "content": {"type": "text", "text": "What is the capital of France?"}},
            {"role": "assistant", "content": {"type": "text", "text": "Berlin."}},
            {"role": "user", "content": {"type": "text", "text": "Are you sure?\x1b[31m"}},
        ],
        "systemPrompt": "You are terse.",
        "modelPreferences": {"hints": [{"name": "small"}], "speedPriority": 0.9},
        "maxTokens": 100,
        "temperature": 0.2,
    }
    return told(ask("sampling/createMessage", params))


def roots(_: Json) -> Json:
    return told(ask("roots/list", {}))


def two(params: Json) -> Json:
    answers: list[Json] = []
    threads = [threading.Thread(target=lambda: answers.append(form(params)), daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return text(f"{len(answers)} answers")


def big(params: Json) -> Json:
    size = int(params["arguments"].get("size", 1000))
    if params["arguments"].get("structured"):
        rows = [{"id": number, "name": "row", "values": [1, 2.5, None]} for number in range(size // 50)]
        return {"content": [], "structuredContent": {"rows": rows}}
    return text("all work and no play\n" * (size // 21))


def flood(params: Json) -> Json:
    """Progress, and log messages where they are wanted, as fast as it goes."""
    token = params.get("_meta", {}).get("progressToken")
    total = int(params["arguments"].get("count", 1000))
    for number in range(total):
        progress = {"progressToken": token, "progress": number + 1, "total": total, "message": f"step {number + 1}"}
        send({"method": "notifications/progress", "params": progress})
        if params["arguments"].get("log"):
            send({"method": "notifications/message", "params": {"level": "info", "data": f"line {number + 1}"}})
    return text("flooded")


def slow(params: Json) -> Json:
    token = params.get("_meta", {}).get("progressToken")
    total = int(params["arguments"].get("seconds", 10)) * 5
    for number in range(total):
        progress = {"progressToken": token, "progress": number + 1, "total": total, "message": f"step {number + 1}"}
        send({"method": "notifications/progress", "params": progress})
        level = ("debug", "info", "warning", "error")[number % 4]
        send({"method": "notifications/message", "params": {"level": level, "logger": "slow", "data": {"at": number}}})
        time.sleep(0.2)
    return text("done at last")


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + b"\0" * width for _ in range(height)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def media(_: Json) -> Json:
    image = base64.b64encode(png(320, 200)).decode()
    return {
        "content": [
            {"type": "text", "text": 'Here is \x1b[31mall\x07 of it, 日本語 and\u202e more: {"a": 1}'},
            {"type": "text", "text": '{"answer": [1, 2, {"deep": {"deeper": {"deepest": true}}}], "text": "abc"}'},
            {"type": "image", "data": image, "mimeType": "image/png"},
            {"type": "audio", "data": base64.b64encode(b"RIFF----WAVE").decode(), "mimeType": "audio/wav"},
            {"type": "image", "data": "not base64!", "mimeType": "image/png"},
            {"type": "resource_link", "uri": "note://one", "name": "one", "description": "the first note"},
            {"type": "resource", "resource": {"uri": "note://two", "mimeType": "text/plain", "text": "second"}},
            {"type": "hologram", "depth": 3},
        ]
    }


def fail(_: Json) -> Json:
    return {**text("it did not work"), "isError": True}


def structured(_: Json) -> Json:
    value = {"city": "Paris", "days": [{"at": day, "rain": day * 1.5} for day in range(60)], "empty": [], "ok": True}
    return {"content": [{"type": "text", "text": json.dumps(value)}], "structuredContent": value}


TOOLS: dict[str, Callable[[Json], Json]] = {
    each.__name__: each for each in (form, url, sample, roots, two, big, flood, slow, media, fail, structured)
}


def answer(message: Json) -> None:
    method, params = message["method"], message.get("params", {})
    match method:
        case "initialize":
            version = params["protocolVersion"]
            result: Json = {"protocolVersion": version, "capabilities": CAPABILITIES, "serverInfo": INFO}
        case "tools/list":
            result = {"tools": [{"name": name, "inputSchema": {"type": "object"}} for name in TOOLS]}
        case "tools/call":
            if params["name"] == "broken":
                send({"id": message["id"], "error": {"code": -32000, "message": "out of order"}})
                return
            result = TOOLS[params["name"]](params)
        case "resources/list":
            result = {"resources": [{"uri": f"note://{name}", "name": name} for name in ("one", "two")]}
        case "resources/read":
            result = {"contents": [{"uri": params["uri"], "mimeType": "text/plain", "text": "read\nby a link"}]}
        case "resources/templates/list":
            result = {"resourceTemplates": []}
        case "prompts/list":
            result = {"prompts": [{"name": "greet", "arguments": [{"name": "who", "required": True}]}]}
        case "prompts/get":
            who = params.get("arguments", {}).get("who", "you")
            messages = [
                {"role": "user", "content": {"type": "text", "text": f"Greet {who}."}},
                {"role": "assistant", "content": {"type": "text", "text": f"Hello, {who}!"}},
            ]
            result = {"description": "A greeting", "messages": messages}
        case _:
            result = {}
    send({"id": message["id"], "result": result})


def main() -> None:
    for line in sys.stdin:
        message: Json = json.loads(line)
        if "method" in message and "id" in message:
            threading.Thread(target=answer, args=(message,), daemon=True).start()
        elif "id" in message and message["id"] in _waiting:
            came, holder = _waiting.pop(message["id"])
            holder.update(message)
            came.set()


if __name__ == "__main__":
    main()
