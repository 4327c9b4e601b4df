"""The reserved keys of a request's `_meta` (2026-07-28, Basic, Per-request protocol fields), each spelled once.

And what a client says of itself there, or at `initialize`, as far as it is shown.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import msgspec

from argus_trio.wire.envelope import decode_object
from argus_trio.wire.members import string_member
from argus_trio.wire.results import RESERVED

PROTOCOL_VERSION: Final = f"{RESERVED}protocolVersion"
CLIENT_INFO: Final = f"{RESERVED}clientInfo"
CLIENT_CAPABILITIES: Final = f"{RESERVED}clientCapabilities"
LOG_LEVEL: Final = f"{RESERVED}logLevel"
SUBSCRIPTION_ID: Final = f"{RESERVED}subscriptionId"
"""Of a notification and of the result of `subscriptions/listen`: the id of the request that they belong to."""


def client_of(info: bytes) -> tuple[str, str]:
    """The name and the version of a client, of what it says of itself; empty where it says none, or far too much."""
    return _client_of(info) if len(info) <= MOST_READ_BYTES else ("", "")


@lru_cache(maxsize=256)
def _client_of(info: bytes) -> tuple[str, str]:
    try:
        members = decode_object(info)
    except msgspec.DecodeError:
        return "", ""
    return (string_member(members, "name") or "")[:_SHOWN], (string_member(members, "version") or "")[:_SHOWN]


MOST_READ_BYTES: Final = 1024
"""The most of what a client says of itself that is read, and kept for the next call."""
_SHOWN: Final = 100
"""As much of a client's name as is shown, in characters."""
