"""The folder that a container and the gateway share: where it is made, and what becomes of it."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from argus_trio.errors import LinkFailed
from argus_trio.sandbox.container.folder import SOCKETS, make_folder, remove_left_folders, runtime_folder


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"RUNTIME_DIRECTORY": "/run/a:/run/b", "XDG_RUNTIME_DIR": "/run/user/1"}, "/run/a"),
        ({"XDG_RUNTIME_DIR": "/run/user/1", "TMPDIR": "/t"}, "/run/user/1/argus-trio"),
        ({"TMPDIR": "/t"}, "/t"),
        ({"RUNTIME_DIRECTORY": "a", "XDG_RUNTIME_DIR": "b", "TMPDIR": "/t"}, "/t"),
        ({"TMPDIR": "t"}, "/tmp"),
        ({}, "/tmp"),
    ],
)
def test_folders_stand_where_the_service_manager_or_the_session_says(environ: dict[str, str], folder: str) -> None:
    assert runtime_folder(environ) == Path(folder)


def test_it_has_sockets_a_shim_and_a_resolv_conf_and_goes_with_all_of_it(tmp_path: Path) -> None:
    runtime = tmp_path / "a" / "b"
    folder = make_folder(runtime, "python", {"passwd": "me"})
    names = {"shim.py", "network.py", "resolv.conf", "passwd", *(f"{name}.sock" for name in SOCKETS)}
    assert {each.name for each in folder.path.iterdir()} == names
    assert all((folder.path / f"{name}.sock").stat().st_mode & 0o666 == 0o666 for name in SOCKETS)
    folder.close()
    assert list(runtime.iterdir()) == []


def test_its_path_may_be_longer_than_the_address_of_a_socket(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / ("x" * 120), "node")
    assert (folder.path / "control.sock").is_socket()
    folder.close()


def test_a_place_where_none_can_be_made_is_named_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LinkFailed, match=re.escape(f"in {tmp_path}/file/below: Not a directory; RUNTIME_DIRECTORY or")):
        make_folder(tmp_path / "file" / "below", "python")


def test_what_a_killed_gateway_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    in_use = make_folder(tmp_path, "python")
    left = make_folder(tmp_path, "python")
    os.close(left._lock)
    (tmp_path / "argus-trio-mine").mkdir()
    (tmp_path / "argus-trio-file").touch()
    (tmp_path / "other" / "run").mkdir(parents=True)
    assert remove_left_folders(tmp_path) == 1
    names = {each.name for each in tmp_path.iterdir()}
    assert names == {"argus-trio-mine", "argus-trio-file", "other", in_use.path.parent.name}
    for listener in left.listeners.values():
        listener.close()
    in_use.close()


def test_removing_what_was_left_where_nothing_is_harms_nothing(tmp_path: Path) -> None:
    assert remove_left_folders(tmp_path / "nowhere") == 0
