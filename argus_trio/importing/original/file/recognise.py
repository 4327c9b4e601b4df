"""Tells a configuration of the original from one of ours, by the keys that only one of them has."""

from __future__ import annotations

from typing import Final, Literal

import attrs

from argus_trio.config.model.config import Config
from argus_trio.config.read.scalar import Scalar, Tree
from argus_trio.config.structure.heritage import TYPES
from argus_trio.importing.original.file.keys import SECTIONS

Recognised = Literal["original", "ours", "either", "mixed", "neither"]
"""Whose file it is; `either` says nothing that only one of them has, `mixed` has keys of both."""

OUR_SECTIONS: Final = (
    frozenset({"env_file", *(each.name for each in attrs.fields(Config) if "about" in each.metadata)}) - SECTIONS
)
_OUR_SERVER: Final = frozenset(
    {"allowed_hosts", "allowed_origins", "public_url", "trusted_proxies", "limits", "tls"}
) | {
    "allow_unauthenticated",
    "max_body_bytes",
    "watch",
    "concurrent_starts",
    "startup_grace",
    "drain_timeout",
}
_OUR_BACKEND: Final = frozenset({"enabled", "protocol", "session", "max_sessions", "prefix", "restart", "health"}) | {
    "limits",
    "overlap",
    "env_from",
    "cwd",
    "tls",
}
_OUR_CONTAINER: Final = frozenset({"isolation", "image", "packages", "base_image", "pids", "home", "mounts"}) | {
    "host_services",
    "strict",
    "ca_bundle",
    "index_url",
    "npm_registry",
}
_THEIR_SERVER: Final = frozenset({"transport", "auth_background_refresh_enabled"})
_THEIR_BACKEND: Final = frozenset({"group", "auth", "created_by", "updated_by", "created_via", "updated_via"})
_THEIR_CONTAINER: Final = frozenset(
    {"volumes", "builder_image", "system_deps", "extra_args", "go_package", "source_url"}
)
_THEIR_TIMEOUTS: Final = frozenset({"init", "cap_fetch", "sse_startup", "startup", "retries", "retry_delay"})
_SHARED: Final = frozenset({"version", "server", "backends", "conflict_resolution"})


def recognised(root: Tree | None) -> Recognised:
    """Whose file it is."""
    if not isinstance(root, dict) or not (_SHARED | OUR_SECTIONS | SECTIONS) & set(root):
        return "neither"
    ours, theirs = bool(OUR_SECTIONS & set(root)), bool(SECTIONS - _SHARED & set(root))
    server = root.get("server")
    ours, theirs = ours or _has(server, _OUR_SERVER), theirs or _has(server, _THEIR_SERVER)
    backends = root.get("backends")
    for backend in backends.values() if isinstance(backends, dict) else ():
        ours, theirs = ours or _is_our_backend(backend), theirs or _is_their_backend(backend)
    if ours and theirs:
        return "mixed"
    if not isinstance(backends, dict) and not ours and not theirs and "backends" not in root:
        return "neither"
    return "ours" if ours else "original" if theirs else "either"


def _is_our_backend(backend: Tree) -> bool:
    container = backend.get("container") if isinstance(backend, dict) else None
    return _has(backend, _OUR_BACKEND) or _has(container, _OUR_CONTAINER)


def _is_their_backend(backend: Tree) -> bool:
    if not isinstance(backend, dict):
        return False
    kind = backend.get("type")
    return (
        _has(backend, _THEIR_BACKEND)
        or _has(backend.get("container"), _THEIR_CONTAINER)
        or _has(backend.get("timeouts"), _THEIR_TIMEOUTS)
        or (isinstance(kind, Scalar) and kind.text in TYPES)
    )


def _has(tree: Tree | None, keys: frozenset[str]) -> bool:
    return isinstance(tree, dict) and bool(keys & set(tree))
