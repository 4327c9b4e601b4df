"""`argus-trio client` as a user types it: what is printed, what becomes of the client's file, what is refused."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from argus_trio.client_files.kinds import KINDS
from tests.cli.conftest import Ran, Run

MINE = '{\n  // mine\n  "mcpServers": {\n    "github": {"url": "https://x/mcp"}, // gh\n  },\n  "theme": 1\n}\n'
WITH_ARGUS = MINE.replace("// gh\n", '// gh\n    "argus": {\n      "url": "http://127.0.0.1:9000/mcp"\n    },\n')


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    (folder / "project").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(folder))
    for name in ("XDG_CONFIG_HOME", "CODEX_HOME", "CLAUDE_CONFIG_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(folder / "project")
    return folder


@pytest.fixture
def cursor(home: Path) -> Path:
    path = home / ".cursor" / "mcp.json"
    path.parent.mkdir()
    path.write_text(MINE)
    return path


Client = Callable[..., Ran]


@pytest.fixture
def client(plain: Run, home: Path) -> Client:
    return lambda *words: plain("client", *words)


def backups(path: Path) -> list[str]:
    return [each.read_text() for each in sorted(path.parent.glob(f"{path.name}.bak-*"))]


def test_the_snippet_is_all_that_stdout_has_and_stderr_says_where_it_goes(client: Client) -> None:
    ran = client("cursor")
    assert json.loads(ran.out) == {"mcpServers": {"argus": {"url": "http://127.0.0.1:9000/mcp"}}}
    assert (ran.code, ran.err) == (
        0,
        "for ~/.cursor/mcp.json; --write puts it there "
        "(http://127.0.0.1:9000: the usual address: no configuration is found)\n",
    )


@pytest.mark.parametrize("name", KINDS)
def test_every_client_is_given_a_file_and_let_go_again(client: Client, home: Path, name: str) -> None:
    assert client(name, "--write").code == 0
    path = KINDS[name].files[0].at(home=home, cwd=home, environ={})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text()
    assert client(name).out == text
    again = client(name, "--write")
    assert (again.code, path.read_text(), backups(path)) == (0, text, [])
    assert "already" in again.out
    removed = client(name, "--remove")
    assert (removed.code, backups(path)) == (0, [text])
    assert "argus" not in path.read_text()
    assert client(name, "--remove").out == f"{path} has no server argus\n"


def test_a_file_that_is_there_gets_the_entry_and_nothing_else(client: Client, cursor: Path) -> None:
    ran = client("cursor", "--write")
    assert (ran.code, ran.err, cursor.read_text(), backups(cursor)) == (0, "", WITH_ARGUS, [MINE])
    first, second, third = ran.out.splitlines()
    assert first == f"{cursor} leads to http://127.0.0.1:9000/mcp now, as argus"
    assert second.startswith(f"  as it was: {cursor}.bak-2")
    assert third == "  what to do: start Cursor anew, or turn the server on in its settings, under MCP"


def test_what_was_put_in_is_taken_out_to_the_byte(client: Client, cursor: Path) -> None:
    client("cursor", "--write")
    assert client("cursor", "--remove").code == 0
    assert cursor.read_text() == MINE


def test_another_view_changes_the_entry_in_place(client: Client, cursor: Path) -> None:
    client("cursor", "--write")
    assert client("cursor", "--write", "--view", "safe").code == 0
    assert cursor.read_text() == WITH_ARGUS.replace('/mcp"\n    }', '/mcp/safe"\n    }')


def test_a_name_that_is_another_servers_is_left_to_it(client: Client, cursor: Path) -> None:
    ran = client("cursor", "--write", "--name", "github")
    assert (ran.code, ran.out, cursor.read_text(), backups(cursor)) == (1, "", MINE, [])
    assert "github is there already and leads to https://x/mcp" in ran.err
    assert "--name NAME" in ran.err
    assert "`argus-trio client cursor --name github --remove --url https://x/mcp`" in ran.err
    assert client("cursor", "--remove", "--name", "github").code == 1
    assert cursor.read_text() == MINE
    assert client("cursor", "--name", "github", "--remove", "--url", "https://x/mcp").code == 0
    assert "github" not in cursor.read_text()


def test_a_program_that_has_the_name_is_left_to_it(client: Client, cursor: Path) -> None:
    cursor.write_text('{"mcpServers": {"argus": {"command": "x", "env": {"TOKEN": "hidden"}}}}')
    for change in ("--write", "--remove"):
        ran = client("cursor", change)
        assert ran.code == 1
        assert "argus is there already and is another server" in ran.err
        assert "hidden" not in ran.err


def test_the_secrets_of_an_address_are_not_told(client: Client, cursor: Path) -> None:
    cursor.write_text('{"mcpServers": {"argus": {"url": "https://u:hidden@x/mcp?key=hidden"}}}')
    ran = client("cursor", "--write")
    assert "leads to https://x/mcp" in ran.err
    assert "hidden" not in ran.err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{\n"mcpServers": {"a" 1}\n}', ":2: is no JSON: a colon is missing (column 20)"),
        ('{\n"mcpServers": []\n}', ":2: mcpServers is no object"),
        ("[]", ":1: holds no JSON object"),
    ],
)
def test_a_file_that_cannot_be_changed_is_left_as_it_is(client: Client, cursor: Path, text: str, told: str) -> None:
    cursor.write_text(text)
    ran = client("cursor", "--write")
    assert (ran.code, ran.out, cursor.read_text(), backups(cursor)) == (1, "", text, [])
    assert f"{cursor}{told}; nothing is changed\n" in ran.err


def test_a_folder_in_the_place_of_the_file_is_told(client: Client, cursor: Path) -> None:
    cursor.unlink()
    cursor.mkdir()
    assert client("cursor", "--write").err.endswith(
        f"{cursor} is no file: name another one with --file PATH; nothing is changed\n"
    )


def test_a_project_has_its_own_file_which_others_may_read(client: Client, home: Path) -> None:
    assert client("vscode", "--project", "--write").code == 0
    path = home / "project" / ".vscode" / "mcp.json"
    assert json.loads(path.read_text()) == {"servers": {"argus": {"type": "http", "url": "http://127.0.0.1:9000/mcp"}}}
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    ran = client("claude-desktop", "--project")
    assert (ran.code, ran.err) == (2, "argus-trio: Claude Desktop has no file for a project: leave --project out\n")


def test_any_file_may_be_named(client: Client, home: Path) -> None:
    assert client("cursor", "--file", "mine.json", "--write").code == 0
    assert "argus" in (home / "project" / "mine.json").read_text()
    assert not (home / ".cursor").exists()


def test_the_address_is_that_of_the_configuration(client: Client, home: Path) -> None:
    (home / "project" / "config.yaml").write_text("server: {port: 9100}\nviews: {safe: {}}\n")
    assert '"http://127.0.0.1:9100/mcp"' in client("cursor").out
    ran = client("cursor", "--view", "none")
    assert "warning: " in ran.err
    assert "has no view none; its views: safe" in ran.err
    assert '"http://h:1/mcp/v"' in client("cursor", "--url", "http://h:1/mcp/v").out


def test_a_gateway_that_asks_for_tokens_is_told_of(client: Client, home: Path) -> None:
    (home / "project" / "config.yaml").write_text("middleware: [{type: authentication}]\n")
    assert "--with-token" in client("cursor").err
    assert "who they are" not in client("cursor", "--with-token").err


def test_a_token_is_a_variable_of_the_client_and_never_written(
    client: Client, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARGUS_TOKEN", "hidden")
    for name in KINDS:
        ran = client(name, "--with-token", "--write")
        assert ran.code == (2 if name in ("claude-desktop", "zed", "lm-studio") else 0)
        assert "hidden" not in ran.out + ran.err
    assert all("hidden" not in each.read_text() for each in home.rglob("*") if each.is_file())


def test_where_the_token_has_to_be_is_told(client: Client, home: Path) -> None:
    assert "it has to be set where Cursor is started" in client("cursor", "--with-token").err
    assert "VS Code asks for the token" in client("vscode", "--with-token").err
    assert "the token cannot be read" in client("zed", "--token-file", "t").err
    token = home / "project" / "t"
    token.write_text("hidden")
    token.chmod(0o644)
    ran = client("zed", "--token-file", "t")
    assert f"chmod 600 {token}" in ran.err
    assert str(token) in ran.out
    token.chmod(0o600)
    assert "chmod" not in client("zed", "--token-file", "t").err


def test_without_a_name_all_clients_are_listed(client: Client, cursor: Path, home: Path) -> None:
    client("cursor", "--write")
    (home / ".gemini").mkdir()
    (home / ".gemini" / "settings.json").write_text("{\n")
    (home / ".codex").mkdir()
    (home / ".codex" / "config.toml").write_text("[mcp_servers.a]\nurl = 'x'\n[mcp_servers.b]\nurl = 'x'\n")
    (home / "project" / ".mcp.json").write_text("{}")
    ran = client()
    rows = {line[:51].rstrip(): line[51:].strip() for line in ran.out.splitlines()[1:]}
    assert ran.code == 0
    found = {" ".join(row.split()): state for row, state in rows.items()}
    assert found["cursor ~/.cursor/mcp.json"] == "leads to the gateway, as argus, 1 other server"
    assert found["gemini-cli ~/.gemini/settings.json"].startswith("line 2: is no JSON")
    assert found["codex ~/.codex/config.toml"] == "does not lead to the gateway, 2 other servers"
    assert found["claude-code ./.mcp.json"] == "does not lead to the gateway"
    assert found["zed ~/.config/zed/settings.json"] == "no file"
    assert "the gateway: http://127.0.0.1:9000" in ran.err


def test_what_vs_code_asks_for_is_taken_out_with_the_last_that_needs_it(client: Client, home: Path) -> None:
    path = home / ".config" / "Code" / "User" / "mcp.json"
    for name in ("argus", "second"):
        client("vscode", "--with-token", "--write", "--name", name)
    assert path.read_text().count("promptString") == 1
    client("vscode", "--remove")
    assert json.loads(path.read_text())["inputs"][0]["id"] == "argus-token"
    client("vscode", "--remove", "--name", "second")
    assert json.loads(path.read_text()) == {"inputs": [], "servers": {}}


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("claude-code", "allow the server when it asks"),
        ("codex", "only where it trusts the project"),
        ("zed", "nothing else: Zed reads its settings when they change"),
    ],
)
def test_what_a_client_wants_of_a_project_is_told(client: Client, name: str, step: str) -> None:
    assert client(name, "--project", "--write").out.endswith(f"{step}\n")


@pytest.mark.parametrize(
    "words",
    [
        ("--write",),
        ("cursor", "--name", "a b"),
        ("cursor", "--url", "x"),
        ("cursor", "--write", "--remove"),
        ("vscode", "--with-token", "--token-file", "x"),
        ("nobody",),
        ("cursor", "-c", "none.yaml"),
    ],
)
def test_wrong_usage_is_told_with_2(client: Client, words: tuple[str, ...]) -> None:
    ran = client(*words)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err


@pytest.mark.parametrize(("name", "is_warned_of"), [("claude-desktop", True), ("cursor", False)])
def test_comments_that_a_client_may_not_read_are_warned_of(
    client: Client, home: Path, name: str, is_warned_of: bool
) -> None:
    path = home / "commented.json"
    path.write_text('{\n  // mine\n  "mcpServers": {}\n}\n')
    done = client(name, "--file", str(path), "--write")
    assert done.code == 0
    assert "// mine" in path.read_text()
    assert ("may read nothing of the file" in done.err) is is_warned_of
