"""The report of a configuration's problems, as people read it: one line each, in file order."""

from __future__ import annotations

from argus_trio.errors import ConfigInvalid, Problem

_WIDEST = 48


def render_problems(error: ConfigInvalid) -> str:
    """The report: the file's name, the number of problems, then `path (line N): what; hint` for each.

    There is no line break at the end.
    """
    count = len(error.problems)
    wheres = [_where(problem) for problem in error.problems]
    width = min(max((len(where) for where in wheres), default=0), _WIDEST)
    lines = [f"{error.source}: {count} problem{'' if count == 1 else 's'}"]
    for where, problem in zip(wheres, error.problems, strict=True):
        lines.append(f"  {where:<{width}} {_what(problem)}" if where else f"  {_what(problem)}")
    return "\n".join(lines)


def one_line(problem: Problem) -> str:
    """The problem as one line of text."""
    where = _where(problem)
    return f"{where} {_what(problem)}" if where else _what(problem)


def _where(problem: Problem) -> str:
    line = f"line {problem.line}" if problem.line else ""
    if problem.path:
        return f"{problem.path} ({line}):" if line else f"{problem.path}:"
    return f"{line}:" if line else ""


def _what(problem: Problem) -> str:
    text = " ".join(f"{problem.message}; {problem.hint}".split()) if problem.hint else problem.message
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
