"""What the journal is told of the catalog: what each backend shows more or less than before, and names in dispute."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from argus_trio.core.catalog.catalog import Catalog
from argus_trio.core.catalog.names import new_collisions
from argus_trio.core.journal import Journal

NAMES_NOTED: Final = 20
"""How many names stand in one event: the catalog has them all."""

_NamesShown = dict[str, dict[str, set[str]]]
"""The names that are shown, by backend and kind."""


def note_changes(journal: Journal, before: Catalog, now: Catalog) -> None:
    """Note how the catalog differs from the one before, one event for each backend."""
    if before is now:
        return
    shown, shown_before = _shown(now), _shown(before)
    for backend in sorted(shown.keys() | shown_before.keys()):
        own, last = shown.get(backend, {}), shown_before.get(backend, {})
        kinds = sorted(own.keys() | last.keys())
        added = {kind: own.get(kind, set()) - last.get(kind, set()) for kind in kinds}
        removed = {kind: last.get(kind, set()) - own.get(kind, set()) for kind in kinds}
        if any(added.values()) or any(removed.values()):
            _note(journal, backend, added, removed)
    _note_disputes(journal, before, now)


def _note(journal: Journal, backend: str, added: dict[str, set[str]], removed: dict[str, set[str]]) -> None:
    more, fewer = _total(added), _total(removed)
    details = {
        "added": {kind: len(names) for kind, names in added.items() if names},
        "removed": {kind: len(names) for kind, names in removed.items() if names},
        "names_added": _some(added),
        "names_removed": _some(removed),
    }
    new = f"shows {more} new {'entry' if more == 1 else 'entries'}" if more else ""
    gone = f"no longer shows {fewer}" if fewer else ""
    said = " and ".join(part for part in (new, gone) if part)
    journal.note("catalog_changed", f"{backend} {said}", backend=backend, details=details)


def _note_disputes(journal: Journal, before: Catalog, now: Catalog) -> None:
    for pair in new_collisions(before.collisions, now.collisions):
        has_them = f"{pair.winner} has them" if pair.winner else "neither shows them"
        journal.note(
            "name_collision",
            f"{' and '.join(pair.backends)} show the same names ({len(pair.names)}): {has_them}",
            severity="warning",
            backend=pair.backends[1],
            details={
                "backends": pair.backends,
                "winner": pair.winner,
                "count": len(pair.names),
                "names": pair.names[:NAMES_NOTED],
                "renamed": pair.renamed,
            },
        )
    known = frozenset(before.dropped)
    for dropped in now.dropped:
        if dropped not in known:
            said = f"{dropped.tool} of {dropped.backend} is not shown: {dropped.reason}"
            details = {"tool": dropped.tool, "reason": dropped.reason}
            journal.note("tool_dropped", said, severity="warning", backend=dropped.backend, details=details)


def _shown(catalog: Catalog) -> _NamesShown:
    shown: _NamesShown = {}
    for kind, name, backend in _entries(catalog):
        shown.setdefault(backend, {}).setdefault(kind, set()).add(name)
    return shown


def _entries(catalog: Catalog) -> Iterator[tuple[str, str, str]]:
    for kind, routes in (("tools", catalog.tools), ("prompts", catalog.prompts), ("resources", catalog.resources)):
        for name, route in routes.items():
            yield kind, name, route.backend
    for _, route in catalog.templates:
        yield "templates", route.key, route.backend


def _total(names: dict[str, set[str]]) -> int:
    return sum(map(len, names.values()))


def _some(names: dict[str, set[str]]) -> list[str]:
    return sorted(name for each in names.values() for name in each)[:NAMES_NOTED]
