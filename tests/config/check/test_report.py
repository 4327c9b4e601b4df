"""How problems are shown."""

from __future__ import annotations

from argus_trio.config.check.report import render_checked, render_problems
from argus_trio.config.model.backend import StdioBackend
from argus_trio.config.model.config import Config
from argus_trio.errors import ConfigInvalid, Problem


def test_each_problem_is_one_aligned_line() -> None:
    error = ConfigInvalid(
        "c.yaml",
        (
            Problem(path="server.port", message="expected a number", hint="write 1", line=3),
            Problem(path="backends.a", message="missing", line=12),
            Problem(path="x", message="unknown key"),
        ),
    )
    assert render_problems(error).splitlines() == [
        "c.yaml: 3 problems",
        "  server.port (line 3): expected a number; write 1",
        "  backends.a (line 12): missing",
        "  x:                    unknown key",
    ]


def test_a_problem_of_the_whole_file_has_only_its_line_or_nothing() -> None:
    assert render_problems(ConfigInvalid("c", (Problem(path="", message="m", line=2),))) == "c: 1 problem\n  line 2: m"
    assert render_problems(ConfigInvalid("c", (Problem(path="", message="m"),))) == "c: 1 problem\n  m"


def test_nothing_in_a_problem_breaks_the_line_or_the_terminal() -> None:
    error = ConfigInvalid("c", (Problem(path="p", message="a\n\x1b[31mb", hint="c\nd"),))
    assert render_problems(error).splitlines()[1:] == ["  p: a \ufffd[31mb; c d"]


def test_a_good_configuration_is_one_line_and_one_for_each_warning() -> None:
    assert render_checked("c.yaml", Config()) == "c.yaml: no problems, 0 backends"
    warnings = (
        Problem(path="backends.a.command", message="there is no such program", hint="install it", line=4),
        Problem(path="backends", message="something", line=9),
    )
    config = Config(backends={"a": StdioBackend(name="a", command="run")}, warnings=warnings)
    assert render_checked("c.yaml", config).splitlines() == [
        "c.yaml: no problems, 1 backend, 2 warnings",
        "  backends.a.command (line 4): there is no such program; install it",
        "  backends (line 9):           something",
    ]


def test_warnings_come_after_the_problems() -> None:
    problems = (Problem(path="version", message="missing", line=1),)
    warnings = (Problem(path="backends.a.command", message="there is no such program", line=4),)
    assert render_problems(ConfigInvalid("c.yaml", problems, warnings=warnings)).splitlines() == [
        "c.yaml: 1 problem",
        "  version (line 1): missing",
        "and 1 warning",
        "  backends.a.command (line 4): there is no such program",
    ]
