"""Which servers are the gateway itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from argus_trio.client_files.leading import leads_to
from argus_trio.client_files.reading import read_client_file

HERE = ("http://127.0.0.1:9000", "https://gateway.example.com")


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"command": "argus-trio", "args": ["stdio"]}, True),
        ({"command": "/opt/venv/bin/argus-trio", "args": ["stdio", "--view", "safe"]}, True),
        ({"command": "uvx", "args": ["argus-trio@0.1", "stdio"]}, True),
        ({"command": "uvx", "args": ["--from", "argus-trio[all]", "argus-trio", "stdio"]}, True),
        ({"command": "python", "args": ["-m", "argus_trio", "stdio"]}, True),
        ({"command": "argus-trio stdio"}, True),
        ({"command": "argus-trio", "args": ["serve"]}, False),
        ({"command": "node", "args": ["stdio"]}, False),
        ({"url": "http://127.0.0.1:9000/mcp"}, True),
        ({"url": "http://localhost:9000/mcp/safe"}, True),
        ({"url": "http://[::1]:9000/sse"}, True),
        ({"url": "https://gateway.example.com:443/mcp"}, True),
        ({"url": "http://127.0.0.1:9001/mcp"}, False),
        ({"url": "http://127.0.0.1:no/mcp"}, False),
        ({"url": "${env:URL}"}, False),
        ({"command": "npx", "args": ["-y", "mcp-remote", "http://127.0.0.1:9000/mcp"]}, True),
        ({"command": "npx", "args": ["-y", "mcp-remote", "https://other.example.com/mcp"]}, False),
    ],
)
def test_a_server_is_the_gateway_by_its_command_or_its_address(entry: Mapping[str, object], expected: bool) -> None:
    text = json.dumps({"mcpServers": {"s": entry}})
    (server,) = read_client_file(text, path=Path("/tmp/.cursor/mcp.json"), client="cursor").servers
    assert leads_to(server, HERE) is expected
