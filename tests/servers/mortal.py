"""A stdio MCP server that does at once what is asked of it: `mortal.py [eat|exit STATUS]`. Standard library only.

Its tools: `echo` gives `text` back; `wait` answers after `seconds`; `leave` ends it with `status`; `litter` leaves
processes behind that are in sessions of their own and deaf to signals; `eat` takes memory until it is killed; `keep`
adds `text` to a file of its home and answers all of it. With an argument it does that before it has said anything.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any, NoReturn

Json = dict[str, Any]

TOOLS = [
    {"name": each, "inputSchema": {"type": "object"}} for each in ("echo", "wait", "leave", "litter", "eat", "keep")
]
SAYING = threading.Lock()
LITTER = 3
LIFE_SECONDS = 120


def say(message: Json) -> None:
    with SAYING:
        data = json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n"
        while data:
            data = data[os.write(1, data) :]


def eat() -> NoReturn:
    eaten = []
    while True:
        eaten.append(bytearray(os.urandom(4096)) * 1024)


def litter() -> None:
    for _ in range(LITTER):
        if os.fork() == 0:
            os.setsid()
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            time.sleep(LIFE_SECONDS)
            os._exit(0)


def keep(text: str) -> str:
    path = Path.home() / "kept"
    with path.open("a") as file:
        file.write(text)
    return path.read_text()


def answer(message_id: object, text: str) -> None:
    say({"id": message_id, "result": {"content": [{"type": "text", "text": text}]}})


def call(message_id: object, name: str, arguments: Json) -> None:
    match name:
        case "wait":
            threading.Timer(arguments["seconds"], answer, (message_id, "waited")).start()
            return
        case "leave":
            print("leaving as I was told", file=sys.stderr, flush=True)
            os._exit(arguments.get("status", 1))
        case "eat":
            eat()
        case "litter":
            litter()
        case "keep":
            answer(message_id, keep(arguments["text"]))
            return
    answer(message_id, str(arguments.get("text", name)))


def serve() -> None:
    for line in sys.stdin.buffer:
        message = json.loads(line)
        match message.get("method"):
            case "initialize":
                greeting = {"serverInfo": {"name": "mortal", "version": "1"}, "capabilities": {"tools": {}}}
                greeting["protocolVersion"] = message["params"]["protocolVersion"]
                say({"id": message["id"], "result": greeting})
            case "tools/list":
                say({"id": message["id"], "result": {"tools": TOOLS}})
            case "tools/call":
                call(message["id"], message["params"]["name"], message["params"].get("arguments") or {})
            case "ping":
                say({"id": message["id"], "result": {}})
            case _ if "id" in message:
                say({"id": message["id"], "error": {"code": -32601, "message": "no such method"}})


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["eat"]:
            eat()
        case ["exit", status]:
            print("I cannot start: the key is missing", file=sys.stderr, flush=True)
            sys.exit(int(status))
    serve()
