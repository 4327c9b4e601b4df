"""Where a value stands in a configuration file: the keys and list indexes from the top down to it."""

from __future__ import annotations

import json
import re

KeyPath = tuple[str | int, ...]

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LONGEST = 64


def dotted(place: KeyPath) -> str:
    """The place as people read it: `backends.files.args[2]`; keys that would be ambiguous or unprintable are quoted."""
    text = ""
    for part in place:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + quoted(part)
    return text


def quoted(key: str) -> str:
    """A key as it can stand in a line of a report."""
    if _PLAIN_KEY.fullmatch(key):
        return key
    return json.dumps(key if len(key) <= _LONGEST else key[:_LONGEST] + "…")
