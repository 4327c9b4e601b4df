"""This machine as plans look at it: the real `Machine`, with its files, users and folders."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

from argus_trio.sandbox.plan.machine import Machine, PathSeen

MAX_TEXT: Final = 256 * 1024
"""Bytes of a file that a command line names, such as `--env-file`."""


def this_machine(environ: Mapping[str, str], folder: Path) -> Machine:
    """This machine, for a gateway with that environment in that folder. It blocks for a moment where disks do."""
    home = environ.get("HOME")
    return Machine(
        environ=environ,
        uid=os.geteuid(),
        gid=os.getegid(),
        groups=frozenset(os.getgroups()) - {os.getegid()},
        user_home=Path(home) if home and home.startswith("/") and home != "/" else None,
        homes=homes(environ),
        folder=folder,
        look=look,
        read=read,
    )


def homes(environ: Mapping[str, str]) -> Path:
    """Where the homes of backends are kept."""
    if (state := environ.get("STATE_DIRECTORY")) and state.startswith("/"):
        return Path(state.split(":")[0]) / "homes"
    if (xdg := environ.get("XDG_STATE_HOME")) and xdg.startswith("/"):
        return Path(xdg) / "argus-trio" / "homes"
    home = environ.get("HOME")
    if home and home.startswith("/"):
        return Path(home) / ".local" / "state" / "argus-trio" / "homes"
    return Path(f"/var/tmp/argus-trio-{os.geteuid()}/homes")  # noqa: S108  # whoever makes it checks whose it is


def look(path: Path) -> PathSeen | None:
    """What is at a path; None where nothing is, or nothing that can be seen."""
    try:
        real = Path(os.path.realpath(path, strict=True))
        found = real.stat()
        kind: Literal["file", "folder", "socket", "other"] = "other"
        if stat.S_ISREG(found.st_mode):
            kind = "file"
        elif stat.S_ISDIR(found.st_mode):
            kind = "folder"
        elif stat.S_ISSOCK(found.st_mode):
            kind = "socket"
        return PathSeen(
            real=real,
            kind=kind,
            uid=found.st_uid,
            gid=found.st_gid,
            mode=stat.S_IMODE(found.st_mode),
            is_readable=os.access(real, os.R_OK | (os.X_OK if kind == "folder" else 0)),
            is_writable=os.access(real, os.W_OK),
            identity=(found.st_dev, found.st_ino),
        )
    except (OSError, ValueError):
        return None


def read(path: Path) -> str | None:
    """The text of a small file; None where it cannot be read, or is no small one."""
    try:
        if not path.is_file():  # a pipe would be waited for
            return None
        with path.open("rb") as file:
            content = file.read(MAX_TEXT + 1)
        return None if len(content) > MAX_TEXT else content.decode("utf-8", "replace")
    except (OSError, ValueError):
        return None
