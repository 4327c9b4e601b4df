"""The words of package runners whose cache is broken: an install that was cut off, which they take for a finished one.

Such a program fails in the same way at every start, by hand too, until somebody deletes what is half there. Nothing is
deleted here: the folder is the user's, and other programs may be using it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import Final

NPX_WORDS: Final = {
    "ENOTEMPTY: directory not empty, rename": "npm 7 to 11: a folder of an install before is in the way",
    "MODULE_NOT_FOUND": "Node: a package or a file of one was never unpacked (CommonJS); the path says where",
    "Cannot find package": "Node 20 and later: the same, for modules of ECMAScript (ERR_MODULE_NOT_FOUND)",
    "Cannot find module": "Node, the same in the first line",
    "ENOENT: no such file or directory, open": "npm: what an install before should have written",
}
"""What npm and Node say of a broken folder of npx, and when; it counts where they name such a folder beside it."""
NPX_OWN_WORDS: Final = {
    "could not determine executable to run": "npm 7 to 11: the package is there, its commands are not",
    "npm error code ECOMPROMISED": "npm 11: somebody else had the lock of the folder",
}
"""What npx says without naming the folder."""
SHELL_WORDS: Final = re.compile(
    r"^(?:/bin/)?(?:ba|da)?sh: (?:(?:line )?\d+: )?(\S+): (?:command )?not found$", re.MULTILINE
)
"""What the shell says that npx starts a command with, whose link is not there."""
UV_WORDS: Final = {
    "Failed to read from the distribution cache": "uv: an archive that is half there",
    "Failed to deserialize cache entry": "uv: a file that is half written",
    "Failed to initialize cache at": "uv: the folder itself cannot be used",
    "Failed to install: ": "uv: a package that is half there is to be linked",
    "Missing .dist-info directory": "uv: the same",
}
"""What uv says of its cache."""

_NPX_BROKEN: Final = "npx's folder of it may be broken by an install that was cut off"
_ALL_OF_NPX: Final = "npm cache npx rm, or rm -r ~/.npm/_npx"
_FOLDER: Final = re.compile(r"""(?:^|[\s'"`(]|file://)(/[^\s'"`:()]*/_npx/[0-9a-f]{16})(?![0-9a-f])""", re.MULTILINE)
_NPX: Final = frozenset({"npx", "npm", "npx.cmd", "npm.cmd"})
_UV: Final = frozenset({"uvx", "uv"})


def way_out(command: Sequence[str], stderr: Sequence[str]) -> str:
    """What to do about it, where these lines of a program that failed to start show a broken cache; else empty.

    `command` is the program's command line.
    """
    said = "\n".join(stderr)
    if "/_npx/" in said and any(words in said for words in NPX_WORDS):
        folder = _FOLDER.search(said)
        return f"{_NPX_BROKEN}: {_ALL_OF_NPX if folder is None else f'rm -r {folder[1]}'}"
    if _runs(command, _NPX) and (any(words in said for words in NPX_OWN_WORDS) or SHELL_WORDS.search(said)):
        return f"{_NPX_BROKEN}: {_ALL_OF_NPX}; if that does not help, the package has no such command"
    if _runs(command, _UV) and any(words in said for words in UV_WORDS):
        return "uv's cache may be broken by an install that was cut off: uv cache clean"
    return ""


def _runs(command: Sequence[str], names: frozenset[str]) -> bool:
    """Whether one of these programs is started: as the command itself, or within a line for a shell."""
    return any(PurePath(word).name in names for part in command for word in part.split())
