"""Reading the params of a call, one member at a time, with the error for its client where one is wrong."""

from __future__ import annotations

import msgspec

from argus_trio.core.call.exchange import Call
from argus_trio.errors import InvalidParams
from argus_trio.wire.envelope import Params, decode_object
from argus_trio.wire.members import string_member


def no_string(call: Call, key: str) -> InvalidParams:
    """The error for a member of the call's params that is absent, or no string."""
    if key not in call.params:
        return InvalidParams(f'{call.method} needs "{key}"')
    return InvalidParams(f'"{key}" of {call.method} must be a string')


def string_param(call: Call, key: str) -> str:
    """The string `key` of the call's params.

    Raises:
        InvalidParams: it is absent, or no string.
    """
    value = string_member(call.params, key)
    if value is None:
        raise no_string(call, key)
    return value


def object_param(call: Call, key: str) -> Params:
    """The members of the object `key` of the call's params, values raw.

    Raises:
        InvalidParams: it is absent, or no object.
    """
    try:
        return decode_object(call.params[key])
    except KeyError:
        raise InvalidParams(f'{call.method} needs "{key}"') from None
    except msgspec.DecodeError:
        raise InvalidParams(f'"{key}" of {call.method} must be an object') from None
