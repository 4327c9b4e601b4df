"""A file written, beside those that are there: none is overwritten, and only its owner can read it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import trio

from argus_trio.manage_client.moments import size
from argus_trio.tui.message import Done

MOST_NUMBERS: Final = 1000
"""How many names are tried: that of the path, and those with a number."""


async def saved(path: Path, content: bytes) -> Done:
    """What came of it. The disk may be slow: it is written beside the loop."""
    return await trio.to_thread.run_sync(_written, path, content, abandon_on_cancel=True)


def _written(path: Path, content: bytes) -> Done:
    try:
        path = path.expanduser()
        for at in range(MOST_NUMBERS):
            free = path if at == 0 else path.with_name(f"{path.stem}-{at}{path.suffix}")
            try:
                descriptor = os.open(free, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            except FileExistsError:
                continue
            return _filled(free, descriptor, content)
    except (OSError, ValueError, RuntimeError) as error:  # no such folder, a null byte, nobody's home
        return Done(what="failed", text=f"not saved: {path}: {getattr(error, 'strerror', None) or error}")
    return Done(what="failed", text=f"not saved: {path} and {MOST_NUMBERS - 1} names with a number are there already")


def _filled(path: Path, descriptor: int, content: bytes) -> Done:
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
    except OSError as error:
        path.unlink(missing_ok=True)  # half a file would be taken for a whole one
        return Done(what="failed", text=f"not saved: {path}: {error.strerror}")
    return Done(what="saved", text=f"saved: {path.absolute()} ({size(len(content))})")
