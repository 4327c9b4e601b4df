"""A server whose one tool takes what forms find hard, and asks before it answers: a program on plain pipes."""

from __future__ import annotations

import json
import sys
from typing import Any

SCHEMA = {
    "type": "object",
    "$defs": {
        "address": {
            "type": "object",
            "properties": {
                "street": {"type": "string", "minLength": 1},
                "country": {"enum": ["CH", "DE", "JP"], "default": "CH"},
            },
            "required": ["street", "country"],
        },
        "card": {
            "type": "object",
            "properties": {"kind": {"const": "card"}, "number": {"type": "string", "pattern": "^[0-9]{4}$"}},
            "required": ["kind", "number"],
        },
        "invoice": {
            "type": "object",
            "properties": {"kind": {"const": "invoice"}, "days": {"type": "integer", "minimum": 1, "maximum": 90}},
            "required": ["kind", "days"],
        },
    },
    "properties": {
        "customer": {"type": "string", "description": "Who orders"},
        "address": {"$ref": "#/$defs/address"},
        "payment": {"oneOf": [{"$ref": "#/$defs/card"}, {"$ref": "#/$defs/invoice"}]},
        "lines": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "properties": {
                    "article": {"type": "string"},
                    "count": {"type": "integer", "minimum": 1},
                    "tags": {"type": "array", "items": {"type": "string"}},
                },
                "required": ["article", "count"],
            },
        },
        "gift": {"type": "boolean"},
        "note": {"type": "string", "description": "Whatever else there is to say"},
    },
    "required": ["customer", "address", "payment", "lines"],
    "additionalProperties": False,
}
ASKED = {
    "type": "object",
    "properties": {"sure": {"type": "boolean", "title": "Are you sure?"}, "size": {"enum": ["s", "m", "l"]}},
    "required": ["sure"],
}
TOOL = {
    "name": "order",
    "description": "Order something, to an address, paid by card or by invoice.",
    "inputSchema": SCHEMA,
    "annotations": {"destructiveHint": False},
}


def send(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def received() -> dict[str, Any]:
    line = sys.stdin.readline()
    if not line:
        raise SystemExit
    return dict(json.loads(line))


def order(number: object, arguments: dict[str, Any]) -> dict[str, Any]:
    send({"id": "q1", "method": "elicitation/create", "params": {"message": "Order it?", "requestedSchema": ASKED}})
    while (answer := received()).get("id") != "q1":
        pass
    said = answer.get("result", answer.get("error"))
    text = json.dumps({"ordered": arguments, "said": said}, ensure_ascii=False)
    return {"id": number, "result": {"content": [{"type": "text", "text": text}], "isError": False}}


def main() -> None:
    while True:
        message = received()
        method, number = message.get("method"), message.get("id")
        if method == "initialize":
            told = {"name": "desk", "version": "1"}
            version = message["params"]["protocolVersion"]
            send(
                {
                    "id": number,
                    "result": {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": told},
                }
            )
        elif method == "tools/list":
            send({"id": number, "result": {"tools": [TOOL]}})
        elif method == "tools/call":
            send(order(number, message["params"].get("arguments", {})))
        elif number is not None:
            send({"id": number, "error": {"code": -32601, "message": "there is no such method"}})


if __name__ == "__main__":
    main()
