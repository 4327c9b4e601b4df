"""This machine, as plans look at it."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from argus_trio.sandbox.engine.machine import MAX_TEXT, homes, look, read, this_machine


def test_files_folders_sockets_and_links_are_seen(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to("file")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
    os.mkfifo(tmp_path / "fifo")
    seen = {name: look(tmp_path / name) for name in ("file", "link", "s", "fifo", ".", "nothing", "file/x")}
    assert {name: found and found.kind for name, found in seen.items()} == {
        "file": "file",
        "link": "file",
        "s": "socket",
        "fifo": "other",
        ".": "folder",
        "nothing": None,
        "file/x": None,
    }
    link = seen["link"]
    assert link is not None
    assert link.real == (tmp_path / "file").resolve()
    assert link.is_readable


@pytest.mark.parametrize("path", ["/" + "x" * 5000, "/a\0b", "/proc/self/fd/9999/x"])
def test_a_path_that_cannot_be_is_nothing(path: str) -> None:
    assert look(Path(path)) is None
    assert read(Path(path)) is None


def test_a_loop_of_links_is_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert look(tmp_path / "a") is None


def test_a_large_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"x" * (MAX_TEXT + 1))
    assert read(tmp_path / "large") is None
    (tmp_path / "small").write_bytes(b"x" * MAX_TEXT)
    assert len(read(tmp_path / "small") or "") == MAX_TEXT
    assert read(tmp_path) is None


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    assert read(tmp_path / "fifo") is None


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"STATE_DIRECTORY": "/var/lib/argus:/x", "XDG_STATE_HOME": "/s", "HOME": "/h"}, "/var/lib/argus/homes"),
        ({"STATE_DIRECTORY": "argus", "XDG_STATE_HOME": "/s", "HOME": "/h"}, "/s/argus-trio/homes"),
        ({"XDG_STATE_HOME": "/s", "HOME": "/h"}, "/s/argus-trio/homes"),
        ({"XDG_STATE_HOME": "relative", "HOME": "/h"}, "/h/.local/state/argus-trio/homes"),
        ({}, f"/var/tmp/argus-trio-{os.geteuid()}/homes"),
    ],
)
def test_homes_are_kept_where_state_is(environ: dict[str, str], expected: str) -> None:
    assert homes(environ) == Path(expected)


def test_the_machine_is_that_of_the_gateways_user(tmp_path: Path) -> None:
    machine = this_machine({"HOME": str(tmp_path), "SECRET": "S"}, tmp_path)
    assert (machine.uid, machine.gid, machine.user_home) == (os.geteuid(), os.getegid(), tmp_path)
    assert machine.absolute(Path("../x")) == tmp_path.parent / "x"
    assert this_machine({"HOME": "/"}, tmp_path).user_home is None
    assert "SECRET" not in repr(machine)
