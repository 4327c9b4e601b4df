"""Seals text so that only this process opens it and nobody changes it: AES-GCM, with a key that dies with the process.

The one module that knows `cryptography`, which takes 7 MB: it is loaded when the first state is given out.
"""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

import attrs
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from argus_trio.errors import InvalidParams
from argus_trio.frontend.input_required.request_state import NOT_OF_THIS_CLIENT

_RUN_BYTES: Final = 8
_NONCE_BYTES: Final = 12
"""As AES-GCM has it best; random ones stay distinct for 2³² seals of one key (NIST SP 800-38D, 8.3)."""


@attrs.define(eq=False, repr=False)
class AesGcmSeal:
    """One key, and the mark of the run that it belongs to. What is sealed is the mark, a nonce, and the ciphertext."""

    _cipher: AESGCM = attrs.field(factory=lambda: AESGCM(AESGCM.generate_key(bit_length=256)), init=False)
    _run: bytes = attrs.field(factory=lambda: secrets.token_bytes(_RUN_BYTES), init=False)

    def seal(self, content: bytes) -> str:
        """`content`, unreadable, in characters that are safe in URLs."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _text(self._run + nonce + self._cipher.encrypt(nonce, content, self._run))

    def open(self, sealed: str) -> bytes:
        """What was sealed.

        Raises:
            InvalidParams: it was not sealed here, not in this run of the gateway, or has been changed.
        """
        raw = _bytes(sealed)
        if len(raw) < _RUN_BYTES + _NONCE_BYTES or _text(raw) != sealed:
            raise InvalidParams("requestState is none that this gateway gave out")
        if not secrets.compare_digest(raw[:_RUN_BYTES], self._run):
            raise InvalidParams("requestState is none that this gateway gave out since it was started")
        nonce, rest = raw[_RUN_BYTES : _RUN_BYTES + _NONCE_BYTES], raw[_RUN_BYTES + _NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, rest, self._run)
        except InvalidTag:
            raise InvalidParams(NOT_OF_THIS_CLIENT) from None


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def _bytes(text: str) -> bytes:
    """The bytes that `text` spells, perhaps not as `_text` would; none where it spells nothing."""
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return b""
