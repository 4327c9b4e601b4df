"""Which files a configuration was read from, and how each stood then, so that a change of one can be told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from stat import S_ISREG

import attrs

Stamp = tuple[int, int, int, int, int] | None
"""What differs whenever a file has been written, replaced or given other rights; None if there is none to be seen.
What is no regular file, such as a pipe that a shell made, can be read once only: it never counts as changed."""

Stamps = Mapping[Path, Stamp]


def stamp(path: Path) -> Stamp:
    """How the file at the end of all symlinks stands."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    if not S_ISREG(found.st_mode):
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


@attrs.define(eq=False)
class Sources:
    """The files of one reading, noted before each is opened: a change in between is seen later, not missed."""

    stamps: dict[Path, Stamp] = attrs.field(factory=dict)

    def note(self, path: Path) -> None:
        """This file is about to be read."""
        self.stamps.setdefault(path, stamp(path))
