"""A stdio MCP server that says much outside calls: its only tool is answered, and then come log messages.

Standard library only, so that any Python runs it.
"""

from __future__ import annotations

import json
import sys
from typing import Any


def send(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")


def main() -> None:
    for line in sys.stdin:
        message = json.loads(line)
        match message.get("method"):
            case "initialize":
                capabilities: dict[str, Any] = {"tools": {}, "logging": {}}
                info = {"name": "chatty", "version": "1"}
                result: dict[str, Any] = {
                    "protocolVersion": "2025-11-25",
                    "capabilities": capabilities,
                    "serverInfo": info,
                }
            case "tools/list":
                result = {"tools": [{"name": "chat", "inputSchema": {"type": "object"}}]}
            case "tools/call":
                result = {"content": [{"type": "text", "text": "now listen"}]}
            case "server/discover":
                send({"id": message["id"], "error": {"code": -32601, "message": "unknown"}})
                sys.stdout.flush()
                continue
            case _:
                result = {}
        if "id" in message and "method" in message:
            send({"id": message["id"], "result": result})
        if message.get("method") == "tools/call":
            for number in range(int(message["params"]["arguments"]["count"])):
                send({"method": "notifications/message", "params": {"level": "info", "data": number}})
        sys.stdout.flush()


if __name__ == "__main__":
    main()
