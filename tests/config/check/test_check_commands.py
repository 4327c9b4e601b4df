"""Whether the programs of backends are there, and what is said of a whole command line."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
import yaml

from tests.config.support.reading import NOWHERE, problem, read


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a program `npx` in `bin`, one named `run it` beside it, and a text file `notes`."""
    (tmp_path / "bin").mkdir()
    for name in ("bin/npx", "run it"):
        (tmp_path / name).touch(mode=0o755)
    (tmp_path / "notes").touch(mode=0o644)
    return tmp_path


def stdio(command: str, more: str = "") -> str:
    return f"backends:\n  a:\n    type: stdio\n    command: {command}\n{more}"


def advice(command: str, folder: Path) -> str:
    """What is said of a command line; checked for where it stands."""
    found = problem(stdio(command), folder=folder, environ={"PATH": f"{folder}/bin"})
    assert (found.path, found.line, found.message) == (
        "backends.a.command",
        4,
        "expected one program, found a command line",
    )
    return found.hint


def warnings(command: str, folder: Path, more: str = "") -> list[str]:
    found = read(stdio(command, more), folder=folder, environ={"PATH": f"{folder}/bin"}).warnings
    assert all((each.path, each.line) == ("backends.a.command", 4) for each in found)
    return [each.message for each in found]


@pytest.mark.parametrize(
    "command",
    [
        "npx -y server",
        "npx -y @scope/server",
        "npx -y @scope/server@1.2.3 /srv/documents",
        "npx --from ./here server --verbose",
        "'npx -y \"a folder\"'",
        "npx null",
    ],
)
def test_a_command_line_is_a_problem_that_shows_how_to_write_it(command: str, folder: Path) -> None:
    written = advice(command, folder).removeprefix("write ")
    program, args = (yaml.safe_load(part) for part in written.split(" and "))
    words = shlex.split(yaml.safe_load(command))
    assert program == {"command": words[0]}
    assert args == {"args": ["..." if word == "./here" else word for word in words[1:]]}


def test_a_command_line_may_begin_with_a_path(folder: Path) -> None:
    assert advice("bin/npx -y server", folder) == "write command: bin/npx and args: [-y, server]"
    assert advice(f"{folder}/bin/npx -y server", folder) == f"write command: {folder}/bin/npx and args: [-y, server]"


@pytest.mark.parametrize(
    "command",
    [
        "npx server --token hunter22",
        "npx server --token=hunter22",
        "npx mcp-remote https://hunter22@x.example/mcp",
        "npx server A=hunter22",
        "npx server hunter22hunter22hunter22",
    ],
)
def test_what_may_be_a_secret_is_not_repeated(command: str, folder: Path) -> None:
    assert "..." in advice(command, folder)
    assert "hunter22" not in advice(command, folder)


def test_a_command_line_that_was_brought_in_is_not_repeated_at_all() -> None:
    found = problem(stdio("${LINE}"), environ={"LINE": "hush -y x"})
    assert found.hint == "put what follows the program into args, and variables before it into env"
    assert advice("TOKEN=hush npx -y x", NOWHERE) == found.hint
    assert advice("' '", NOWHERE) == found.hint


def test_blanks_in_the_name_of_a_program_are_no_problem_where_there_is_one(folder: Path) -> None:
    assert warnings("./run it", folder) == []
    assert warnings("/opt/My App/run", folder) == ["there is no such file"]
    assert warnings("uvx --from ./here server", folder) == ["there is no such file"]
    (folder / "bin" / "my run").touch(mode=0o755)
    assert warnings("my run", folder) == []


def test_a_program_that_is_not_there_is_a_warning(folder: Path) -> None:
    assert warnings("npx", folder) == []
    assert warnings("uvx", folder) == ["there is no such program in PATH"]
    assert warnings("./bin/npx", folder) == []
    assert warnings("./bin/uvx", folder) == ["there is no such file"]
    assert warnings("./bin", folder) == ["expected a program, found a folder"]
    assert warnings("./notes", folder) == ["the file is not executable"]
    assert warnings("x" * 5000, folder) == ["there is no such program in PATH"]


def test_a_file_in_path_that_is_not_executable_is_told_as_such(folder: Path) -> None:
    (folder / "bin" / "uvx").touch(mode=0o644)
    assert warnings("uvx", folder) == ["the file is not executable"]


def test_a_program_is_looked_for_where_its_process_will_look(folder: Path) -> None:
    assert warnings("npx", folder, "    env: {PATH: /nowhere}\n") == ["there is no such program in PATH"]
    assert warnings("npx", folder, "    env: {PATH: bin}\n    cwd: .\n") == []
    assert warnings("~/bin/npx", folder) == ["there is no such file"]
    assert read(stdio("~/bin/npx"), environ={"HOME": str(folder)}).warnings == ()
    assert read(stdio("sh"), environ={}).warnings == ()


def test_the_program_of_a_disabled_backend_need_not_be_there(folder: Path) -> None:
    assert warnings("uvx", folder, "    enabled: false\n") == []
    assert warnings("npx -y @scope/server", folder, "    enabled: false\n") == []


def test_a_command_that_cannot_be_one_is_a_problem_and_no_warning_besides() -> None:
    assert problem(stdio("''")).message == "expected a program, found an empty text"
    assert problem(stdio("[npx]")).path == "backends.a.command"


@pytest.mark.parametrize(
    ("command", "more"),
    [
        ("uvx", "    container: {isolation: required}\n"),
        ("docker", "    container: {isolation: required}\n"),
        ("server", "    container: {image: acme/server}\n"),
        ("python", "    container: {packages: [acme]}\n"),
    ],
)
def test_a_program_that_its_container_brings_along_need_not_be_there(command: str, more: str, folder: Path) -> None:
    assert warnings(command, folder, more) == []


def test_a_runner_that_is_missing_is_told_to_be_needed_outside_of_containers_alone(folder: Path) -> None:
    (found,) = read(stdio("uvx"), folder=folder, environ={"PATH": f"{folder}/bin"}).warnings
    assert found.hint.endswith("none is needed where it runs in a container")


@pytest.mark.parametrize("off", ["    container: {isolation: off}\n", "    container: {image: x, enabled: false}\n"])
def test_a_program_of_a_backend_that_is_not_contained_is_missed(off: str, folder: Path) -> None:
    assert warnings("uvx", folder, off) == ["there is no such program in PATH"]
