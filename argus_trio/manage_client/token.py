"""The token of who asks: out of a file or $ARGUS_TOKEN, never out of the arguments, which every user of the machine can
read."""

from __future__ import annotations

import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from argus_trio.manage_client.failure import USAGE, CommandFailed

MOST_BYTES: Final = 64 * 1024
"""The largest file of a token: a larger one is another file by mistake."""
_OF_OTHERS: Final = stat.S_IRGRP | stat.S_IROTH


def find_token(file: str | None, environ: Mapping[str, str], warn: Callable[[str], None]) -> str:
    """The token; empty where there is none.

    Raises:
        CommandFailed: the file cannot be read, or what it holds cannot be sent.
    """
    if file is None:
        return _sendable(environ.get("ARGUS_TOKEN", "").strip(), "$ARGUS_TOKEN")
    try:
        with Path(file).open("rb") as opened:
            text = opened.read(MOST_BYTES + 1)
        mode = Path(file).stat().st_mode
    except OSError as error:
        raise CommandFailed(f"the token cannot be read: {file}: {error.strerror}", USAGE) from None
    token = text.decode("utf-8", "replace").strip()
    if not token or len(text) > MOST_BYTES:
        raise CommandFailed(f"{file} holds no token: write it there as one line", USAGE)
    if stat.S_ISREG(mode) and mode & _OF_OTHERS:
        warn(f"other users can read {file}: chmod 600 {file}")
    return _sendable(token, file)


def _sendable(token: str, source: str) -> str:
    if not token.isascii() or not token.isprintable() or " " in token:
        raise CommandFailed(f"{source} holds a character that no token has", USAGE)
    return token
