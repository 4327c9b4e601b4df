"""The inventory: every entry that backends list, with the name it is shown by, or that it is hidden and why; sans I/O.

It is put together when somebody looks, of values that are there anyway, entry by entry: whoever reads a long one can
let others run in between. Nothing of it is on the path of a call.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import translate
from functools import cached_property
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.core.access.sight import sight
from argus_trio.core.access.target import Target, TargetKind
from argus_trio.core.catalog.catalog import Catalog, Entry, HiddenEntry, HiddenWhy, Published, Route
from argus_trio.core.catalog.names import Claim, Scheme, prefixed
from argus_trio.core.catalog.restricted import RestrictedCatalogs
from argus_trio.core.catalog.uris import resource_target
from argus_trio.wire.envelope import Params
from argus_trio.wire.members import string_member

KINDS_TOLD: Final = ("tools", "resources", "templates", "prompts")
"""The kinds, in the order in which they are told."""
_NAMED: Final[Mapping[str, TargetKind]] = {"tools": "tool", "prompts": "prompt"}


@attrs.frozen(kw_only=True)
class InventoryItem(Value):
    """One entry of one backend."""

    kind: str
    backend: str
    key: str
    """The name or URI by which its backend knows it."""
    name: str
    """That by which clients know it, or would."""
    fields: Params
    place: InventoryPlace
    hidden: HiddenWhy | None = None
    why: str | None = None
    """Why it is hidden, in one line."""


@attrs.frozen(kw_only=True)
class InventoryPlace(Value):
    """Where an item stands, told so that it is found again where lists have changed meanwhile."""

    kind: str
    backend: str
    number: int
    """Of the backend, among all."""
    key: str
    at: int
    """Of the item, among those of its backend and kind."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Onlooker:
    """As whom it is looked at."""

    shows: Callable[[Target], bool]
    """Whether something that is listed is there for them."""
    why_not: Callable[[Target], str]
    """Why it is not, in one line."""


@attrs.frozen(kw_only=True)
class Sought(Value):
    """Which items are wanted, and as whom they are looked at."""

    kinds: tuple[str, ...] = KINDS_TOLD
    backend: str = ""
    search: str = ""
    """A part of the name or the description, or a pattern with `*` for the name; case does not count."""
    onlooker: Onlooker | None = None
    """None: nothing is hidden by rules or views."""
    has_hidden: bool = True

    @cached_property
    def fits(self) -> Callable[[str, str, Params], bool]:
        """Whether an entry is one that is searched for: by its name, its backend's own name, and its members."""
        text = self.search.casefold()
        if not text:
            return _all_fit
        if "*" in text:
            pattern = re.compile(translate(text))
            return lambda name, key, _: any(map(pattern.match, (name.casefold(), key.casefold())))
        return lambda name, key, fields: any(text in each.casefold() for each in (name, key, _description(fields)))


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Inventory:
    """What backends list, at one moment."""

    published: tuple[Published, ...]
    """In the order of the file; without those of which nothing is known yet."""
    catalog: Catalog
    """What of that is shown."""
    scheme: Scheme
    restricting: RestrictedCatalogs

    def onlooker(self, roles: frozenset[str] | None, endpoint: str) -> Onlooker | None:
        """Who has these roles, or anybody, at an endpoint that there is; None where nothing is hidden from them."""
        policy = self.restricting.policy
        view = policy.views.get(endpoint)
        if roles is None or not policy.has_roles:
            return None if view is None else Onlooker(shows=view.shows, why_not=lambda _: _not_shown_by(endpoint))
        perspective = policy.perspective(roles, endpoint)

        def why_not(target: Target) -> str:
            is_of_view = view is None or view.shows(target)
            return policy.decide(perspective, target).because if is_of_view else _not_shown_by(endpoint)

        return Onlooker(shows=sight(policy, perspective), why_not=why_not)

    def seen(self, roles: frozenset[str]) -> Mapping[str, Mapping[str, int]]:
        """The backends of which these roles are shown something, by any endpoint, and how much of each kind: templates
        count as resources."""
        shown: set[tuple[str, str, str]] = set()
        for endpoint in ("", *self.restricting.policy.views):
            catalog = self.restricting.of(self.catalog, roles, endpoint)
            for kind, routes in (*catalog.named.items(), ("resources", catalog.resources)):
                shown.update((route.backend, kind, name) for name, route in routes.items())
            shown.update((route.backend, "resources", route.key) for _, route in catalog.templates)
        counts = {backend: dict.fromkeys(("tools", "resources", "prompts"), 0) for backend, _, _ in shown}
        for backend, kind, _ in shown:
            counts[backend][kind] += 1
        return counts

    def scan(self, sought: Sought, after: InventoryPlace | None = None) -> Iterator[InventoryItem | None]:
        """The items sought that follow a place, in order; None for each entry that is passed over.

        Kinds come in the order of `KINDS_TOLD`, backends in that of the file, entries in that of their list, and
        behind them those that are left out of it.
        """
        first = 0 if after is None else KINDS_TOLD.index(after.kind)
        for kind in KINDS_TOLD[first:]:
            if kind not in sought.kinds:
                continue
            resumed = after if after is not None and after.kind == kind else None
            start = 0 if resumed is None else self._number(resumed)
            for number, published in enumerate(self.published[start:], start):
                if sought.backend not in ("", published.backend):
                    continue
                entries = _entries(published, kind)
                begin = 0 if resumed is None or published.backend != resumed.backend else _behind(entries, resumed)
                for at, entry in enumerate(entries[begin:], begin):
                    place = InventoryPlace(kind=kind, backend=published.backend, number=number, key=entry.key, at=at)
                    yield self._item(sought, entry, published, place)

    def tools_shown(self, onlooker: Onlooker) -> Iterator[bool]:
        """Of each tool that is shown at all, whether it is there for this one."""
        for name, route in self.catalog.tools.items():
            yield onlooker.shows(_target("tools", name, route.key, route.backend))

    def _number(self, place: InventoryPlace) -> int:
        """Where to go on: with its backend, or if that is gone with the one that has taken its number."""
        names = [published.backend for published in self.published]
        return names.index(place.backend) if place.backend in names else place.number

    def _item(
        self, sought: Sought, entry: Entry | HiddenEntry, published: Published, place: InventoryPlace
    ) -> InventoryItem | None:
        kind, hidden, why = place.kind, None, None
        if isinstance(entry, HiddenEntry):
            name, hidden, why = self._wanted(kind, entry, published)[0], entry.because, entry.why
        else:
            name, lost = self._shown(kind, entry, published)
            if lost is not None:
                hidden, why = "conflict", lost
        if not sought.fits(name, entry.key, entry.fields):
            return None
        onlooker = sought.onlooker
        if hidden is None and onlooker is not None:
            target = _target(kind, name, entry.key, published.backend)
            if not onlooker.shows(target):
                hidden, why = "policy", onlooker.why_not(target)
        if hidden is not None and not sought.has_hidden:
            return None
        return InventoryItem(
            kind=kind,
            backend=published.backend,
            key=entry.key,
            name=name,
            fields=entry.fields,
            place=place,
            hidden=hidden,
            why=why,
        )

    def _wanted(self, kind: str, entry: Entry | HiddenEntry, published: Published) -> tuple[str, ...]:
        """The names that an entry can be shown by, the one that it claims first."""
        if kind not in _NAMED:
            return (entry.key,)
        claim = Claim(backend=published.backend, prefix=published.prefix, name=entry.shown_name)
        with_prefix = prefixed(claim, self.scheme.separator)
        return (with_prefix,) if self.scheme.strategy == "prefix" else (entry.shown_name, with_prefix)

    def _shown(self, kind: str, entry: Entry, published: Published) -> tuple[str, str | None]:
        """The name that an entry is shown by, or would be, and what it has lost it to."""
        backend, wanted = published.backend, self._wanted(kind, entry, published)
        for name in wanted:
            owner = self._owner(kind, name)
            if owner is not None and (owner.backend, owner.key) == (backend, entry.key):
                return name, None
        owner = self._owner(kind, wanted[0])
        if owner is None:
            return wanted[0], "several claim this name, and conflict_resolution.strategy: error shows none of them"
        if owner.backend == backend:
            return wanted[0], f"{owner.key} of the same backend is shown by this name"
        return wanted[0], f"{owner.backend} comes first (conflict_resolution) and has the same"

    def _owner(self, kind: str, name: str) -> Route | None:
        """Where a name or URI that is shown leads."""
        if kind == "templates":
            return self._templates.get(name)
        routes = self.catalog.resources if kind == "resources" else self.catalog.named[kind]
        return routes.get(name)

    @cached_property
    def _templates(self) -> Mapping[str, Route]:
        return {route.key: route for _, route in self.catalog.templates}


def _not_shown_by(view: str) -> str:
    return f"the view {view} does not show it"


def _all_fit(_name: str, _key: str, _fields: Params) -> bool:
    """Let every entry fit: nothing is searched for."""
    return True


def _description(fields: Params) -> str:
    return string_member(fields, "description") or ""


def _entries(published: Published, kind: str) -> list[Entry | HiddenEntry]:
    return [*published.entries(kind), *(entry for entry in published.hidden if entry.kind == kind)]


def _behind(entries: Sequence[Entry | HiddenEntry], place: InventoryPlace) -> int:
    """The number of entries up to the one at a place; where that is gone, as many as there were."""
    if place.at < len(entries) and entries[place.at].key == place.key:
        return place.at + 1
    return next((at + 1 for at, entry in enumerate(entries) if entry.key == place.key), place.at)


def _target(kind: str, name: str, key: str, backend: str) -> Target:
    named = _NAMED.get(kind)
    if named is None:
        return resource_target(key, backend)
    return Target(kind=named, shown=name, backend=backend, own=key)
