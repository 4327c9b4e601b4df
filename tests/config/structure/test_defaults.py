"""What the file says once for all backends, written out."""

from __future__ import annotations

from typing import get_args

import attrs
import pytest

from argus_trio.config.model.backend import BackendSpec, StdioBackend
from argus_trio.config.model.config import Config
from argus_trio.config.model.defaults import SECTIONS, Defaults
from argus_trio.config.model.operation import Bounds, Probing, Restart, Timeouts
from argus_trio.config.structure.structure import keys_of
from tests.config.support.reading import HTTP, STDIO, paths, problem, problems, read

SAME = [
    (
        "defaults: {timeouts: {call: 60}}\n" + STDIO + "    timeouts: {connect: 5}\n",
        STDIO + "    timeouts: {connect: 5, call: 60}\n",
    ),
    (
        "defaults: {restart: {max: 20}, health: {slow: 1}, limits: {queue: 0}, session: shared}\n" + HTTP,
        HTTP + "    restart: {max: 20}\n    health: {slow: 1}\n    limits: {queue: 0}\n    session: shared\n",
    ),
    (
        "defaults: {timeouts: {call: 60}, session: shared}\n"
        + STDIO
        + "    timeouts: {call: 120}\n    session: auto\n",
        STDIO,
    ),
    (
        "defaults: {timeouts: {call: 60}, session: shared}\n" + STDIO + "    timeouts: {call: }\n    session:\n",
        STDIO + "    timeouts: {call: 60}\n    session: shared\n",
    ),
    (
        "defaults: {timeouts: {call: 60}, env_from: [A]}\n" + STDIO + "    timeouts:\n    env_from: null\n",
        STDIO + "    timeouts: {call: 60}\n    env_from: [A]\n",
    ),
    (
        "defaults: {env_from: [A, B]}\n" + STDIO + "    env_from: [C, B]\n",
        STDIO + "    env_from: [A, B, C]\n",
    ),
    ("defaults: {env_from: [A]}\n" + HTTP, HTTP),
    (
        "defaults: {container: {memory: 512m, packages: [a], network: none, enabled: false}}\n"
        + STDIO
        + "    container: {enabled: true, packages: [b], host_services: []}\n",
        STDIO + "    container: {memory: 536870912, packages: [b], network: none}\n",
    ),
    (
        "defaults: {container: {strict: true, cpus: 1, packages: [a], network: {allow: ['a:1']}}}\n"
        + STDIO
        + "    container: {strict: false, cpus: , packages: [], network: {allow: ['b:2']}}\n",
        STDIO + "    container: {cpus: 1, network: {allow: ['b:2']}}\n",
    ),
    ("defaults: {container: {memory: 512m}}\n" + HTTP, HTTP),
    ("defaults:\n" + STDIO, STDIO),
    (
        "defaults: {timeouts: {call: '${N}'}}\n" + STDIO,
        STDIO + "    timeouts: {call: 60}\n",
    ),
]


@pytest.mark.parametrize(("text", "written_out"), SAME)
def test_defaults_are_as_if_every_backend_said_them(text: str, written_out: str) -> None:
    assert read(text, environ={"N": "60"}) == read(written_out)


def test_every_backend_gets_them_whatever_its_transport() -> None:
    text = """
    defaults: {timeouts: {call: 7}, env_from: [A]}
    backends:
      a: {type: stdio, command: run}
      b: {type: sse, url: "http://b"}
      c: {type: streamable-http, url: "http://c", enabled: false}
    """
    backends = read(text).backends
    assert [backend.timeouts for backend in backends.values()] == [Timeouts(call=7.0)] * 3
    assert isinstance(backends["a"], StdioBackend)
    assert backends["a"].env_from == ("A",)


@pytest.mark.parametrize(
    ("top", "of_defaults", "own", "setting"),
    [
        ("", "", "", "auto"),
        ("isolation: required\n", "", "", "required"),
        ("isolation: required\n", "isolation: off", "", "off"),
        ("isolation: required\n", "isolation: off", "isolation: auto", "auto"),
        ("isolation: off\n", "", "isolation: required", "required"),
        ("isolation: off\n", "memory: 512m", "", "off"),
        ("isolation: required\n", "", "enabled: false", "off"),
        ("isolation: required\n", "enabled: false", "", "off"),
        ("isolation: required\n", "enabled: false", "enabled: true", "required"),
        ("isolation: required\n", "isolation: ", "isolation: null", "required"),
    ],
)
def test_what_is_nearer_to_a_backend_says_whether_it_is_isolated(
    top: str, of_defaults: str, own: str, setting: str
) -> None:
    text = f"{top}defaults: {{container: {{{of_defaults}}}}}\n{STDIO}    container: {{{own}}}\n"
    backend = read(text).backends["a"]
    assert isinstance(backend, StdioBackend)
    assert backend.container.setting == setting


def test_each_of_them_is_a_key_of_backends_and_means_the_same() -> None:
    of_backends = {name: field for cls in get_args(BackendSpec) for name, field in keys_of(cls).items()}
    for name, field in keys_of(Defaults).items():
        assert (field.type, field.default) == (of_backends[name].type, of_backends[name].default)
    assert {*SECTIONS, "container"} == {
        name for name, field in keys_of(Defaults).items() if attrs.has(type(field.default))
    }
    assert Defaults() == Defaults(timeouts=Timeouts(), restart=Restart(), health=Probing(), limits=Bounds())


TWO = STDIO + "  b:\n    type: sse\n    url: http://b\n"


@pytest.mark.parametrize(
    ("text", "path", "line", "words"),
    [
        ("defaults: {timeouts: {call: 0}}\n" + TWO, "defaults.timeouts.call", 1, "at least 0.001, found 0"),
        ("defaults:\n  session: sharde\n" + TWO, "defaults.session", 2, "'shared'"),
        ("defaults:\n  timeouts: 5\n" + TWO, "defaults.timeouts", 2, "a mapping, found 5"),
        ("defaults: 5\n" + TWO, "defaults", 1, "its keys are timeouts, restart"),
        ("defaults:\n  env_from: [A, [B]]\n" + TWO, "defaults.env_from[1]", 2, "found a list"),
        ("defaults:\n  env_from: [A=b]\n" + TWO, "defaults.env_from[0]", 2, "env sets variables"),
        ("defaults:\n  env_from: [A=b]\n" + HTTP, "defaults.env_from[0]", 2, "env sets variables"),
        ("defaults: {timeuots: {}}\n" + TWO, "defaults.timeuots", 1, "'timeouts'"),
        ("defaults: {timeouts: {init: 5}}\n" + TWO, "defaults.timeouts.init", 1, "timeouts.connect"),
        ("defaults: {timeout: 5}\n" + TWO, "defaults.timeout", 1, "timeouts: {call"),
        ("defaults: {env: {A: b}}\n" + TWO, "defaults.env", 1, "write it in each backend; defaults know timeouts"),
        ("defaults: {transport: stdio}\n" + TWO, "defaults.transport", 1, "known here"),
        ("timeouts: {call: 5}\n" + TWO, "timeouts", 1, "under defaults"),
        ("health: {interval: 5}\n" + TWO, "health", 1, "under defaults"),
        ("defaults: {timeouts: {call: 4000}}\n" + TWO, "defaults.timeouts.call", 1, "raise it too"),
        ("defaults:\n  restart: {max: 61}\n" + TWO, "defaults.restart.cooldown", 2, "cooldown is 60"),
        (
            "defaults: {timeouts: {call_max: 5}}\n" + TWO,
            "defaults.timeouts.call",
            1,
            "call is 120 if it is not given: lower",
        ),
        (
            "defaults: {restart: {cooldown: 5}}\n" + TWO,
            "defaults.restart.cooldown",
            1,
            "max is 30 if it is not given: lower",
        ),
        (
            "defaults: {health: {slow: 20}}\n" + TWO,
            "defaults.health.slow",
            1,
            "timeout is 10 if it is not given: raise",
        ),
        ("defaults: {timeouts: {call: 5000, call_max: x}}\n" + TWO, "defaults.timeouts.call_max", 1, "a number"),
    ],
)
def test_what_is_wrong_in_them_is_told_once_and_where_it_stands(text: str, path: str, line: int, words: str) -> None:
    found = problem(text)
    assert (found.path, found.line) == (path, line)
    assert words in f"{found.message} {found.hint}"


def test_what_goes_wrong_between_a_backend_and_them_is_told_at_the_backend() -> None:
    of_defaults = "defaults: {timeouts: {call: 100, call_max: 200}}\n"
    found = problem(of_defaults + STDIO + "    timeouts: {call_max: 50}\n")
    assert (found.path, found.line) == ("backends.a.timeouts.call", 6)
    assert found.hint == "call comes from defaults: write both here, or change it there"
    found = problem(of_defaults + STDIO + "    timeouts: {call: 300}\n")
    assert (found.path, found.line) == ("backends.a.timeouts.call", 6)
    assert found.hint == "call_max comes from defaults: write both here, or change it there"
    read("defaults: {timeouts: {call: 4000}}\n" + STDIO + "    timeouts: {call_max: 5000}\n")


def test_a_backend_s_own_problem_stands_beside_those_of_the_defaults() -> None:
    text = (
        "defaults: {timeouts: {call: 0}, env_from: [A]}\n" + STDIO + "    timeouts: {idle: x}\n    env_from: [B, C=]\n"
    )
    assert paths(problems(text)) == ["defaults.timeouts.call", "backends.a.timeouts.idle", "backends.a.env_from[1]"]


def test_two_files_whose_defaults_lead_to_the_same_backends_are_equal() -> None:
    given = STDIO + "    timeouts: {call: 5}\n"
    assert read("defaults: {timeouts: {call: 9}}\n" + given) == read(given)
    assert read("defaults: {timeouts: {call: 9}}\n") == Config()
