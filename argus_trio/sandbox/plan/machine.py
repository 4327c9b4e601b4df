"""What a plan knows of this machine. Files are looked at by a function that is given; nothing here touches one."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import attrs

from argus_trio import Value


@attrs.frozen(kw_only=True)
class PathSeen(Value):
    """What is at a path."""

    real: Path
    """The same without symbolic links."""
    kind: Literal["file", "folder", "socket", "other"]
    uid: int = 0
    gid: int = 0
    mode: int = 0o755
    """The permission bits."""
    is_readable: bool = True
    """Whether the gateway itself may read it; a folder, also pass through it."""
    is_writable: bool = False
    """Whether the gateway itself may change it."""
    identity: tuple[int, int] | None = None
    """Its device and inode, which it has under each of its names."""


LookAt = Callable[[Path], PathSeen | None]
"""Looks at an absolute path; None where nothing is, or nothing that can be seen. It never raises."""
ReadText = Callable[[Path], str | None]
"""The text of a small file; None where it cannot be read."""


@attrs.frozen(kw_only=True)
class Machine(Value):
    """This machine, and the gateway on it."""

    environ: Mapping[str, str] = attrs.field(repr=False)
    """The gateway's own environment."""
    uid: int
    gid: int
    groups: frozenset[int] = frozenset()
    """The groups of the gateway's process, besides `gid`."""
    user_home: Path | None
    """The home folder of the user that the gateway runs as."""
    homes: Path
    """Where the homes of backends are kept."""
    engine_socket: Path | None = None
    """Where the engine listens that is used."""
    folder: Path
    """Where the gateway runs: what a relative path means for a backend without `cwd`."""
    look: LookAt = attrs.field(repr=False, eq=False)
    read: ReadText = attrs.field(repr=False, eq=False, default=lambda path: None)  # noqa: ARG005

    def absolute(self, path: Path, cwd: Path | None = None) -> Path:
        """A path as the backend means it, without `..`."""
        return Path(os.path.normpath(self.folder / (cwd or "") / path))
