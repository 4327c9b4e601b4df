"""A server whose answers nest as deeply as they are asked to: `deep.py legacy|modern [METHOD LEVELS]`.

Standard library only. Its tool `nest` has structured content of so many `levels`, and as much text as `fill` says. So
have the `_meta` of its prompt, and of each resource of the template `deep://{levels}`. With a METHOD its answer to that
one nests so deeply too, in an unknown member of the first thing that it says.
"""

from __future__ import annotations

import json
import sys
from typing import Any

MODERN = "2026-07-28"
MARK = "the place of what is nested"
NOWHERE = ("", 0)
NESTING = frozenset({"tools/call", "prompts/get", "resources/read"})


def nested(levels: int) -> bytes:
    """An array in an array, and so on."""
    return b"[" * levels + b"]" * levels


def answer(era: str, message: bytes, deep: tuple[str, int] = NOWHERE) -> bytes | None:
    """The response to a request; None for a notification."""
    request = json.loads(message)
    if "id" not in request:
        return None
    method, params = request["method"], request.get("params") or {}
    result, levels = _result(era, method, params), 0
    if method in NESTING:
        levels = int(params["uri"].partition("//")[2] if "uri" in params else params["arguments"]["levels"])
    elif method == deep[0] and result is not None:
        levels = deep[1]
        first = result["tools"][0] if "tools" in result else result["capabilities"]["tools"]
        first["x-deep"] = MARK
    response: dict[str, Any] = {"jsonrpc": "2.0", "id": request["id"]}
    if result is None:
        response["error"] = {"code": -32601, "message": "Method not found"}
    else:
        response["result"] = {"resultType": "complete", **result} if era == "modern" else result
    return json.dumps(response, separators=(",", ":")).encode().replace(b'"%b"' % MARK.encode(), nested(levels))


def _result(era: str, method: str, params: dict[str, Any]) -> dict[str, Any] | None:
    match method:
        case "server/discover" if era == "modern":
            return {"supportedVersions": [MODERN], "capabilities": {"tools": {}, "prompts": {}, "resources": {}}}
        case "initialize" if era == "legacy":
            info = {"name": "deep", "version": "1"}
            return {
                "protocolVersion": params["protocolVersion"],
                "capabilities": {"tools": {}, "prompts": {}, "resources": {}},
                "serverInfo": info,
            }
        case "tools/list":
            return {"tools": [{"name": "nest", "inputSchema": {"type": "object"}}]}
        case "prompts/list":
            return {"prompts": [{"name": "nest", "arguments": [{"name": "levels"}]}]}
        case "resources/list":
            return {"resources": []}
        case "resources/templates/list":
            return {"resourceTemplates": [{"name": "nest", "uriTemplate": "deep://{levels}"}]}
        case "prompts/get":
            return {"messages": [], "_meta": {"deep": MARK}}
        case "resources/read":
            return {"contents": [{"uri": params["uri"], "text": "", "_meta": {"deep": MARK}}]}
        case "tools/call":
            text = "x" * params["arguments"]["fill"]
            return {"content": [{"type": "text", "text": text}], "structuredContent": MARK}
        case "ping":
            return {}
    return None


def main() -> None:
    era, *deep = sys.argv[1:]
    for line in sys.stdin.buffer:
        response = answer(era, line, (deep[0], int(deep[1])) if deep else NOWHERE)
        if response is not None:
            sys.stdout.buffer.write(response + b"\n")
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
