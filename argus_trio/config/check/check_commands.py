"""Checks whether the programs of stdio backends are there, and that no command is a whole command line.

A program that is not there is a warning, not a problem: it may be installed by the time it is needed, and the other
backends are served meanwhile. The programs of disabled backends need not be there, nor those that a container brings.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Final, Literal

import attrs

from argus_trio import Value
from argus_trio.config.model.backend import StdioBackend
from argus_trio.config.model.config import Config
from argus_trio.config.read.findings import Findings
from argus_trio.config.read.key_path import KeyPath
from argus_trio.config.read.splice import located

Found = Literal["program", "not executable", "folder", "nothing"]
"""What is found where a command points to."""

_COMMAND_LINE: Final = "expected one program, found a command line"
_PLAIN: Final = re.compile(r"-{0,2}[A-Za-z0-9_./][A-Za-z0-9_./@+-]*")
"""The words that YAML takes without quotes, wherever they stand."""
_RUNNERS: Final = frozenset({"uvx", "uv", "pipx", "npx", "docker", "podman"})
"""The programs whose arguments say what an image has to hold."""
_TELLING: Final = re.compile(r"://|=|[A-Za-z0-9_]{24}")
"""What makes a word one that may hold a secret: an address, a value, a long run of letters and digits."""


@attrs.frozen(kw_only=True)
class CommandCheck(Value):
    """Checks the commands of one file in `folder`; programs are looked for as a backend's process does."""

    environ: Mapping[str, str]
    folder: Path
    brought: Collection[KeyPath]
    """Where `${...}` brought in a part of the text, so that no report may repeat it."""

    contained: Collection[str] = ()
    """The backends whose program an image brings along."""

    def check(self, written: Config, findings: Findings) -> None:
        """Report what is wrong with the commands of `written`, whose paths are as the file says them."""
        for name, backend in written.backends.items():
            key_path: KeyPath = ("backends", name, "command")
            if isinstance(backend, StdioBackend) and not findings.is_faulty(key_path):
                self._command(backend, key_path, findings)

    def _command(self, backend: StdioBackend, key_path: KeyPath, findings: Findings) -> None:
        found = self._found(backend.command, backend) if backend.enabled else "nothing"
        words = _words(backend.command)
        if found == "nothing" and len(words) != 1 and self._is_command_line(words, backend):
            findings.add(key_path, _COMMAND_LINE, self._advice(words, key_path))
        elif backend.enabled and found != "program" and backend.name not in self.contained:
            findings.warn(key_path, *_warning(found, backend.command))

    def _is_command_line(self, words: list[str], backend: StdioBackend) -> bool:
        """Whether a command of several words, which is no file as a whole, is a program and its arguments."""
        if "/" not in backend.command:
            return True
        return backend.enabled and self._found(words[0], backend) == "program"

    def _found(self, command: str, backend: StdioBackend) -> Found:
        found: Found = "nothing"
        for path in self._candidates(command, backend):
            try:
                if path.is_file() and os.access(path, os.X_OK):
                    return "program"
                if path.exists() and found == "nothing":
                    found = "not executable" if path.is_file() else "folder"
            except OSError:  # a name that is too long, a folder that may not be entered
                continue
        return found

    def _candidates(self, command: str, backend: StdioBackend) -> Iterator[Path]:
        if "/" in command:
            yield located(command, folder=self.folder, environ=self.environ)
            return
        start = Path() if backend.cwd is None else located(str(backend.cwd), folder=self.folder, environ=self.environ)
        search = backend.env.get("PATH", self.environ.get("PATH", os.defpath))
        yield from (start / folder / command for folder in search.split(os.pathsep))

    def _advice(self, words: list[str], key_path: KeyPath) -> str:
        if not words or key_path in self.brought or "=" in words[0]:
            return "put what follows the program into args, and variables before it into env"
        program, *arguments = words
        return f"write command: {_yaml(program)} and args: [{', '.join(_shown(arguments))}]"


def brought_along(config: Config) -> frozenset[str]:
    """The backends of `config`, which has its defaults in it, that need no program here once they are contained.

    Where none can be, they are down for that reason, which is told then.
    """
    stdio = (each for each in config.backends.values() if isinstance(each, StdioBackend))
    return frozenset(
        each.name
        for each in stdio
        if each.container.setting != "off"
        and (
            each.container.image
            or each.container.dockerfile
            or each.container.packages
            or (each.container.setting == "required" and each.command in _RUNNERS)
        )
    )


def _warning(found: Found, command: str) -> tuple[str, str]:
    """The message and the hint about a command where something else than a program was found."""
    if found == "not executable":
        return (
            "the file is not executable",
            "chmod +x it, or make its interpreter the command and the file its first arg",
        )
    if "/" not in command:
        spared = "; none is needed where it runs in a container" if command in _RUNNERS else ""
        hint = f"install it, or write its path; services have a PATH of their own{spared}"
        return "there is no such program in PATH", hint
    if found == "folder":
        return "expected a program, found a folder", ""
    hint = "relative paths start at the folder of the configuration file"
    if len(command.split()) > 1:
        hint += "; the arguments of a program go into args"
    return "there is no such file", hint


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:  # a quote that does not end
        return command.split()


def _shown(arguments: list[str]) -> Iterator[str]:
    """The arguments as they are written in YAML, without what may be a secret."""
    before = ""
    for argument in arguments:
        is_value = before.startswith("--") and not argument.startswith("-")
        yield "..." if is_value or _TELLING.search(argument) else _yaml(argument)
        before = argument


def _yaml(word: str) -> str:
    is_plain = _PLAIN.fullmatch(word) and word.lower() != "null"
    return word if is_plain else json.dumps(word, ensure_ascii=False)
