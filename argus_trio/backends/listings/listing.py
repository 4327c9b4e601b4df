"""Reading what a backend lists, and making it ready for the catalog: with filters and overrides applied.

Where the lists come from is the business of `fetch.py`; names that collide are the business of `core/catalog`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Final

import attrs
import msgspec

from argus_trio import Value
from argus_trio.config.model.backend import BackendSpec
from argus_trio.config.model.visibility import Globs, Override
from argus_trio.core.catalog.catalog import KINDS, Dropped, Entry, HiddenEntry, HiddenWhy, Published
from argus_trio.core.catalog.remarks import LONGEST_WHAT, Remark
from argus_trio.core.catalog.sound import LEGACY, MODERN, Member, Unsound, sound
from argus_trio.wire.envelope import Params, decode_array, decode_object, decode_string, encode_raw
from argus_trio.wire.param_headers import invalid_param_header, param_headers

METHODS: Final = {
    "tools": "tools/list",
    "prompts": "prompts/list",
    "resources": "resources/list",
    "templates": "resources/templates/list",
}
"""The method that lists each kind."""

KEYS: Final = {"tools": "name", "prompts": "name", "resources": "uri", "templates": "uriTemplate"}
"""The member that identifies an entry of each kind."""

CAPABILITIES: Final = {"tools": "tools", "prompts": "prompts", "resources": "resources", "templates": "resources"}
"""The server capability under which each kind is declared."""

CHANGES_KEPT: Final = 5
"""How many changes of one entry are remembered: who mends it at its source sees the rest then."""

NONE_NAMELESS: Final[Mapping[str, int]] = MappingProxyType({})

LIST_CHANGED: Final = {
    "tools": "notifications/tools/list_changed",
    "prompts": "notifications/prompts/list_changed",
    "resources": "notifications/resources/list_changed",
    "templates": "notifications/resources/list_changed",
}
"""The notification by which clients are informed that the list of each kind has changed."""


@attrs.frozen(kw_only=True)
class ListPage(Value):
    """One page of a list."""

    entries: tuple[tuple[str, Params], ...]
    """Key and members of each valid entry."""
    invalid: int
    """How many entries were invalid, and left out."""
    next_cursor: msgspec.Raw | None
    """The cursor of the next page; None on the last one."""


def read_page(kind: str, member: str, result: bytes) -> ListPage:
    """The page of this kind that `result` is, the raw JSON of a backend's answer; `member` names the list in it.

    Raises:
        msgspec.DecodeError: the result is no object with that list.
    """
    fields = decode_object(result)
    if member not in fields:
        raise msgspec.DecodeError(f"the result has no {member!r}")
    entries: list[tuple[str, Params]] = []
    members = decode_array(fields[member])
    for raw in members:
        entry = _read_entry(raw, KEYS[kind])
        if entry is not None:
            entries.append(entry)
    cursor = fields.get("nextCursor")
    last = cursor is None or bytes(cursor) in (b"null", b'""')
    return ListPage(entries=tuple(entries), invalid=len(members) - len(entries), next_cursor=None if last else cursor)


def _read_entry(raw: msgspec.Raw, key: str) -> tuple[str, Params] | None:
    try:
        fields = decode_object(raw)
        return decode_string(fields[key]), fields
    except (msgspec.DecodeError, KeyError):
        return None


Listing = Mapping[str, Sequence[tuple[str, Params]]]
"""What a backend listed, by kind: key and members of each entry."""


def publish(
    spec: BackendSpec,
    listing: Listing,
    *,
    serves_resources: bool,
    is_modern: bool = False,
    nameless: Mapping[str, int] = NONE_NAMELESS,
) -> Published:
    """What the catalog may show of a backend that listed this: what filters let pass, mended, with overrides applied.

    Filters look at the backend's own names. `serves_resources` says whether the backend declared resources, `is_modern`
    in which era it listed, `nameless` how many entries of each kind were left out because nothing identifies them.
    """
    filters = spec.filters
    globs = {"tools": filters.tools, "prompts": filters.prompts}
    soundness = _Soundness(spec.name, MODERN if is_modern else LEGACY)
    for kind, count in nameless.items():
        soundness.left_out += [_remark(spec.name, kind, "", f"it has no {KEYS[kind]}")] * count
    entries = {
        kind: soundness.of(kind, listing.get(kind, ()), globs.get(kind, filters.resources), _making(spec, kind))
        for kind in KINDS
    }
    tools, dropped = _sound_tools(spec.name, entries["tools"], soundness.hidden)
    return Published(
        backend=spec.name,
        prefix=spec.name if spec.prefix is None else spec.prefix,
        tools=tools,
        prompts=entries["prompts"],
        resources=entries["resources"],
        templates=entries["templates"],
        serves_resources=serves_resources,
        dropped=dropped,
        mended=tuple(soundness.mended),
        left_out=tuple(soundness.left_out),
        hidden=tuple(soundness.hidden),
    )


@attrs.define(eq=False, repr=False)
class _Soundness:
    """Makes what one backend listed sound, and keeps what there is to tell of it."""

    backend: str
    members: Mapping[str, Mapping[str, Member]]
    mended: list[Remark] = attrs.field(factory=list, init=False)
    left_out: list[Remark] = attrs.field(factory=list, init=False)
    hidden: list[HiddenEntry] = attrs.field(factory=list, init=False)

    def of(
        self, kind: str, listed: Sequence[tuple[str, Params]], globs: Globs, make: Callable[[str, Params], Entry]
    ) -> tuple[Entry, ...]:
        entries: dict[str, Entry] = {}
        for key, fields in listed:
            if not passes(globs, key):
                self.hidden.append(_hidden(kind, make(key, fields), "filter", kept_out_by(globs, kind, key)))
                continue
            try:
                found = sound(kind, fields, self.members[kind])
            except Unsound as fault:
                self.left_out.append(_remark(self.backend, kind, key, str(fault)))
                self.hidden.append(_hidden(kind, make(key, fields), "invalid", str(fault)))
                continue
            self.mended += [_remark(self.backend, kind, key, change) for change in found.changes[:CHANGES_KEPT]]
            entry = make(key, found.fields)
            if self.members is MODERN and "outputSchema" in found.fields:
                as_legacy = sound(kind, found.fields, LEGACY[kind]).fields
                if as_legacy is not found.fields:
                    entry = attrs.evolve(entry, legacy_fields=make(key, as_legacy).fields)
            if key in entries and entries[key].fields != entry.fields:  # pages may overlap, which loses nothing
                what = f"another one with this {KEYS[kind]} follows in the list"
                self.left_out.append(_remark(self.backend, kind, key, what))
                self.hidden.append(_hidden(kind, entries[key], "invalid", what))
            entries[key] = entry
        return tuple(entries.values())


def _remark(backend: str, kind: str, name: str, what: str) -> Remark:
    return Remark(backend=backend, kind=kind, name=name, what=what)


def _hidden(kind: str, entry: Entry, because: HiddenWhy, why: str) -> HiddenEntry:
    return HiddenEntry(
        kind=kind,
        key=entry.key,
        shown_name=entry.shown_name,
        because=because,
        why=why[:LONGEST_WHAT],
        fields=entry.fields,
    )


def _making(spec: BackendSpec, kind: str) -> Callable[[str, Params], Entry]:
    return _overriding(spec.tool_overrides) if kind == "tools" and spec.tool_overrides else _as_it_is


def _sound_tools(
    backend: str, entries: tuple[Entry, ...], hidden: list[HiddenEntry]
) -> tuple[tuple[Entry, ...], tuple[Dropped, ...]]:
    """The tools that may be shown, with the headers their schemas ask for, and those that must not be, which go to
    `hidden` too.

    (2026-07-28, Streamable HTTP, Custom Headers from Tool Parameters.)
    """
    sound: list[Entry] = []
    dropped: list[Dropped] = []
    for entry in entries:
        schema = entry.fields.get("inputSchema", b"")
        reason = invalid_param_header(schema)
        if reason is not None:
            dropped.append(Dropped(backend=backend, tool=entry.key, reason=reason))
            hidden.append(_hidden("tools", entry, "invalid", reason))
        elif headers := param_headers(schema):
            sound.append(attrs.evolve(entry, param_headers=headers))
        else:
            sound.append(entry)
    return tuple(sound), tuple(dropped)


def passes(globs: Globs, name: str) -> bool:
    """Whether a filter lets a name pass: no deny glob fits it, and an allow glob does, or there is none at all."""
    if any(fnmatchcase(name, glob) for glob in globs.deny):
        return False
    return not globs.allow or any(fnmatchcase(name, glob) for glob in globs.allow)


def kept_out_by(globs: Globs, kind: str, name: str) -> str:
    """Which setting keeps a name out that does not pass."""
    setting = f"filters.{CAPABILITIES[kind]}"
    denied_by = next((glob for glob in globs.deny if fnmatchcase(name, glob)), None)
    return f"no glob of {setting}.allow fits it" if denied_by is None else f"{setting}.deny has {denied_by}"


def _as_it_is(key: str, fields: Params) -> Entry:
    return Entry(key=key, shown_name=key, fields=fields)


def _overriding(overrides: Mapping[str, Override]) -> Callable[[str, Params], Entry]:
    def entry(key: str, fields: Params) -> Entry:
        override = overrides.get(key)
        if override is None:
            return _as_it_is(key, fields)
        if override.description is not None:
            fields = {**fields, "description": encode_raw(override.description)}
        return Entry(key=key, shown_name=override.name or key, fields=fields)

    return entry
