"""The file of a running gateway, read again and again."""

from __future__ import annotations

from pathlib import Path

import pytest

from argus_trio.config.file import ConfigFile
from argus_trio.errors import ConfigInvalid, Problem


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "config.yaml"
    file.write_text("server: {host: 127.0.0.1, port: 1}")
    return file


def test_the_command_line_wins_at_each_reading(path: Path) -> None:
    file = ConfigFile(path=path, environ={}, host="::1", port=0)
    assert (file.read().server.host, file.read().server.port) == ("::1", 0)
    path.write_text("server: {port: 2}")
    assert (file.read().server.host, file.read().server.port) == ("::1", 0)
    assert ConfigFile(path=path, environ={}).read().server.port == 2


def test_what_is_exposed_by_the_command_line_is_asked_for_at_each_reading(path: Path) -> None:
    path.write_text("server: {allow_unauthenticated: true}")
    file = ConfigFile(path=path, environ={}, host="0.0.0.0")
    file.read()
    path.write_text("server: {allow_unauthenticated: false}")
    with pytest.raises(ConfigInvalid) as caught:
        file.read()
    assert caught.value.source == "--host"


def test_the_files_of_a_reading_that_failed_are_known(path: Path) -> None:
    file = ConfigFile(path=path, environ={})
    file.read()
    before = file.stamps
    path.write_text("nonsense: ${file:token}")
    with pytest.raises(ConfigInvalid):
        file.read()
    assert set(file.stamps) == {path, path.parent / "token"}
    assert file.stamps[path] != before[path]


def test_each_warning_is_told_once_for_as_long_as_it_holds(path: Path) -> None:
    told: list[Problem] = []
    file = ConfigFile(path=path, environ={"PATH": "/nowhere"}, warn=told.append)

    def read(text: str) -> list[tuple[str, int | None]]:
        told.clear()
        path.write_text(text)
        file.read()
        return [(each.path, each.line) for each in told]

    one = "backends:\n  a: {type: stdio, command: run}\n"
    assert read(one) == [("backends.a.command", 2)]
    assert read("# a line more\n" + one) == []
    assert read(one + "  b: {type: stdio, command: run}\n") == [("backends.b.command", 3)]
    path.write_text("backends: 5")
    with pytest.raises(ConfigInvalid):
        file.read()
    assert read("backends:\n") == []
    assert read(one) == [("backends.a.command", 2)]
