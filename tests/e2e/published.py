"""What tests of published servers share: which there are, how each is started, and what it shows and says."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from mcp.client import Client
from mcp.shared.exceptions import MCPError

from bench.published import PUBLISHED, Published
from tests.e2e.gateway import Json
from tests.e2e.tools import Npm, Uv

ALWAYS = ("everything", "memory", "time")
ALL = bool(os.environ.get("ARGUS_PUBLISHED_SERVERS"))
SERVERS = {each.name: each for each in PUBLISHED if ALL or each.name in ALWAYS}
OF_OTHERS = re.compile(r"thoughtHistoryLength\W+\d+")
"""Sequential thinking counts the thoughts of all who share its process, as clients do that have roots alone."""
PASSED = ("npm_config_", "UV_", "PIP_", "NODE_EXTRA_CA_CERTS", "SSL_CERT", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
"""How the variables begin without which a tool may not find its registry here."""


def environment(npm: Npm, uv: Uv, base: Path) -> dict[str, str]:
    """Both tools in PATH, with empty caches of their own."""
    passed = {
        name: value for name, value in os.environ.items() if name.upper().startswith(tuple(map(str.upper, PASSED)))
    }
    return {
        **passed,
        "PATH": f"{Path(uv.command('uvx')).parent}{os.pathsep}{npm.path}",
        "npm_config_cache": str(base / "npm"),
        "UV_CACHE_DIR": str(base / "uv"),
        "UV_PYTHON": sys.executable,
        "UV_PYTHON_DOWNLOADS": "never",
    }


def backend(server: Published, folder: Path, env: dict[str, str]) -> Json:
    command, *args = server.line(str(folder))
    return {"type": "stdio", "command": command, "args": args, "env": env}


async def shown(client: Client, prefix: str = "") -> dict[str, Json]:
    """The tools that the client is shown of one server, by the names that the server gave them."""
    tools = (await client.list_tools(cache_mode="bypass")).tools
    mine = {tool.name.removeprefix(prefix): tool for tool in tools if tool.name.startswith(prefix)}
    return {name: tool.model_dump(exclude={"name"}) for name, tool in mine.items()}


async def answer(client: Client, name: str, arguments: Json) -> str:
    """What comes of a call, as text: a result, or an error. What clients of one process tell each other is left out."""
    try:
        result = await client.call_tool(name, arguments)
    except MCPError as error:
        return f"{error.code}: {error.message}"
    return OF_OTHERS.sub("", result.model_dump_json(exclude={"meta"}))
