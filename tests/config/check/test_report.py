"""How problems are shown."""

from __future__ import annotations

from argus_trio.config.check.report import render_problems
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
