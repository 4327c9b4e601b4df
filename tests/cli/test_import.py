"""`argus-trio import` as its user meets it: files of clients, what is told, what is written, exit codes."""

from __future__ import annotations

import io
import json
import stat
import sys
from pathlib import Path

import pytest

from argus_trio.config.load import load
from argus_trio.config.model.backend import StdioBackend
from tests.cli.conftest import Run

SECRET = "ghp_abcdefghijklmnopqrstuvwxyz0123456789"
GITHUB = {"command": sys.executable, "args": ["server.py"], "env": {"GITHUB_TOKEN": SECRET, "LOG": "debug"}}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder, and another folder to work in."""
    home, work = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    work.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    for name in ("GITHUB_TOKEN", "CLAUDE_CONFIG_DIR", "CODEX_HOME", "COPILOT_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(work)
    return home


def cursor(home: Path, servers: object) -> Path:
    path = home / ".cursor" / "mcp.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"mcpServers": servers}, indent=2))
    return path


def test_it_prints_a_configuration_without_secrets_and_writes_nothing(plain: Run, home: Path) -> None:
    path = cursor(home, {"github": GITHUB})
    done = plain("import")
    assert done.code == 0
    assert "    env:\n      GITHUB_TOKEN: ${GITHUB_TOKEN}\n      LOG: debug\n" in done.out
    assert f"  # from {path}:3\n" in done.out
    assert done.err.startswith(f"1 command would run on this machine, as you:\n  github: {sys.executable} server.py\n")
    assert "nothing is written; --write writes it to config.yaml and the secrets to argus.env" in done.err
    assert SECRET not in done.out + done.err
    assert list(Path.cwd().iterdir()) == []


def test_what_it_writes_runs_as_it_is(plain: Run, home: Path) -> None:
    cursor(home, {"github": GITHUB})
    done = plain("import", "--write")
    assert (done.code, done.out) == (0, "")
    backend = load(Path("config.yaml"), environ={}).backends["github"]
    assert isinstance(backend, StdioBackend)
    assert backend.env == {"GITHUB_TOKEN": SECRET, "LOG": "debug"}
    assert stat.S_IMODE(Path("argus.env").stat().st_mode) == 0o600
    assert SECRET not in Path("config.yaml").read_text() + done.err
    assert done.err.splitlines()[-3:-1] == [
        "next: argus-trio check -c config.yaml",
        "      argus-trio serve -c config.yaml",
    ]


def test_a_configuration_that_is_there_is_not_touched_and_what_it_lacks_is_printed(plain: Run, home: Path) -> None:
    Path("config.yaml").write_text(f"backends:\n  gh: {{type: stdio, command: {sys.executable}, args: [server.py]}}\n")
    before = Path("config.yaml").read_text()
    cursor(home, {"github": GITHUB, "new": {"command": "new", "env": {"NEW_KEY": "abcd-1234"}}})
    done = plain("import", "--write")
    assert done.code == 1
    assert Path("config.yaml").read_text() == before
    assert not Path("argus.env").exists()
    assert "config.yaml is there already, and nothing is overwritten: -o PATH names another" in done.err
    assert "not in config.yaml yet: new." in done.err
    assert done.err.endswith("their variables, to be put into its env_file: NEW_KEY\n")
    assert "  new:\n" in done.out
    assert "github" not in done.out


def test_an_env_file_that_is_there_keeps_both_from_being_written(plain: Run, home: Path) -> None:
    Path("argus.env").write_text("A=1\n")
    cursor(home, {"github": GITHUB})
    done = plain("import", "--write")
    assert done.code == 1
    assert "argus.env is there already, and nothing is overwritten: --env-file PATH names another" in done.err
    assert Path("argus.env").read_text() == "A=1\n"
    assert not Path("config.yaml").exists()


def test_where_the_configuration_cannot_be_written_no_secret_stays(plain: Run, home: Path, tmp_path: Path) -> None:
    cursor(home, {"github": GITHUB})
    env_file = tmp_path / "secrets.env"
    done = plain("import", "--write", "-o", "missing/config.yaml", "--env-file", str(env_file))
    assert done.code == 1
    assert "missing/config.yaml cannot be written: No such file or directory" in done.err
    assert not env_file.exists()


def test_a_link_in_the_place_of_the_env_file_is_not_followed(plain: Run, home: Path, tmp_path: Path) -> None:
    Path("argus.env").symlink_to(tmp_path / "elsewhere")
    cursor(home, {"github": GITHUB})
    assert plain("import", "--write").code == 1
    assert not (tmp_path / "elsewhere").exists()


def test_an_env_file_elsewhere_is_named_by_its_whole_path(plain: Run, home: Path, tmp_path: Path) -> None:
    cursor(home, {"github": GITHUB})
    env_file = tmp_path / "secrets.env"
    assert plain("import", "--write", "--env-file", str(env_file)).code == 0
    assert f"\nenv_file: {env_file}\n" in Path("config.yaml").read_text()
    assert "github" in load(Path("config.yaml"), environ={}).backends


def test_without_secrets_there_is_no_env_file(plain: Run, home: Path) -> None:
    cursor(home, {"time": {"command": "uvx", "args": ["mcp-server-time"]}})
    assert plain("import", "--write").code == 0
    assert [path.name for path in Path.cwd().iterdir()] == ["config.yaml"]


def test_a_variable_without_a_value_is_told_and_waits_in_the_env_file(plain: Run, home: Path) -> None:
    cursor(home, {"a": {"command": "a", "env": {"TOKEN": "${env:SOME_TOKEN}"}}})
    done = plain("import", "--write")
    assert done.code == 0
    assert "variables without a value (1):\n  SOME_TOKEN" in done.err
    assert "give the variables above values in argus.env, and take `enabled: false` of their users away" in done.err
    assert not load(Path("config.yaml"), environ={}).backends["a"].enabled
    assert "\n#SOME_TOKEN=\n" in Path("argus.env").read_text()


def test_a_variable_that_is_set_is_passed_on(plain: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", SECRET)
    cursor(home, {"a": {"command": "a", "env": {"GITHUB_TOKEN": "${env:GITHUB_TOKEN}"}}})
    done = plain("import")
    assert done.code == 0
    assert "    env_from: [GITHUB_TOKEN]\n" in done.out
    assert SECRET not in done.out + done.err


def test_only_one_server_is_taken_and_an_unknown_name_is_told_with_near_ones(plain: Run, home: Path) -> None:
    cursor(home, {"github": {"command": "a"}, "time": {"command": "b"}})
    done = plain("import", "--only", "time", "--only", "githup")
    assert done.code == 1
    assert "  time:\n" in done.out
    assert "github:" not in done.out
    assert "--only githup: no server is called that; there is github" in done.err


def test_no_file_in_any_known_place_is_told_with_the_places(plain: Run, home: Path) -> None:
    done = plain("import")
    assert (done.code, done.out) == (1, "")
    assert "no client's file is in a known place" in done.err
    assert "~/.cursor/mcp.json" in done.err


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "is empty: there is nothing to import"),
        ("{", "is no JSON"),
        ('{"mcpServers": {}}', "no server to import in these files"),
        ('{"other": 1}', "none of mcpServers, servers, context_servers stands in it"),
    ],
)
def test_a_file_without_servers_is_told(plain: Run, home: Path, content: str, told: str) -> None:
    Path("mcp.json").write_text(content)
    done = plain("import", "mcp.json")
    assert (done.code, done.out) == (1, "")
    assert told in done.err


@pytest.mark.parametrize(("name", "told"), [(".", "Is a directory"), ("none.json", "No such file")])
def test_what_is_no_file_is_told(plain: Run, home: Path, name: str, told: str) -> None:
    done = plain("import", name)
    assert done.code == 1
    assert told in done.err


def test_one_bad_file_does_not_keep_the_others_from_being_taken(plain: Run, home: Path) -> None:
    cursor(home, {"time": {"command": "uvx"}})
    done = plain("import", "none.json", str(home / ".cursor" / "mcp.json"))
    assert done.code == 1
    assert "  time:\n" in done.out


def test_stdin_needs_to_be_said_whose_it_is(plain: Run, home: Path) -> None:
    done = plain("import", "-")
    assert (done.code, done.out) == (2, "")
    assert "whose file stdin is has to be said: --from CLIENT" in done.err


def test_a_file_comes_in_over_stdin(plain: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = json.dumps({"mcpServers": {"time": {"command": "uvx"}}}).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    done = plain("import", "--from", "claude-desktop", "-")
    assert done.code == 0
    assert "  time:\n" in done.out


@pytest.mark.parametrize("option", ["-o", "--env-file"])
def test_where_to_write_means_nothing_without_write(plain: Run, home: Path, option: str) -> None:
    done = plain("import", option, "x")
    assert done.code == 2
    assert "add --write" in done.err


def test_the_gateway_itself_is_left_out(plain: Run, home: Path) -> None:
    cursor(
        home, {"argus": {"url": "http://localhost:9000/mcp"}, "bridge": {"command": "argus-trio", "args": ["stdio"]}}
    )
    done = plain("import")
    assert (done.code, done.out) == (1, "")
    assert done.err.count("it leads to Argus itself") == 2


def test_a_configuration_of_the_original_is_taken_alone(plain: Run, home: Path) -> None:
    Path("old.yaml").write_text(
        "version: '1'\nserver: {host: 127.0.0.1, port: 9000}\n"
        f"backends:\n  old: {{type: stdio, command: uvx, env: {{OLD_TOKEN: {SECRET}}}}}\n"
    )
    path = cursor(home, {"time": {"command": "uvx", "args": ["time"]}})
    done = plain("import", "old.yaml", "--write")
    assert done.code == 0
    assert SECRET not in done.err
    assert "old" in load(Path("config.yaml"), environ={}).backends
    both = plain("import", "old.yaml", str(path))
    assert both.code == 1
    assert "import the others afterwards" in both.err


def test_a_control_character_does_nothing_to_the_terminal(plain: Run, home: Path) -> None:
    cursor(home, {"a\x1b[2J": {"command": "a\x1b[31m", "args": ["\x07", "\n# x"]}})
    done = plain("import")
    assert "\x1b" not in done.out + done.err
    assert "\x07" not in done.out + done.err


@pytest.mark.parametrize(
    "place",
    [".config/Claude/claude_desktop_config.json", ".claude.json", ".cursor/mcp.json", ".config/Code/User/mcp.json",
     ".codeium/windsurf/mcp_config.json", ".gemini/settings.json", ".config/zed/settings.json"],
)  # fmt: skip
def test_no_secret_of_any_clients_file_is_on_stdout_or_stderr(plain: Run, home: Path, place: str) -> None:
    secrets = [f"canary{number}-{SECRET[4:]}" for number in range(9)]
    servers = {
        "a": {"command": "a", "args": ["--token", secrets[0], f"--api-key={secrets[1]}"], "env": {"A_KEY": secrets[2]}},
        "b": {
            "url": f"https://u:{secrets[3]}@h/mcp?token={secrets[4]}",
            "headers": {"Authorization": f"Bearer {secrets[5]}"},
        },
        "c": {"command": "c", "args": {"token": secrets[6]}, "env": {"C_KEY": [secrets[7]]}, "secret": secrets[8]},
    }
    path = home / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"mcpServers": servers, "servers": servers, "context_servers": servers}))
    for words in (["import"], ["import", "--write"], ["import", "--write"]):
        done = plain(*words)
        assert "canary" not in done.out + done.err
        assert "  a:\n" in done.out or "--write" in words
    assert "canary" not in Path("config.yaml").read_text()
