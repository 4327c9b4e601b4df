"""The everything servers of the two official SDKs as backends: over Streamable HTTP as they are, and over stdio.

Python's is in the source distribution of its SDK. TypeScript's is in its repository alone: whoever has that says where,
in `ARGUS_TYPESCRIPT_EVERYTHING`, as in `.../typescript-sdk/test/conformance/src/everythingServer.ts`.

Neither repository serves its own over stdio; each SDK says in one line how that is done.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

from tests.e2e import gateway
from tests.e2e.child import Child
from tests.e2e.gateway import Json
from tests.e2e.ports import free_port
from tests.e2e.tools import Peers, python_everything

Sdk = Literal["python", "typescript"]
SDKS: tuple[Sdk, ...] = ("python", "typescript")

TYPESCRIPT_SOURCE = os.environ.get("ARGUS_TYPESCRIPT_EVERYTHING")
SERVES_HTTP = "// ===== 2026-07-28 (MODERN ERA) SERVING ====="
"""Where in the TypeScript fixture the server ends, and how it is served begins."""
TYPESCRIPT_OVER_STDIO = """\
import { serveStdio } from '@modelcontextprotocol/server/stdio';
serveStdio(() => createMcpServer());
"""


def python_over_stdio() -> list[str]:
    """The command of the Python SDK's server over stdio. Raises: Unavailable."""
    return [sys.executable, "-c", f"{_importable()}from mcp_everything_server.server import mcp; mcp.run('stdio')"]


def python_over_http(port: int) -> list[str]:
    """The command of the Python SDK's server over Streamable HTTP. Raises: Unavailable."""
    run = "from mcp_everything_server.server import main; main()"
    return [sys.executable, "-c", _importable() + run, "--port", str(port)]


def _importable() -> str:
    return f"import sys; sys.path.insert(0, {str(python_everything())!r}); "


def typescript(peers: Peers, *, over_stdio: bool) -> list[str]:
    assert TYPESCRIPT_SOURCE is not None
    source = Path(TYPESCRIPT_SOURCE).read_text()
    if over_stdio:
        source, serving, _ = source.partition(SERVES_HTTP)
        assert serving
        source = source.replace("console.log(", "console.error(") + TYPESCRIPT_OVER_STDIO  # stdout is the protocol's
    return [peers.node, peers.placed(source)]


def stdio(sdk: Sdk, peers: Peers) -> Json:
    """The configuration of this server as a stdio backend."""
    program, *args = python_over_stdio() if sdk == "python" else typescript(peers, over_stdio=True)
    return {"type": "stdio", "command": program, "args": args}


def started(command: Sequence[str], env: dict[str, str], said: str, children: ExitStack) -> None:
    child = children.enter_context(Child(command, env=env))
    child.wait_for(lambda line: line if said in line else None)


def serving(sdk: Sdk, peers: Peers, children: ExitStack) -> str:
    """Start this server over Streamable HTTP; its URL."""
    port = free_port()
    if sdk == "python":
        started(python_over_http(port), {}, "Uvicorn running", children)
    else:
        started(typescript(peers, over_stdio=False), {"PORT": str(port)}, "MCP endpoint", children)
    return f"http://127.0.0.1:{port}/mcp"


def http(sdk: Sdk, peers: Peers, children: ExitStack) -> Json:
    return gateway.http(serving(sdk, peers, children))
