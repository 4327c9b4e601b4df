"""Redaction: takes the secrets that configurations brought in out of texts, such as log lines and errors."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import attrs

HIDDEN: Final = "[redacted]"
"""What stands in the place of a secret."""
MAX_SECRETS: Final = 4096
"""The number of secrets that are remembered, the latest ones: a gateway whose secrets rotate for years must not become
slow by it."""

_LOWERED_FROM: Final = 8
"""From how many characters on a secret is hidden in lower case too, as it is within a host's name; shorter ones would
hide ordinary words."""


def _latest_last(secrets: Iterable[str]) -> dict[str, None]:
    known: dict[str, None] = {}
    for secret in secrets:
        if secret:
            known.pop(secret, None)
            known[secret] = None
    return known


@attrs.define(eq=False, repr=False)
class Redactor:
    """Replaces every known secret in a text, in one pass, whatever the number of secrets.

    There is one for the whole process: what it learns is hidden from then on by everyone who holds it.
    """

    _known: dict[str, None] = attrs.field(default=(), converter=_latest_last, alias="secrets", repr=False)
    """The secrets, the latest last."""
    _pattern: re.Pattern[str] | None = attrs.field(default=None, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self.learn(())

    def learn(self, secrets: Iterable[str]) -> None:
        """Hide these secrets as well, from now on; what was hidden before stays hidden."""
        for secret in _latest_last(secrets):
            self._known.pop(secret, None)  # it is among the latest again
            self._known[secret] = None
        for oldest in list(self._known)[:-MAX_SECRETS]:
            del self._known[oldest]
        lowered = (each.lower() for each in self._known if len(each) >= _LOWERED_FROM)
        longest_first = sorted({*self._known, *lowered}, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def __call__(self, text: str) -> str:
        """The text with every secret in it replaced."""
        return text if self._pattern is None else self._pattern.sub(HIDDEN, text)
