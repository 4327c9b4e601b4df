"""What each client is told, word for word; and whom an entry that is there leads to."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping

import attrs
import pytest

from argus_trio.client_files.changing.snippets import (
    NoSnippet,
    ToldGateway,
    address_in,
    entry_for,
    is_same_gateway,
    snippet,
    with_entry,
)
from argus_trio.client_files.kinds import KINDS

GATEWAY = ToldGateway(name="argus", base="http://127.0.0.1:9000", bridge=("/opt/bin/argus-trio",))
URL = "http://127.0.0.1:9000/mcp"
STDIO = {"command": "/opt/bin/argus-trio", "args": ["stdio", "--url", URL]}
PLAIN: Mapping[str, object] = {
    "claude-desktop": STDIO,
    "claude-code": {"type": "http", "url": URL},
    "cursor": {"url": URL},
    "vscode": {"type": "http", "url": URL},
    "windsurf": {"serverUrl": URL},
    "gemini-cli": {"httpUrl": URL},
    "zed": {"url": URL},
    "codex": {"url": URL},
    "lm-studio": {"url": URL},
}
MEMBERS = {"vscode": "servers", "zed": "context_servers", "codex": "mcp_servers"}
HEADERS = {
    "claude-code": "Bearer ${ARGUS_TOKEN}",
    "cursor": "Bearer ${env:ARGUS_TOKEN}",
    "vscode": "Bearer ${input:argus-token}",
    "windsurf": "Bearer ${env:ARGUS_TOKEN}",
    "gemini-cli": "Bearer ${ARGUS_TOKEN}",
}


def test_every_client_is_told_here() -> None:
    assert PLAIN.keys() == KINDS.keys()


@pytest.mark.parametrize("name", KINDS)
def test_the_snippet_is_a_file_that_says_it_all(name: str) -> None:
    kind = KINDS[name]
    text = snippet(kind, GATEWAY, kind.files[0].members)
    said = tomllib.loads(text) if kind.format == "toml" else json.loads(text)
    assert said == {MEMBERS.get(name, "mcpServers"): {"argus": PLAIN[name]}}
    assert text.endswith("\n")


def test_the_snippet_looks_as_people_write_it() -> None:
    kind = KINDS["claude-desktop"]
    assert snippet(kind, attrs.evolve(GATEWAY, view="safe"), kind.files[0].members) == (
        '{\n  "mcpServers": {\n    "argus": {\n      "command": "/opt/bin/argus-trio",\n'
        '      "args": ["stdio", "--url", "http://127.0.0.1:9000/mcp", "--view", "safe"]\n    }\n  }\n}\n'
    )
    assert snippet(KINDS["codex"], GATEWAY, ("mcp_servers",)) == f'[mcp_servers.argus]\nurl = "{URL}"\n'


@pytest.mark.parametrize("name", HEADERS)
def test_a_token_is_taken_from_where_the_client_can_take_one(name: str) -> None:
    entry = entry_for(KINDS[name], attrs.evolve(GATEWAY, with_token=True))
    assert entry["headers"] == {"Authorization": HEADERS[name]}


def test_codex_is_told_the_name_of_the_variable() -> None:
    entry = entry_for(KINDS["codex"], attrs.evolve(GATEWAY, with_token=True))
    assert entry == {"url": URL, "bearer_token_env_var": "ARGUS_TOKEN"}


@pytest.mark.parametrize("name", ["claude-desktop", "zed", "lm-studio"])
def test_a_client_that_can_take_none_is_refused_one_and_given_a_file(name: str) -> None:
    with pytest.raises(NoSnippet, match="--token-file PATH"):
        entry_for(KINDS[name], attrs.evolve(GATEWAY, with_token=True))
    entry = entry_for(KINDS[name], attrs.evolve(GATEWAY, token_file="/home/u/token"))
    assert entry["command"] == "/bin/sh"
    assert address_in(entry) == URL


def test_vs_code_asks_for_the_token_once_and_is_told_so_once() -> None:
    kind, gateway = KINDS["vscode"], attrs.evolve(GATEWAY, with_token=True)
    text = '{\n  "inputs": [\n    {"id": "other"} // mine\n  ],\n  "servers": {}\n}\n'
    once = with_entry(text, kind, gateway, ("servers",))
    assert with_entry(once, kind, gateway, ("servers",)) == once
    assert '{"id": "other"}, // mine\n    {\n      "type": "promptString",\n      "id": "argus-token",' in once


def test_a_view_is_an_endpoint_of_its_own() -> None:
    entry = entry_for(KINDS["cursor"], attrs.evolve(GATEWAY, view="a b/c"))
    assert entry == {"url": "http://127.0.0.1:9000/mcp/a%20b%2Fc"}


@pytest.mark.parametrize(
    ("name", "there", "then"),
    [
        ("cursor", {"url": f"{URL}/old", "disabled": True}, {"url": URL, "disabled": True}),
        (
            "cursor",
            {"type": "http", "url": URL, "headers": {"X": "1"}},
            {"type": "http", "url": URL, "headers": {"X": "1"}},
        ),
        ("cursor", {**STDIO, "type": "stdio", "env": {"A": "b"}}, {"url": URL}),
        ("gemini-cli", {"url": URL, "trust": True}, {"trust": True, "httpUrl": URL}),
        ("claude-desktop", {"url": URL, "headers": {}, "type": "http", "x": 1}, {"x": 1, **STDIO}),
    ],
)
def test_what_its_user_wrote_into_the_entry_stays(name: str, there: object, then: object) -> None:
    text = json.dumps({"mcpServers": {"argus": there}}, indent=2)
    assert json.loads(with_entry(text, KINDS[name], GATEWAY, ("mcpServers",))) == {"mcpServers": {"argus": then}}


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ({"url": URL}, URL),
        ({"serverUrl": URL}, URL),
        ({"httpUrl": URL, "headers": {}}, URL),
        (STDIO, URL),
        ({"command": "uvx", "args": ["--url", "http://x", "mcp"]}, ""),
        ({"command": "argus-trio", "args": ["stdio"]}, ""),
        ({"command": "argus-trio", "args": ["stdio", "--url"]}, ""),
        ({"command": 1, "args": "stdio"}, ""),
        ([], ""),
    ],
)
def test_an_entry_leads_where_its_address_or_its_bridge_does(entry: object, url: str) -> None:
    assert address_in(entry) == url


@pytest.mark.parametrize(
    ("url", "is_same"),
    [
        ("http://localhost:9000/sse", True),
        ("http://[::1]:9000/mcp/view", True),
        ("http://127.0.0.1:9000", True),
        ("https://127.0.0.1:9000/mcp", False),
        ("http://127.0.0.1:9001/mcp", False),
        ("http://127.0.0.1:9000/below/mcp", False),
        ("http://127.0.0.1:x/mcp", False),
        ("", False),
    ],
)
def test_one_gateway_has_many_addresses(url: str, is_same: bool) -> None:
    assert is_same_gateway(url, "http://127.0.0.1:9000") is is_same
