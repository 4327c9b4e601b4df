"""Real files of each client, with all that they can say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from argus_trio.client_files.server import ClientFile
from tests.client_files.support import HOME, SHOP, line, lines, read, server, shown, texts, told

PLACES: Mapping[str, tuple[str, Path]] = {
    "claude_desktop_config.json": ("claude-desktop", HOME / ".config/Claude/claude_desktop_config.json"),
    "claude.json": ("claude-code", HOME / ".claude.json"),
    "dot-mcp.json": ("claude-code", SHOP / ".mcp.json"),
    "cursor.json": ("cursor", SHOP / ".cursor/mcp.json"),
    "vscode.jsonc": ("vscode", SHOP / ".vscode/mcp.json"),
    "vscode-settings.jsonc": ("vscode", HOME / ".config/Code/User/settings.json"),
    "devcontainer.json": ("vscode", SHOP / ".devcontainer/devcontainer.json"),
    "windsurf.json": ("windsurf", HOME / ".codeium/windsurf/mcp_config.json"),
    "gemini.json": ("gemini-cli", SHOP / ".gemini/settings.json"),
    "zed.jsonc": ("zed", HOME / ".config/zed/settings.json"),
    "codex.toml": ("codex", HOME / ".codex/config.toml"),
    "cline.json": ("cline", HOME / "settings/cline_mcp_settings.json"),
    "opencode.jsonc": ("opencode", HOME / ".config/opencode/opencode.jsonc"),
    "readme.json": ("mcp-json", HOME / "downloads/example.json"),
}
REACHED: Mapping[str, Mapping[str, str]] = {
    "claude_desktop_config.json": {
        "filesystem": "npx -y @modelcontextprotocol/server-filesystem /home/ann/Documents ~/Pictures",
        "github": "docker run -i --rm -e GITHUB_PERSONAL_ACCESS_TOKEN ghcr.io/github/github-mcp-server",
        "weather": "/Users/ann/My Servers/weather",
        "windows": "npx -y some-server",
    },
    "claude.json": {
        "sentry": "streamable-http https://mcp.example.com/sentry",
        "linear": "sse https://mcp.example.com/sse",
        "time": "uvx mcp-server-time",
        "postgres": "npx -y server-postgres postgresql://ann:<PGPASSWORD=hunter2>@localhost/shop",
        "old": "/home/ann/shop/tools/old",
    },
    "dot-mcp.json": {
        "shared": "node ./server/index.js <MODE=fast>",
        "flaky": "uvx flaky-server",
        "api": "streamable-http <API_BASE=https://api.example.com>/mcp",
        "untyped": "http https://mcp.example.com/mcp",
    },
    "cursor.json": {
        "files": "/home/ann/shop/bin/files --root /home/ann/shop --name shop --home /home/ann/notes",
        "remote": "http https://mcp.example.com/mcp",
        "off": "npx -y some server --quiet",
    },
    "vscode.jsonc": {
        "github": "http https://api.example.com/mcp/",
        "local": "node server.js --stage=<STAGE=dev> --branch <BRANCH> --in <INPUT_PATH=/srv> ${config:editor.tabSize}",
        "old": "sse http://localhost:3001/sse",
    },
    "vscode-settings.jsonc": {"search": "npx -y search-server"},
    "devcontainer.json": {"browser": "npx -y browser-server"},
    "windsurf.json": {
        "github": "npx -y server-github",
        "figma": "http https://mcp.example.com/figma",
        "off": "http https://mcp.example.com/off",
    },
    "gemini.json": {
        "python": "python -m my_server --port 8080",
        "http": "streamable-http https://mcp.example.com/mcp",
        "events": "sse https://mcp.example.com/sse",
        "banned": "banned",
        "unlisted": "unlisted",
        "google": "streamable-http https://service.example.com/mcp",
    },
    "zed.jsonc": {
        "local": "uvx mcp-server-time",
        "older": "node /opt/s.js",
        "remote": "http https://mcp.example.com/mcp",
        "off": "off",
    },
    "codex.toml": {
        "docs": "npx -y docs-server",
        "figma.com": "streamable-http https://mcp.example.com/figma",
        "off": "off",
    },
    "cline.json": {
        "local": "node /opt/s.js",
        "remote": "streamable-http https://mcp.example.com/mcp",
        "older": "sse https://mcp.example.com/sse",
    },
    "opencode.jsonc": {"local": "bun x some-server", "remote": "http https://mcp.example.com"},
    "readme.json": {"weather": "npx -y weather-server --units metric"},
}


def at_its_place(name: str) -> ClientFile:
    return read(name, PLACES[name][1])


@pytest.mark.parametrize("name", PLACES)
def test_a_file_is_recognised_where_its_client_keeps_it(name: str) -> None:
    assert at_its_place(name).client == PLACES[name][0]


@pytest.mark.parametrize("name", PLACES)
def test_every_server_of_a_file_is_reached_as_its_client_reaches_it(name: str) -> None:
    assert lines(at_its_place(name)) == REACHED[name]


@pytest.mark.parametrize("name", PLACES)
def test_every_server_says_in_which_line_it_stands(name: str) -> None:
    file = at_its_place(name)
    text = (Path(__file__).parent / "files" / name).read_text().splitlines()
    for each in file.servers:
        assert each.name in text[each.origin.line - 1]


@pytest.mark.parametrize("name", PLACES)
def test_nothing_that_is_told_holds_a_value_of_the_file(name: str) -> None:
    file = at_its_place(name)
    said = " ".join([*(left.why for each in file.servers for left in each.left_out), *(p.what for p in file.problems)])
    for secret in ("not-a-real", "hunter2", "8080"):
        assert secret not in said


def test_claude_code_says_what_holds_for_which_project() -> None:
    file = at_its_place("claude.json")
    assert {each.name: each.origin.project for each in file.servers} == {
        "sentry": "",
        "linear": "",
        "time": "",
        "postgres": "/home/ann/shop",
        "old": "/home/ann/shop",
    }
    assert not server(file, "old").is_enabled
    assert "/home/ann/shop" in told(server(file, "time"))["disabledMcpServers"]
    assert server(file, "time").is_enabled
    assert server(file, "postgres").call_seconds == 600
    assert shown(server(file, "postgres").cwd) == "/home/ann/shop"
    assert set(told(server(file, "sentry"))) == {"oauth"}
    assert set(told(server(file, "linear"))) == {"headersHelper"}


def test_a_project_of_claude_code_runs_its_servers_in_its_folder() -> None:
    file = at_its_place("dot-mcp.json")
    shared = server(file, "shared")
    assert shown(shared.cwd) == "/home/ann/shop"
    assert texts(shared.env) == {"API_KEY": "<API_KEY>", "LITERAL": "$NOT_A_VARIABLE"}
    assert texts(server(file, "api").headers) == {"Authorization": "Bearer <API_KEY>"}
    assert "skips the server" in told(server(file, "untyped"))["type"]
    (problem,) = file.problems
    assert (problem.line, problem.what.split(":")[0]) == (15, "server socket")


def test_cursor_and_its_places_are_paths() -> None:
    file = at_its_place("cursor.json")
    files = server(file, "files")
    assert (shown(files.env_file), texts(files.env)) == ("/home/ann/shop/.env", {"TOKEN": "<FILES_TOKEN>"})
    assert not server(file, "off").is_enabled
    assert [word.literal for word in server(file, "off").args] == ["-y", "some server", "--quiet"]
    assert set(told(server(file, "remote"))) == {"auth"}


def test_vs_code_and_what_it_asks_its_user_for() -> None:
    file = at_its_place("vscode.jsonc")
    (_, token) = server(file, "github").headers["Authorization"].parts
    assert not isinstance(token, str)
    assert (token.name, token.is_secret, token.about) == ("GITHUB_TOKEN", True, "GitHub token")
    local = server(file, "local")
    abouts = {part.name: part.about for word in local.args for part in word.parts if not isinstance(part, str)}
    assert abouts["STAGE"] == "Stage (one of: dev, prod)"
    assert abouts["BRANCH"] == "(VS Code asks its command git.currentBranch for it)"
    assert (shown(local.cwd), shown(local.env_file)) == ("/home/ann/shop/server", "/home/ann/shop/.env")
    assert texts(local.env) == {"PORT": "8080", "KEY": "<KEY>"}
    assert set(told(local)) == {"args[6]", "env.PORT", "env.GONE", "dev", "sandbox", "sandboxEnabled"}
    assert told(server(file, "github")) == {}


def test_vs_code_keeps_servers_in_older_places_too() -> None:
    settings, container = at_its_place("vscode-settings.jsonc"), at_its_place("devcontainer.json")
    assert texts(server(settings, "search").env) == {"KEY": "<KEY!>"}
    assert server(settings, "search").origin.project == ""
    assert server(container, "browser").origin.project == "/home/ann/shop"


def test_windsurf_and_the_tools_that_are_off() -> None:
    file = at_its_place("windsurf.json")
    assert server(file, "github").deny == ("delete_repository", "push_files")
    assert texts(server(file, "figma").headers)["Authorization"] == "Bearer <FIGMA_TOKEN>"
    assert set(told(server(file, "figma"))) == {"headers.X-Key"}
    assert not server(file, "off").is_enabled


def test_gemini_and_its_lists() -> None:
    file = at_its_place("gemini.json")
    python = server(file, "python")
    assert texts(python.env) == {
        "DATABASE_URL": "<DB_URL>",
        "API_KEY": "<API_KEY>",
        "WIN": "<APPDATA>/x",
        "PRICE": "5$each",
    }
    assert (python.allow, python.deny, python.call_seconds) == (("safe_tool",), ("dangerous_tool",), 15)
    assert shown(python.cwd) == "/home/ann/shop/servers/python"
    assert set(told(python)) == {"trust"}
    assert {each.name for each in file.servers if not each.is_enabled} == {"banned", "unlisted"}
    assert "mcp.excluded" in told(server(file, "banned"))["enabled"]
    assert set(told(server(file, "google"))) == {"authProviderType", "oauth", "description"}
    assert [each.what.split()[0] for each in file.problems] == ["mcp.serverCommand"]


def test_zed_of_today_and_of_last_year() -> None:
    file = at_its_place("zed.jsonc")
    assert texts(server(file, "older").env) == {"A": "1"}
    assert server(file, "local").call_seconds == 120
    assert not server(file, "off").is_enabled
    (problem,) = file.problems
    assert problem.line == 7
    assert "extension of Zed" in problem.what


def test_codex_and_the_variables_that_it_names() -> None:
    file = at_its_place("codex.toml")
    docs, figma = server(file, "docs"), server(file, "figma.com")
    assert texts(docs.env) == {"DOCS_TOKEN": "<DOCS_TOKEN>", "HOST_ONLY": "<HOST_ONLY>", "LEVEL": "debug"}
    assert (docs.connect_seconds, docs.call_seconds) == (20, 45.5)
    assert (docs.allow, docs.deny) == (("search", "read"), ("read",))
    assert texts(figma.headers) == {"X-Region": "eu", "X-Key": "<FIGMA_KEY!>", "Authorization": "Bearer <FIGMA_TOKEN!>"}
    assert set(told(figma)) == {"required"}
    assert not server(file, "off").is_enabled


def test_cline_opencode_and_a_readme() -> None:
    cline, opencode, readme = at_its_place("cline.json"), at_its_place("opencode.jsonc"), at_its_place("readme.json")
    assert server(cline, "local").call_seconds == 60
    assert set(told(server(cline, "local"))) == {"autoApprove"}
    assert not server(cline, "remote").is_enabled
    assert texts(server(opencode, "local").env) == {"KEY": "<KEY>", "FILE": "{file:~/.key}"}
    assert (server(opencode, "local").is_enabled, server(opencode, "local").connect_seconds) == (False, 10)
    assert texts(server(readme, "weather").env) == {"WEATHER_KEY": "<WEATHER_KEY>", "DEBUG": "true"}
    assert set(told(server(readme, "weather"))) == {"args", "env.DEBUG", "env.LEVELS"}
    assert line(server(readme, "weather")).startswith("npx")
