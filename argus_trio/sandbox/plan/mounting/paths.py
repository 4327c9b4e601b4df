"""Paths that a command line, a folder and variables name: which words are paths that exist, and what is there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.sandbox.plan.environment import CA_VARIABLES
from argus_trio.sandbox.plan.machine import Machine, PathSeen
from argus_trio.sandbox.plan.mounting.forbidden import why_not
from argus_trio.sandbox.plan.outcome import HOME_TARGET

_OF_EVERY_CONTAINER: Final = frozenset({
    "/tmp", "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/stdin", "/dev/stdout",  # noqa: S108
    "/dev/stderr", "/dev/tty", "/dev/shm", "/dev/fd",  # noqa: S108
})  # fmt: skip
"""Paths that a container has of its own, and that mean the same there."""
_SCRIPT: Final = re.compile(r".*\.(?:py|pyw|js|mjs|cjs|ts|mts|tsx)")
_NO_PATHS: Final = frozenset({
    "PATH", "HOME", "TMPDIR", "TMP", "TEMP", "SHELL", "PWD", "OLDPWD", "LD_LIBRARY_PATH", "LD_PRELOAD", "TZ", "TZDIR",
})  # fmt: skip
"""Variables whose paths are those of the container, or mean nothing there."""
MAX_WORD: Final = 4096
"""Characters of a path: no longer word is looked at."""


@attrs.frozen(kw_only=True)
class NamedPath(Value):
    """A path that is named, and is there."""

    path: Path
    """As it is named, absolute."""
    seen: PathSeen
    why: str
    """What names it: "args[1]", "cwd", "env.DATA"."""
    is_relative: bool = False
    target: Path | None = None
    """Where it has to be inside; None: where it is here."""


@attrs.frozen(kw_only=True)
class MissingPath(Value):
    """A path that is named, and is not there, below a folder that is: most likely the program is to make it."""

    path: Path
    above: Path
    """The folder that is there."""
    why: str


def paths_of_args(
    args: tuple[str, ...], first: int, machine: Machine, cwd: Path | None, *, takes_folders: bool
) -> Iterator[NamedPath | MissingPath]:
    """The paths among the last arguments of a command line, which begin at `first`.

    `takes_folders`: of a script its folder is meant, for it may load what is beside it.
    """
    for position, word in enumerate(args, start=first):
        why = f"args[{position}]"
        for part in _parts(word):
            # What an interpreter is given to run is a path in any case.
            start = machine.folder if takes_folders and _SCRIPT.fullmatch(part) else cwd
            found = _named(part, machine, start, why, is_argument=True)
            if takes_folders and isinstance(found, NamedPath) and _SCRIPT.fullmatch(found.path.name):
                found = _with_folder(found, machine)
            if found is not None:
                yield found


def _with_folder(script: NamedPath, machine: Machine) -> NamedPath:
    """The folder of a script, if that may be mounted: a home folder may not."""
    path = script.path.parent
    folder = machine.look(path)
    if folder is None or script.seen.kind != "file" or why_not(path, folder, machine) is not None:
        return script
    return attrs.evolve(script, path=path, seen=folder, target=script.target and script.target.parent)


def paths_of_env(env: Mapping[str, str], machine: Machine, cwd: Path | None) -> Iterator[NamedPath | MissingPath]:
    """The paths among the values of variables."""
    for name, value in env.items():
        if name in _NO_PATHS or name in CA_VARIABLES:
            continue
        words = [value] if len(value) > MAX_WORD or "\0" in value else _words(value)
        for word in words:
            if (found := _named(word, machine, cwd, f"env.{name}", is_argument=False)) is not None:
                yield found


def _parts(word: str) -> Iterator[str]:
    """What of an argument may be a path: all of it, the value of an option, each of several paths."""
    option, equals, value = word.partition("=")
    if equals and (option.startswith("-") or re.fullmatch(r"[A-Za-z_][\w.-]*", option)):
        yield from _words(value)
    elif not word.startswith("-"):
        yield from _words(word)


def _words(text: str) -> list[str]:
    for prefix in ("file://", "unix://"):
        if text.startswith(f"{prefix}/"):
            return [text.removeprefix(prefix)]
    for separator in (":", ",", ";"):
        several = [each for each in text.split(separator) if each]
        if len(several) > 1 and all(each.startswith("/") for each in several):
            return several
    return [text]


def _named(
    word: str, machine: Machine, cwd: Path | None, why: str, *, is_argument: bool
) -> NamedPath | MissingPath | None:
    if not word or len(word) > MAX_WORD or "\0" in word or word in _OF_EVERY_CONTAINER or word.startswith("//"):
        return None
    if word == "~" or word.startswith("~/"):
        return _below_home(word, machine, why)
    is_absolute = word.startswith("/")
    if not is_absolute and not _may_be_relative(word, cwd, is_argument=is_argument):
        return None
    path = machine.absolute(Path(word), cwd)
    if str(path) in _OF_EVERY_CONTAINER or str(path).startswith("/dev/fd/"):
        return None
    seen = machine.look(path)
    if seen is not None:
        return NamedPath(path=path, seen=seen, why=why, is_relative=not is_absolute)
    if not path.suffix or not (is_absolute or word.startswith(".")):
        return None
    above, found = next((each, seen) for each in path.parents if (seen := machine.look(each)) or each == Path("/"))
    is_to_be = found is not None and found.kind == "folder" and str(above) != "/"
    return MissingPath(path=path, above=above, why=why) if is_to_be else None


def _below_home(word: str, machine: Machine, why: str) -> NamedPath | None:
    """What a program that reads `~` itself means: it finds it below the home that it has inside.

    What is not there yet it makes, in that home.
    """
    if machine.user_home is None:
        return None
    rest = Path(os.path.normpath(Path("/", word[2:]))).relative_to("/")
    path = machine.user_home / rest
    seen = machine.look(path)
    return None if seen is None else NamedPath(path=path, seen=seen, why=why, target=Path(HOME_TARGET) / rest)


def _may_be_relative(word: str, cwd: Path | None, *, is_argument: bool) -> bool:
    # A plain word that is the name of a file where the gateway happens to run means nothing; in a folder that is named
    # as the backend's own, it most likely does. So does `owner/name`, which many servers take.
    if word in (".", "..") or word.startswith(("./", "../")):
        return True
    if cwd is None or "://" in word:
        return False
    return "/" in word or is_argument
