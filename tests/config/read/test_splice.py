"""`${...}` filled in from the environment and from files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from argus_trio.config.model.backend import StdioBackend
from argus_trio.config.read.splice import MAX_FILE_BYTES
from tests.config.support.reading import STDIO, problem, problems, read


def _env(folder: Path, value: str, **environ: str) -> str:
    backend = read(STDIO + f"    env: {{A: '{value}'}}\n", folder=folder, environ=environ).backends["a"]
    assert isinstance(backend, StdioBackend)
    return backend.env["A"]


def test_a_file_is_relative_to_the_configuration_and_loses_its_trailing_newline(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("one\ntwo\n")
    assert _env(tmp_path, "x ${file:token}") == "x one\ntwo"
    assert _env(Path("/nowhere"), "${file:~/token}", HOME=str(tmp_path)) == "one\ntwo"
    assert _env(Path("/nowhere"), "${file:${DIR}/token}", DIR=str(tmp_path)) == "one\ntwo"


def test_keys_are_left_as_they_are() -> None:
    assert problem(STDIO + "    ${A}: x\n", environ={"A": "args"}).path == 'backends.a."${A}"'


def test_an_unset_variable_is_a_problem_that_names_it_and_its_key_path() -> None:
    found = problems(STDIO + "    args: ['${X}', '${Y}${Z}']\n")
    assert [(each.path, each.message) for each in found] == [
        ("backends.a.args[0]", "the variable X is not set"),
        ("backends.a.args[1]", "the variable Y is not set"),
        ("backends.a.args[1]", "the variable Z is not set"),
    ]


def test_a_malformed_form_is_a_problem_that_names_the_forms() -> None:
    assert "${VAR:-default}" in problem(STDIO + "    args: ['${X']\n").message


@pytest.mark.parametrize("name", ["absent", ".", "pipe", "big", "latin", "x" * 5000, "/dev/zero"])
def test_what_is_no_readable_file_is_a_problem(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "big").write_bytes(b"x" * (MAX_FILE_BYTES + 1))
    (tmp_path / "latin").write_bytes(b"\xfc")
    assert "cannot be read" in problem(STDIO + f"    args: ['${{file:{name}}}']\n", folder=tmp_path).message


def test_a_path_with_a_nul_is_a_problem(tmp_path: Path) -> None:
    assert "cannot be read" in problem(STDIO + '    args: ["${file:a\\0b}"]\n', folder=tmp_path).message
