"""What is shown of arguments and results where the file asks for it: their beginning, without secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Final

import attrs

from argus_trio.core.redaction import HIDDEN, Redactor

_BEYOND_BYTES: Final = 4096
"""How much is read beyond the cut: what the cut would divide is hidden first."""
_MARK: Final = "…"


def _as_in_json(secrets: Iterable[str]) -> Iterable[str]:
    """Each secret as JSON texts may spell it."""
    for secret in secrets:
        plain = json.dumps(secret, ensure_ascii=False)[1:-1]
        yield from {secret, plain, json.dumps(secret)[1:-1], plain.replace("/", r"\/")}


@attrs.frozen(eq=False, repr=False)
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
        """The beginning of `raw`. Patterns see little more than that, so that the time they take is bounded."""
        text = self.redact(raw[: self.max_bytes + _BEYOND_BYTES].decode("utf-8", "replace"))
        for pattern in self.patterns:
            text = pattern.sub(HIDDEN, text)
        if len(raw) <= self.max_bytes:
            return text
        return text.encode()[: self.max_bytes].decode("utf-8", "ignore") + _MARK
