"""A client's file: which one is meant, and what is in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs

from argus_trio import Value
from argus_trio.client_files.kinds import ClientKind


class NoPlace(Exception):
    """The client has no such file."""


@attrs.frozen(kw_only=True)
class ClientPlace(Value):
    """A file of a client."""

    path: Path
    members: tuple[str, ...]
    is_private: bool
    """It is its user's own, and may hold secrets."""


def find_place(
    kind: ClientKind, named: Path | None, *, for_project: bool, home: Path, cwd: Path, environ: Mapping[str, str]
) -> ClientPlace:
    """Where the entry is put. Raises NoPlace."""
    place = kind.place(for_project=for_project)
    if place is None:
        raise NoPlace(f"{kind.title} has no file for a project: leave --project out")
    path = cwd / named if named is not None else place.at(home=home, cwd=cwd, environ=environ)
    return ClientPlace(path=path, members=place.members, is_private=not place.is_for_project)


def shown(path: Path, home: Path) -> str:
    """A path as people write it."""
    return f"~/{path.relative_to(home)}" if home != Path("/") and path.is_relative_to(home) else str(path)
