"""What the gateway says of itself, in the words of each era: the results of `initialize` and `server/discover`."""

from __future__ import annotations

from typing import Final

from argus_trio.core.catalog.identity import GatewayIdentity
from argus_trio.wire.envelope import Raw, encode
from argus_trio.wire.results import SERVER_INFO
from argus_trio.wire.revisions import MODERN_REVISIONS

_CAPABILITIES: Final[dict[str, object]] = {
    "tools": {"listChanged": True},
    "prompts": {"listChanged": True},
    "resources": {"subscribe": True, "listChanged": True},
    "logging": {},
    "completions": {},
}
"""What is always there, whichever backends are ready: a legacy client learns it once for all of its session."""
_LEGACY_ONLY: Final = frozenset({"tasks"})
"""Capabilities that 2026-07-28 knows as an extension only."""


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
    """The raw result of `server/discover`, which is true at present and therefore must not be cached."""
    there = {name: value for name, value in identity.capabilities.items() if name not in _LEGACY_ONLY}
    result: dict[str, object] = {
        "resultType": "complete",
        "supportedVersions": MODERN_REVISIONS,
        "capabilities": {**_CAPABILITIES, **there},
        "ttlMs": 0,
        "cacheScope": "private",
        "_meta": {SERVER_INFO: Raw(server_info(identity))},
    }
    if identity.instructions is not None:
        result["instructions"] = identity.instructions
    return encode(result)


def server_info(identity: GatewayIdentity) -> bytes:
    """The gateway's raw `Implementation`."""
    return encode({"name": identity.name, "title": identity.title, "version": identity.version})
