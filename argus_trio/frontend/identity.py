"""What the gateway says of itself, in the words of each era: the results of `initialize` and `server/discover`."""

from __future__ import annotations

from typing import Final

import attrs
import msgspec

from argus_trio.core.catalog.identity import GatewayIdentity
from argus_trio.errors import InvalidParams
from argus_trio.wire.envelope import Params, Raw, decode_object, decode_string, encode
from argus_trio.wire.results import RESERVED
from argus_trio.wire.revisions import LATEST_LEGACY, LEGACY_REVISIONS, MODERN_REVISIONS

MAX_CAPABILITIES_BYTES: Final = 64 * 1024
"""What a session keeps of its client for as long as it lives must be small: there may be many."""
_SHOWN: Final = 100
"""As much of a client's name as is kept, in characters."""

_CAPABILITIES: Final[dict[str, object]] = {
    "tools": {"listChanged": True},
    "prompts": {"listChanged": True},
    "resources": {"subscribe": True, "listChanged": True},
    "logging": {},
    "completions": {},
}
"""What is always there, whichever backends are ready: a legacy client is told once for all of its session."""
_LEGACY_ONLY: Final = frozenset({"tasks"})
"""Capabilities that 2026-07-28 knows as an extension only."""


@attrs.frozen(kw_only=True)
class Hello:
    """What a legacy client says at `initialize`, and the revision that is settled on."""

    revision: str
    capabilities: Params
    client: str
    """The client's name, for the log; empty where it gives none."""


def read_hello(params: Params) -> Hello:
    """The client's `initialize`: its revision if it is a legacy one that is spoken here, else the newest of those.

    Raises:
        InvalidParams: `protocolVersion` or `capabilities` is not what it must be, or too large to keep.
    """
    try:
        requested = decode_string(params.get("protocolVersion", b"0"))
        raw_capabilities = bytes(params.get("capabilities", b"{}"))
        capabilities = decode_object(raw_capabilities)
    except msgspec.DecodeError:
        raise InvalidParams('initialize needs a string "protocolVersion" and an object "capabilities"') from None
    if len(raw_capabilities) > MAX_CAPABILITIES_BYTES:
        raise InvalidParams(f"capabilities must not be larger than {MAX_CAPABILITIES_BYTES} bytes")
    return Hello(
        revision=requested if requested in LEGACY_REVISIONS else LATEST_LEGACY,
        capabilities=capabilities,
        client=_client_name(params),
    )


def initialize_result(identity: GatewayIdentity, revision: str) -> bytes:
    """The raw result of `initialize`."""
    result: dict[str, object] = {
        "protocolVersion": revision,
        "capabilities": {**_CAPABILITIES, **identity.capabilities},
        "serverInfo": Raw(server_info(identity)),
    }
    if identity.instructions is not None:
        result["instructions"] = identity.instructions
    return encode(result)


def discover_result(identity: GatewayIdentity) -> bytes:
    """The raw result of `server/discover`, which tells the present and therefore must not be kept."""
    there = {name: value for name, value in identity.capabilities.items() if name not in _LEGACY_ONLY}
    result: dict[str, object] = {
        "resultType": "complete",
        "supportedVersions": MODERN_REVISIONS,
        "capabilities": {**_CAPABILITIES, **there},
        "ttlMs": 0,
        "cacheScope": "private",
        "_meta": {f"{RESERVED}serverInfo": Raw(server_info(identity))},
    }
    if identity.instructions is not None:
        result["instructions"] = identity.instructions
    return encode(result)


def server_info(identity: GatewayIdentity) -> bytes:
    """The gateway's raw `Implementation`."""
    return encode({"name": identity.name, "title": identity.title, "version": identity.version})


def _client_name(params: Params) -> str:
    try:
        return decode_string(decode_object(params.get("clientInfo", b"{}")).get("name", b'""'))[:_SHOWN]
    except msgspec.DecodeError:
        return ""
