"""A legacy stdio server that can run only once: whoever starts ends the one before, by a file with its process id.

Standard library only: `jealous.py FILE`. One tool, `who`, answers with its process id.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path


def take(held: Path) -> None:
    with suppress(OSError, ValueError):
        os.kill(int(held.read_text()), signal.SIGKILL)
    held.write_text(str(os.getpid()))


def result(method: str) -> dict[str, object] | None:
    match method:
        case "initialize":
            server = {"name": "jealous", "version": "1"}
            return {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": server}
        case "tools/list":
            return {"tools": [{"name": "who", "inputSchema": {"type": "object"}}]}
        case "tools/call":
            return {"content": [{"type": "text", "text": str(os.getpid())}]}
        case "ping":
            return {}
    return None


def main() -> None:
    take(Path(sys.argv[1]))
    for line in sys.stdin:
        request = json.loads(line)
        if "id" not in request:
            continue
        answer = {"jsonrpc": "2.0", "id": request["id"]}
        found = result(request["method"])
        told = {"error": {"code": -32601, "message": "no"}} if found is None else {"result": found}
        print(json.dumps({**answer, **told}), flush=True)


if __name__ == "__main__":
    main()
