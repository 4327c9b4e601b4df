"""Reading a call's params, and making those of the next hop of them."""

from __future__ import annotations

import msgspec

from argus_trio.core.call.exchange import Call
from argus_trio.errors import InvalidParams
from argus_trio.wire.envelope import Params, decode_object, decode_string, encode_raw
from argus_trio.wire.results import RESERVED


def string_param(call: Call, key: str) -> str:
    """The string `key` of the call's params.

    Raises:
        InvalidParams: it is absent, or no string.
    """
    try:
        return decode_string(call.params[key])
    except KeyError:
        raise InvalidParams(f'{call.method} needs "{key}"') from None
    except msgspec.DecodeError:
        raise InvalidParams(f'"{key}" of {call.method} must be a string') from None


def object_param(call: Call, key: str) -> Params:
    """One level of the object `key` of the call's params.

    Raises:
        InvalidParams: it is absent, or no object.
    """
    try:
        return decode_object(call.params[key])
    except KeyError:
        raise InvalidParams(f'{call.method} needs "{key}"') from None
    except msgspec.DecodeError:
        raise InvalidParams(f'"{key}" of {call.method} must be an object') from None


def exchange_meta(params: Params, message_id: int) -> tuple[msgspec.Raw | None, Params]:
    """The client's progress token, and the params for the next hop: our token in its place (two clients' may be the
    same), and none of the `_meta` keys by which one peer tells the next of itself."""
    raw_meta = params.get("_meta")
    if raw_meta is None:
        return None, params
    try:
        meta = decode_object(raw_meta)
    except msgspec.DecodeError:
        meta = {}
    token = meta.get("progressToken")
    kept = {key: value for key, value in meta.items() if not key.startswith(RESERVED)}
    if token is not None:
        kept["progressToken"] = encode_raw(message_id)
    return token, {**params, "_meta": encode_raw(kept)}
