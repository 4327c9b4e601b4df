"""Whose is it? The backend behind a name or a URI, as the catalog shows them to the client that asks."""

from __future__ import annotations

from typing import Final

import attrs

from argus_trio.backends.generation import Generation
from argus_trio.backends.generations import Generations
from argus_trio.backends.listings.listing import passes
from argus_trio.backends.scope.scope import Scope
from argus_trio.core.call.exchange import Call
from argus_trio.core.catalog.catalog import Catalog, Route
from argus_trio.errors import InvalidParams, ResourceUnknown, RpcError
from argus_trio.wire.param_headers import ParamHeaders
from argus_trio.wire.revisions import Era

_ONE_OF: Final = {"tools": "tool", "prompts": "prompt"}


@attrs.define(eq=False)
class Directory:
    """Finds owners. Waits for backends that are starting only where the answer depends on them."""

    generation: Generation

    async def catalog(self, call: Call, *, settled: bool = False) -> Catalog:
        """What this call's client is shown; where `settled`, once the backends are, in the bounds of the grace."""
        if settled:
            await self.generation.settle()
        return await self.generation.catalog_for(call.abilities, call.client)

    async def named(self, call: Call, kind: str, name: str) -> tuple[Scope, Route]:
        """The owner of a tool or prompt by the name it is shown under.

        Raises:
            BackendUnavailable: its backend has never been ready.
            InvalidParams: nobody shows such a name.
        """
        if self.generation.config.conflict_resolution.strategy != "prefix":
            await self.generation.settle()  # whose a bare name is depends on all of them
        # What everybody is shown first: only a name that is not there can depend on what the client can be asked.
        route = self.generation.catalog.named[kind].get(name)
        if route is None:
            route = (await self.catalog(call)).named[kind].get(name)
        if route is None:
            owner = self.generation.starting_owner(name)
            if owner is not None:
                await owner.shared.wait_settled()
            route = (await self.catalog(call, settled=owner is None)).named[kind].get(name)
            if route is None and owner is not None and not owner.has_listed:
                raise owner.recovery.unavailable()
        if route is None:
            raise InvalidParams(f"unknown {_ONE_OF[kind]}: {name[:200]}")
        return self.generation.scopes[route.backend], route

    async def serving(self, call: Call, uri: str) -> Scope | None:
        """Who serves the resource `uri`, if anybody may be asked for it."""
        route = (await self.catalog(call)).route_of_uri(uri)
        if route is None:
            route = (await self.catalog(call, settled=True)).route_of_uri(uri)
        return self._unless_hidden(route, uri)

    async def referred(self, call: Call, uri: str) -> Scope | None:
        """Who serves what `uri` refers to: a resource template, spelled exactly, or a resource."""
        route = (await self.catalog(call)).route_of_reference(uri)
        if route is None:
            route = (await self.catalog(call, settled=True)).route_of_reference(uri)
        return self._unless_hidden(route, uri)

    def _unless_hidden(self, route: Route | None, uri: str) -> Scope | None:
        # A template or a lone backend can lead to a URI that its filter hides: what is not listed is not served either.
        scope = None if route is None else self.generation.scopes[route.backend]
        return scope if scope is not None and passes(scope.spec.filters.resources, uri) else None


def unknown_resource(call: Call, uri: str) -> RpcError:
    """The error for a URI that nobody serves, in the words of the client's era."""
    if call.era is Era.MODERN:
        return InvalidParams(f"unknown resource: {uri[:200]}", data={"uri": uri[:2000]})
    return ResourceUnknown(uri[:2000])


@attrs.define(eq=False)
class ToolHeaders:
    """Which arguments of a tool the client must repeat in headers, as that client is shown the tool."""

    generations: Generations

    async def __call__(self, call: Call, name: str) -> ParamHeaders:
        """The headers of the tool that the call's client is shown as `name`; none if it is shown none.

        Others may be shown another schema of it. Waits only where `Directory.named` does: for a name that not everybody
        is shown.
        """
        generation = self.generations.current
        catalog = generation.made_for(call.abilities)
        if catalog is None:
            catalog = generation.catalog
            if name not in catalog.tools:
                catalog = await generation.catalog_for(call.abilities, call.client)
        route = catalog.tools.get(name)
        return () if route is None else route.param_headers
