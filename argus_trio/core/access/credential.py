"""A credential of the file as it is kept: by its digest alone, whether it is written plainly or hashed."""

from __future__ import annotations

import hashlib
import re
from typing import Final

HASHED: Final = "sha256:"
"""What a credential begins with that stands in the file as its digest."""
_HEX: Final = re.compile(r"[0-9A-Fa-f]{64}")
_SENDABLE: Final = re.compile(r"[!-~]+")


class NoCredential(ValueError):
    """The text can be no credential; the first argument says why, and nothing of the text."""


def written_digest(written: str) -> bytes:
    """The digest of the credential that is written so in the file. Raises `NoCredential`."""
    if written.startswith(HASHED):
        digest = written.removeprefix(HASHED)
        if not _HEX.fullmatch(digest):
            raise NoCredential("sha256: is followed by the digest in 64 hexadecimal digits")
        return bytes.fromhex(digest)
    if not _SENDABLE.fullmatch(written):
        raise NoCredential("a credential has one or more visible ASCII characters, and no spaces")
    return credential_digest(written.encode("ascii"))


def bearer_token(authorization: bytes) -> bytes | None:
    """What a value of `Authorization: Bearer` brings, perhaps nothing; None for another scheme."""
    scheme, _, token = authorization.strip().partition(b" ")
    return token.strip() if scheme.lower() in (b"bearer", b"") else None


def credential_digest(credential: bytes) -> bytes:
    """The digest that a credential is known by."""
    return hashlib.sha256(credential).digest()
