"""A signed token taken apart (RFC 7515, 7519), before anybody has verified it: which issuer and key it speaks of.

Nothing of it may be believed yet; what it says only picks who judges it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Final

import attrs
import msgspec

_COMPACT: Final = re.compile(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*")
_TYPES: Final = frozenset({"jwt", "at+jwt", "application/at+jwt", "application/jwt"})
"""The types of tokens that let in: access tokens (RFC 9068, 2.1), and those that leave it open. Others, such as
logout+jwt, are for other purposes (RFC 8725, 3.11)."""


class NoToken(ValueError):
    """It is no token that could be verified; the first argument is one word that says why."""


def is_signed_form(credential: bytes) -> bool:
    """Whether it looks like a token that somebody has signed."""
    return _COMPACT.fullmatch(credential) is not None


@attrs.frozen(eq=False, repr=False, kw_only=True)
class SignedToken:
    """One token, unverified."""

    raw: bytes = attrs.field(repr=False)
    algorithm: str
    key_id: str | None
    issuer: str

    @classmethod
    def of(cls, raw: bytes) -> SignedToken:
        """The token in its parts. Raises `NoToken`."""
        head, payload, signature = raw.split(b".")
        header, claims = json_object(decoded(head)), json_object(decoded(payload))
        if not signature or not decoded(signature):
            raise NoToken("unsigned")
        if "crit" in header:  # RFC 7515, 4.1.11: what must be understood, and nothing of it is here
            raise NoToken("crit")
        algorithm, key_id, issuer = header.get("alg"), header.get("kid"), claims.get("iss")
        kind = header.get("typ")
        if not isinstance(algorithm, str):
            raise NoToken("algorithm")
        if kind is not None and (not isinstance(kind, str) or kind.lower() not in _TYPES):
            raise NoToken("typ")
        if key_id is not None and not isinstance(key_id, str):
            raise NoToken("key_id")
        if not isinstance(issuer, str):
            raise NoToken("issuer")
        return cls(raw=raw, algorithm=algorithm, key_id=key_id, issuer=issuer)


def json_object(text: bytes) -> Mapping[str, object]:
    """The JSON object in the text. Raises `NoToken`."""
    try:
        return _OBJECT.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise NoToken("malformed") from None


def decoded(part: bytes) -> bytes:
    """The bytes of one part. Raises `NoToken`."""
    try:
        return base64.b64decode(part + b"=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise NoToken("malformed") from None


_OBJECT: Final = msgspec.json.Decoder(dict[str, object])
