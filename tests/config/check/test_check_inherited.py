"""What is said of variables that are set and do not reach a stdio backend."""

from __future__ import annotations

from pathlib import Path

from argus_trio.config.load import load
from argus_trio.errors import Problem
from tests.config.support.reading import HTTP, STDIO, problem, read

TWO = STDIO + "  b: {type: stdio, command: sh}\n"
ENVIRON = {"UV_INDEX_URL": "https://hush@x", "SSH_AUTH_SOCK": "/run/hush", "XDG_CACHE_HOME": "/c", "OTHER": "x"}


def told(text: str, environ: dict[str, str]) -> list[Problem]:
    return [each for each in read(text, environ=environ).warnings if not each.path.endswith(".command")]


def test_one_warning_names_all_that_is_set_and_passed_to_no_backend() -> None:
    (warning,) = told("version: 1\n" + TWO, ENVIRON)
    assert (warning.path, warning.line) == ("backends", 2)
    assert warning.message == "set here and not passed to stdio backends: SSH_AUTH_SOCK, UV_INDEX_URL"
    assert "env_from" in warning.hint
    assert "defaults.env_from" in warning.hint
    assert "hush" not in repr(warning)


def test_it_says_which_backends_lack_what_others_get() -> None:
    text = "backends:\n  a: {type: stdio, command: sh, env_from: ['UV_*']}\n  b: {type: stdio, command: sh}\n"
    (warning,) = told(text, ENVIRON)
    assert warning.message.endswith(": SSH_AUTH_SOCK, UV_INDEX_URL (to b)")


def test_of_many_backends_it_names_a_few() -> None:
    lines = "".join(f"  b{number}: {{type: stdio, command: sh}}\n" for number in range(6))
    (warning,) = told(
        "backends:\n  a: {type: stdio, command: sh, env_from: [KUBECONFIG]}\n" + lines, {"KUBECONFIG": "k"}
    )
    assert warning.message.endswith(": KUBECONFIG (to b0, b1, b2, b3 and 2 more)")


def test_nothing_is_said_of_what_is_passed_or_set_otherwise() -> None:
    assert told("defaults: {env_from: ['UV_*', SSH_AUTH_SOCK]}\n" + TWO, ENVIRON) == []
    assert told(STDIO + "    env: {SSH_AUTH_SOCK: ''}\n    env_from: [UV_INDEX_URL]\n", ENVIRON) == []
    assert told(TWO, {"PIP_CERT": "/c", "XDG_RUNTIME_DIR": "/r", "OTHER": "x"}) == []


def test_only_stdio_backends_that_are_enabled_need_variables() -> None:
    assert told(HTTP, ENVIRON) == []
    assert told(STDIO + "    enabled: false\n", ENVIRON) == []
    assert told("backends:\n", ENVIRON) == []


def test_what_runs_in_a_container_or_not_at_all_lacks_nothing_of_this_machine(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(TWO)
    both = load(tmp_path / "config.yaml", environ=ENVIRON, contained=lambda _: ("a", "b"))
    assert both.warnings == ()
    (one,) = load(tmp_path / "config.yaml", environ=ENVIRON, contained=lambda _: ("a",)).warnings[:1]
    assert one.message.endswith(": SSH_AUTH_SOCK (to b), UV_INDEX_URL (to b)")
    assert told("isolation: required\n" + TWO, ENVIRON) == []


def test_the_engine_that_the_gateway_uses_itself_is_none_that_backends_lack() -> None:
    assert told(TWO, {"DOCKER_HOST": "unix:///run/d.sock"}) == []
    assert told(TWO, {"DOCKER_HOST": "tcp://d:2375"})[0].message.endswith(": DOCKER_HOST")
    assert told("isolation: 'off'\n" + TWO, {"DOCKER_HOST": "unix:///run/d.sock"})[0].message.endswith(": DOCKER_HOST")


def test_a_name_that_would_harm_a_terminal_is_passed_over() -> None:
    assert told(STDIO, {"UV_\x1b[31m": "x", "npm_config_\udcff": "x"}) == []


def test_a_glob_is_a_good_entry_of_env_from_and_a_value_is_not() -> None:
    read(STDIO + "    env_from: ['*', npm_config_*, 'UV_[A-C]?']\n")
    assert problem(STDIO + "    env_from: ['']\n").message == "expected the name of a variable, or a glob"
