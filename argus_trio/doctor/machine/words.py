"""What problems and warnings of `check` are about, where a look of the doctor knows more than `check` does."""

from __future__ import annotations

import json
import re
from typing import Final

from argus_trio.errors import Problem

_BACKEND: Final = re.compile(r'backends\.([A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*")(?:\.(.*))?')
_VARIABLE: Final = re.compile(r"the variable (\w+) is not set")


def backend_of(problem: Problem) -> str | None:
    """The backend that a problem is in; None where it is in none."""
    found = _BACKEND.fullmatch(problem.path)
    if found is None:
        return None
    name: str = json.loads(found[1]) if found[1].startswith('"') else found[1]
    return name


def command_backend(problem: Problem) -> str | None:
    """The backend whose command a problem is about; None for any other."""
    found = _BACKEND.fullmatch(problem.path)
    return backend_of(problem) if found is not None and found[2] == "command" else None


def missing_variable(problem: Problem) -> str | None:
    """The variable that is not set, where that is the problem."""
    found = _VARIABLE.fullmatch(problem.message)
    return found[1] if found is not None else None
