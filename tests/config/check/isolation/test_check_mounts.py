"""The files and folders that containers get."""

from __future__ import annotations

from pathlib import Path

import pytest

from argus_trio.config.model.backend import StdioBackend
from argus_trio.config.model.container import Container
from tests.config.support.reading import STDIO, paths, problem, read

AT = "backends.a.container"


def container(text: str) -> str:
    return f"{STDIO}    container: {{{text}}}\n"


def located(text: str, folder: Path) -> Container:
    backend = read(text, folder=folder, environ={"HOME": str(folder / "home")}).backends["a"]
    assert isinstance(backend, StdioBackend)
    return backend.container


def test_paths_start_at_the_folder_of_the_file_or_at_the_home(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    for name in ("Dockerfile", "ca.pem"):
        (tmp_path / name).touch()
    found = located(
        container("dockerfile: Dockerfile, ca_bundle: ./ca.pem, mounts: [{source: '~/'}, {source: x}]"), tmp_path
    )
    assert (found.dockerfile, found.ca_bundle) == (tmp_path / "Dockerfile", tmp_path / "ca.pem")
    assert [each.source for each in found.mounts] == [tmp_path / "home", tmp_path / "x"]


@pytest.mark.parametrize(
    ("text", "hint"), [("nothing", "the folder of the configuration file"), (".", "not its folder")]
)
@pytest.mark.parametrize("key", ["dockerfile", "ca_bundle"])
def test_a_file_that_is_not_there_is_a_problem(key: str, text: str, hint: str, tmp_path: Path) -> None:
    found = problem(container(f"{key}: {text}"), folder=tmp_path)
    assert (found.path, found.message) == (f"{AT}.{key}", "there is no such file")
    assert hint in found.hint
    found = problem(
        f"defaults: {{container: {{{key}: {text}}}}}\n" + STDIO + "  b: {type: stdio, command: x}\n", folder=tmp_path
    )
    assert found.path == f"defaults.container.{key}"


def test_a_source_that_is_not_there_is_a_warning(tmp_path: Path) -> None:
    found = [
        each
        for each in read(container("mounts: [{source: /}, {source: x}]"), folder=tmp_path).warnings
        if AT in each.path
    ]
    assert [each.path for each in found] == [f"{AT}.mounts[1].source"]
    assert "create it before it starts" in found[0].hint
    text = "defaults: {container: {mounts: [{source: x}]}}\n" + STDIO + "  b: {type: stdio, command: x}\n"
    found = [each for each in read(text, folder=tmp_path).warnings if "mounts" in each.path]
    assert paths(tuple(found)) == ["defaults.container.mounts[0].source"]


@pytest.mark.parametrize("more", ["    enabled: false\n", "", "    timeouts: {call: 1}\n"])
def test_what_is_not_contained_needs_no_files(more: str, tmp_path: Path) -> None:
    keys = "ca_bundle: x, mounts: [{source: x}]" + ("" if "enabled" in more else ", isolation: off")
    assert "no such file" not in f"{read(container(keys) + more, folder=tmp_path).warnings}"
