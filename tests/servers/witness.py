"""A stdio MCP server that bears witness: of who answered a call, and in a file of every call that was executed.

`witness.py LABEL RECORD`. Standard library only. Calls are served side by side; it leaves when its stdin ends.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import Any

Json = dict[str, Any]

LABEL, RECORD = int(sys.argv[1]), sys.argv[2]
SAYING = threading.Lock()
TOOL = {"name": "who", "inputSchema": {"type": "object"}}


def say(message: Json) -> None:
    with SAYING:
        os.write(1, json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")


def executed(token: str) -> None:
    """One more line in the record; short enough to be written as a whole, whoever else writes."""
    record = os.open(RECORD, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(record, f"{token}\n".encode())
    finally:
        os.close(record)


def call(message_id: object, arguments: Json) -> None:
    executed(arguments["token"])
    told = json.dumps({"token": arguments["token"], "label": LABEL, "pid": os.getpid()})
    answer = {"id": message_id, "result": {"content": [{"type": "text", "text": told}]}}
    if arguments["seconds"]:
        threading.Timer(arguments["seconds"], say, (answer,)).start()
    else:
        say(answer)


def serve() -> None:
    for line in sys.stdin.buffer:
        message = json.loads(line)
        match message.get("method"):
            case "initialize":
                greeting = {"serverInfo": {"name": "witness", "version": "1"}, "capabilities": {"tools": {}}}
                greeting["protocolVersion"] = message["params"]["protocolVersion"]
                say({"id": message["id"], "result": greeting})
            case "tools/list":
                say({"id": message["id"], "result": {"tools": [TOOL]}})
            case "tools/call":
                call(message["id"], message["params"]["arguments"])
            case "ping":
                say({"id": message["id"], "result": {}})
            case _ if "id" in message:
                say({"id": message["id"], "error": {"code": -32601, "message": "no such method"}})
            case _:
                pass


if __name__ == "__main__":
    serve()
