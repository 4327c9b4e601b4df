"""Reading configuration texts in tests, and the problems that they have."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from argus_trio.config.load import parse
from argus_trio.config.model.config import Config
from argus_trio.errors import ConfigInvalid, Problem

NOWHERE = Path("/nowhere")
STDIO = "backends:\n  a:\n    type: stdio\n    command: run\n"
HTTP = "backends:\n  a:\n    type: streamable-http\n    url: https://a.example/mcp\n"


def read(text: str, *, folder: Path = NOWHERE, environ: Mapping[str, str] | None = None) -> Config:
    return parse(dedent(text), source="test", folder=folder, environ=environ or {})


def problems(text: str, *, folder: Path = NOWHERE, environ: Mapping[str, str] | None = None) -> tuple[Problem, ...]:
    with pytest.raises(ConfigInvalid) as caught:
        read(text, folder=folder, environ=environ)
    return caught.value.problems


def problem(text: str, *, folder: Path = NOWHERE, environ: Mapping[str, str] | None = None) -> Problem:
    """The only problem of the text."""
    found = problems(text, folder=folder, environ=environ)
    assert len(found) == 1, found
    return found[0]


def paths(found: tuple[Problem, ...]) -> list[str]:
    return [each.path for each in found]
