"""A client's file is replaced as a whole or not at all, and what it held stands beside it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from argus_trio.client_files.changing import replacing
from argus_trio.client_files.changing.replacing import MOST_BYTES, FileRefused, read_file, replace_file

NOW = datetime(2026, 11, 27, 4, 5, 6)
needs_a_plain_user = pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_the_old_file_is_kept_beside_with_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    path.write_text("old")
    path.chmod(0o640)
    backup = replace_file(read_file(path), "new", NOW, is_private=True)
    assert backup == tmp_path / "mcp.json.bak-20261127-040506"
    assert (path.read_text(), backup.read_text()) == ("new", "old")
    assert (mode(path), mode(backup)) == (0o640, 0o640)
    assert names(tmp_path) == ["mcp.json", "mcp.json.bak-20261127-040506"]


def test_no_backup_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    path.write_text("0")
    for number in range(1, 4):
        replace_file(read_file(path), str(number), NOW, is_private=True)
    kept = [path.with_name(f"mcp.json.bak-20261127-040506{end}").read_text() for end in ("", "-2", "-3")]
    assert kept == ["0", "1", "2"]


@pytest.mark.parametrize(("is_private", "bits", "folder_bits"), [(True, 0o600, 0o700), (False, 0o644, 0o755)])
def test_a_new_file_is_its_users_own_unless_it_is_a_projects(
    tmp_path: Path, is_private: bool, bits: int, folder_bits: int
) -> None:
    path = tmp_path / "deep" / "er" / "mcp.json"
    before = os.umask(0o022)
    try:
        assert replace_file(read_file(path), "new", NOW, is_private=is_private) is None
    finally:
        os.umask(before)
    assert (path.read_text(), mode(path), mode(path.parent)) == ("new", bits, folder_bits)
    assert names(path.parent) == ["mcp.json"]


def test_a_link_stays_a_link_and_what_it_names_is_replaced(tmp_path: Path) -> None:
    real, link = tmp_path / "dotfiles" / "mcp.json", tmp_path / "mcp.json"
    real.parent.mkdir()
    real.write_text("old")
    link.symlink_to(real)
    backup = replace_file(read_file(link), "new", NOW, is_private=True)
    assert link.is_symlink()
    assert real.read_text() == "new"
    assert backup is not None
    assert backup.parent == real.parent


def test_a_link_to_nothing_gets_what_it_names(tmp_path: Path) -> None:
    link = tmp_path / "mcp.json"
    link.symlink_to(tmp_path / "dotfiles" / "mcp.json")
    replace_file(read_file(link), "new", NOW, is_private=True)
    assert link.is_symlink()
    assert (tmp_path / "dotfiles" / "mcp.json").read_text() == "new"


def test_a_file_that_changed_meanwhile_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    path.write_text("old")
    old = read_file(path)
    path.write_text("of the client itself")
    with pytest.raises(FileRefused, match="changed meanwhile"):
        replace_file(old, "new", NOW, is_private=True)
    assert path.read_text() == "of the client itself"
    assert names(tmp_path) == ["mcp.json"]


def test_a_file_that_appeared_meanwhile_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    old = read_file(path)
    path.write_text("of the client itself")
    with pytest.raises(FileRefused, match="changed meanwhile"):
        replace_file(old, "new", NOW, is_private=True)
    assert (path.read_text(), names(tmp_path)) == ("of the client itself", ["mcp.json"])


def test_what_is_no_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(FileRefused, match="is no file: name another one"):
            read_file(path)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(FileRefused, match="cannot be read"):
        read_file(tmp_path / "loop")


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileRefused, match="Not a directory"):
        read_file(tmp_path / "file" / "mcp.json")


def test_another_encoding_and_too_large_a_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    path.write_bytes("{}".encode("utf-16"))
    with pytest.raises(FileRefused, match="UTF-8"):
        read_file(path).text  # noqa: B018 - it raises
    with path.open("wb") as opened:
        opened.truncate(MOST_BYTES + 1)
    with pytest.raises(FileRefused, match="32 MiB"):
        read_file(path)


def test_a_path_that_is_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="UTF-8"):
        replace_file(read_file(tmp_path / "mcp.json"), "\udc80", NOW, is_private=True)
    assert names(tmp_path) == []


@needs_a_plain_user
def test_a_folder_that_cannot_be_written_leaves_the_file_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    path.write_text("old")
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(FileRefused, match="cannot be written: Permission denied: do this as its owner"):
            replace_file(read_file(path), "new", NOW, is_private=True)
    finally:
        tmp_path.chmod(0o700)
    assert (path.read_text(), names(tmp_path)) == ("old", ["mcp.json"])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_the_owner_stays_the_owner(tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    path.write_text("old")
    os.chown(path, 12345, 12346)
    backup = replace_file(read_file(path), "new", NOW, is_private=True)
    assert backup is not None
    assert {(each.stat().st_uid, each.stat().st_gid) for each in (path, backup)} == {(12345, 12346)}


KILLED = """
import os, sys
from datetime import datetime
from pathlib import Path
from argus_trio.client_files.changing.replacing import read_file, replace_file
count = 0
def stop(event, arguments):
    global count
    if event in ("open", "os.rename", "os.link", "os.chmod", "os.chown", "os.remove"):
        count += 1
        if count == int(sys.argv[2]):
            os._exit(9)
old = read_file(Path(sys.argv[1]))
sys.addaudithook(stop)
replace_file(old, "new" * 10000, datetime(2026, 1, 1), is_private=True)
os._exit(0)
"""


def test_wherever_it_is_killed_the_file_is_the_old_one_or_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    seen: set[str] = set()
    for step in range(1, 40):
        for each in tmp_path.iterdir():
            each.unlink()
        path.write_text("old")
        root = str(Path(replacing.__file__).parents[3])
        ended = subprocess.run(
            [sys.executable, "-c", KILLED, str(path), str(step)], env={"PYTHONPATH": root}, timeout=60, check=False
        )
        assert ended.returncode in (0, 9)
        seen.add("old" if path.read_text() == "old" else "new")
        assert path.read_text() in ("old", "new" * 10000)
        if ended.returncode == 0:
            break
    assert seen == {"old", "new"}
    assert step > 4
