"""Which backend is behind a name, as the catalog shows it to the client that asks; `resources.py` does it for URIs.

The catalogs are made in `generation.py`; the rules for names that collide are in `core/catalog`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import attrs

from argus_trio.backends.generation import Generation
from argus_trio.backends.generations import Generations
from argus_trio.backends.scope.scope import Scope
from argus_trio.core.access.target import Target
from argus_trio.core.call.abilities import Audience
from argus_trio.core.call.exchange import Call
from argus_trio.core.call.unknown_targets import unknown_named
from argus_trio.core.catalog.catalog import Catalog, Route
from argus_trio.wire.members import string_member
from argus_trio.wire.param_headers import ParamHeaders

_ONE_OF: Final[Mapping[str, Literal["tool", "prompt"]]] = {"tools": "tool", "prompts": "prompt"}
_OF_RESOURCES: Final = "resources/"
NAMED_KINDS: Final = {"tools/call": "tools", "prompts/get": "prompts"}
"""The kind of what each method calls by a name."""


@attrs.define(eq=False, repr=False)
class Directory:
    """Finds the owners of names; waits for a starting backend only where the answer depends on it."""

    generation: Generation
    """The generation whose catalogs are looked at."""

    async def catalog(self, call: Call, *, settled: bool = False, listed: bool = False) -> Catalog:
        """The catalog for the client of this call.

        With `settled` only once there is no backend left that lists wait for; with `listed` only once those have listed
        for such clients too, or have failed to, at most for the startup grace.
        """
        if settled or listed:
            await self.generation.settle()
        if listed:
            await self.generation.list_for(call.abilities)
        elif settled and call.abilities.has_any:
            await self.generation.list_at_hand(call.abilities)
        generation = self.generation
        return generation.shown(generation.catalog_for(call.abilities, call.client), call)

    def target(self, call: Call) -> Target | None:
        """What a call is aimed at, as far as that is known now; None if what it names is not there for its client.

        Waits for nothing.
        """
        kind = NAMED_KINDS.get(call.method)
        if kind is None and not (call.method.startswith(_OF_RESOURCES) and "uri" in call.params):
            return Target(kind="method", shown=call.method)
        generation = self.generation
        if kind is None:
            catalog = generation.shown(generation.made_for(call.abilities) or generation.catalog, call)
            return _resource(catalog, string_member(call.params, "uri"))
        if generation.config.conflict_resolution.strategy != "prefix" and not generation.is_settled:
            return None  # whose a bare name is depends on all of them
        name = string_member(call.params, "name")
        if name is None:
            return None
        # Looked for in the same order as by `named`, so that it is the one that is called.
        route = generation.shown(generation.catalog, call).named[kind].get(name)
        if route is None and (catalog_for := generation.made_for(call.abilities)) is not None:
            route = generation.shown(catalog_for, call).named[kind].get(name)
        if route is None:
            return None
        return Target(kind=_ONE_OF[kind], shown=name, backend=route.backend, own=route.key)

    async def named(self, call: Call, kind: str, name: str) -> tuple[Scope, Route]:
        """The owner of a tool or prompt and its route, by the name that the call's client knows it by.

        Raises:
            BackendUnavailable: by its prefix the name belongs to a backend that has never been ready.
            InvalidParams: there is no such name.
        """
        generation = self.generation
        if generation.config.conflict_resolution.strategy != "prefix":
            await generation.settle()  # whose a bare name is depends on all of them
        # The catalog for all comes first: only a name that is not in it can depend on what the client can be asked.
        catalog = generation.catalog
        if call.endpoint or not generation.is_open:
            catalog = generation.shown(catalog, call)
        route = catalog.named[kind].get(name)
        if route is None:
            route = (await self.catalog(call)).named[kind].get(name)
        if route is None:
            owner = self._starting_owner(call, kind, name)
            if owner is not None:
                await owner.shared.wait_settled()
                await owner.list_for(call.abilities)
            route = (await self.catalog(call, listed=owner is None)).named[kind].get(name)
            if route is None and owner is not None and not owner.has_listed:
                raise owner.recovery.unavailable()
        if route is None:
            raise unknown_named(_ONE_OF[kind], name)
        return generation.scopes[route.backend], route

    def _starting_owner(self, call: Call, kind: str, name: str) -> Scope | None:
        """The backend that is not up and that a name must belong to by its prefix; None if the name is hidden.

        What is hidden is not waited for, and not unavailable either: that would say that there is something.
        """
        owner = self.generation.starting_owner(name)
        if owner is None:
            return None
        own = _own_name(owner, kind, name, self.generation.config.conflict_resolution.separator)
        target = Target(kind=_ONE_OF[kind], shown=name, backend=owner.spec.name, own=own)
        return owner if self.generation.shows(target, call) else None


def _own_name(scope: Scope, kind: str, name: str, separator: str) -> str:
    """What a backend must call the thing that is shown as `name`, which begins with its prefix."""
    prefix = scope.spec.name if scope.spec.prefix is None else scope.spec.prefix
    shown = name.removeprefix(prefix + separator)
    overrides = scope.spec.tool_overrides.items() if kind == "tools" else ()
    return next((own for own, override in overrides if override.name == shown), shown)


def _resource(catalog: Catalog, uri: str | None) -> Target | None:
    route = None if uri is None else catalog.route_of_uri(uri)
    if uri is None or route is None:
        return None
    return Target(kind="resource", shown=uri, backend=route.backend, own=route.key)


@attrs.define(eq=False, repr=False)
class ToolHeaders:
    """Finds which arguments of a tool a client must repeat in headers, by the schema that this client sees."""

    generations: Generations
    """The generations; the one in effect is asked."""

    async def __call__(self, call: Call, name: str) -> ParamHeaders:
        """The headers for the tool that the call's client knows as `name`; none if it knows no such tool.

        Other clients may see another schema of it. Waits, for a listing for this client, only if the name is not
        in the catalog for all.
        """
        generation = self.generations.current
        catalog = generation.made_for(call.abilities) if call.abilities.has_any else generation.catalog
        if catalog is None:
            catalog = generation.catalog
        if call.endpoint or not generation.is_open:
            catalog = generation.shown(catalog, call)
        if name not in catalog.tools and call.abilities.has_any:
            await generation.list_for(call.abilities)
            catalog = generation.shown(generation.catalog_for(call.abilities, call.client), call)
        route = catalog.tools.get(name)
        return () if route is None else route.param_headers


@attrs.define(eq=False, repr=False)
class ShownCounts:
    """Counts what a client is shown."""

    generations: Generations
    """The generations; the one in effect is asked."""

    def __call__(self, audience: Audience) -> Mapping[str, int]:
        """How many entries of each kind the client is shown, as far as is known now. Waits for nothing, asks nobody."""
        generation = self.generations.current
        catalog = generation.shown(generation.made_for(audience.abilities) or generation.catalog, audience)
        return {"tools": len(catalog.tools), "prompts": len(catalog.prompts), "resources": len(catalog.resources)}
