"""Members of a JSON object of which one level is decoded: each read as one type, None where it is absent or another.

This is for members that may be missing. Who has to refuse a malformed one uses `envelope.decode_string` and the like.
"""

from __future__ import annotations

from typing import Final

import msgspec

from argus_trio.wire.envelope import Params, Raw, decode_object, decode_string

_decode_int: Final = msgspec.json.Decoder(int).decode
_decode_float: Final = msgspec.json.Decoder(float).decode


def string_member(fields: Params, name: str) -> str | None:
    """The string that is the member `name`; None if it is absent or no string."""
    raw = fields.get(name)
    try:
        return None if raw is None else decode_string(raw)
    except msgspec.DecodeError:
        return None


def int_member(fields: Params, name: str) -> int | None:
    """The whole number that is the member `name`; None if it is absent or no whole number."""
    raw = fields.get(name)
    try:
        return None if raw is None else _decode_int(raw)
    except msgspec.DecodeError:
        return None


def number_member(fields: Params, name: str) -> float | None:
    """The number that is the member `name`; None if it is absent or no number."""
    raw = fields.get(name)
    try:
        return None if raw is None else _decode_float(raw)
    except msgspec.DecodeError:
        return None


def object_member(fields: Params, name: str) -> Params | None:
    """One level of the object that is the member `name`; None if it is absent or no object."""
    return object_or_none(fields.get(name))


def without_nulls(fields: Params) -> Params:
    """The members whose value is not null, by which some peers say that there is none."""
    return {name: value for name, value in fields.items() if bytes(value) != b"null"}


def object_or_none(raw: Raw | bytes | None) -> Params | None:
    """One level of a raw JSON object; None if `raw` is None or no object."""
    try:
        return None if raw is None else decode_object(raw)
    except msgspec.DecodeError:
        return None
