"""Files of variables, NAME=VALUE on each line: those of others read, that of the gateway written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from argus_trio.config.read.env_file import env_line

_LINE: Final = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.]*)\s*=[ \t]*(.*)")
_QUOTED: Final = re.compile(r"""'([^']*)'|"((?:[^"\\]|\\.)*)\"""")
_ESCAPES: Final[Mapping[str, str]] = {"n": "\n", "r": "\r", "t": "\t"}


def read_variables(text: str) -> dict[str, str]:
    """The variables of a file as programs have it that read such files; lines that set none are passed over."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if (match := _LINE.fullmatch(line)) is not None and not line.lstrip().startswith("#"):
            found[match[1]] = _value(match[2])
    return found


def _value(text: str) -> str:
    if quoted := _QUOTED.match(text):
        if quoted[1] is not None:
            return quoted[1]
        return re.sub(r"\\(.)", lambda each: _ESCAPES.get(each[1], each[1]), quoted[2])
    return re.split(r"\s#", text, maxsplit=1)[0].strip()


def env_text(variables: Mapping[str, str], needed: Mapping[str, str]) -> str:
    """The text of the gateway's env file: its secrets, then what has to be filled in."""
    return "".join(f"{line}\n" for line in _lines(variables, needed))


def _lines(variables: Mapping[str, str], needed: Mapping[str, str]) -> Iterator[str]:
    yield "# The secrets of the configuration beside it, which names this file as env_file. For your eyes alone."
    for name, value in variables.items():
        yield env_line(name, value)
    if needed:
        yield ""
        yield "# These have no value yet: fill them in, take the # away, and in the configuration the `enabled: false`"
        yield "# of the backends that use them."
    for name, about in needed.items():
        if about:
            yield f"# {' '.join(about.split())}"
        yield f"#{name}="
