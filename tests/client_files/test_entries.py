"""Entries that are not as they should be: read as they are meant, or left out, and told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.client_files.dialects.all import DIALECTS
from argus_trio.client_files.dialects.context import MOST_SERVERS
from argus_trio.client_files.reading import read_client_file
from argus_trio.client_files.server import ClientFile
from tests.client_files.support import HOME, SHOP, line, server, shown, texts, told

CURSOR_OF_SHOP = SHOP / ".cursor/mcp.json"


def entry(values: Mapping[str, object] | str, *, client: str = "mcp-json", path: Path = CURSOR_OF_SHOP) -> ClientFile:
    """A file with this one server, named s, beside one that is well."""
    (members, *_) = DIALECTS[client].members
    text = values if isinstance(values, str) else json.dumps(values)
    text = f'{{"s": {text}, "well": {{"command": "well"}}}}'
    for name in reversed(members):
        text = f'{{"{name}": {text}}}'
    return read_client_file(text, path=path, client=client, home=HOME)


@pytest.mark.parametrize(
    ("values", "reached", "keys"),
    [
        ({"command": "npx", "args": "-y 'a b'"}, "npx -y a b", {"args"}),
        ({"command": "npx", "args": "-y 'a"}, "npx -y 'a", {"args"}),
        (
            {"command": "npx", "args": ["a", 1, True, 2.5, None, {}, []]},
            "npx a 1 true 2.5",
            {f"args[{n}]" for n in range(1, 7)},
        ),
        ({"command": "npx", "args": {"a": 1}}, "npx", {"args"}),
        ({"command": "npx", "args": None}, "npx", set()),
        ({"command": "npx -y foo"}, "npx -y foo", {"command"}),
        ({"command": "npx -y 'foo"}, "npx -y 'foo", {"command"}),
        ({"command": "/opt/my server/run"}, "/opt/my server/run", set()),
        ({"command": "npx -y", "args": ["foo"]}, "npx -y foo", set()),
        ({"command": ["npx", "-y"], "args": ["foo"]}, "npx -y foo", set()),
        ({"command": {"path": "npx", "args": ["a"]}}, "npx a", set()),
        ({"command": "cmd.exe", "args": ["/C", "npx", "a"]}, "npx a", {"command"}),
        ({"command": "~/bin/s"}, "/home/ann/bin/s", set()),
        ({"command": "./bin/s"}, "/home/ann/shop/bin/s", set()),
        ({"command": "s", "type": "http"}, "s", {"type"}),
        ({"command": "s", "type": "carrier-pigeon"}, "s", {"type"}),
        ({"command": "s", "type": 7}, "s", {"type"}),
        ({"command": "s", "url": "https://a.example/mcp"}, "s", {"url"}),
        ({"command": "s", "url": "https://a.example/mcp", "type": "sse"}, "sse https://a.example/mcp", {"command"}),
        ({"url": "https://a.example/mcp", "type": "stdio"}, "http https://a.example/mcp", {"type"}),
        ({"url": "https://a.example/mcp", "type": "streamable_http"}, "streamable-http https://a.example/mcp", set()),
        ({"url": "https://a.example/mcp", "args": ["a"]}, "http https://a.example/mcp", {"args"}),
        ({"url": "https://a.example/mcp", "args": [], "env": {}}, "http https://a.example/mcp", set()),
        ({"command": "s", "env": ["A=1"]}, "s", {"env"}),
        ({"command": "s", "disabled": "false"}, "s", {"disabled"}),
        ({"command": "s", "disabled": 1}, "s", {"disabled"}),
        ({"command": "s", "somethingNew": {"a": 1}}, "s", {"somethingNew"}),
        ({"command": "s", "somethingNew": False, "autoApprove": [], "oauth": None, "_comment": "mine"}, "s", set()),
        ({"command": "s", "cwd": 5}, "s", {"cwd"}),
    ],
)
def test_an_entry_is_read_as_it_is_meant_and_told(values: Mapping[str, object], reached: str, keys: set[str]) -> None:
    file = entry(values)
    assert line(server(file, "s")) == reached
    assert set(told(server(file, "s"))) == keys
    assert line(server(file, "well")) == "well"
    assert file.problems == ()


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ("5", "is a number, where an object belongs"),
        ("null", "is null, where an object belongs"),
        ("[]", "is a list, where an object belongs"),
        ('"npx foo"', "is a text, where an object belongs"),
        ("{}", "has neither a command nor an address"),
        ('{"command": null, "args": ["x"]}', "has neither a command nor an address"),
        ('{"type": "websocket", "url": "wss://a.example"}', "speaks WebSocket"),
        ('{"type": "sdk", "name": "inside"}', "runs inside the client"),
        ('{"command": ""}', "its command is empty"),
        ('{"command": []}', "its command is empty"),
        ('{"command": 5.5, "args": []}', None),
        ('{"command": {"args": ["x"]}}', "its command is empty"),
        ('{"url": ""}', "its address is empty"),
        ('{"url": {"a": 1}}', "its address is empty"),
        ('{"command": "a\\u0000b"}', "its command is empty"),
        ('{"command": "\\ud800"}', "its command is empty"),
    ],
)
def test_an_entry_that_is_no_server_is_told_with_its_line_and_loses_no_other(values: str, what: str | None) -> None:
    file = entry("\n" + values)
    assert line(server(file, "well")) == "well"
    if what is None:
        assert file.problems == ()
        return
    (problem,) = file.problems
    assert (problem.path, problem.line) == (str(CURSOR_OF_SHOP), 1)
    assert problem.what.startswith(f"server s: {what}")


def test_a_name_that_stands_twice_is_told_and_the_last_counts() -> None:
    twice = '{"command": "b", "env": {"A": "1", "A": "2"}, "env": {"A": "3", "A": "4"}}'
    text = f'{{"mcpServers": {{\n"s": {{"command": "a"}},\n"s": {twice}}}}}'
    file = read_client_file(text, path=CURSOR_OF_SHOP, home=HOME)
    assert line(server(file, "s")) == "b"
    assert texts(server(file, "s").env) == {"A": "4"}
    assert set(told(server(file, "s"))) == {"env", "env.A"}
    (problem,) = file.problems
    assert (problem.line, problem.what) == (2, "server s: stands twice, the second in line 3, which counts")


def test_a_name_cannot_write_on_the_terminal() -> None:
    file = read_client_file(
        '{"mcpServers": {"\\u001b[2Jx": 5, "y": {"command": "y", "\\u001bz": 1}}}', path=CURSOR_OF_SHOP
    )
    (problem,) = file.problems
    assert "\x1b" not in problem.what
    assert "\x1b" not in str(told(server(file, "y")))


def test_servers_have_an_end() -> None:
    many = {f"s{number}": {"command": "x"} for number in range(MOST_SERVERS + 5)}
    file = read_client_file(json.dumps({"mcpServers": many}), path=CURSOR_OF_SHOP)
    assert len(file.servers) == MOST_SERVERS
    (problem,) = file.problems
    assert "more than 1000 servers" in problem.what


@pytest.mark.parametrize(
    ("client", "key", "value", "seconds", "remarked"),
    [
        ("gemini-cli", "timeout", 1500, 1.5, False),
        ("cline", "timeout", 60, 60, False),
        ("claude-code", "timeout", 86_400_000 * 30, 86400, True),
        ("gemini-cli", "timeout", 0, None, True),
        ("gemini-cli", "timeout", -1, None, True),
        ("gemini-cli", "timeout", "15000", None, True),
        ("gemini-cli", "timeout", True, None, True),
        ("gemini-cli", "timeout", 10**400, 86400, True),
        ("gemini-cli", "timeout", {"a": 1}, None, True),
        ("opencode", "timeout", {"startup": 1000, "request": 5000}, 5, False),
        ("opencode", "timeout", {"startup": 1000}, None, False),
        ("opencode", "timeout", 1000, None, False),
        ("lm-studio", "timeout", 1000, None, True),
        ("mcp-json", "timeout", 1000, None, True),
    ],
)
def test_deadlines_are_in_the_units_of_their_client(
    client: str, key: str, value: object, seconds: float | None, remarked: bool
) -> None:
    found = server(entry({"command": "s", key: value}, client=client), "s")
    assert found.call_seconds == seconds
    assert (key in told(found)) == remarked


def test_a_relative_path_of_a_file_for_all_projects_is_told() -> None:
    found = server(
        entry({"command": "s", "cwd": "server"}, client="gemini-cli", path=HOME / ".gemini/settings.json"), "s"
    )
    assert (shown(found.cwd), set(told(found))) == ("server", {"cwd"})


def test_tools_that_are_all_allowed_are_no_list() -> None:
    assert server(entry({"command": "s", "tools": ["*"]}, client="copilot-cli"), "s").allow == ()
    assert server(entry({"command": "s", "tools": ["a", 5]}, client="copilot-cli"), "s").allow == ("a", "5")
    none = server(entry({"command": "s", "tools": []}, client="copilot-cli"), "s")
    assert (none.allow, set(told(none))) == ((), {"tools"})


def test_opencode_is_read_in_its_second_version_too() -> None:
    text = (
        '{"mcp": {"timeout": {"startup": 1}, "servers": {"s": {"type": "local", "command": ["x"], "disabled": true}}}}'
    )
    file = read_client_file(text, path=SHOP / "opencode.json", home=HOME)
    assert (line(server(file, "s")), server(file, "s").is_enabled, file.problems) == ("x", False, ())


def test_a_variable_of_the_projects_folder_is_the_folder() -> None:
    values = {"command": "s", "args": ["${CLAUDE_PROJECT_DIR}/x", "${PWD}:/y"]}
    found = server(entry(values, client="claude-code", path=HOME / ".claude.json"), "s")
    assert line(found) == "s ${CLAUDE_PROJECT_DIR}/x ${PWD}:/y"  # of a file for all projects
    text = '{"mcpServers": {"s": {"command": "s", "args": ["${CLAUDE_PROJECT_DIR}/x"]}}}'
    (here,) = read_client_file(text, path=SHOP / ".mcp.json", home=HOME).servers
    assert line(here) == "s /home/ann/shop/x"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "command",
                    "args",
                    "env",
                    "url",
                    "type",
                    "headers",
                    "path",
                    "disabled",
                    "timeout",
                    "mcpServers",
                    "servers",
                ]
            )
            | st.text(max_size=3),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)


@given(value=JSON, client=st.sampled_from([each for each in DIALECTS if each != "codex"]) | st.none())
def test_no_json_makes_the_reader_stumble(value: object, client: str | None) -> None:
    for text in (json.dumps(value), json.dumps({"mcpServers": value, "mcp": value, "context_servers": value})):
        file = read_client_file(text, path=CURSOR_OF_SHOP, client=client, home=HOME)
        for each in file.servers:
            assert each.transport == "stdio" or each.url.parts
            assert each.transport != "stdio" or each.command.parts


def test_servers_under_a_name_that_stands_twice_are_told_to_be_unread() -> None:
    text = '{"mcpServers": {"a": {"command": "a"}},\n"mcpServers": {"b": {"command": "b"}}}'
    file = read_client_file(text, path=CURSOR_OF_SHOP, home=HOME)
    assert [each.name for each in file.servers] == ["b"]
    (problem,) = file.problems
    what = "mcpServers stands twice, the last in line 2, which counts: this one is not read"
    assert (problem.line, problem.what) == (1, what)


def test_an_entry_without_its_braces_is_told_so() -> None:
    file = read_client_file('"mcpServers": {"a": {"command": "a"}}', path=CURSOR_OF_SHOP, home=HOME)
    (problem,) = file.problems
    assert "`{` before it and `}` behind it are missing" in problem.what
