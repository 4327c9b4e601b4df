"""The end of the pipeline: what each method means here, and which backend it goes to.

Lists are served from the catalog: no backend is asked for them here. Everything else goes to the one backend that
`directory.py` finds.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable
from functools import partial
from typing import Final

import attrs

from argus_trio.backends.generation import Generation
from argus_trio.backends.listings.listing import METHODS
from argus_trio.backends.routing.completion import complete
from argus_trio.backends.routing.directory import NAMED_KINDS, Directory
from argus_trio.backends.routing.era_translation import call_in_backend_era
from argus_trio.backends.routing.extensions import call_extension
from argus_trio.backends.routing.params import no_string, string_param
from argus_trio.backends.routing.resources import read, subscribe
from argus_trio.backends.routing.tasks import Tasks
from argus_trio.backends.scope.lease import Lease
from argus_trio.core.call.exchange import Call, Exchange
from argus_trio.core.catalog.catalog import Catalog
from argus_trio.core.catalog.paging import Cursors
from argus_trio.wire.envelope import Params, encode_raw
from argus_trio.wire.members import string_member
from argus_trio.wire.param_headers import render_param_headers
from argus_trio.wire.passing.known_result import KnownResult, own_words
from argus_trio.wire.revisions import Era

_KIND_LISTED: Final = {method: kind for kind, method in METHODS.items()}
LISTEN: Final = "subscriptions/listen"
_SUBSCRIBING: Final = ("resources/subscribe", "resources/unsubscribe")


@attrs.define(eq=False, repr=False)
class Router:
    """Serves every exchange of one generation that no middleware answered; a `Handler`."""

    generation: Generation
    tasks: Tasks
    """The tasks of all generations."""
    cursors: Cursors
    """Seals and opens the cursors of lists, for all generations."""
    directory: Directory = attrs.field(init=False)
    """Finds the owners of names in this generation."""

    def __attrs_post_init__(self) -> None:
        self.directory = Directory(self.generation)

    def __call__(self, exchange: Exchange) -> Awaitable[bytes]:
        """Serve the exchange; the raw JSON of the result. Cancelling it cancels the call at the backend.

        Raises:
            RpcError: unknown method, name or URI, an unavailable backend, or what the backend answered.
        """
        call = exchange.call
        if exchange.record is not None:
            exchange.record.waits_for = "listing"
        if call.method in NAMED_KINDS:
            return self._named(exchange, NAMED_KINDS[call.method])
        if call.method == "resources/read":
            return read(self.directory, exchange)
        if call.method in _KIND_LISTED:
            return self._list(call, _KIND_LISTED[call.method])
        if call.method in _SUBSCRIBING and call.era is Era.LEGACY:
            return subscribe(self.directory, exchange)
        if call.method == "completion/complete":
            return complete(self.directory, exchange)
        if call.method == LISTEN and call.era is Era.MODERN:
            return _nothing()  # the edge does it, once the middleware has let it pass
        if call.method.startswith("tasks/"):
            return self.tasks.request(exchange, self.generation)
        return call_extension(self.directory, self.tasks, exchange)

    async def _list(self, call: Call, kind: str) -> bytes:
        listed = (await self._catalog(call)).listed(kind, call.era)
        cursor = call.params.get("cursor")
        if cursor is None and listed.is_one_page:
            return listed.whole
        after = None if cursor is None else self.cursors.open(kind, string_param(call, "cursor"))
        entries, last = listed.page(after)
        more = b"" if last is None else b',"nextCursor":"%b"' % self.cursors.seal(kind, last).encode()
        return KnownResult(b'{"%b":[%b]%b}' % (listed.member.encode(), entries, more))

    async def _named(self, exchange: Exchange, kind: str) -> bytes:
        call = exchange.call
        name = string_member(call.params, "name")
        if name is None:
            raise no_string(call, "name")
        scope, route = await self.directory.named(call, kind, name)
        record = exchange.record
        if record is not None:
            record.name = name
        params: Params = call.params if route.key == name else {**call.params, "name": encode_raw(route.key)}
        headers = render_param_headers(route.param_headers, params.get("arguments", b"")) if route.param_headers else ()
        with Lease(scope.leases, self.generation, record):
            shared = scope.shared
            if not shared.settled.is_set():
                await shared.wait_settled()
            if shared.handshake is not None and shared.handshake.runs_tasks:
                result = await self.tasks.call(scope, exchange, params, headers)
            else:
                perform = scope.calls.call if call.era is Era.LEGACY else partial(call_in_backend_era, scope)
                result = await perform(exchange, params, headers)
            if own_words(result).find(b'"uri"') >= 0:
                shared.given.note_result(result)
            return result

    async def _catalog(self, call: Call) -> Catalog:
        return await self.directory.catalog(call, settled=True)


async def _nothing() -> bytes:
    return b"{}"


@attrs.define(eq=False, repr=False)
class RouterFactory:
    """Makes the router of each generation, and holds what outlives a generation: tasks, and the key of the cursors."""

    tasks: Tasks = attrs.field(init=False)
    """The tasks of all generations."""
    _cursors: Cursors = attrs.field(factory=lambda: Cursors(key=secrets.token_bytes()), init=False)

    def __attrs_post_init__(self) -> None:
        self.tasks = Tasks(self._cursors)

    def __call__(self, generation: Generation) -> Router:
        """A router for this generation."""
        return Router(generation, self.tasks, self._cursors)
