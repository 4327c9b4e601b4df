"""Sound entries: what a backend lists, made such that no client refuses a whole list because of one entry of it.

Clients read a list as one value: where one entry is not as the specification has it, they refuse all, those of other
backends too. So an entry is mended where it can mean one thing only: null is absent, `[]` is the empty object where an
object belongs and `{}` the empty array, a schema that does not say so is one of an object. What is optional and cannot
be read is left out of the entry. Where something is wrong that the entry needs, it is no entry.

What is sound passes as the very bytes that came; members that the tables do not name pass whatever they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, Literal

import attrs
import msgspec

from argus_trio import Value
from argus_trio.wire.envelope import Params, Raw, decode_array, decode_object, encode

_NULL: Final = b"null"
_EMPTY_OBJECT: Final = b"{}"
_EMPTY_ARRAY: Final = b"[]"
_OBJECT: Final = b'"object"'
_NUMBER_STARTS: Final = frozenset(b"-0123456789")
_TIME: Final = re.compile(rb'"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)"')
_URI: Final = re.compile(rb'"[A-Za-z][A-Za-z0-9+.-]*:')
"""What every URI begins with; a client that reads URIs strictly refuses the whole list for one that does not."""


class Unsound(Exception):
    """An entry that cannot be mended; the text says what is wrong with it, as a claim about the entry."""


@attrs.frozen(kw_only=True)
class SoundEntry(Value):
    """An entry that clients can read."""

    fields: Params
    changes: tuple[str, ...] = ()
    """What was changed of it, each in a few words; none if it passes as it came."""


Changes = list[str]
Read = Callable[[bytes, str, Changes], bytes]
"""Reads one value, called by its path: the value to show, the same object if it is sound. Adds to the changes.

Raises `Unsound` where it is not what it has to be.
"""


@attrs.frozen(kw_only=True)
class Member(Value):
    """What one member of an object has to be."""

    read: Read
    is_required: bool = False


def text(value: bytes, path: str, _: Changes) -> bytes:
    """Read a string."""
    if value[:1] != b'"':
        raise Unsound(f"{path} is no string")
    return value


def _flag(value: bytes, path: str, _: Changes) -> bytes:
    if value not in (b"true", b"false"):
        raise Unsound(f"{path} is neither true nor false")
    return value


def _number(value: bytes, path: str, _: Changes) -> bytes:
    if value[0] not in _NUMBER_STARTS:
        raise Unsound(f"{path} is no number")
    return value


def _share(value: bytes, path: str, _: Changes) -> bytes:
    if value[0] not in _NUMBER_STARTS or not 0 <= float(value) <= 1:
        raise Unsound(f"{path} is no number from 0 to 1")
    return value


def _fitting(pattern: re.Pattern[bytes], what: str) -> Read:
    def read(value: bytes, path: str, _: Changes) -> bytes:
        if not pattern.match(value):
            raise Unsound(f"{path} is no {what}")
        return value

    return read


def _one_of(*words: str) -> Read:
    known = frozenset(encode(word) for word in words)

    def read(value: bytes, path: str, _: Changes) -> bytes:
        if value not in known:
            raise Unsound(f"{path} is none of {', '.join(words)}")
        return value

    return read


def _array(of: Read) -> Read:
    """Reads an array; what is in it and cannot be read is left out."""

    def read(value: bytes, path: str, changes: Changes) -> bytes:
        if value == _EMPTY_OBJECT:
            changes.append(f"{path}: {{}} became []")
            return _EMPTY_ARRAY
        if value[:1] != b"[":
            raise Unsound(f"{path} is no array")
        known = len(changes)
        items: list[Raw] = []
        for item in decode_array(value):
            try:
                items.append(Raw(of(bytes(item), path, changes)))
            except Unsound as fault:
                changes.append(f"{fault}: that item was left out")
        return value if len(changes) == known else encode(items)

    return read


def _object(members: Mapping[str, Member]) -> Read:
    def read(value: bytes, path: str, changes: Changes) -> bytes:
        fields = _fields(value, path, changes)
        known = len(changes)
        mended = _mended(fields, members, f"{path}.", changes)
        return value if len(changes) == known and value != _EMPTY_ARRAY else encode(mended)

    return read


def _fields(value: bytes, path: str, changes: Changes) -> Params:
    """One level of an object; `[]` is how some languages write an empty one."""
    if value == _EMPTY_ARRAY:
        changes.append(f"{path}: [] became {{}}")
        return {}
    try:
        return decode_object(value)
    except msgspec.DecodeError:
        raise Unsound(f"{path} is no object") from None


def _mended(fields: Params, members: Mapping[str, Member], path: str, changes: Changes) -> Params:
    """These fields with every member that is named as it has to be: the same object if they are sound."""
    mended = fields
    for name, raw in fields.items():
        member = members.get(name)
        if member is None:
            continue
        value = bytes(raw)
        found = _read_member(member, value, path + name, changes)
        if found is value:
            continue
        if mended is fields:
            mended = dict(fields)
        if found is None:
            del mended[name]
        else:
            mended[name] = Raw(found)
    for name, member in members.items():
        if member.is_required and name not in mended:
            raise Unsound(f"it has no {path}{name}")
    return mended


def _read_member(member: Member, value: bytes, path: str, changes: Changes) -> bytes | None:
    """The value to show; None if the member is to be left out."""
    if value == _NULL:
        if not member.is_required:
            changes.append(f"{path}: null became absent")
        return None
    try:
        return member.read(value, path, changes)
    except Unsound as fault:
        if member.is_required:
            raise
        changes.append(f"{fault}: left out")
        return None


class _AnyObject(msgspec.Struct):
    """An object, of which nothing is decoded."""


class _SoundSchema(msgspec.Struct):
    """What nearly every schema is."""

    type: Literal["object"]
    properties: dict[str, _AnyObject] = {}
    required: list[str] = []


_is_sound: Final = msgspec.json.Decoder(_SoundSchema).decode


def _schema(value: bytes, path: str, changes: Changes) -> bytes:
    """Read the JSON schema of an object, as revisions to 2025-11-25 have it."""
    try:
        _is_sound(value)
    except msgspec.DecodeError:
        return _mended_schema(value, path, changes)
    return value


def _mended_schema(value: bytes, path: str, changes: Changes) -> bytes:
    fields = _fields(value, path, changes)
    known = len(changes)
    kind = bytes(fields.get("type", _NULL))
    if kind != _OBJECT:
        if kind != _NULL and _OBJECT not in map(bytes, _items(kind)):
            raise Unsound(f"{path} is the schema of another type than object")
        fields = {"type": Raw(_OBJECT), **{name: value for name, value in fields.items() if name != "type"}}
        changes.append(f'{path}: "type":"object" was added')
    mended = _mended(fields, _SCHEMA, f"{path}.", changes)
    return value if len(changes) == known and value != _EMPTY_ARRAY else encode(mended)


def _items(value: bytes) -> list[Raw]:
    return decode_array(value) if value[:1] == b"[" else []


def _any_schema(value: bytes, path: str, changes: Changes) -> bytes:
    """Read the JSON schema of anything, as revision 2026-07-28 has it for results."""
    return encode({}) if _fields(value, path, changes) == {} and value == _EMPTY_ARRAY else value


def _properties(value: bytes, path: str, changes: Changes) -> bytes:
    """Read the schemas of properties: `true` and `false` are schemas too, but clients want objects."""
    fields = _fields(value, path, changes)
    mended = {name: Raw(_property(bytes(schema), f"{path}.{name}", changes)) for name, schema in fields.items()}
    return value if mended == fields and value != _EMPTY_ARRAY else encode(mended)


def _property(value: bytes, path: str, changes: Changes) -> bytes:
    if value[:1] == b"{":
        return value
    found = b'{"not":{}}' if value == b"false" else _EMPTY_OBJECT if value in (b"true", _NULL, _EMPTY_ARRAY) else None
    if found is None:
        raise Unsound(f"{path} is no schema")
    changes.append(f"{path}: {value.decode()} became {found.decode()}")
    return found


_SCHEMA: Final = {"properties": Member(read=_properties), "required": Member(read=_array(text))}
_TEXT: Final = Member(read=text)
_NAME: Final = Member(read=text, is_required=True)
_ICON: Final = _object(
    {
        "src": _NAME,
        "mimeType": _TEXT,
        "sizes": Member(read=_array(text)),
        "theme": Member(read=_one_of("light", "dark")),
    }
)
_COMMON: Final = {
    "name": _NAME,
    "title": _TEXT,
    "description": _TEXT,
    "icons": Member(read=_array(_ICON)),
    "_meta": Member(read=_object({})),
}
_ANNOTATED: Final = {
    **_COMMON,
    "mimeType": _TEXT,
    "annotations": Member(
        read=_object(
            {
                "audience": Member(read=_array(_one_of("user", "assistant"))),
                "priority": Member(read=_share),
                "lastModified": Member(read=_fitting(_TIME, "time with its offset (RFC 3339)")),
            }
        )
    ),
}
_HINTS: Final = ("readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint")
_TASK_SUPPORT: Final = _one_of("required", "optional", "forbidden")
_TOOL: Final = {
    **_COMMON,
    "inputSchema": Member(read=_schema, is_required=True),
    "outputSchema": Member(read=_schema),
    "annotations": Member(read=_object({"title": _TEXT, **dict.fromkeys(_HINTS, Member(read=_flag))})),
    "execution": Member(read=_object({"taskSupport": Member(read=_TASK_SUPPORT)})),
}
_ARGUMENT: Final = _object({"name": _NAME, "title": _TEXT, "description": _TEXT, "required": Member(read=_flag)})

LEGACY: Final[Mapping[str, Mapping[str, Member]]] = {
    "tools": _TOOL,
    "prompts": {**_COMMON, "arguments": Member(read=_array(_ARGUMENT))},
    "resources": {
        **_ANNOTATED,
        "uri": Member(read=_fitting(_URI, "URI with its scheme"), is_required=True),
        "size": Member(read=_number),
    },
    "templates": {**_ANNOTATED, "uriTemplate": _NAME},
}
"""What the members of an entry of each kind have to be: what any of the SDKs' clients refuses a list for."""

MODERN: Final[Mapping[str, Mapping[str, Member]]] = {
    **LEGACY,
    "tools": {**_TOOL, "outputSchema": Member(read=_any_schema)},
}
"""The same for a backend that speaks 2026-07-28, where a result may be of any type."""

_STAND_INS: Final = {"tools": ("inputSchema",), "resources": ("name", "uri"), "templates": ("name", "uriTemplate")}
"""What is required and can be told where it is missing: a tool without a schema takes any object, and what has an
address and no name is called by the address."""


def sound(kind: str, fields: Params, members: Mapping[str, Member]) -> SoundEntry:
    """The entry of this kind, mended where it has to be and can be; `members` are those of `LEGACY` or `MODERN`.

    Raises:
        Unsound: it is none that clients could read.
    """
    changes: Changes = []
    fields = _completed(kind, fields, changes)
    mended = _mended(fields, members, "", changes)
    return SoundEntry(fields=mended, changes=tuple(changes))


def _completed(kind: str, fields: Params, changes: Changes) -> Params:
    missing, *source = _STAND_INS.get(kind, ("",))
    if not missing or bytes(fields.get(missing, _NULL)) != _NULL:
        return fields
    if not source:
        changes.append(f'{missing}: missing, became {{"type":"object"}}')
        return {**fields, missing: Raw(b'{"type":"object"}')}
    if source[0] not in fields:
        return fields
    changes.append(f"{missing}: missing, became its {source[0]}")
    return {**fields, missing: fields[source[0]]}
