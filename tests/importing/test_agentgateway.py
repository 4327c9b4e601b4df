"""The targets of agentgateway, out of its YAML."""

from __future__ import annotations

from pathlib import Path

import pytest

from argus_trio.client_files.gateways.agentgateway import is_agentgateway, read_agentgateway
from argus_trio.client_files.jsonc import JsonFault
from argus_trio.client_files.server import ClientFile
from argus_trio.importing.yaml_nodes import read_yaml
from tests.client_files.support import lines, server, texts, told

FILE = """
binds:
- port: 3000
  listeners:
  - routes:
    - name: tools
      backends:
      - mcp:
          targets:
          - name: everything
            stdio:
              cmd: npx
              args: ["@modelcontextprotocol/server-everything"]
              env: {LEVEL: 1, TOKEN: abc}
          - name: far
            mcp: {host: "https://far.example/mcp"}
            policies: {backendAuth: {key: s3cr3t}}
          - name: near
            sse: {host: localhost, port: 8080, path: /sse}
          - name: api
            openapi: {host: x, schema: {file: y}}
    - name: again
      backends: [{mcp: {targets: [{name: far, mcp: {host: "https://far.example/mcp"}}]}}]
"""
SMALL = "mcp:\n  port: 3000\n  targets:\n  - {name: one, stdio: {cmd: uvx, args: [x]}}\n"


def read(text: str) -> ClientFile:
    root = read_yaml(text)
    assert is_agentgateway(root)
    return read_agentgateway(root, text, path=Path("/x/config.yaml"))


def test_each_target_is_a_server_once() -> None:
    assert lines(read(FILE)) == {
        "everything": "npx @modelcontextprotocol/server-everything",
        "far": "streamable-http https://far.example/mcp",
        "near": "sse http://localhost:8080/sse",
    }


def test_what_has_no_counterpart_is_told_with_its_line_and_without_its_secrets() -> None:
    file = read(FILE)
    assert [(each.line, each.what) for each in file.problems] == [
        (20, "a target that is no MCP server (neither stdio, mcp nor sse), or has no name: left out")
    ]
    assert list(told(server(file, "far"))) == ["policies"]
    assert "s3cr3t" not in repr(file)
    assert texts(server(file, "everything").env) == {"LEVEL": "1", "TOKEN": "abc"}


def test_targets_stand_below_mcp_and_below_backends_too() -> None:
    assert lines(read(SMALL)) == {"one": "uvx x"}
    assert lines(read("backends:\n- mcp: {targets: [{name: a, stdio: {cmd: x}}]}\n")) == {"a": "x"}


def test_a_file_without_targets_says_so() -> None:
    assert [each.what for each in read("binds: []\n").problems] == ["has no MCP targets"]


@pytest.mark.parametrize("text", ["backends: {a: {type: stdio, command: x}}", "server: {}", "[1]", "x"])
def test_other_yaml_is_none_of_agentgateway(text: str) -> None:
    assert not is_agentgateway(read_yaml(text))


@pytest.mark.parametrize(("text", "line"), [("a: [", 1), ("a: 1\nb: {", 2), ("", 1)])
def test_what_is_no_yaml_is_a_fault_with_its_line(text: str, line: int) -> None:
    with pytest.raises(JsonFault) as caught:
        read_yaml(text)
    assert caught.value.line == line
