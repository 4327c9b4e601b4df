"""The folder that a container and the gateway share: where it is made, and what becomes of it."""

from __future__ import annotations

import os
import re
import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from argus_trio.errors import LinkFailed
from argus_trio.sandbox.container.folder import PIPES, SOCKETS, make_folder, remove_left_folders, runtime_folder
from tests.sandbox.container.played_engine import descriptors


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


def test_it_has_pipes_sockets_a_shim_and_a_resolv_conf_and_goes_with_all_of_it(tmp_path: Path) -> None:
    runtime = tmp_path / "a" / "b"
    folder = make_folder(runtime, "python", {"passwd": "me"})
    shared = {*PIPES, *(f"{name}.sock" for name in SOCKETS)}
    names = {"shim.py", "network.py", "resolv.conf", "passwd", *shared}
    assert {each.name for each in folder.path.iterdir()} == names
    assert all((folder.path / name).stat().st_mode & 0o666 == 0o666 for name in shared)
    assert all((folder.path / name).is_fifo() for name in PIPES)
    folder.close()
    assert list(runtime.iterdir()) == []


@pytest.fixture
def few_descriptors() -> Iterator[Callable[[int], None]]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = [number for number in range(256) if not Path(f"/proc/self/fd/{number}").is_symlink()]
    yield lambda count: resource.setrlimit(resource.RLIMIT_NOFILE, (free[count], before[1]))
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_nothing_stays_open_wherever_descriptors_run_out(
    tmp_path: Path, few_descriptors: Callable[[int], None]
) -> None:
    before = descriptors()
    reasons: list[str] = []
    for count in range(3, 12):
        few_descriptors(count)
        try:
            make_folder(tmp_path, "python").close()
        except LinkFailed as error:
            reasons.append(error.reason)
        assert descriptors() == before
        assert list(tmp_path.iterdir()) == []
    assert 0 < len(reasons) < 9
    assert all("Too many open files" in reason for reason in reasons)


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
    for pipe in left.pipes.values():
        os.close(pipe)
    in_use.close()


def test_removing_what_was_left_where_nothing_is_harms_nothing(tmp_path: Path) -> None:
    assert remove_left_folders(tmp_path / "nowhere") == 0
