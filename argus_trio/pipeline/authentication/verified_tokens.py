"""Tokens that were verified, so that the next request with one costs a digest. They are known by it alone. Sans I/O."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

import attrs

from argus_trio.pipeline.authentication.token_rules import VerifiedToken

MOST_TOKENS: Final = 10_000
MOST_TOKEN_BYTES: Final = 16 * 1024 * 1024
"""How many verified tokens are remembered, and what they may hold together; the least recently used one is forgotten,
and verified again when it comes."""
_EMPTY_BYTES: Final = 1024
"""What one holds besides its texts, about."""


@attrs.frozen(eq=False, repr=False, kw_only=True)
class _Remembered:
    token: VerifiedToken
    until: float
    size: int


@attrs.define(eq=False, repr=False)
class VerifiedTokens:
    """The tokens that one method of the file has verified."""

    _tokens: OrderedDict[bytes, _Remembered] = attrs.field(factory=OrderedDict, init=False, repr=False)
    _size: int = attrs.field(default=0, init=False)

    def get(self, digest: bytes, now: float) -> VerifiedToken | None:
        """What was verified under that digest, as long as it may be relied on."""
        found = self._tokens.get(digest)
        if found is None:
            return None
        if now >= found.until:
            self._forget(digest)
            return None
        self._tokens.move_to_end(digest)
        return found.token

    def put(self, digest: bytes, token: VerifiedToken, until: float) -> None:
        """Remember it until that time, and never past its `exp`."""
        self._forget(digest)
        size = _size(token)
        self._tokens[digest] = _Remembered(token=token, until=min(until, token.expires), size=size)
        self._size += size
        while len(self._tokens) > MOST_TOKENS or self._size > MOST_TOKEN_BYTES:
            self._forget(next(iter(self._tokens)))

    def _forget(self, digest: bytes) -> None:
        found = self._tokens.pop(digest, None)
        if found is not None:
            self._size -= found.size


def _size(token: VerifiedToken) -> int:
    principal = token.principal
    texts = (principal.name, *principal.roles, *(principal.scopes or ()), *token.audiences)
    return _EMPTY_BYTES + sum(64 + len(text) for text in texts)
