"""Files where clients keep them: found, opened whatever stands there, with what is said of them elsewhere."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from argus_trio.client_files.kinds import KINDS
from argus_trio.client_files.opening import MOST_BYTES, Unreadable, file_text, open_client_file
from argus_trio.client_files.places import found_files
from argus_trio.client_files.server import ClientFile
from tests.client_files.support import server, told

ONE = '{"mcpServers": {"a": {"command": "x"}, "b": {"command": "y"}, "c": {"command": "z"}}}'


def put(path: Path, text: str = ONE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def found(home: Path, cwd: Path, *, platform: str = "linux", **environ: str) -> dict[str, str]:
    """Every file by its place below the home folder, and whose it is."""
    files = found_files(home=home, cwd=cwd, environ=environ, platform=platform)
    return {os.path.relpath(each.path, home): each.client for each in files}


def test_nothing_is_found_where_nothing_is(tmp_path: Path) -> None:
    assert found(tmp_path, tmp_path) == {}


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_every_file_that_a_snippet_goes_to_is_found(kind: str, platform: str, tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    for place in KINDS[kind].files:
        path = put(place.at(home=tmp_path, cwd=shop, environ={}, platform=platform))
        assert found(tmp_path, shop, platform=platform)[os.path.relpath(path, tmp_path)] == kind


def test_variables_say_where_folders_are(tmp_path: Path) -> None:
    put(tmp_path / "x/zed/settings.json")
    put(tmp_path / "y/config.toml")
    put(tmp_path / "z/.claude.json")
    assert found(
        tmp_path,
        tmp_path,
        XDG_CONFIG_HOME=str(tmp_path / "x"),
        CODEX_HOME=str(tmp_path / "y"),
        CLAUDE_CONFIG_DIR=str(tmp_path / "z"),
    ) == {"x/zed/settings.json": "zed", "y/config.toml": "codex", "z/.claude.json": "claude-code"}


def test_a_projects_files_are_found_from_the_folders_below_it(tmp_path: Path) -> None:
    put(tmp_path / "shop/.mcp.json")
    put(tmp_path / "shop/team.code-workspace")
    put(tmp_path / "shop/src/.cursor/mcp.json")
    put(tmp_path / ".cursor/mcp.json")
    put(tmp_path / ".mcp.json")
    assert found(tmp_path, tmp_path / "shop/src/deep") == {
        ".cursor/mcp.json": "cursor",
        "shop/src/.cursor/mcp.json": "cursor",
        "shop/.mcp.json": "claude-code",
        "shop/team.code-workspace": "vscode",
    }
    assert found(tmp_path, tmp_path) == {".cursor/mcp.json": "cursor", ".mcp.json": "claude-code"}


def test_profiles_and_siblings_of_vs_code_are_found(tmp_path: Path) -> None:
    put(tmp_path / ".config/Code/User/profiles/1a2b/mcp.json")
    put(tmp_path / ".config/VSCodium/User/mcp.json")
    put(tmp_path / ".config/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json")
    assert set(found(tmp_path, tmp_path).values()) == {"vscode", "cline"}
    assert len(found(tmp_path, tmp_path)) == 3


def test_one_file_under_two_names_is_found_once(tmp_path: Path) -> None:
    real = put(tmp_path / "dotfiles/cursor.json")
    (tmp_path / ".cursor").mkdir()
    (tmp_path / ".cursor/mcp.json").symlink_to(real)
    (tmp_path / "shop/.cursor").mkdir(parents=True)
    (tmp_path / "shop/.cursor/mcp.json").symlink_to(real)
    assert list(found(tmp_path, tmp_path / "shop")) == [".cursor/mcp.json"]


def test_a_link_that_leads_nowhere_is_found_and_told(tmp_path: Path) -> None:
    (tmp_path / ".cursor").mkdir()
    link = tmp_path / ".cursor/mcp.json"
    link.symlink_to(tmp_path / "gone")
    assert list(found(tmp_path, tmp_path)) == [".cursor/mcp.json"]
    (problem,) = open_client_file(link, client="cursor", home=tmp_path).problems
    assert (problem.path, problem.line, problem.what) == (str(link), 0, "cannot be read: No such file or directory")
    link.unlink()
    link.symlink_to(link)
    assert list(found(tmp_path, tmp_path)) == [".cursor/mcp.json"]


def test_what_is_no_readable_file_is_told_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "latin").write_bytes(b'{"a": "\xe9"}')
    with (tmp_path / "large").open("wb") as large:
        large.truncate(MOST_BYTES + 1)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        reasons = {}
        for name in ("pipe", "latin", "large", "socket", "gone", "."):
            with pytest.raises(Unreadable) as caught:
                file_text(tmp_path / name)
            reasons[name] = str(caught.value)
    assert reasons == {
        "pipe": "is no file",
        "latin": "is not written in UTF-8: save it so in an editor first",
        "large": "has more than 64 MiB: is it a client's file?",
        "socket": "cannot be read: No such device or address",
        "gone": "cannot be read: No such file or directory",
        ".": "cannot be read: Is a directory",
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_is_read_with_its_byte_order_mark(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    path.write_bytes('{"mcpServers": {"é": {"command": "x"}}}'.encode(encoding))
    assert [each.name for each in open_client_file(path, home=tmp_path).servers] == ["é"]


def off(file: ClientFile) -> dict[str, str]:
    """The servers that are disabled, and why."""
    return {each.name: told(each)["enabled"] for each in file.servers if not each.is_enabled}


def test_what_claude_codes_settings_switch_off_is_disabled_in_the_projects_file(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    path = put(shop / ".mcp.json")
    put(shop / ".claude/settings.json", '{"deniedMcpServers": [{"serverName": "a"}, {"serverUrl": "https://x"}, 5]}')
    put(shop / ".claude/settings.local.json", '{"disabledMcpjsonServers": ["b", 7], "enabledMcpjsonServers": ["a"]}')
    put(tmp_path / ".claude/settings.json", "{ no JSON")
    put(tmp_path / ".claude.json", json.dumps({"projects": {str(shop): {"disabledMcpServers": ["c"]}}}))
    assert off(open_client_file(path, home=tmp_path)) == {
        "a": f"deniedMcpServers in {shop}/.claude/settings.json names it: it is disabled",
        "b": f"disabledMcpjsonServers in {shop}/.claude/settings.local.json names it: it is disabled",
        "c": f"disabledMcpServers in {tmp_path}/.claude.json names it: it is disabled",
    }


def test_another_projects_switches_mean_nothing_here(tmp_path: Path) -> None:
    path = put(tmp_path / "shop/.mcp.json")
    put(tmp_path / ".claude.json", json.dumps({"projects": {str(tmp_path / "blog"): {"disabledMcpServers": ["c"]}}}))
    file = open_client_file(path, home=tmp_path)
    assert off(file) == {}
    assert server(file, "a").origin.project == str(tmp_path / "shop")


def test_what_is_no_file_leaves_nothing_open(tmp_path: Path) -> None:
    descriptors = Path("/proc/self/fd")
    before = set(descriptors.iterdir())
    for _ in range(3):
        assert open_client_file(tmp_path, home=tmp_path).problems
    assert set(descriptors.iterdir()) == before
