"""Tools, prompts, resources and templates as one list that is searched: made once for a catalog, not for a key."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Literal

import attrs

from argus_trio.contract.capabilities import (
    CapabilitiesAnswer,
    PromptEntry,
    ResourceEntry,
    ResourceTemplateEntry,
    ToolEntry,
)

EntryKind = Literal["tool", "prompt", "resource", "template"]
KINDS: Final[tuple[EntryKind, ...]] = ("tool", "prompt", "resource", "template")
CatalogEntry = ToolEntry | PromptEntry | ResourceEntry | ResourceTemplateEntry


@attrs.frozen(kw_only=True, eq=False)
class ShownEntry:
    """One of them, and by what it is found."""

    kind: EntryKind
    key: str
    """What it is called by: its name, or its URI."""
    title: str
    backend: str
    description: str
    hidden: str
    """Why clients are not shown it; empty where they are."""
    entry: CatalogEntry
    name_text: str
    whole_text: str

    @property
    def identity(self) -> tuple[str, str, str]:
        """What tells it from all others."""
        return self.kind, self.backend, self.key


def _made(catalog: CapabilitiesAnswer) -> tuple[ShownEntry, ...]:
    return (
        *(_shown("tool", each.name, each.title or "", each) for each in catalog.tools),
        *(_shown("prompt", each.name, "", each) for each in catalog.prompts),
        *(_shown("resource", each.uri, each.name or "", each) for each in catalog.resources),
        *(_shown("template", each.uri_template, each.name or "", each) for each in catalog.resource_templates),
    )


def _shown(kind: EntryKind, key: str, title: str, entry: CatalogEntry) -> ShownEntry:
    description = entry.description or ""
    return ShownEntry(
        kind=kind,
        key=key,
        title=title,
        backend=entry.backend,
        description=description,
        hidden=(entry.why or entry.hidden or "hidden") if entry.hidden or entry.filtered else "",
        entry=entry,
        name_text=key.casefold(),
        whole_text=f"{key}\n{title}\n{entry.backend}\n{description}".casefold(),
    )


@attrs.frozen
class _ByIdentity:
    """A catalog that is compared by what it is, not by all it holds."""

    catalog: CapabilitiesAnswer = attrs.field(eq=False)
    identity: int

    def __hash__(self) -> int:
        return self.identity


def entries(catalog: CapabilitiesAnswer | None) -> tuple[ShownEntry, ...]:
    """All entries of a catalog, in its order."""
    return () if catalog is None else _cached(_ByIdentity(catalog, id(catalog)))


@lru_cache(maxsize=2)
def _cached(held: _ByIdentity) -> tuple[ShownEntry, ...]:
    # what is held keeps its catalog alive, so that no other one can have the same identity meanwhile
    return _made(held.catalog)


def found(
    held: tuple[ShownEntry, ...], words: str, kinds: frozenset[EntryKind], with_hidden: bool
) -> tuple[ShownEntry, ...]:
    """Those in which every word stands: first those whose name has all of them, then the others."""
    wanted = words.casefold().split()
    named: list[ShownEntry] = []
    others: list[ShownEntry] = []
    for each in held:
        if each.kind not in kinds or (each.hidden and not with_hidden):
            continue
        if all(word in each.name_text for word in wanted):
            named.append(each)
        elif all(word in each.whole_text for word in wanted):
            others.append(each)
    return (*named, *others)
