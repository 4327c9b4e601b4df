"""A stdio MCP server that answers with much, for tests of what the gateway keeps: `bulky.py [MODE]`.

Its tool `bulk` answers with `size` bytes, after a report of progress if it was asked for one; `pings` sends so many
pings, and in the mode `deaf` the server has stopped reading by then; `tell` sends so many log messages of `size` bytes
once it has answered; `sleep` reads nothing until the file `until` is there. Standard library only, to start fast.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

TOOLS = ("bulk", "pings", "sleep", "tell")
INFO = {"name": "bulky", "version": "1"}
CAPABILITIES: dict[str, Any] = {"tools": {}, "resources": {"subscribe": True}, "logging": {}}


def send(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")


def bulk(params: dict[str, Any]) -> dict[str, Any]:
    token = params.get("_meta", {}).get("progressToken")
    if token is not None:
        send({"method": "notifications/progress", "params": {"progressToken": token, "progress": 1}})
    return {"content": [{"type": "text", "text": "x" * int(params["arguments"]["size"])}]}


def flood(count: int) -> None:
    """Send pings whose ids are long, and read no answer."""
    for number in range(count):
        send({"id": f"{number}-{'i' * 4000}", "method": "ping"})
    sys.stdout.flush()
    if sys.argv[1:] == ["deaf"]:
        time.sleep(10)


def sleep(until: str) -> None:
    """Do nothing at all until that file is there, or for a minute."""
    end = time.monotonic() + 60
    while not Path(until).exists() and time.monotonic() < end:
        time.sleep(0.02)


def called(params: dict[str, Any]) -> dict[str, Any]:
    """What a tool answers."""
    arguments = params["arguments"]
    match params["name"]:
        case "bulk":
            return bulk(params)
        case "pings":
            flood(int(arguments["count"]))
        case "sleep" if "until" in arguments:
            sleep(arguments["until"])
    return {"content": []}


def tell(size: int, count: int) -> None:
    for _ in range(count):
        send({"method": "notifications/message", "params": {"level": "info", "data": "x" * size}})


def main() -> None:
    for line in sys.stdin:
        message = json.loads(line)
        params = message.get("params", {})
        result: dict[str, Any] = {}
        match message.get("method"):
            case "initialize":
                result = {"protocolVersion": "2025-11-25", "capabilities": CAPABILITIES, "serverInfo": INFO}
            case "server/discover":
                send({"id": message["id"], "error": {"code": -32601, "message": "unknown"}})
                sys.stdout.flush()
                continue
            case "tools/list":
                result = {"tools": [{"name": name, "inputSchema": {"type": "object"}} for name in TOOLS]}
            case "resources/list":
                result = {"resources": [{"uri": "bulk:///", "name": "bulk"}]}
            case "resources/templates/list":
                result = {"resourceTemplates": [{"uriTemplate": "bulk:///{name}", "name": "any"}]}
            case "tools/call":
                result = called(params)
            case _:
                pass
        if "id" in message and "method" in message:
            send({"id": message["id"], "result": result})
        if params.get("name") == "tell":
            tell(**params["arguments"])
        sys.stdout.flush()


if __name__ == "__main__":
    main()
