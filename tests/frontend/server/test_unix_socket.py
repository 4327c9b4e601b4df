"""The Unix socket of the management API: for one user alone from its first moment on, replaced only if it is dead."""

from __future__ import annotations

import fcntl
import os
import socket
import stat
from pathlib import Path

import pytest
import trio
from structlog.testing import capture_logs

from argus_trio.errors import ListenFailed
from argus_trio.frontend.server.unix_socket import SocketFile, management_path, open_unix_socket, peer_user


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
async def test_its_file_has_never_another_mode_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        listening, file = await open_unix_socket(tmp_path / "a.sock")
    finally:
        os.umask(before)
    with listening:
        assert stat.S_IMODE(file.path.lstat().st_mode) == 0o600
        assert os.fstat(listening.fileno()).st_mode & 0o777 == 0o600  # which it had before it had a file
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(file.path))
            taken, _ = listening.accept()
            with taken:
                assert peer_user(taken) == os.geteuid()


@pytest.mark.parametrize(("mode", "is_told"), [(0o700, False), (0o755, False), (0o1777, False), (0o777, True)])
async def test_a_folder_where_others_can_put_their_own_in_its_place_is_warned_of(
    tmp_path: Path, mode: int, is_told: bool
) -> None:
    os.chmod(tmp_path, mode)  # noqa: PTH101  # in a folder in memory
    with capture_logs() as logs:
        listening, _ = await open_unix_socket(tmp_path / "a.sock")
    listening.close()
    assert [each["event"] for each in logs] == (["management_socket_replaceable"] if is_told else [])


async def test_a_dead_one_is_replaced_and_a_live_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "a.sock"
    dead, _ = await open_unix_socket(path)
    dead.close()
    live, file = await open_unix_socket(path)
    with live:
        with pytest.raises(ListenFailed, match="another gateway listens there; end it, or write another"):
            await open_unix_socket(path)
        assert SocketFile.of(path) == file


async def test_what_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.sock"
    path.write_text("mine")
    with pytest.raises(ListenFailed, match="no socket; remove it"):
        await open_unix_socket(path)
    assert path.read_text() == "mine"
    link = tmp_path / "link.sock"
    link.symlink_to(path)
    with pytest.raises(ListenFailed, match="no socket"):
        await open_unix_socket(link)


async def test_a_folder_that_is_not_there_and_a_path_that_is_too_long_are_told(tmp_path: Path) -> None:
    with pytest.raises(ListenFailed, match="No such file or directory; make its folder"):
        await open_unix_socket(tmp_path / "none" / "a.sock")
    with pytest.raises(ListenFailed, match="longer than 107 bytes; write another"):
        await open_unix_socket(tmp_path / ("x" * 107))


async def test_only_its_own_file_is_removed(tmp_path: Path) -> None:
    listening, file = await open_unix_socket(tmp_path / "a.sock")
    with listening:
        file.path.unlink()
        file.remove()  # gone already, which harms nobody
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(str(file.path))
            file.remove()
            assert file.path.is_socket()
            SocketFile.of(file.path).remove()
            assert not file.path.exists()


async def test_one_waits_for_another_that_starts_in_the_same_folder(tmp_path: Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    opened: list[socket.socket] = []

    async def start() -> None:
        opened.append((await open_unix_socket(tmp_path / "a.sock"))[0])

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(start)
            await trio.testing.wait_all_tasks_blocked()
            assert not (tmp_path / "a.sock").exists()
            os.close(folder)
    opened[0].close()


def test_the_folder_of_auto_is_made_for_this_user_alone(tmp_path: Path) -> None:
    path = management_path("auto", 9000, {"XDG_RUNTIME_DIR": str(tmp_path)})
    assert path == tmp_path / "argus-trio" / "argus-trio-9000.sock"
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert management_path("/run/x.sock", 9000, {}) == Path("/run/x.sock")


@pytest.mark.parametrize(
    ("environ", "words"),
    [({}, "neither .RUNTIME_DIRECTORY nor"), ({"XDG_RUNTIME_DIR": "/proc/none"}, "write another")],
)
def test_without_such_a_folder_it_says_what_to_do(environ: dict[str, str], words: str) -> None:
    with pytest.raises(ListenFailed, match=words):
        management_path("auto", 9000, environ)
