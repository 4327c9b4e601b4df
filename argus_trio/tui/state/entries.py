"""Tools, prompts, resources and templates as one list that is searched: made once for a catalog, not for a key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, Literal

import attrs

from argus_trio import Value
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
LEAST_FUZZY: Final = 3
"""From how many letters on a name is found by letters that stand in it in this order, with others between them."""
_NOT_FOUND: Final = 99
_FUZZY: Final = 5


@attrs.frozen(kw_only=True, eq=False, repr=False)
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
    title_text: str
    whole_text: str

    @property
    def identity(self) -> tuple[str, str, str]:
        """What tells it from all others."""
        return self.kind, self.backend, self.key


@attrs.frozen(kw_only=True)
class EntrySearch(Value):
    """What is searched for."""

    words: str = ""
    kinds: frozenset[EntryKind] = frozenset(KINDS)
    backend: str = ""
    """Only of this one; empty for all."""
    with_hidden: bool = True


@attrs.frozen(kw_only=True, eq=False, repr=False)
class FoundEntries:
    """What was found, the best first."""

    shown: tuple[ShownEntry, ...] = ()
    counts: dict[EntryKind, int]
    """How many there are of each kind, whichever kinds are wanted."""
    is_fuzzy: bool = False
    """Whether nothing has the words as they are written, and these have their letters."""


def entries(catalog: CapabilitiesAnswer | None) -> tuple[ShownEntry, ...]:
    """All entries of a catalog, in its order."""
    return () if catalog is None else _cached(_ByIdentity(catalog, id(catalog)))


def entry_of(catalog: CapabilitiesAnswer | None, kind: str, key: str) -> ShownEntry | None:
    """The one that is called by this name or URI, and not hidden."""
    return next((each for each in entries(catalog) if each.key == key and each.kind == kind and not each.hidden), None)


def found(catalog: CapabilitiesAnswer | None, search: EntrySearch) -> FoundEntries:
    """Those in which every word stands: those that are named so first, then those whose title or description has it;
    where there are none, those whose name has the letters in this order."""
    if catalog is None:
        return FoundEntries(counts={})
    return _searched(_ByIdentity(catalog, id(catalog)), search)


@attrs.frozen
class _ByIdentity(Value):
    """A catalog that is compared by what it is, not by all it holds."""

    catalog: CapabilitiesAnswer = attrs.field(eq=False)
    identity: int

    def __hash__(self) -> int:
        return self.identity


@lru_cache(maxsize=2)
def _cached(held: _ByIdentity) -> tuple[ShownEntry, ...]:
    # what is held keeps its catalog alive, so that no other one can have the same identity meanwhile
    return tuple(_made(held.catalog))


def _made(catalog: CapabilitiesAnswer) -> Iterator[ShownEntry]:
    for tool in catalog.tools:
        yield _shown("tool", tool.name, tool.title or "", tool)
    for prompt in catalog.prompts:
        yield _shown("prompt", prompt.name, "", prompt)
    for resource in catalog.resources:
        yield _shown("resource", resource.uri, resource.name or "", resource)
    for template in catalog.resource_templates:
        yield _shown("template", template.uri_template, template.name or "", template)


def _shown(kind: EntryKind, key: str, title: str, entry: CatalogEntry) -> ShownEntry:
    description = entry.description or ""
    original = entry.original_name if isinstance(entry, ToolEntry | PromptEntry) else ""
    return ShownEntry(
        kind=kind,
        key=key,
        title=title,
        backend=entry.backend,
        description=description,
        hidden=(entry.why or entry.hidden or "a filter hides it") if entry.hidden or entry.filtered else "",
        entry=entry,
        name_text=key.casefold(),
        title_text=f"{key}\n{original}\n{title}".casefold(),
        whole_text=f"{key}\n{original}\n{title}\n{entry.backend}\n{description}".casefold(),
    )


@lru_cache(maxsize=4)
def _searched(held: _ByIdentity, search: EntrySearch) -> FoundEntries:
    """The page and its view both ask, and for each key only once anything is to be done."""
    words = search.words.casefold().split()
    among = [
        each
        for each in _cached(held)
        if (search.with_hidden or not each.hidden) and (not search.backend or each.backend == search.backend)
    ]
    ranked = [(rank, each) for each in among if (rank := _rank(each, words)) != _NOT_FOUND] if words else []
    is_fuzzy = False
    if words and not ranked and sum(map(len, words)) >= LEAST_FUZZY:
        letters = re.compile(".*?".join(re.escape(letter) for word in words for letter in word))
        ranked = [(_FUZZY, each) for each in among if letters.search(each.name_text)]
        is_fuzzy = bool(ranked)
    ranked.sort(key=lambda pair: pair[0])
    of_all = [each for _, each in ranked] if words else among
    counts = dict.fromkeys(KINDS, 0)
    for each in of_all:
        counts[each.kind] += 1
    shown = tuple(each for each in of_all if each.kind in search.kinds)
    return FoundEntries(shown=shown, counts=counts, is_fuzzy=is_fuzzy)


def _rank(each: ShownEntry, words: list[str]) -> int:
    """How well the words fit: a name that is the word, begins with it, has it after a separator, has all of them."""
    name = each.name_text
    if all(word in name for word in words):
        at = name.find(words[0])
        if name == words[0]:
            return 0
        return 1 if at == 0 or not name[at - 1].isalnum() else 2
    if all(word in each.title_text for word in words):
        return 3
    return 4 if all(word in each.whole_text for word in words) else _NOT_FOUND
