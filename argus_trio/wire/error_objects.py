"""JSON-RPC error objects of a peer, read as far as the gateway has to decide by them."""

from __future__ import annotations

from typing import Final

from argus_trio.wire.envelope import Raw
from argus_trio.wire.members import int_member, object_or_none, string_member

METHOD_UNKNOWN: Final = b"-32601"
"""The raw code of an error that says that the method is not known."""
INVALID_PARAMS: Final = b"-32602"
"""The raw code of an error that says that the params are not valid."""


def code_of(error: bytes | Raw) -> bytes:
    """The raw code of an error object; empty where it has none, or is no object."""
    return bytes((object_or_none(error) or {}).get("code", b""))


def is_error_object(error: bytes | Raw) -> bool:
    """Whether `error` is an error object (JSON-RPC 2.0, section 5.1): a whole number and a text at least."""
    fields = object_or_none(error)
    return (
        fields is not None and int_member(fields, "code") is not None and string_member(fields, "message") is not None
    )
