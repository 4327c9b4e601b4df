"""JSON-RPC error objects of a peer, read as far as the gateway has to decide by them."""

from __future__ import annotations

import re
from typing import Final

from argus_trio.wire.envelope import Raw, encode, encode_raw
from argus_trio.wire.members import int_member, number_member, object_member, object_or_none, string_member

METHOD_UNKNOWN: Final = b"-32601"
"""The raw code of an error that says that the method is not known."""
_REVISION: Final = re.compile(rb"\b20[0-9]{2}-[0-9]{2}-[0-9]{2}\b")
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


def revisions_named(text: bytes) -> list[str]:
    """The protocol revisions, or what looks like them, that a refusal names anywhere: in its data or in its words."""
    return [found.decode("ascii") for found in _REVISION.findall(text)]


def retry_after_of(error: bytes | Raw) -> float | None:
    """The seconds to wait that an error object names in `data.retryAfter`, if it does."""
    data = object_member(object_or_none(error) or {}, "data") or {}
    seconds = number_member(data, "retryAfter")
    return None if seconds is None or seconds < 0 else seconds


def with_retry_after(error: bytes | Raw, seconds: float) -> bytes:
    """The error object with `data.retryAfter`; as it is where it has one, or data that no member can be added to."""
    fields = object_or_none(error)
    if fields is None:
        return bytes(error)
    data = object_member(fields, "data")
    if (data is None and bytes(fields.get("data", b"null")) != b"null") or (data and "retryAfter" in data):
        return bytes(error)
    return encode({**fields, "data": encode_raw({**(data or {}), "retryAfter": encode_raw(seconds)})})
