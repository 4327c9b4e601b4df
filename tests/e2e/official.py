"""The everything servers of the two official SDKs as backends: over Streamable HTTP as they are, and over stdio.

Neither repository serves its own over stdio; each SDK says in one line how that is done.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Literal

from tests.e2e import gateway
from tests.e2e.child import ROOT, Child
from tests.e2e.gateway import SERVERS, Json
from tests.e2e.ports import free_port
from tests.e2e.tools import Peers

Sdk = Literal["python", "typescript"]
SDKS: tuple[Sdk, ...] = ("python", "typescript")

HERE = SERVERS / "official"
PYTHON_OVER_STDIO = "from tests.servers.official.everything import mcp; mcp.run('stdio')"
SERVES_HTTP = "// ===== 2026-07-28 (MODERN ERA) SERVING ====="
"""Where in the TypeScript fixture the server ends, and how it is served begins."""
TYPESCRIPT_OVER_STDIO = """\
import { serveStdio } from '@modelcontextprotocol/server/stdio';
serveStdio(() => createMcpServer());
"""


def typescript(peers: Peers, *, over_stdio: bool) -> list[str]:
    source = (HERE / "everything.mts").read_text()
    if over_stdio:
        source, serving, _ = source.partition(SERVES_HTTP)
        assert serving
        source = source.replace("console.log(", "console.error(") + TYPESCRIPT_OVER_STDIO  # stdout is the protocol's
    return [peers.node, peers.placed(source)]


def stdio(sdk: Sdk, peers: Peers) -> Json:
    """The configuration of this server as a stdio backend."""
    command = [sys.executable, "-c", PYTHON_OVER_STDIO] if sdk == "python" else typescript(peers, over_stdio=True)
    return {"type": "stdio", "command": command[0], "args": command[1:], "env": {"PYTHONPATH": str(ROOT)}}


def started(command: Sequence[str], env: dict[str, str], said: str, children: ExitStack) -> None:
    child = children.enter_context(Child(command, env=env))
    child.wait_for(lambda line: line if said in line else None)


def serving(sdk: Sdk, peers: Peers, children: ExitStack) -> str:
    """Start this server over Streamable HTTP; its URL."""
    port = str(free_port())
    if sdk == "python":
        started([sys.executable, str(HERE / "everything.py"), "--port", port], {}, "Uvicorn running", children)
    else:
        started(typescript(peers, over_stdio=False), {"PORT": port}, "MCP endpoint", children)
    return f"http://127.0.0.1:{port}/mcp"


def http(sdk: Sdk, peers: Peers, children: ExitStack) -> Json:
    return gateway.http(serving(sdk, peers, children))
