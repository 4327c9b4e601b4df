"""Where gateways have their sockets, and where they are looked for."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

import pytest

from argus_trio.contract.sockets import PATTERN, folders_to_search, socket_folder, socket_name


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({}, None),
        ({"XDG_RUNTIME_DIR": "", "RUNTIME_DIRECTORY": ""}, None),
        ({"XDG_RUNTIME_DIR": "run"}, None),
        ({"XDG_RUNTIME_DIR": "/run/user/7"}, "/run/user/7/argus-trio"),
        ({"XDG_RUNTIME_DIR": "/run/user/7", "RUNTIME_DIRECTORY": "/run/a:/run/b"}, "/run/a"),
    ],
)
def test_the_folder_of_the_service_comes_before_that_of_the_user(environ: dict[str, str], folder: str | None) -> None:
    assert socket_folder(environ) == (None if folder is None else Path(folder))
    searched = folders_to_search(environ)
    assert searched[-1] == Path("/run/argus-trio")
    assert folder is None or searched[0] == Path(folder)


def test_a_folder_is_searched_once() -> None:
    assert folders_to_search({"RUNTIME_DIRECTORY": "/run/argus-trio"}) == (Path("/run/argus-trio"),)


@pytest.mark.parametrize("port", [None, 9000, 1])
def test_every_name_is_one_that_is_looked_for(port: int | None) -> None:
    assert fnmatch(socket_name(port), PATTERN)
    assert len({socket_name(each) for each in (None, 9000, 9001)}) == 3
