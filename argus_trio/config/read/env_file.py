"""The file of variables that `env_file` names: `NAME=VALUE` lines, as a shell and systemd's EnvironmentFile read them.

# a comment
API_KEY=as it stands, to the end of the line
export GREETING='between single quotes: $ \\ " # are themselves, and so is a line break'
PASSWORD="between double quotes: \\" \\\\ \\$ \\` are what follows the backslash"
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import attrs

from argus_trio import Value

_BETWEEN: Final = re.compile(r"(?:[ \t\r\n]+|[#;][^\n]*)*")
"""Empty lines and comments."""
_NAME: Final = re.compile(r"(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*")
_QUOTED: Final = re.compile(r"""'([^']*)'|"((?:[^"\\]|\\.)*)\"""", re.DOTALL)
_ESCAPED: Final = re.compile(r"\\([\\\"$`])|\\\n")
_REST: Final = re.compile(r"[^\n]*")


@attrs.frozen(kw_only=True)
class EnvFileFault(Value):
    """A line that cannot be read; nothing of its content is told."""

    line: int
    what: str


@attrs.frozen(kw_only=True)
class EnvFileContent(Value):
    """What such a file holds."""

    variables: Mapping[str, str] = attrs.field(repr=False)
    """The last counts, where a name stands twice."""
    faults: tuple[EnvFileFault, ...] = ()


def read_env_text(text: str) -> EnvFileContent:
    """The variables in the text of such a file, and every line that is none."""
    variables: dict[str, str] = {}
    faults: list[EnvFileFault] = []
    at = _end(_BETWEEN, text, 0)
    while at < len(text):
        line = text.count("\n", 0, at) + 1
        name = _NAME.match(text, at)
        if name is None:
            faults.append(EnvFileFault(line=line, what="is no NAME=VALUE"))
            at = _end(_REST, text, at)
        else:
            value, at = _value(text, name.end())
            if value is None or "\0" in value:
                faults.append(EnvFileFault(line=line, what="has a quote that does not end, or something behind it"))
            else:
                variables[name[1]] = value
        at = _end(_BETWEEN, text, at)
    return EnvFileContent(variables=variables, faults=tuple(faults))


def env_line(name: str, value: str) -> str:
    """The line that gives a variable this value, without a line break at its end; `read_env_text` reads the same."""
    if re.fullmatch(r"[\w@%+=:,./~-]*", value, re.ASCII):
        return f"{name}={value}"
    if "'" not in value:
        return f"{name}='{value}'"
    return f'{name}="' + re.sub(r"([\\\"$`])", r"\\\1", value) + '"'


def _value(text: str, at: int) -> tuple[str | None, int]:
    """The value that begins here, None if it has no end, and where it ends."""
    rest_end = _end(_REST, text, at)
    if text[at : at + 1] not in ("'", '"'):
        return text[at:rest_end].rstrip(), rest_end
    quoted = _QUOTED.match(text, at)
    if quoted is None:
        return None, rest_end
    end = _end(_REST, text, quoted.end())
    if text[quoted.end() : end].strip():
        return None, end
    return quoted[1] if quoted[1] is not None else _ESCAPED.sub(r"\1", quoted[2]), end


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return at if found is None else found.end()
