"""A server made with the Python SDK 1, which runs where that is installed: `sdk1.py stdio`, or `sdk1.py http PORT`.

Over HTTP it has sessions, which it forgets with its process.
"""

from __future__ import annotations

import os
import sys

from mcp.server.fastmcp import FastMCP  # type: ignore[attr-defined]  # of SDK 1 alone


def pid() -> str:
    """The process."""
    return str(os.getpid())


def main(kind: str, port: int) -> None:
    server = FastMCP("sdk1", host="127.0.0.1", port=port)
    server.add_tool(pid)
    server.run("stdio" if kind == "stdio" else "streamable-http")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0)
