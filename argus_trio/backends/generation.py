"""One loaded configuration at work: its scopes, and the catalogs of what they list together.

An exchange is served by the generation that was in effect when it came, from its first middleware to its backend.
Scopes of backends that a reload leaves alone belong to both generations. `generations.py` knows which is in effect.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from operator import is_not
from typing import Final

import attrs
import structlog
import trio

from argus_trio.backends.listings.changes import CatalogChanges, CatalogSnapshot
from argus_trio.backends.listings.listing import LIST_CHANGED
from argus_trio.backends.scope.scope import Scope
from argus_trio.backends.subscriptions.table import UPDATED
from argus_trio.config.model.config import Config
from argus_trio.config.policy import policy_of
from argus_trio.core.access.target import Target
from argus_trio.core.call.abilities import NONE, Abilities, Audience
from argus_trio.core.call.exchange import Call, ClientSession, Handler
from argus_trio.core.catalog.catalog import (
    EMPTY,
    KINDS,
    Catalog,
    Holders,
    Published,
    build,
    changed_kinds,
    holders_after,
)
from argus_trio.core.catalog.names import PORTABLE, Scheme, firm, new_collisions
from argus_trio.core.catalog.remarks import gathered
from argus_trio.core.catalog.restricted import RestrictedCatalogs, backends_in
from argus_trio.core.catalog.uris import led_elsewhere, resource_target
from argus_trio.core.inventory import Inventory
from argus_trio.wire.envelope import Params
from argus_trio.wire.members import string_member

log = structlog.get_logger()

NAMES_LOGGED: Final = 5
"""How many of the names that two backends claim are in the log: enough to know what they are, in one line."""

REMARKS_LOGGED: Final = 20
"""How many different remarks on entries are logged at a time; `/manage/v1/backends` has them all."""

AT_HAND_SECONDS: Final = 0.2
"""How long a list waits for what a backend can be asked over a connection that is open: the answer takes milliseconds,
and a list that is right at once spares its client a second one. Nobody notices that long."""


@attrs.define(eq=False, repr=False, kw_only=True)
class Generation:
    """One configuration at work."""

    number: int
    """Counts the configurations that took effect, from 1."""
    config: Config
    scopes: dict[str, Scope]
    """The scopes of enabled backends, by name, in the order of the file."""
    awaited_until: Mapping[str, float]
    """Until when lists wait for each backend at most while it is starting, on trio's clock."""
    make_handler: Callable[[Generation], Handler]
    """Makes what serves its exchanges."""
    handler: Handler = attrs.field(init=False)
    """Serves its exchanges: its middleware, then its router."""
    exchanges: int = attrs.field(default=0, init=False)
    """How many exchanges it accepted that have not ended."""
    routed: int = attrs.field(default=0, init=False)
    """How many of its exchanges hold a lease on one scope, and can need no other."""
    catalog: Catalog = attrs.field(default=EMPTY, init=False)
    """The catalog for clients that declare no abilities."""
    restricting: RestrictedCatalogs = attrs.field(init=False)
    """What is seen of the catalogs from where."""
    is_open: bool = attrs.field(init=False)
    """Whether nothing is hidden from anybody at the endpoint that shows all."""
    _of_abilities: dict[Abilities, Catalog] = attrs.field(factory=dict, init=False)
    """The catalogs for clients with abilities, made at need."""
    _of_client: dict[ClientSession, tuple[tuple[object, ...], Catalog]] = attrs.field(factory=dict, init=False)
    """The catalogs for sessions whose own connections list something else, each with what it was made from."""
    _held: Holders = attrs.field(factory=dict, init=False)
    """The backends that held names when the catalog was made."""
    _published: frozenset[str] = attrs.field(default=frozenset(), init=False)
    """The backends whose listings the catalog was made of."""
    _is_settled: bool = attrs.field(default=False, init=False)
    """Whether `is_settled` has been true: later it is not asked again."""

    def __attrs_post_init__(self) -> None:
        self.restricting = RestrictedCatalogs(policy_of(self.config))
        self.is_open = self.restricting.is_open
        self.handler = self.make_handler(self)

    @property
    def is_settled(self) -> bool:
        """Whether there is no backend left that lists wait for."""
        if not self._is_settled:
            now = trio.current_time()
            self._is_settled = not any(
                scope.is_awaited and now < self.awaited_until[name] for name, scope in self.scopes.items()
            )
        return self._is_settled

    async def settle(self) -> None:
        """Wait until there is no backend left that lists wait for."""
        if not self.is_settled:
            for name, scope in self.scopes.items():
                with trio.move_on_at(self.awaited_until[name]):
                    await scope.no_longer_awaited()

    def starting_owner(self, name: str) -> Scope | None:
        """The backend that a name must belong to by its prefix, if that backend is not up; None without one."""
        scheme = self.config.conflict_resolution
        if scheme.strategy != "prefix":
            return None
        for scope in self.scopes.values():
            prefix = scope.spec.name if scope.spec.prefix is None else scope.spec.prefix
            if prefix and name.startswith(prefix + scheme.separator) and not scope.state.is_up:
                return scope
        return None

    def catalog_for(self, abilities: Abilities, client: ClientSession | None = None) -> Catalog:
        """The catalog for a client with `abilities`, from what is known. The first time requests listings for them.

        Where the own connections of `client`, a legacy session, list something else, its catalog has that.
        """
        catalog = self._catalog_of(abilities)
        return catalog if client is None or not abilities.has_any else self._own_catalog(catalog, abilities, client)

    def shown(self, catalog: Catalog, whom: Call | Audience) -> Catalog:
        """What of a catalog of this generation is there for a client."""
        if self.is_open and not whom.endpoint:
            return catalog
        return self.restricting.of(catalog, whom.principal.roles, whom.endpoint)

    def shows(self, target: Target, whom: Call | Audience) -> bool:
        """Whether something exists for a client, listed or not: decided by names alone."""
        return self.restricting.shows(target, whom.principal.roles, whom.endpoint)

    def shows_uri(self, uri: str, backend: str, whom: Call | Audience) -> bool:
        """Whether a URI of a backend, which no list needs to name, is there for a client: however it is spelled, and
        wherever programs get to that read it otherwise."""
        if self.is_open and not whom.endpoint:
            return True
        return all(self.shows(resource_target(each, backend), whom) for each in (uri, *led_elsewhere(uri)))

    def sees(self, whom: Call | Audience, backend: str, kinds: Iterable[str] = KINDS) -> bool:
        """Whether a client is shown anything of a backend, of these kinds."""
        if self.is_open and not whom.endpoint:
            return True
        return backend in backends_in(self.shown(self.made_for(whom.abilities) or self.catalog, whom), kinds)

    def may_tell(self, backend: str, client: ClientSession, method: str, params: Params) -> bool:
        """Whether what a backend says outside calls may be told to a session: of what is there for its client."""
        audience = client.audience
        if self.is_open and not audience.endpoint:
            return True
        if method == UPDATED:
            return self.shows_uri(string_member(params, "uri") or "", backend, audience)
        kinds = [kind for kind, changed in LIST_CHANGED.items() if changed == method]
        own = self.shown(self.catalog_for(audience.abilities, client), audience)
        return not kinds or self.sees(audience, backend, kinds) or backend in backends_in(own, kinds)

    async def list_for(self, abilities: Abilities) -> None:
        """Wait until every backend has listed for `abilities` or failed to, at most for the startup grace."""
        await _list_for(abilities, self._depending_on(abilities), self.config.server.startup_grace)

    async def list_at_hand(self, abilities: Abilities) -> None:
        """Wait for listings for `abilities` that take no new connection, at most for `AT_HAND_SECONDS`."""
        at_hand = [scope for scope in self._depending_on(abilities) if scope.is_list_at_hand(abilities)]
        if at_hand:
            await _list_for(abilities, at_hand, AT_HAND_SECONDS)

    def made_for(self, abilities: Abilities) -> Catalog | None:
        """What clients with `abilities` are shown, if that has been made."""
        return self._of_abilities.get(abilities) if abilities.has_any else self.catalog

    @property
    def abilities(self) -> tuple[Abilities, ...]:
        """The abilities that there is a catalog of their own for."""
        return tuple(self._of_abilities)

    def forget(self, client: ClientSession) -> None:
        """Forget the catalog for a session that has ended."""
        self._of_client.pop(client, None)

    @property
    def held(self) -> Holders:
        """Who holds each name: whoever is shown with it, unless a backend before that one has not had its say yet.

        That has had its say which has published once, or has failed so often that its breaker is open.
        """
        undecided = {
            name
            for name, scope in self.scopes.items()
            if name not in self._published and not scope.recovery.breaker.is_open
        }
        order = self.config.conflict_resolution.order
        return holders_after(self._held, self.catalog.holders, firm(self.scopes, order, undecided))

    def rebuild(self) -> CatalogChanges:
        """Make the catalogs anew from what the scopes list now; the kinds that this changes. No checkpoint."""
        return self._rebuild(self.held, self.snapshot)

    def follow(self, last: Generation, holders: Holders) -> CatalogChanges:
        """Begin with the catalogs of `last`, then make them anew; the kinds that this changes. No checkpoint.

        The backends in `holders` keep the names that they hold there.
        """
        self.catalog = last.catalog
        self._of_abilities = dict(last._of_abilities)
        before = last.snapshot
        if _has_same_rules(self.config, last.config):
            self.restricting = last.restricting
        return self._rebuild(holders, before)

    @property
    def snapshot(self) -> CatalogSnapshot:
        """The catalogs as they are now."""
        return CatalogSnapshot(
            restricting=self.restricting, catalog=self.catalog, of_abilities=dict(self._of_abilities)
        )

    @property
    def inventory(self) -> Inventory:
        """Every entry that the backends list to clients that can be asked nothing."""
        listed = (scope.published(NONE) for scope in self.scopes.values())
        return Inventory(
            published=tuple(published for published in listed if published is not None),
            catalog=self.catalog,
            scheme=self._scheme,
            restricting=self.restricting,
        )

    def _rebuild(self, holders: Holders, snapshot: CatalogSnapshot) -> CatalogChanges:
        before = self.catalog
        self._held = holders
        self._published = frozenset(name for name, scope in self.scopes.items() if scope.has_listed)
        self.catalog = self._built(NONE, holders)
        _report(before, self.catalog)
        changes = {NONE: changed_kinds(before, self.catalog)}
        for abilities, catalog in self._of_abilities.items():
            for scope in self.scopes.values():
                scope.list_soon(abilities)
            self._of_abilities[abilities] = self._built(abilities, self.catalog.holders)
            changes[abilities] = changed_kinds(catalog, self._of_abilities[abilities])
        now = self.snapshot
        self.restricting.keep_only(each for s in (snapshot, now) for each in (s.catalog, *s.of_abilities.values()))
        return CatalogChanges(changes, snapshot, now)

    def _own_catalog(self, catalog: Catalog, abilities: Abilities, client: ClientSession) -> Catalog:
        own = {name: scope.own_listing(client) for name, scope in self.scopes.items()}
        parts: tuple[object, ...] = (catalog, *own.values())
        if all(listing is None for listing in own.values()):
            return catalog
        cached = self._of_client.get(client)
        # By identity: comparing what is listed would cost more. The parts are kept, so that no other takes their place.
        if cached is None or any(map(is_not, cached[0], parts)):
            published = [scope.published(abilities, own[name]) for name, scope in self.scopes.items()]
            cached = parts, self._of(published, catalog.holders)
            self._of_client[client] = cached
        return cached[1]

    def _depending_on(self, abilities: Abilities) -> list[Scope]:
        return [scope for scope in self.scopes.values() if scope.shared.sharing.lists_by(abilities)]

    def _catalog_of(self, abilities: Abilities) -> Catalog:
        if not abilities.has_any:
            return self.catalog
        if abilities not in self._of_abilities:
            depending = self._depending_on(abilities)
            if not depending:
                return self.catalog
            self._of_abilities[abilities] = self._built(abilities, self.catalog.holders)
            for scope in depending:
                scope.list_soon(abilities)
        return self._of_abilities[abilities]

    def _built(self, abilities: Abilities, holders: Holders) -> Catalog:
        return self._of([scope.published(abilities) for scope in self.scopes.values()], holders)

    def _of(self, listed: Iterable[Published | None], holders: Holders) -> Catalog:
        return build([published for published in listed if published is not None], self._scheme, holders)

    @property
    def _scheme(self) -> Scheme:
        naming = self.config.conflict_resolution
        return Scheme(strategy=naming.strategy, separator=naming.separator, order=naming.order)


def _has_same_rules(config: Config, other: Config) -> bool:
    return config.views == other.views and config.middleware == other.middleware


async def _list_for(abilities: Abilities, scopes: Iterable[Scope], seconds: float) -> None:
    with trio.move_on_after(seconds):
        async with trio.open_nursery() as nursery:
            for scope in scopes:
                nursery.start_soon(scope.list_for, abilities)


def _report(before: Catalog, now: Catalog) -> None:
    for pair in new_collisions(before.collisions, now.collisions):
        log.warning(
            "name_collision",
            backends=list(pair.backends),
            winner=pair.winner,
            count=len(pair.names),
            names=list(pair.names[:NAMES_LOGGED]),
            renamed=pair.renamed,
        )
    for name in now.too_long:
        if name not in before.too_long:
            log.warning("name_too_long", name=name, length=len(name))
    if odd := [name for name in now.not_portable if name not in before.not_portable]:
        log.warning("names_not_portable", count=len(odd), names=odd[:NAMES_LOGGED], accepted=PORTABLE.pattern)
    for dropped in now.dropped:
        if dropped not in before.dropped:
            log.warning("tool_dropped", **attrs.asdict(dropped))
    for level, event, remarks, known in (
        (logging.WARNING, "entries_left_out", now.left_out, before.left_out),
        (logging.INFO, "entries_mended", now.mended, before.mended),
    ):
        if remarks == known:
            continue
        for common in gathered(remarks, frozenset(known))[:REMARKS_LOGGED]:
            log.log(level, event, **attrs.asdict(common))
