"""Calls without end, from a process of its own: `python -m tests.e2e.flood URL TOOL CONNECTIONS RATE SECONDS`.

One call at a time on each connection, RATE a second over all of them as far as answers come. At the end it prints one
JSON object: how many were answered and refused, and the median of what a refusal took, in seconds.
"""

from __future__ import annotations

import json
import selectors
import socket
import statistics
import sys
import time
from collections import deque
from typing import Final
from urllib.parse import urlsplit

from tests.e2e.raw import META, MODERN

READ_BYTES: Final = 65536


class Caller:
    """One connection, and the call on it."""

    def __init__(self, host: str, port: int) -> None:
        self.socket = socket.create_connection((host, port), timeout=30)
        self.socket.setblocking(False)
        self.sent_at = 0.0
        self.seen = b""

    def begin(self, request: bytes) -> None:
        self.sent_at, self.seen = time.monotonic(), b""
        self.socket.send(request)

    def is_answered(self) -> bool:
        """Read what is there; whether that completes the answer."""
        more = self.socket.recv(READ_BYTES)
        if not more:
            raise ConnectionError(self.seen[:300])
        self.seen += more
        head, blank, body = self.seen.partition(b"\r\n\r\n")
        if not blank:
            return False
        length = head.lower().partition(b"content-length:")[2]
        if length:
            return len(body) >= int(length.split(b"\r\n")[0])
        return body.endswith(b"0\r\n\r\n")


def call_of(url: str, tool: str) -> bytes:
    """The bytes of one call."""
    meta = {f"{META}protocolVersion": MODERN, f"{META}clientCapabilities": {}}
    params = {"name": tool, "arguments": {"text": "x"}, "_meta": meta}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).encode()
    head = {
        "Host": urlsplit(url).netloc,
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": MODERN,
        "Mcp-Method": "tools/call",
        "Mcp-Name": tool,
        "Content-Length": str(len(body)),
    }
    return ("POST /mcp HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in head.items()) + "\r\n").encode() + body


def flood(url: str, tool: str, connections: int, rate: float, seconds: float) -> dict[str, float]:
    """Call for so many seconds; what came of it."""
    address, request = urlsplit(url), call_of(url, tool)
    assert address.hostname is not None
    assert address.port is not None
    idle = deque(Caller(address.hostname, address.port) for _ in range(connections))
    print("flooding", flush=True)
    sent, answered = 0, 0
    refused: list[float] = []
    with selectors.EpollSelector() as waiting:
        began = time.monotonic()
        while (now := time.monotonic()) < began + seconds:
            due = min(len(idle), int((now - began) * rate) - sent)
            for caller in [idle.popleft() for _ in range(due)]:
                caller.begin(request)
                waiting.register(caller.socket, selectors.EVENT_READ, caller)
                sent += 1
            for key, _ in waiting.select(0.005):
                caller = key.data
                if caller.is_answered():
                    waiting.unregister(caller.socket)
                    idle.append(caller)
                    if b'"result"' in caller.seen:
                        answered += 1
                    else:
                        refused.append(time.monotonic() - caller.sent_at)
    median = statistics.median(refused) if refused else 0.0
    return {"sent": sent, "answered": answered, "refused": len(refused), "median_of_refusals": median}


if __name__ == "__main__":
    url, tool, connections, rate, seconds = sys.argv[1:]
    print(json.dumps(flood(url, tool, int(connections), float(rate), float(seconds))), flush=True)
