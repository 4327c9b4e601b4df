"""Secrets out of texts: the values that a configuration brought in, wherever a log line or an error would show one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

HIDDEN: Final = "[redacted]"


class Redactor:
    """Replaces every known secret in a text. Safe to call often: one pass, whatever the number of secrets."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        longest_first = sorted({s for s in secrets if s}, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def __call__(self, text: str) -> str:
        """`text` with every secret replaced."""
        return text if self._pattern is None else self._pattern.sub(HIDDEN, text)
