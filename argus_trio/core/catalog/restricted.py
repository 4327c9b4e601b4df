"""A catalog as it is seen from one perspective: the same names and routes, without what is hidden from there.

Made once for a perspective, of a catalog that hides nothing, so that a list stays bytes that are ready to send. Names
stay as they are: where the winner of a name is hidden, the loser is not shown in its place.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final

import attrs

from argus_trio.core.access.policy import Perspective, Policy
from argus_trio.core.access.sight import sight
from argus_trio.core.access.target import Target, TargetKind
from argus_trio.core.catalog.catalog import EMPTY, KINDS, Catalog, Route
from argus_trio.core.catalog.uris import resource_target

MOST_KEPT: Final = 64
"""How many restricted catalogs are kept, those used last: perspectives are few, and a catalog of 10 000 tools takes
3 MB. One that is not kept is made anew when it is asked for."""

Shows = Callable[[Target], bool]
"""Whether something exists for whoever looks."""


def restricted(catalog: Catalog, shows: Shows) -> Catalog:
    """The catalog without what `shows` hides; the catalog itself if that is nothing."""
    tools = _shown("tool", catalog.tools, shows)
    prompts = _shown("prompt", catalog.prompts, shows)
    resources = _shown("resource", catalog.resources, shows)
    templates = _shown("resource", {route.key: route for _, route in catalog.templates}, shows)
    kept = {"tools": tools, "prompts": prompts, "resources": resources, "templates": templates}
    paged = {kind: each.only(kept[kind]) for kind, each in catalog.paged.items()}
    if all(paged[kind] is each for kind, each in catalog.paged.items()):
        return catalog
    is_same = catalog.legacy_tools is catalog.paged["tools"]
    return attrs.evolve(
        catalog,
        tools=MappingProxyType(tools),
        prompts=MappingProxyType(prompts),
        resources=MappingProxyType(resources),
        templates=tuple((template, route) for template, route in catalog.templates if route.key in templates),
        lists=MappingProxyType({kind: each.whole for kind, each in paged.items()}),
        paged=MappingProxyType(paged),
        legacy_tools=paged["tools"] if is_same else catalog.legacy_tools.only(tools),
    )


def backends_in(catalog: Catalog, kinds: Iterable[str] = KINDS) -> frozenset[str]:
    """The backends that have an entry of one of these kinds in the catalog."""
    routes: Mapping[str, Iterable[Route]] = {
        "tools": catalog.tools.values(),
        "prompts": catalog.prompts.values(),
        "resources": catalog.resources.values(),
        "templates": (route for _, route in catalog.templates),
    }
    return frozenset(route.backend for kind in kinds for route in routes[kind])


def differing_kinds(before: Catalog, now: Catalog) -> frozenset[str]:
    """The kinds in which the two differ in anything by which entries can be hidden or shown."""
    templates = [[route for _, route in each.templates] for each in (before, now)]
    pairs: Mapping[str, tuple[object, object]] = {
        "tools": (before.tools, now.tools),
        "prompts": (before.prompts, now.prompts),
        "resources": (before.resources, now.resources),
        "templates": (templates[0], templates[1]),
    }
    return frozenset(k for k, (one, other) in pairs.items() if one != other or before.lists[k] != now.lists[k])


@attrs.define(eq=False, repr=False)
class RestrictedCatalogs:
    """What one policy lets whom see: catalogs by perspective, made at need."""

    policy: Policy
    is_open: bool = attrs.field(init=False)
    """Whether everybody sees everything at the endpoint that shows all."""
    _kept: OrderedDict[tuple[int, Perspective], tuple[Catalog, Catalog]] = attrs.field(factory=OrderedDict, init=False)
    """The restricted catalogs, with what they were made of: for as long as that is held here, its identity is its."""

    def __attrs_post_init__(self) -> None:
        self.is_open = self.policy.is_open

    def __len__(self) -> int:
        return len(self._kept)

    def of(self, catalog: Catalog, roles: frozenset[str], endpoint: str) -> Catalog:
        """The catalog as principals with these roles see it at this endpoint; at one that is gone there is nothing."""
        if self._is_gone(endpoint):
            return EMPTY
        if self.is_open:
            return catalog
        perspective = self.policy.perspective(roles, endpoint)
        key = (id(catalog), perspective)
        found = self._kept.get(key)
        if found is None:
            found = catalog, restricted(catalog, sight(self.policy, perspective))
            self._kept[key] = found
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        return found[1]

    def shows(self, target: Target, roles: frozenset[str], endpoint: str) -> bool:
        """Whether something exists for principals with these roles at this endpoint."""
        if self._is_gone(endpoint):
            return False
        return self.is_open or self.policy.shows(self.policy.perspective(roles, endpoint), target)

    def keep_only(self, catalogs: Iterable[Catalog]) -> None:
        """Forget what was made of other catalogs than these."""
        ids = set(map(id, catalogs))
        for key in [key for key in self._kept if key[0] not in ids]:
            del self._kept[key]

    def _is_gone(self, endpoint: str) -> bool:
        return endpoint != "" and endpoint not in self.policy.views


def _shown(kind: TargetKind, routes: Mapping[str, Route], shows: Shows) -> dict[str, Route]:
    if kind == "resource":  # of which a rule may speak in another spelling
        return {uri: route for uri, route in routes.items() if shows(resource_target(uri, route.backend))}
    return {
        name: route
        for name, route in routes.items()
        if shows(Target(kind=kind, shown=name, backend=route.backend, own=route.key))
    }
