"""The report of a configuration's problems or warnings, as people read it: one line each, in file order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from argus_trio.config.model.config import Config
from argus_trio.errors import ConfigInvalid, Problem

_WIDEST = 48


def render_problems(error: ConfigInvalid) -> str:
    """The report: the file's name, the number of problems, then `path (line N): what; hint` for each; warnings last.

    There is no line break at the end.
    """
    report = [f"{error.source}: {_counted(len(error.problems), 'problem')}", *_lines(error.problems)]
    if error.warnings:
        report += [f"and {_counted(len(error.warnings), 'warning')}", *_lines(error.warnings)]
    return "\n".join(report)


def render_checked(source: str, config: Config) -> str:
    """The report on a configuration without problems: its file's name, how many backends it has, and its warnings."""
    summary = f"{source}: no problems, {_counted(len(config.backends), 'backend')}"
    if config.warnings:
        summary += f", {_counted(len(config.warnings), 'warning')}"
    return "\n".join((summary, *_lines(config.warnings)))


def one_line(problem: Problem) -> str:
    """The problem as one line of text."""
    where = _where(problem)
    return f"{where} {_what(problem)}" if where else _what(problem)


def _lines(problems: Sequence[Problem]) -> Iterator[str]:
    wheres = [_where(problem) for problem in problems]
    width = min(max((len(where) for where in wheres), default=0), _WIDEST)
    for where, problem in zip(wheres, problems, strict=True):
        yield f"  {where:<{width}} {_what(problem)}" if where else f"  {_what(problem)}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _where(problem: Problem) -> str:
    line = f"line {problem.line}" if problem.line else ""
    if problem.path:
        return f"{problem.path} ({line}):" if line else f"{problem.path}:"
    return f"{line}:" if line else ""


def _what(problem: Problem) -> str:
    text = " ".join(f"{problem.message}; {problem.hint}".split()) if problem.hint else problem.message
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
