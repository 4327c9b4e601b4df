"""The codes of backends' own errors, which else pass unread."""

from __future__ import annotations

from typing import Final

import msgspec

from argus_trio.errors import BackendError
from argus_trio.wire.envelope import decode_object

METHOD_UNKNOWN: Final = b"-32601"
INVALID_PARAMS: Final = b"-32602"


def code_of(error: BackendError) -> bytes:
    """The raw code; empty where there is none."""
    try:
        return bytes(decode_object(error.encoded).get("code", b""))
    except msgspec.DecodeError:
        return b""
