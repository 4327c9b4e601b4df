"""JSON-RPC error objects that came from elsewhere, read as far as somebody has to decide by them."""

from __future__ import annotations

from typing import Final

from argus_trio.wire.envelope import Raw
from argus_trio.wire.members import int_member, object_or_none, string_member

METHOD_UNKNOWN: Final = b"-32601"
INVALID_PARAMS: Final = b"-32602"


def code_of(error: bytes | Raw) -> bytes:
    """The raw code of an error object; empty where there is none."""
    return bytes((object_or_none(error) or {}).get("code", b""))


def is_error_object(error: bytes | Raw) -> bool:
    """Whether it is what JSON-RPC 2.0, section 5.1, calls an error object: a number and a text at least."""
    fields = object_or_none(error)
    return (
        fields is not None and int_member(fields, "code") is not None and string_member(fields, "message") is not None
    )
