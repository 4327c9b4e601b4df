"""What a call names, read from its method and params alone: what rules for tools, prompts, resources and methods judge.

Nothing is looked up. A call that is malformed names nothing: whoever serves it says what is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs
import msgspec

from argus_trio import Value
from argus_trio.core.access.target import TargetKind
from argus_trio.core.call.exchange import Call
from argus_trio.core.call.unknown_targets import unknown_method, unknown_named, unknown_reference, unknown_resource
from argus_trio.errors import RpcError
from argus_trio.wire.envelope import Params, decode_array, decode_object, decode_string, encode, encode_raw
from argus_trio.wire.members import object_member, string_member
from argus_trio.wire.revisions import Era

_NAMED: Final[Mapping[str, TargetKind]] = {"tools/call": "tool", "prompts/get": "prompt"}
_READING: Final = "resources/read"
_SUBSCRIBING: Final = frozenset(("resources/subscribe", "resources/unsubscribe"))
_COMPLETING: Final = "completion/complete"
_LOOKED_UP_AS: Final[Mapping[TargetKind, tuple[str, str]]] = {
    "tool": ("tools/call", "name"),
    "prompt": ("prompts/get", "name"),
    "resource": (_READING, "uri"),
}
_REFERENCES: Final[Mapping[str, tuple[TargetKind, str]]] = {
    "ref/prompt": ("prompt", "name"),
    "ref/resource": ("resource", "uri"),
}
_OPEN: Final = frozenset(("tools/list", "prompts/list", "resources/list", "resources/templates/list"))
"""Methods that everybody may call: what they list is what there is for the one who asks."""
_LISTENING: Final = "subscriptions/listen"
"""The method of 2026-07-28 that anybody may call: what it tells of is what there is for the one who asks."""
MAX_URIS: Final = 1024
"""Resources, or tasks, that one such request may name; those beyond are not honoured."""
_OF_TASKS: Final = "tasks/"
"""How the methods begin that are about tasks: a task is known to its owner alone, whose call it came from."""


@attrs.frozen(kw_only=True)
class Aim(Value):
    """What one call names."""

    kind: TargetKind
    name: str
    """The name or URI, as the client has it; for a method, that."""
    is_reference: bool = False
    """Whether the call only refers to it, and gives it no arguments."""


def aim_of(call: Call) -> Aim | None:
    """What the call names; None if it is for everybody, or malformed."""
    kind = _NAMED.get(call.method)
    if kind is not None:
        return _named(kind, string_member(call.params, "name"))
    if call.method == _READING or (call.method in _SUBSCRIBING and call.era is Era.LEGACY):
        return _named("resource", string_member(call.params, "uri"))
    if call.method == _COMPLETING:
        return _referred(call.params)
    if call.method in _OPEN or call.method.startswith(_OF_TASKS) or _listens(call):
        return None
    return Aim(kind="method", name=call.method)


def readings_of(call: Call) -> tuple[Call, ...]:
    """The calls that would read what the call listens to; none where it listens to no resource, or is malformed."""
    if not _listens(call):
        return ()
    try:
        asked = decode_object(call.params.get("notifications", b"{}"))
        uris = tuple(dict.fromkeys(map(decode_string, decode_array(asked.get("resourceSubscriptions", b"[]")))))
    except msgspec.DecodeError:
        return ()
    return tuple(
        msgspec.structs.replace(call, method=_READING, params={"uri": encode_raw(uri)}) for uri in uris[:MAX_URIS]
    )


def _listens(call: Call) -> bool:
    return call.method == _LISTENING and call.era is Era.MODERN


def unknown(call: Call, aim: Aim) -> RpcError:
    """The error that this call gets where what it names is not there."""
    match aim.kind:
        case "tool" | "prompt":
            return unknown_named(aim.kind, aim.name)
        case "resource":
            return unknown_reference(aim.name) if aim.is_reference else unknown_resource(call, aim.name)
        case _:
            return unknown_method(call)


def arguments_of(call: Call, aim: Aim) -> bytes:
    """The raw arguments that conditions look into: of a tool or prompt; of anything else they are the params."""
    if aim.kind in ("tool", "prompt"):
        return bytes(call.params.get("arguments", b""))
    return encode(call.params)


def calling(call: Call, aim: Aim) -> Call:
    """A call of what this one names, by which to look up whose it is."""
    if not aim.is_reference:
        return call
    method, member = _LOOKED_UP_AS[aim.kind]
    return msgspec.structs.replace(call, method=method, params={member: encode_raw(aim.name)})


def _named(kind: TargetKind, name: str | None) -> Aim | None:
    return None if name is None else Aim(kind=kind, name=name)


def _referred(params: Params) -> Aim | None:
    ref = object_member(params, "ref")
    if ref is None or "argument" not in params:
        return None
    found = _REFERENCES.get(string_member(ref, "type") or "")
    name = None if found is None else string_member(ref, found[1])
    return None if found is None or name is None else Aim(kind=found[0], name=name, is_reference=True)
