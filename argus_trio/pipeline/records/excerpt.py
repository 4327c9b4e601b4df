"""What is shown of arguments and results where the file asks for it: their beginning, without secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Final

import attrs

from argus_trio.core.redaction import HIDDEN, Redactor

_LONGEST_SECRET: Final = 4096
"""How much is read beyond the cut, in bytes: a secret that the cut would divide is hidden first."""
_MARK: Final = "…"


def _as_in_json(secrets: Iterable[str]) -> Iterable[str]:
    """Each secret as JSON texts may spell it."""
    for secret in secrets:
        plain = json.dumps(secret, ensure_ascii=False)[1:-1]
        yield from {secret, plain, json.dumps(secret)[1:-1], plain.replace("/", r"\/")}


@attrs.frozen(eq=False)
class Excerpts:
    """Makes excerpts of raw JSON of at most so many bytes each."""

    max_bytes: int
    patterns: tuple[re.Pattern[str], ...] = ()
    """What is hidden besides the secrets of the configuration."""
    redact: Redactor = attrs.field(factory=Redactor)

    @classmethod
    def of(cls, max_bytes: int, patterns: Iterable[str], secrets: Iterable[str]) -> Excerpts:
        """Excerpts without these secrets, and without what matches the patterns. Raises `re.error`."""
        return cls(max_bytes, tuple(map(re.compile, patterns)), Redactor(tuple(_as_in_json(secrets))))

    def __call__(self, raw: bytes) -> str:
        """The beginning of `raw`. Patterns see no more than that, so that the time they take is bounded."""
        text = self.redact(raw[: self.max_bytes + _LONGEST_SECRET].decode("utf-8", "replace"))
        is_cut = len(raw) > self.max_bytes
        if is_cut:
            text = text.encode()[: self.max_bytes].decode("utf-8", "ignore")
        for pattern in self.patterns:
            text = pattern.sub(HIDDEN, text)
        return text + _MARK if is_cut else text
