"""How clients write variables into their values, and what each becomes: a reference, a path, or text with a remark."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Literal

import attrs

from argus_trio import Value
from argus_trio.client_files.server import VariableReference, WrittenText

VariableNotation = Literal["none", "shell", "shell-bare", "editor", "braces", "any"]
"""How variables are written: `${A}` and `${A:-b}`; these and `$A` and `%A%`; `${env:A}`; `{env:A}`; all but `$A`."""

_NOTATIONS: Final[Mapping[VariableNotation, re.Pattern[str]]] = {
    "none": re.compile(r"(?!)"),
    "shell": re.compile(r"\$\{(?P<shell>[A-Za-z_]\w*)(?P<with>:-(?P<default>[^}]{0,1000}))?\}", re.ASCII),
    "shell-bare": re.compile(
        r"\$\{(?P<shell>[A-Za-z_]\w*)(?P<with>:-(?P<default>[^}]{0,1000}))?\}|\$(?P<bare>[A-Z_][A-Z0-9_]*)(?!\w)|%(?P<percent>[A-Z_][A-Z0-9_]{2,})%",
        re.ASCII,
    ),
    "editor": re.compile(r"\$\{(?:(?P<scheme>\w+):)?(?P<rest>[^{}$]{1,1000})\}", re.ASCII),
    "braces": re.compile(r"\{(?P<scheme>env|file):(?P<rest>[^{}]{1,1000})\}"),
    "any": re.compile(
        r"\$\{(?P<shell>[A-Z_][A-Z0-9_]*)(?P<with>:-(?P<default>[^}]{0,1000}))?\}|\$\{(?:(?P<scheme>\w+):)?(?P<rest>[^{}$]{1,1000})\}",
        re.ASCII,
    ),
}
_KEPT: Final[Mapping[str, str]] = {
    "keyring": "what the keyring of this machine keeps as {}",
    "cmd": "what `{}` prints, which was run to fill it in",
}
"""Schemes of other gateways whose values nobody can look up here, and what their user is told of each."""
_LOOKS_LIKE_ONE: Final = re.compile(r"\$\{(?:\w+:)?[A-Za-z_][\w-]*\}", re.ASCII)
_TAKEN: Final = frozenset(
    [
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "SHELL",
        "LANG",
        "PWD",
        "TERM",
        "TMPDIR",
        "HOSTNAME",
        "EDITOR",
        "ENV",
        "DISPLAY",
    ]
)
"""Variables that every environment has, with another meaning than an input of that id."""
_PROJECT_IN: Final = frozenset({"CLAUDE_PROJECT_DIR", "PWD"})
"""Variables that a client started in a project's folder has, and the gateway would have with another meaning."""
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


@attrs.frozen(kw_only=True)
class VariableScope(Value):
    """What the variables of a file can mean."""

    notation: VariableNotation
    title: str
    """Of the client, for remarks."""
    home: Path | None = None
    project: Path | None = None
    inputs: Mapping[str, VariableReference] = attrs.field(factory=dict)
    """What the client asks its user for, by its id."""

    def read(self, text: str) -> tuple[WrittenText, tuple[str, ...]]:
        """A value, and what is to be remarked about it."""
        parts: list[str | VariableReference] = []
        remarks: list[str] = []
        at = 0
        for found in _NOTATIONS[self.notation].finditer(text):
            meant = self._meant(found)
            if meant is None:
                remarks.append(f"`{found[0]}` means something to {self.title} alone and stays as it stands")
            parts += [text[at : found.start()], found[0] if meant is None else meant]
            at = found.end()
        parts.append(text[at:])
        if self.notation == "none" and (found_one := _LOOKS_LIKE_ONE.search(text)):
            remarks.append(f"{self.title} replaces no variables: `{found_one[0]}` is taken as the text that it is")
        return WrittenText(tuple(_joined(parts))), tuple(remarks)

    def _meant(self, found: re.Match[str]) -> str | VariableReference | None:
        groups = found.groupdict()
        if name := groups.get("shell") or groups.get("bare") or groups.get("percent"):
            if name in _PROJECT_IN:
                return None if self.project is None else str(self.project)
            return VariableReference(name=name, default=groups.get("default") if groups.get("with") else None)
        scheme, rest = groups.get("scheme"), str(groups["rest"])
        if scheme == "env":
            name, _, default = rest.partition(":")
            name = name.strip()
            if not _NAME.fullmatch(name):
                return None
            return VariableReference(name=name, default=default.removeprefix("-") if default else None)
        if scheme == "input":
            return self.inputs.get(rest)
        if scheme is not None and scheme in _KEPT:
            about = _KEPT[scheme].format(rest.strip())
            return VariableReference(name=variable_name(rest), is_secret=True, about=about)
        return self._place(rest) if scheme is None else self._place(scheme)

    def _place(self, name: str) -> str | VariableReference | None:
        if name == "userHome":
            return VariableReference(name="HOME") if self.home is None else str(self.home)
        if name in ("/", "pathSeparator"):
            return os.sep
        if self.project is None:
            return None
        if name in ("workspaceFolder", "workspaceRoot", "fileWorkspaceFolder", "cwd"):
            return str(self.project)
        return self.project.name if name == "workspaceFolderBasename" else None


def variable_name(text: str) -> str:
    """An id of an input as an environment variable is named."""
    name = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_").upper() or "INPUT"
    return f"INPUT_{name}" if name in _TAKEN or name[0].isdigit() else name


def _joined(parts: list[str | VariableReference]) -> Iterator[str | VariableReference]:
    """Literal pieces that touch are one; empty ones are none."""
    literal = ""
    for each in parts:
        if isinstance(each, str):
            literal += each
            continue
        if literal:
            yield literal
        yield each
        literal = ""
    if literal:
        yield literal
