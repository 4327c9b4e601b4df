"""The names of backends: those that other programs gave, made to fit here, each once."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from pathlib import PurePath
from typing import Final

from argus_trio.client_files.server import ServerOrigin

LONGEST: Final = 32
"""How many characters a backend's name may have."""
_OTHER: Final = re.compile(r"[^A-Za-z0-9_.-]+")
_SEPARATOR: Final = re.compile(r"_{2,}")


def fitting(name: str) -> str:
    """A name as one of a backend: letters, digits, `_`, `.` and `-`, and no part of the separator `__` in it."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    text = _SEPARATOR.sub("_", _OTHER.sub("-", plain)).lstrip("_.-")[:LONGEST].rstrip("_-.")
    return text or "server"


def free_name(name: str, origin: ServerOrigin, taken: Collection[str]) -> str:
    """A name that no other backend has: with its project's or its client's behind it, or a number."""
    return next(each for each in _candidates(fitting(name), origin) if each not in taken)


def _candidates(name: str, origin: ServerOrigin) -> Iterator[str]:
    yield name
    for suffix in (PurePath(origin.project).name, origin.client):
        if suffix:
            yield _with(name, suffix)
    number = 2
    while True:
        yield _with(name, str(number))
        number += 1


def _with(name: str, suffix: str) -> str:
    behind = f"-{fitting(suffix)[: LONGEST // 2]}"
    return fitting(name[: LONGEST - len(behind)].rstrip("_-.") + behind)
