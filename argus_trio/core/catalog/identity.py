"""The gateway's identity at `initialize` and `server/discover`, merged from what its backends say of themselves.

Values only: the capabilities that are always there, and the shapes of the protocol, are the front end's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.wire.envelope import Params, Raw, encode_raw
from argus_trio.wire.members import object_member, object_or_none

MAX_INSTRUCTIONS_BYTES: Final = 8 * 1024
"""The bound on merged instructions: clients put them in front of every conversation of their model."""

_CUT: Final = "\n[cut]"
_MERGED: Final = ("extensions", "experimental", "tasks")
"""The capabilities that are advertised because a backend has them; each is an object."""


@attrs.frozen(kw_only=True)
class GatewayIdentity(Value):
    """What the gateway says of itself to a client, at the moment it is asked."""

    version: str
    name: str = "argus-trio"
    title: str = "Argus"
    instructions: str | None = None
    capabilities: Mapping[str, object] = attrs.field(default=MappingProxyType({}))
    """The capabilities beside tools, prompts and resources, by name; JSON-encodable."""


@attrs.frozen(kw_only=True)
class BackendIdentity(Value):
    """What one backend says of itself. `prefix` is what its shown names begin with, empty where they are bare."""

    backend: str
    prefix: str
    capabilities: Params
    instructions: str | None


def identity_of(version: str, identities: Sequence[BackendIdentity]) -> GatewayIdentity:
    """The identity of a gateway with these backends, by precedence: where two differ in a setting, the first counts."""
    return GatewayIdentity(
        version=version,
        instructions=merged_instructions(identities),
        capabilities=MappingProxyType(merged_capabilities(one.capabilities for one in identities)),
    )


def merged_capabilities(declared: Iterable[Params]) -> dict[str, Params]:
    """The extensions, experimental capabilities and tasks that any of these capabilities declares."""
    merged: dict[str, Params] = {}
    for capabilities in declared:
        for name in _MERGED:
            members = object_member(capabilities, name)
            if members is None:
                continue
            known = merged.setdefault(name, {})
            for key, value in members.items():
                # An extension's settings belong together; what tasks can do is a tree of independent claims.
                known[key] = _united(known[key], value) if name == "tasks" and key in known else known.get(key, value)
    return merged


def merged_instructions(identities: Sequence[BackendIdentity]) -> str | None:
    """The instructions of all backends, each under a heading that names it, in `MAX_INSTRUCTIONS_BYTES` bytes.

    A long text is cut to its share, so that it leaves room for the others; the cut is marked.
    """
    speaking = [(one, text) for one in identities if (text := (one.instructions or "").strip())]
    parts: list[str] = []
    left = MAX_INSTRUCTIONS_BYTES
    for index, (one, text) in enumerate(speaking):
        names = f" (its names begin with {one.prefix})" if one.prefix else ""
        share = left // (len(speaking) - index)
        part = _cut(f"## {one.backend}{names}\n\n{text}", share - len("\n\n"))
        left -= len(part.encode()) + len("\n\n")
        parts.append(part)
    return "\n\n".join(part for part in parts if part) or None


def _cut(text: str, size: int) -> str:
    encoded = text.encode()
    if len(encoded) <= size:
        return text
    room = size - len(_CUT)
    return encoded[:room].decode("utf-8", "ignore") + _CUT if room > 0 else ""


def _united(one: Raw, other: Raw) -> Raw:
    """Two JSON objects merged level by level; `one` where either is no object."""
    members, more = object_or_none(one), object_or_none(other)
    if members is None or more is None:
        return one
    return encode_raw(more | {key: _united(value, more.get(key, value)) for key, value in members.items()})
