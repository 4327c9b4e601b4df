"""MCP Hub and MCPProxy: their servers, their variables, and what stands only there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from argus_trio.client_files.reading import read_client_file
from argus_trio.client_files.server import ClientFile
from tests.client_files.support import lines, server, texts, told

HUB = """{ // the hub's own comments
  "nativeMCPServers": {},
  "mcpServers": {
    "op": {
      "command": "npx",
      "args": ["-y", "server-op", "$TOKEN", "--region=${REGION}", "${env:HOME}"],
      "env": {"TOKEN": null, "REGION": "eu", "SECRET": "${cmd: op read op://vault/item}", "EMPTY": ""},
      "disabled_tools": ["drop"],
      "dev": {"enabled": true, "watch": ["src/**"]},
    },
    "far": {"url": "https://${HOST}/mcp", "headers": {"Authorization": "Bearer ${API_TOKEN}"}, "disabled": true},
  }
}"""
PROXY = {
    "listen": "127.0.0.1:8080",
    "mcpServers": [
        {
            "name": "files",
            "command": "npx",
            "args": ["-y", "server-files"],
            "protocol": "stdio",
            "working_dir": "/srv",
            "env": {"KEY": "${env:FILES_KEY}"},
            "isolation": {"enabled": True, "image": "node:20"},
        },
        {"name": "far", "url": "https://far.example/mcp", "protocol": "http", "enabled": False},
        {
            "name": "new",
            "url": "https://new.example/mcp",
            "protocol": "http",
            "quarantined": True,
            "headers": {"Authorization": "Bearer ${keyring:new-token}"},
        },
        {"url": "https://nameless.example"},
    ],
}


def hub(text: str = HUB) -> ClientFile:
    return read_client_file(text, path=Path("/x/hub.json"))


def proxy(tree: object = PROXY) -> ClientFile:
    return read_client_file(json.dumps(tree, indent=1), path=Path("/home/ann/.mcpproxy/mcp_config.json"))


def test_the_hub_fills_in_what_an_entry_sets_itself_and_takes_its_own_for_nothing() -> None:
    file = hub()
    assert file.client == "mcp-hub"
    assert lines(file) == {
        "op": "npx -y server-op <TOKEN> --region=eu <HOME>",
        "far": "http https://<HOST>/mcp",
    }
    assert texts(server(file, "op").env) == {
        "TOKEN": "<TOKEN>",
        "REGION": "eu",
        "SECRET": "<OP_READ_OP_VAULT_ITEM!>",
        "EMPTY": "<EMPTY>",
    }


def test_what_a_command_printed_is_a_variable_that_says_so() -> None:
    (reference,) = server(hub(), "op").env["SECRET"].parts
    assert getattr(reference, "about", "") == "what `op read op://vault/item` prints, which was run to fill it in"


def test_tools_that_the_hub_hid_stay_hidden_and_a_server_that_was_off_stays_off() -> None:
    assert server(hub(), "op").deny == ("drop",)
    assert not server(hub(), "far").is_enabled
    assert list(told(server(hub(), "op"))) == ["dev"]


def test_the_list_of_the_proxy_is_read_with_the_name_of_each() -> None:
    file = proxy()
    assert lines(file) == {
        "files": "npx -y server-files",
        "far": "streamable-http https://far.example/mcp",
        "new": "streamable-http https://new.example/mcp",
    }
    assert server(file, "files").cwd.literal == "/srv"
    assert texts(server(file, "files").env) == {"KEY": "<FILES_KEY>"}
    assert [each.what for each in file.problems] == ["a server without a name: left out"]


def test_what_waits_for_a_review_is_off_here_too_and_told() -> None:
    found = server(proxy(), "new")
    assert not found.is_enabled
    assert "quarantined" in told(found)
    assert texts(found.headers) == {"Authorization": "Bearer <NEW_TOKEN!>"}


@pytest.mark.parametrize("servers", [{}, [], [1, None], [{"name": 1}], "x", None])
def test_whatever_stands_where_servers_belong_nothing_breaks(servers: object) -> None:
    proxy({"mcpServers": servers})
    read_client_file(json.dumps({"nativeMCPServers": {}, "mcpServers": servers}), path=Path("/x/hub.json"))
