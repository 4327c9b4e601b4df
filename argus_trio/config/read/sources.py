"""The files that a configuration was read from, and the stamp of each then, so that a change can be noticed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from stat import S_ISREG

import attrs

Stamp = tuple[int, int, int, int, int] | None
"""A value that differs whenever a file has been written, replaced or given other rights; None if there is none to be
seen. What is no regular file, such as a pipe that a shell made, can be read once only and has no stamp either."""

Stamps = Mapping[Path, Stamp]
"""The stamps of several files."""


def stamp(path: Path) -> Stamp:
    """The stamp of the file at the end of all symlinks."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    if not S_ISREG(found.st_mode):
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


@attrs.define(eq=False, repr=False)
class Sources:
    """The files of one reading, each noted before it is opened, so that a change in between is seen and not missed."""

    stamps: dict[Path, Stamp] = attrs.field(factory=dict)

    def note(self, path: Path) -> None:
        """Note a file that is about to be read."""
        self.stamps.setdefault(path, stamp(path))
