"""A stdio MCP server that reaches out in the ways of programs that know nothing of proxies: `reaching.py`.

Its tool `reach` takes a way (`socket`, `urllib`, `name`, `many`), a host and a port, and answers what came of it and
after how many seconds. Standard library only.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import time
import urllib.request
from typing import Any

SECONDS = 20.0
MANY = 300


def by_socket(host: str, port: int) -> str:
    """All that comes back of what is sent, whose end is told by a half close."""
    with socket.create_connection((host, port), SECONDS) as stream:
        stream.sendall(b"hello\x00\xff" * 50_000)
        stream.shutdown(socket.SHUT_WR)
        count = 0
        while data := stream.recv(65536):
            count += len(data)
    return f"{count} bytes"


def by_urllib(host: str, port: int) -> str:
    with urllib.request.urlopen(f"http://{host}:{port}/", timeout=SECONDS) as answer:
        return str(answer.read().decode())


def by_name(host: str, port: int) -> str:
    return " ".join(sorted({str(each[4][0]) for each in socket.getaddrinfo(host, port)}))


def by_many(host: str, port: int) -> str:
    """How many of so many connections at once are answered, and how many are let go of."""
    streams = [socket.create_connection((host, port), SECONDS) for _ in range(MANY)]
    for stream in streams:
        with contextlib.suppress(OSError):
            stream.sendall(b"?")
        stream.setblocking(False)
    refused, quiet_for, ends_at = set[socket.socket](), 0.0, time.monotonic() + SECONDS
    while time.monotonic() < ends_at and (not refused or quiet_for < 1):
        time.sleep(0.2)
        news = {stream for stream in streams if stream not in refused and is_let_go(stream)}
        quiet_for = 0.0 if news else quiet_for + 0.2
        refused |= news
    for stream in streams:
        stream.close()
    return json.dumps({"answered": MANY - len(refused), "refused": len(refused)})


def is_let_go(stream: socket.socket) -> bool:
    """Whether the other end has closed it: who answers says nothing before the end."""
    try:
        return not stream.recv(1)
    except BlockingIOError:
        return False
    except OSError:
        return True


WAYS = {"socket": by_socket, "urllib": by_urllib, "name": by_name, "many": by_many}


def reached(way: str, host: str, port: int) -> dict[str, object]:
    began = time.monotonic()
    try:
        told = {"told": WAYS[way](host, port)}
    except OSError as problem:
        told = {"failed": str(problem)}
    return {**told, "seconds": time.monotonic() - began}


def say(message: dict[str, Any]) -> None:
    data = json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n"
    while data:
        data = data[os.write(1, data) :]


for line in sys.stdin.buffer:
    asked = json.loads(line)
    match asked.get("method"):
        case "initialize":
            greeting = {"serverInfo": {"name": "reaching", "version": "1"}, "capabilities": {"tools": {}}}
            say({"id": asked["id"], "result": {**greeting, "protocolVersion": asked["params"]["protocolVersion"]}})
        case "tools/list":
            say({"id": asked["id"], "result": {"tools": [{"name": "reach", "inputSchema": {"type": "object"}}]}})
        case "tools/call":
            text = json.dumps(reached(**asked["params"]["arguments"]))
            say({"id": asked["id"], "result": {"content": [{"type": "text", "text": text}]}})
        case "ping":
            say({"id": asked["id"], "result": {}})
        case _ if "id" in asked:
            say({"id": asked["id"], "error": {"code": -32601, "message": "no such method"}})
