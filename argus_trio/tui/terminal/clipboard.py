"""A text for the clipboard of who looks, through the terminal: OSC 52. No answer tells whether the terminal took it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Final

COPY_BYTES: Final = 74_994
"""How long a text may be: in base64 it is the 100 000 bytes at which terminals begin to ignore it."""
_SCREEN_BYTES: Final = 512
"""How much GNU screen passes through at once."""


def copied(text: str, environ: Mapping[str, str]) -> str:
    """What is written for it. Raises ValueError, in words for people, where it cannot be copied."""
    term = environ.get("TERM", "")
    if term.startswith("linux"):
        raise ValueError("the console of Linux has no clipboard")
    raw = text.encode("utf-8", "replace")
    if len(raw) > COPY_BYTES:
        raise ValueError(f"{len(raw):,} bytes are too long for the clipboard of a terminal ({COPY_BYTES:,}): save it")
    plain = f"\x1b]52;c;{base64.b64encode(raw).decode('ascii')}\x07"
    if environ.get("TMUX"):
        # tmux takes the one with `set-clipboard on`, and passes the other with `allow-passthrough on`
        return plain + "\x1bPtmux;" + plain.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    if environ.get("STY"):
        pieces = [plain[at : at + _SCREEN_BYTES] for at in range(0, len(plain), _SCREEN_BYTES)]
        return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)
    return plain


def told(what: str, environ: Mapping[str, str]) -> str:
    """What its user is told."""
    if environ.get("TMUX"):
        return f"{what} is copied, if tmux (set-clipboard on) and the terminal let it"
    return f"{what} is copied, if the terminal allows it (OSC 52)"
