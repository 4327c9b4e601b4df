"""Reading the params of a call, one member at a time, with the error that its client is told."""

from __future__ import annotations

import msgspec

from argus_trio.core.call.exchange import Call
from argus_trio.errors import InvalidParams
from argus_trio.wire.envelope import Params, decode_object, decode_string


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
