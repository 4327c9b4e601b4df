"""A stdio MCP server that knows its resources by one spelling alone, and gives out a link that it does not list.

It compares URIs as text, as most servers do, and says -32002 (legacy) or -32602 (modern) of all others. Standard
library only.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

MODERN = "2026-07-28"
LEGACY = "2025-11-25"
META = "io.modelcontextprotocol/"

Json = dict[str, Any]


class Refused(Exception):
    """A JSON-RPC error to answer with."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message}


def send(message: Json) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


class Shelf:
    """What is on it: `listed`, and `hidden`, to which its tool gives out links."""

    def __init__(self, era: str, listed: list[str], hidden: list[str]) -> None:
        self.era = era
        self.listed = listed
        self.hidden = hidden
        self.subscribed: dict[str, object] = {}
        self.listening: list[object] = []

    def answer(self, method: str, params: Json, message_id: object) -> Json | None:
        if method == ("initialize" if self.era == "legacy" else "server/discover"):
            return self.introduction()
        if method == "tools/list":
            schema = {"type": "object", "properties": {}}
            return {"tools": [{"name": name, "inputSchema": schema} for name in ("link", "touch")]}
        if method == "resources/list":
            return {"resources": [{"uri": uri, "name": uri} for uri in self.listed]}
        if method in ("prompts/list", "resources/templates/list"):
            return {"prompts": [], "resourceTemplates": []}
        if method == "tools/call" and params["name"] == "link":
            return {"content": [{"type": "resource_link", "uri": uri, "name": uri} for uri in self.hidden]}
        if method == "tools/call":
            self.touch()
            return {"content": []}
        if method == "resources/read":
            self.require(params["uri"])
            return {"contents": [{"uri": params["uri"], "mimeType": "text/plain", "text": f"text of {params['uri']}"}]}
        if method in ("resources/subscribe", "resources/unsubscribe") and self.era == "legacy":
            self.require(params["uri"])
            self.subscribed[params["uri"]] = None
            return {}
        if method == "subscriptions/listen" and self.era == "modern":
            self.listen(params["notifications"], message_id)
            return None
        raise Refused(-32601, f"no {method}")

    def introduction(self) -> Json:
        said: Json = {
            "capabilities": {"tools": {}, "resources": {"subscribe": True}},
            "serverInfo": {"name": "shelf", "version": "1"},
        }
        if self.era == "legacy":
            return {"protocolVersion": LEGACY, **said}
        return {"supportedVersions": [MODERN], **said, "ttlMs": 0, "cacheScope": "private"}

    def require(self, uri: str) -> None:
        if uri not in self.listed + self.hidden:
            raise Refused(-32002 if self.era == "legacy" else -32602, f"Resource {uri} not found")

    def listen(self, wanted: Json, message_id: object) -> None:
        honoured = [uri for uri in wanted.get("resourceSubscriptions", []) if uri in self.listed + self.hidden]
        self.subscribed = dict.fromkeys(honoured, message_id)
        tag = {f"{META}subscriptionId": message_id}
        agreed = {"notifications": {"resourceSubscriptions": honoured} if honoured else {}, "_meta": tag}
        send({"method": "notifications/subscriptions/acknowledged", "params": agreed})

    def touch(self) -> None:
        for uri, message_id in self.subscribed.items():
            tag = {} if message_id is None else {"_meta": {f"{META}subscriptionId": message_id}}
            send({"method": "notifications/resources/updated", "params": {"uri": uri, **tag}})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--era", choices=["legacy", "modern"], default="legacy")
    parser.add_argument("--listed", nargs="*", default=[])
    parser.add_argument("--hidden", nargs="*", default=[])
    options = parser.parse_args()
    shelf = Shelf(options.era, options.listed, options.hidden)
    for line in sys.stdin:
        message = json.loads(line)
        if "id" not in message or "method" not in message:
            continue
        try:
            result = shelf.answer(message["method"], message.get("params", {}), message["id"])
        except Refused as refused:
            send({"id": message["id"], "error": refused.error})
            continue
        if result is not None:
            kind = {"resultType": "complete"} if options.era == "modern" else {}
            send({"id": message["id"], "result": {**result, **kind}})


if __name__ == "__main__":
    main()
