"""Whose a resource is, and how the backends that may have it are asked: one after another, as long as none has it.

A URI that is listed has one owner, whichever way its client spells it. One that no list names may have several that
come into question: who has a template for it, who gave it out in a result, who serves others like it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from math import inf
from typing import Final, TypeVar

import attrs
import trio

from argus_trio.backends.generation import Generation
from argus_trio.backends.listings.listing import passes
from argus_trio.backends.routing.directory import Directory
from argus_trio.backends.routing.era_translation import call_in_backend_era
from argus_trio.backends.routing.params import string_param
from argus_trio.backends.scope.lease import Lease
from argus_trio.backends.scope.scope import Scope
from argus_trio.backends.subscriptions.listen_stream import NotAgreed
from argus_trio.config.model.visibility import Globs
from argus_trio.core.call.exchange import Call, Exchange
from argus_trio.core.call.unknown_targets import unknown_resource
from argus_trio.core.catalog.catalog import Catalog
from argus_trio.core.catalog.unknown import means_not_found
from argus_trio.core.catalog.uris import led_elsewhere, spellings
from argus_trio.errors import (
    BackendError,
    BackendUnavailable,
    DeadlineExceeded,
    LinkFailed,
    MethodUnknown,
    RequestRefused,
    ResourceUnknown,
    RpcError,
)
from argus_trio.wire.envelope import Params, encode_raw

MOST_ASKED: Final = 8
"""How many backends are asked for one URI at most: each is a request, and its client waits for all of them."""

T = TypeVar("T")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ResourceOwner:
    """A backend that has a resource, or may have it."""

    scope: Scope
    key: str
    """The URI as this backend spells it, as far as that is known."""
    is_guess: bool = False
    """Whether nothing but the look of the URI leads there."""

    def params(self, call: Call, uri: str) -> Params:
        """The params of a call for the resource that its client spells `uri`, for this backend."""
        return call.params if self.key == uri else {**call.params, "uri": encode_raw(self.key)}


async def read(directory: Directory, exchange: Exchange) -> bytes:
    """Serve `resources/read`; the raw JSON of the result.

    Raises:
        RpcError: as `call_in_backend_era`, and as `ask_in_order`.
    """
    call = exchange.call
    uri = string_param(call, "uri")

    async def read_from(owner: ResourceOwner) -> bytes:
        result = await call_in_backend_era(owner.scope, exchange, owner.params(call, uri))
        if b'"uri"' in result:
            owner.scope.shared.given.note_result(result)
        return result

    return await ask_in_order(directory, await owners_of(directory, call, uri), read_from, unknown_resource(call, uri))


async def subscribe(directory: Directory, exchange: Exchange) -> bytes:
    """Serve `resources/subscribe` and `resources/unsubscribe` of a legacy client; the raw JSON of the result.

    Raises:
        RpcError: as `ClientSubscriptions.subscribe`, and as `ask_in_order`.
    """
    call = exchange.call
    uri = string_param(call, "uri")

    async def subscribe_at(owner: ResourceOwner) -> bytes:
        if owner.is_guess and call.method == "resources/subscribe" and len(owners) > 1 and not await is_there(owner):
            raise ResourceUnknown(uri)  # so that the next one is asked
        return await owner.scope.subscriptions.subscribe(exchange, owner.key)

    owners = await owners_of(directory, call, uri)
    return await ask_in_order(directory, owners, subscribe_at, unknown_resource(call, uri))


async def is_there(owner: ResourceOwner) -> bool:
    """Whether the backend has a resource that is only guessed to be there: many let their clients subscribe to any.

    Raises:
        BackendUnavailable: the backend cannot be reached, or is drained.
    """
    owner.scope.bulkhead.require_open()
    connection = await owner.scope.shared.connected()
    with trio.move_on_after(owner.scope.spec.timeouts.call):
        try:
            await connection.ask("resources/read", {"uri": encode_raw(owner.key)})
        except RequestRefused as refused:
            return not means_not_found(refused.error)
        except LinkFailed:
            return False
        else:
            return True
    return False


async def ask_in_order(
    directory: Directory,
    owners: Sequence[ResourceOwner],
    ask: Callable[[ResourceOwner], Awaitable[T]],
    unknown: RpcError,
) -> T:
    """What `ask` returns for the first of the owners that does not say that it has no such resource.

    All after the first are asked within one `timeouts.call`. One that is found is remembered as having given it out.

    Raises:
        RpcError: `unknown` where nobody has it, or what the first said of it, if that was more than a guess; any other
            error of whoever was asked.
    """
    refused = unknown
    seconds, give_up_at = 0.0, inf
    for owner in owners:
        try:
            with trio.CancelScope(deadline=give_up_at), Lease(owner.scope.leases, directory.generation):
                answer = await ask(owner)
                if owner.is_guess:
                    owner.scope.shared.given.note(owner.key)
                return answer
            raise DeadlineExceeded(owner.scope.spec.name, seconds)
        except RpcError as error:
            if not _says_not_found(error):
                raise
            if owner is owners[0] and (len(owners) == 1 or not owner.is_guess):
                refused = error
        if give_up_at == inf:
            seconds = owner.scope.spec.timeouts.call
            give_up_at = trio.current_time() + seconds
    raise refused


async def owners_of(
    directory: Directory, call: Call, uri: str, *, by_reference: bool = False
) -> tuple[ResourceOwner, ...]:
    """Who may have the resource `uri`, in the order in which to ask them; nobody whose filter hides it.

    With `by_reference` it may be a template too, as it is spelled.
    """
    generation = directory.generation
    catalog = await directory.catalog(call)
    known, has_owner = _known(generation, catalog, call, uri, by_reference)
    if not known:
        catalog = await directory.catalog(call, listed=True)
        known, has_owner = _known(generation, catalog, call, uri, by_reference)
    if has_owner or (by_reference and "{" in uri):  # templates are known from lists alone
        return known
    scopes = generation.scopes
    # Who takes no calls is asked last: it may have it, so that this is the answer, unless another one has.
    names = sorted(catalog.may_serve(uri), key=lambda name: not scopes[name].takes_calls)
    others = set(names) - {owner.scope.spec.name for owner in known} - _losers(generation, catalog, call, uri)
    guesses = (_owner(scopes[name], uri, is_guess=True) for name in names if name in others)
    shown = (owner for owner in guesses if owner is not None and is_shown(generation, call, owner.scope, uri))
    return (*known, *shown)[:MOST_ASKED]


def is_hidden(scope: Scope, *uris: str) -> bool:
    """Whether the backend's filter hides a URI: these are spellings of it, and there are others."""
    globs = scope.spec.filters.resources
    if not globs.allow and not globs.deny:
        return False
    elsewhere = (each for uri in uris for each in led_elsewhere(uri))
    return _are_hidden(globs, uris) or any(_are_hidden(globs, (each,)) for each in elsewhere)


def _are_hidden(globs: Globs, uris: Sequence[str]) -> bool:
    alike = [each for uri in uris for each in spellings(uri)]
    is_denied = not all(passes(Globs(deny=globs.deny), each) for each in (*uris, *alike))
    return is_denied or not any(passes(Globs(allow=globs.allow), each) for each in alike)


def is_shown(generation: Generation, call: Call, scope: Scope, *uris: str) -> bool:
    """Whether a URI of the backend, which no list needs to name, is there for the client; these are spellings of it."""
    return all(generation.shows_uri(uri, scope.spec.name, call) for uri in uris)


def _known(
    generation: Generation, catalog: Catalog, call: Call, uri: str, by_reference: bool
) -> tuple[tuple[ResourceOwner, ...], bool]:
    """The owner that the catalog has, and who gave the URI out, if it is not listed; whether there is that owner."""
    scopes = generation.scopes
    route = catalog.route_of_reference(uri) if by_reference else catalog.route_of_uri(uri)
    if route is not None and route.key in catalog.resources:  # what a filter hides is not listed
        return (ResourceOwner(scope=scopes[route.backend], key=route.key),), True
    losers = _losers(generation, catalog, call, uri)
    owner = None if route is None else _owner(scopes[route.backend], uri, key=route.key)
    found = [] if owner is None else [owner]
    for name in catalog.resource_backends:
        spelled = scopes[name].shared.given.spelled(uri)
        if spelled is not None and (owner is None or scopes[name] is not owner.scope):
            found += filter(None, [_owner(scopes[name], uri, key=spelled)])
    shown = tuple(
        each
        for each in found
        if each.scope.spec.name not in losers and is_shown(generation, call, each.scope, uri, each.key)
    )
    return shown[:MOST_ASKED], owner is not None and owner in shown


def _losers(generation: Generation, catalog: Catalog, call: Call, uri: str) -> frozenset[str]:
    """The backends that list a URI as well whose owner is hidden from the client: they do not have it in its place."""
    everything = generation.catalog_for(call.abilities, call.client)
    if everything is catalog:
        return frozenset()
    route = everything.route_of_uri(uri)
    if route is None or route.key in catalog.resources or route.key not in everything.resources:
        return frozenset()
    return frozenset(collision.loser for collision in everything.collisions if collision.name == route.key)


def _owner(scope: Scope, uri: str, *, key: str | None = None, is_guess: bool = False) -> ResourceOwner | None:
    """The backend as an owner of the URI, unless its filter hides that: what is not listed is not served either."""
    known_as = uri if key is None else key
    return None if is_hidden(scope, uri, known_as) else ResourceOwner(scope=scope, key=known_as, is_guess=is_guess)


def _says_not_found(error: RpcError) -> bool:
    """Whether a backend says that it has no such resource, so that another one may have it."""
    if isinstance(error, BackendError):
        return means_not_found(error.encoded)
    return isinstance(error, MethodUnknown | ResourceUnknown) or (
        isinstance(error, BackendUnavailable) and isinstance(error.cause, NotAgreed)
    )
