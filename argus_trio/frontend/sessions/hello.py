"""What a legacy client says of itself at `initialize`, read once for all of its session."""

from __future__ import annotations

from typing import Final

import attrs
import msgspec

from argus_trio import Value
from argus_trio.core.call.abilities import Abilities, read_declared
from argus_trio.errors import InvalidParams
from argus_trio.wire.envelope import Params, decode_object, decode_string
from argus_trio.wire.revisions import LATEST_LEGACY, LEGACY_REVISIONS

MAX_CAPABILITIES_BYTES: Final = 16 * 1024
"""The largest capabilities that are taken: a session holds them for as long as it lives, and there may be many. Ten
times what a client with many extensions declares."""
MAX_INFO_BYTES: Final = 1024
"""The most that a session keeps of what its client says of itself: a name, a title, a version."""
_SHOWN: Final = 100
"""As much of a client's name as a session holds, in characters."""


@attrs.frozen(kw_only=True)
class Hello(Value):
    """What a legacy client says at `initialize`, and the revision that is settled on."""

    revision: str
    capabilities: Params
    abilities: Abilities
    """What it can be asked, by its capabilities."""
    size: int = 0
    """The bytes of the capabilities."""
    client: str
    """The client's name, for the log; empty where it gives none."""
    client_info: bytes = b""
    """All that it says of itself, as raw JSON; empty where that is too much to keep."""


def read_hello(params: Params) -> Hello:
    """The client's `initialize`: its revision if it is a legacy one that is spoken here, else the newest of those.

    Raises:
        InvalidParams: `protocolVersion` or `capabilities` is not what it must be, or too large to keep.
    """
    try:
        requested = decode_string(params.get("protocolVersion", b"0"))
        raw_capabilities = bytes(params.get("capabilities", b"{}"))
        capabilities, abilities = read_declared(raw_capabilities)
    except msgspec.DecodeError:
        raise InvalidParams('initialize needs a string "protocolVersion" and an object "capabilities"') from None
    if len(raw_capabilities) > MAX_CAPABILITIES_BYTES:
        raise InvalidParams(f"capabilities must not be larger than {MAX_CAPABILITIES_BYTES} bytes")
    return Hello(
        revision=requested if requested in LEGACY_REVISIONS else LATEST_LEGACY,
        capabilities=capabilities,
        abilities=abilities,
        size=len(raw_capabilities),
        client=_client_name(params),
        client_info=_client_info(params),
    )


def _client_name(params: Params) -> str:
    try:
        return decode_string(decode_object(params.get("clientInfo", b"{}")).get("name", b'""'))[:_SHOWN]
    except msgspec.DecodeError:
        return ""


def _client_info(params: Params) -> bytes:
    info = bytes(params.get("clientInfo", b""))
    return info if len(info) <= MAX_INFO_BYTES else b""
