"""Key paths: where a value stands in a configuration file."""

from __future__ import annotations

import json
import re

KeyPath = tuple[str | int, ...]
"""The keys and list indexes from the top of the file down to a value."""

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LONGEST = 64


def dotted(key_path: KeyPath) -> str:
    """The key path as people read it: `backends.files.args[2]`; ambiguous or unprintable keys are quoted."""
    text = ""
    for part in key_path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + quoted(part)
    return text


def quoted(key: str) -> str:
    """The key as it can stand in a line of a report."""
    if _PLAIN_KEY.fullmatch(key):
        return key
    return json.dumps(key if len(key) <= _LONGEST else key[:_LONGEST] + "…")
