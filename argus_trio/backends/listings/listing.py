"""Reading what a backend lists, and making it ready for the catalog: with filters and overrides applied.

Where the lists come from is the business of `fetch.py`; names that collide are the business of `core/catalog`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Final

import attrs
import msgspec

from argus_trio.config.model.backend import BackendSpec
from argus_trio.config.model.visibility import Globs, Override
from argus_trio.core.catalog.catalog import Dropped, Entry, Published
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

LIST_CHANGED: Final = {
    "tools": "notifications/tools/list_changed",
    "prompts": "notifications/prompts/list_changed",
    "resources": "notifications/resources/list_changed",
    "templates": "notifications/resources/list_changed",
}
"""The notification by which clients are informed that the list of each kind has changed."""


@attrs.frozen(kw_only=True)
class ListPage:
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


def publish(spec: BackendSpec, listing: Listing, *, serves_resources: bool) -> Published:
    """What the catalog may show of a backend that listed this: what filters let pass, with overrides applied.

    Filters look at the backend's own names. `serves_resources` says whether the backend declared resources.
    """
    filters = spec.filters
    tools, dropped = _sound_tools(
        spec.name, _entries(listing.get("tools", ()), filters.tools, _overriding(spec.tool_overrides))
    )
    return Published(
        backend=spec.name,
        prefix=spec.name if spec.prefix is None else spec.prefix,
        tools=tools,
        prompts=_entries(listing.get("prompts", ()), filters.prompts, _as_it_is),
        resources=_entries(listing.get("resources", ()), filters.resources, _as_it_is),
        templates=_entries(listing.get("templates", ()), filters.resources, _as_it_is),
        serves_resources=serves_resources,
        dropped=dropped,
    )


def _sound_tools(backend: str, entries: tuple[Entry, ...]) -> tuple[tuple[Entry, ...], tuple[Dropped, ...]]:
    """The tools that may be shown, with the headers their schemas ask for, and those that must not be.

    (2026-07-28, Streamable HTTP, Custom Headers from Tool Parameters.)
    """
    sound: list[Entry] = []
    dropped: list[Dropped] = []
    for entry in entries:
        schema = entry.fields.get("inputSchema", b"")
        reason = invalid_param_header(schema)
        if reason is not None:
            dropped.append(Dropped(backend=backend, tool=entry.key, reason=reason))
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


def _entries(
    listed: Sequence[tuple[str, Params]], globs: Globs, entry: Callable[[str, Params], Entry]
) -> tuple[Entry, ...]:
    return tuple(entry(key, fields) for key, fields in listed if passes(globs, key))
