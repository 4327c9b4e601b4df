"""The file of variables: what its lines say, what is wrong with them, and that what is written is read again."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.config.load import load
from argus_trio.config.model.backend import StdioBackend
from argus_trio.config.model.config import Config
from argus_trio.config.read.env_file import env_line, read_env_text
from argus_trio.config.read.sources import Sources
from argus_trio.errors import ConfigInvalid

FILE = 'version: "1"\nenv_file: argus.env\nbackends:\n  a: {type: stdio, command: /bin/cat, env: {KEY: "${KEY}"}}\n'


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("", {}),
        ("# nothing\n\n  ; nothing\n", {}),
        ("A=b", {"A": "b"}),
        ("A=b c # d  \nB=\n", {"A": "b c # d", "B": ""}),
        ("export A=b\r\nexport\tB = c\r\n", {"A": "b", "B": "c"}),
        ("A='b $c \\ \" # d'  \n", {"A": 'b $c \\ " # d'}),
        ("A='b\nc'\nB=d", {"A": "b\nc", "B": "d"}),
        ('A="b\\"c\\\\d\\$e\\`f\\n"', {"A": 'b"c\\d$e`f\\n'}),
        ("A=1\nA=2\n", {"A": "2"}),
        ("A=b=c", {"A": "b=c"}),
    ],
)
def test_what_lines_say(text: str, variables: dict[str, str]) -> None:
    content = read_env_text(text)
    assert (content.variables, content.faults) == (variables, ())


@pytest.mark.parametrize("text", ["A", "1A=b", "A-B=c", "=b", "A='b", 'A="b\\"', "A='b'c", "A: b", "A=b\0"])
def test_a_line_that_is_none_is_told_by_its_number_and_the_next_ones_are_read(text: str) -> None:
    content = read_env_text(f"Z=1\n\n{text}\nY=2\n")
    assert content.variables == {"Z": "1", "Y": "2"}
    assert [each.line for each in content.faults] == [3]


VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=40)


@given(st.lists(VALUES, max_size=6))
def test_what_is_written_is_read_again(values: list[str]) -> None:
    written = {f"V{number}": value for number, value in enumerate(values)}
    text = "".join(env_line(name, value) + "\n" for name, value in written.items())
    content = read_env_text(text)
    assert (content.variables, content.faults) == (written, ())


def test_a_shell_reads_the_same(tmp_path: Path) -> None:
    written = {"A": "it's $HOME", "B": 'a "b" `c` \\', "C": "two\nlines", "D": "$(echo no)", "E": "plain"}
    path = tmp_path / "argus.env"
    path.write_text("".join(env_line(name, value) + "\n" for name, value in written.items()))
    code = f'set -a; . {path}; printf "%s\\0" ' + " ".join(f'"${name}"' for name in written)
    done = subprocess.run(["sh", "-c", code], capture_output=True, text=True, timeout=20, check=True)
    assert done.stdout.split("\0")[:-1] == list(written.values())


def write(folder: Path, variables: str, mode: int = 0o600) -> Path:
    (folder / "config.yaml").write_text(FILE)
    (folder / "argus.env").write_text(variables)
    (folder / "argus.env").chmod(mode)
    return folder / "config.yaml"


def key_of(config: Config) -> str:
    backend = config.backends["a"]
    assert isinstance(backend, StdioBackend)
    return backend.env["KEY"]


def test_its_variables_fill_the_configuration_in_and_are_secrets(tmp_path: Path) -> None:
    sources = Sources()
    config = load(write(tmp_path, "KEY='hunter2 $x'\n"), environ={"PATH": os.environ["PATH"]}, sources=sources)
    assert key_of(config) == "hunter2 $x"
    assert config.env_file == tmp_path / "argus.env"
    assert "hunter2 $x" in config.secrets
    assert tmp_path / "argus.env" in sources.stamps
    assert config.warnings == ()


def test_the_gateway_s_own_environment_wins(tmp_path: Path) -> None:
    assert key_of(load(write(tmp_path, "KEY=file\n"), environ={"KEY": "own"})) == "own"


def test_a_file_that_others_can_read_is_warned_of(tmp_path: Path) -> None:
    (warning,) = load(write(tmp_path, "KEY=file\n", 0o640), environ={}).warnings
    assert (warning.path, warning.line) == ("env_file", 2)
    assert warning.message == "others can read 'argus.env'"
    assert warning.hint == "chmod 600 argus.env"


@pytest.mark.parametrize(
    ("variables", "told"),
    [("KEY=hunter3\nhunter2\n", "line 2 of the file is no NAME=VALUE"), ("OTHER=1\n", "the variable KEY is not set")],
)
def test_what_is_wrong_with_it_is_told_without_its_content(tmp_path: Path, variables: str, told: str) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        load(write(tmp_path, variables), environ={})
    assert told in [problem.message for problem in caught.value.problems]
    if "OTHER" in variables:
        hint = "set it in argus.env or in the environment, or give a default: ${KEY:-default}"
        assert caught.value.problems[0].hint == hint
    assert "hunter" not in str(caught.value.problems)


def test_a_file_that_is_missing_is_told_with_what_it_leaves_unset(tmp_path: Path) -> None:
    path = write(tmp_path, "")
    (tmp_path / "argus.env").unlink()
    with pytest.raises(ConfigInvalid) as caught:
        load(path, environ={})
    assert caught.value.problems[0].message == "the file 'argus.env' cannot be read: there is no such file"


def test_a_variable_that_a_backend_lacks_which_is_left_out_is_a_warning(tmp_path: Path) -> None:
    entries = "  off: {type: streamable-http, enabled: false, url: 'http://h/${NONE}', headers: {A: '${file:none}'}}\n"
    (tmp_path / "config.yaml").write_text(f'version: "1"\nbackends:\n{entries}')
    config = load(tmp_path / "config.yaml", environ={})
    assert not config.backends["off"].enabled
    assert [(each.path, each.message) for each in config.warnings] == [
        ("backends.off.url", "the variable NONE is not set"),
        ("backends.off.headers.A", "the file 'none' cannot be read: there is no such file"),
    ]
    (tmp_path / "config.yaml").write_text(f'version: "1"\nbackends:\n{entries.replace("false", "true")}')
    with pytest.raises(ConfigInvalid) as caught:
        load(tmp_path / "config.yaml", environ={})
    assert len(caught.value.problems) == 2
