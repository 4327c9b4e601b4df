"""Secrets out of texts: the values that configurations brought in, wherever a log line or an error would show one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

HIDDEN: Final = "[redacted]"
MAX_SECRETS: Final = 4096
"""As many are remembered, the latest: a gateway whose secrets rotate for years must not become slow by it."""


class Redactor:
    """Replaces every known secret in a text. Safe to call often: one pass, whatever the number of secrets.

    One for the whole process: what it learns is hidden from then on by everyone who holds it.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known: dict[str, None] = {}
        self._pattern: re.Pattern[str] | None = None
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Hide these as well, before anything can show them; what was hidden before stays so."""
        for secret in secrets:
            if secret:
                self._known.pop(secret, None)  # it is among the latest again
                self._known[secret] = None
        for oldest in list(self._known)[:-MAX_SECRETS]:
            del self._known[oldest]
        longest_first = sorted(self._known, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def __call__(self, text: str) -> str:
        """`text` with every secret replaced."""
        return text if self._pattern is None else self._pattern.sub(HIDDEN, text)
