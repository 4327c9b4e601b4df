"""The end of the pipeline: which backend an exchange goes to, and the lists, which none is asked for."""

from __future__ import annotations

from typing import Final

import attrs
import msgspec

from argus_trio.backends.listing import METHODS, passes
from argus_trio.backends.scope import Scope
from argus_trio.backends.supervisor import Supervisor
from argus_trio.core.catalog import Route
from argus_trio.core.exchange import Call, Exchange
from argus_trio.errors import BackendUnavailable, InvalidParams, MethodUnknown, ResourceUnknown
from argus_trio.wire.envelope import Params, decode_string, encode_raw
from argus_trio.wire.revisions import Era

_KIND_LISTED: Final = {method: kind for kind, method in METHODS.items()}
_KIND_NAMED: Final = {"tools/call": "tools", "prompts/get": "prompts"}
_ONE_OF: Final = {"tools": "tool", "prompts": "prompt"}


@attrs.define(eq=False)
class Router:
    """Serves every exchange that no middleware answered."""

    supervisor: Supervisor

    async def __call__(self, exchange: Exchange) -> bytes:
        """The raw JSON of the result.

        Raises:
            RpcError: unknown method, name or URI, an unavailable backend, or what the backend answered.
        """
        call = exchange.call
        if call.method in _KIND_NAMED:
            return await self._named(exchange, _KIND_NAMED[call.method])
        if call.method == "resources/read":
            return await self._read(exchange)
        if call.method in _KIND_LISTED:
            return await self._list(call, _KIND_LISTED[call.method])
        raise MethodUnknown(f"unknown method: {call.method[:100]}")

    async def _list(self, call: Call, kind: str) -> bytes:
        await self.supervisor.settle()
        if "cursor" in call.params:
            raise InvalidParams("unknown cursor: lists are answered whole")
        return self.supervisor.catalog.lists[kind]

    async def _named(self, exchange: Exchange, kind: str) -> bytes:
        call = exchange.call
        name = _string(call, "name")
        scope, route = await self._owner(kind, name)
        params: Params = call.params if route.key == name else {**call.params, "name": encode_raw(route.key)}
        return await scope.call(exchange, params)

    async def _owner(self, kind: str, name: str) -> tuple[Scope, Route]:
        route = self._route(kind, name)
        if route is None:
            owner = self.supervisor.starting_owner(name)
            if owner is not None:
                await owner.wait_settled()
            else:
                await self.supervisor.settle()
            route = self._route(kind, name)
            if route is None and owner is not None and not owner.has_listed:
                raise BackendUnavailable(owner.spec.name, owner.reason, details=owner.details)
        if route is None:
            raise InvalidParams(f"unknown {_ONE_OF[kind]}: {name[:200]}")
        return self.supervisor.scopes[route.backend], route

    def _route(self, kind: str, name: str) -> Route | None:
        catalog = self.supervisor.catalog
        return (catalog.tools if kind == "tools" else catalog.prompts).get(name)

    async def _read(self, exchange: Exchange) -> bytes:
        uri = _string(exchange.call, "uri")
        route = self.supervisor.catalog.route_of_uri(uri)
        if route is None:
            await self.supervisor.settle()
            route = self.supervisor.catalog.route_of_uri(uri)
        scope = None if route is None else self.supervisor.scopes[route.backend]
        # A template or a lone backend can lead to a URI that its filter hides: what is not listed is not read either.
        if scope is None or not passes(scope.spec.filters.resources, uri):
            if exchange.call.era is Era.MODERN:
                raise InvalidParams(f"unknown resource: {uri[:200]}", data={"uri": uri[:2000]})
            raise ResourceUnknown(uri[:2000])
        return await scope.call(exchange, exchange.call.params)


def _string(call: Call, key: str) -> str:
    try:
        return decode_string(call.params[key])
    except KeyError:
        raise InvalidParams(f'{call.method} needs "{key}"') from None
    except msgspec.DecodeError:
        raise InvalidParams(f'"{key}" of {call.method} must be a string') from None
