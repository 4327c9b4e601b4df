"""All backends together: one scope each under one nursery, and the catalog of what they show."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import attrs
import structlog
import trio

from argus_trio.backends.attempt import OpenLink
from argus_trio.backends.checkup import checkups_of, health_of
from argus_trio.backends.listing import LIST_CHANGED
from argus_trio.backends.scope import Scope
from argus_trio.backends.task_news import OnTask, nobody_cares
from argus_trio.config.model import Config
from argus_trio.core.abilities import NONE, Abilities
from argus_trio.core.catalog import EMPTY, Catalog, Holders, Published, build, changed_kinds
from argus_trio.core.exchange import Client
from argus_trio.core.health import Checkup, Health
from argus_trio.core.names import Scheme
from argus_trio.core.redaction import Redactor
from argus_trio.wire.envelope import Params

log = structlog.get_logger()


@attrs.define(eq=False)
class Supervisor:
    """The scopes of one configuration. `announce` gets the notifications that clients should hear."""

    config: Config
    open_link: OpenLink
    announce: Callable[[Iterable[str]], None]
    catalog: Catalog = EMPTY
    """What clients are shown that declare nothing to be asked."""
    scopes: dict[str, Scope] = attrs.field(factory=dict)
    on_task: OnTask = nobody_cares
    """Hears how tasks of the backends stand."""
    on_release: Callable[[Client], None] = lambda _client: None
    """Hears that a legacy session has ended."""
    _of_abilities: dict[Abilities, Catalog] = attrs.field(factory=dict)
    _of_client: dict[Client, tuple[tuple[object, ...], Catalog]] = attrs.field(factory=dict)
    """Of the sessions whose own connections list something else, with what it was made from."""
    _settled: trio.Event = attrs.field(factory=trio.Event)
    _grace_ends: float = 0.0

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Start every backend at once and keep them until cancelled. Started as soon as all are under way."""
        redact = Redactor(self.config.secrets)
        self._grace_ends = trio.current_time() + self.config.server.startup_grace
        for spec in self.config.backends.values():
            if spec.enabled:
                self.scopes[spec.name] = Scope(spec, self.open_link, self._on_published, redact, on_task=self._on_task)
        async with trio.open_nursery() as nursery:
            for scope in self.scopes.values():
                nursery.start_soon(scope.run, name=f"backend {scope.spec.name}")
            task_status.started()
            for scope in self.scopes.values():
                await scope.settled.wait()
            self._settled.set()

    async def settle(self) -> None:
        """Wait until every backend has connected or failed once, at most until the startup grace is over."""
        if not self._settled.is_set():
            with trio.move_on_at(self._grace_ends):
                await self._settled.wait()

    def starting_owner(self, name: str) -> Scope | None:
        """The backend that a name unknown to the catalog must belong to by its prefix, unless that one has listed."""
        scheme = self.config.conflict_resolution
        if scheme.strategy != "prefix":
            return None
        for scope in self.scopes.values():
            prefix = scope.spec.name if scope.spec.prefix is None else scope.spec.prefix
            if prefix and name.startswith(prefix + scheme.separator) and not scope.state.is_up:
                return scope
        return None

    def health(self) -> Health:
        """How the backends stand now."""
        return health_of(self.scopes.values())

    def checkups(self) -> list[Checkup]:
        """How each backend stands now."""
        return checkups_of(self.scopes.values(), self.catalog)

    async def catalog_for(self, abilities: Abilities, client: Client | None = None) -> Catalog:
        """What a client with `abilities` is shown: made at the first question, which waits for it as for a start.

        A legacy session is shown what its own connections list, where that is something else.
        """
        catalog = await self._catalog_of(abilities)
        return catalog if client is None or not abilities.any else self._own_catalog(catalog, abilities, client)

    def _own_catalog(self, catalog: Catalog, abilities: Abilities, client: Client) -> Catalog:
        own = {name: scope.own_listing(client) for name, scope in self.scopes.items()}
        stamp = (id(catalog), *((name, id(kept)) for name, kept in own.items() if kept is not None))
        if len(stamp) == 1:
            return catalog
        cached = self._of_client.get(client)
        if cached is None or cached[0] != stamp:
            shown = [scope.published(abilities, own[name]) for name, scope in self.scopes.items()]
            cached = stamp, self._of(shown, catalog.holders)
            self._of_client[client] = cached
        return cached[1]

    async def _catalog_of(self, abilities: Abilities) -> Catalog:
        if not abilities.any:
            return self.catalog
        if abilities not in self._of_abilities:
            depending = [scope for scope in self.scopes.values() if scope.depends_on(abilities)]
            if not depending:
                return self.catalog
            with trio.move_on_after(self.config.server.startup_grace):
                async with trio.open_nursery() as nursery:
                    for scope in depending:
                        nursery.start_soon(scope.list_for, abilities)
            self._of_abilities[abilities] = self._built(abilities, self.catalog.holders)
        return self._of_abilities[abilities]

    def release(self, client: Client) -> None:
        """A legacy session has ended: so does what was open for it alone."""
        self._of_client.pop(client, None)
        for scope in self.scopes.values():
            scope.release(client)
        self.on_release(client)

    def tell(self, client: Client, method: str, params: Params) -> None:
        """Pass a client's own notification on to the backends that have a connection of its."""
        for scope in self.scopes.values():
            scope.tell(client, method, params)

    def _built(self, abilities: Abilities, holders: Holders) -> Catalog:
        return self._of([scope.published(abilities) for scope in self.scopes.values()], holders)

    def _of(self, shown: Iterable[Published | None], holders: Holders) -> Catalog:
        naming = self.config.conflict_resolution
        scheme = Scheme(strategy=naming.strategy, separator=naming.separator, order=naming.order)
        return build([published for published in shown if published is not None], scheme, holders)

    def _on_published(self) -> None:
        before = self.catalog
        self.catalog = self._built(NONE, before.holders)
        self._report(before, self.catalog)
        kinds = set(changed_kinds(before, self.catalog))
        for abilities, catalog in self._of_abilities.items():
            for scope in self.scopes.values():
                scope.list_soon(abilities)
            self._of_abilities[abilities] = self._built(abilities, self.catalog.holders)
            kinds |= changed_kinds(catalog, self._of_abilities[abilities])
        if kinds:
            self.announce(sorted({LIST_CHANGED[kind] for kind in kinds}))

    def _report(self, before: Catalog, now: Catalog) -> None:
        for collision in now.collisions:
            if collision not in before.collisions:
                log.warning("name_collision", **attrs.asdict(collision))
        for name in now.too_long:
            if name not in before.too_long:
                log.warning("name_too_long", name=name, length=len(name))
        for dropped in now.dropped:
            if dropped not in before.dropped:
                log.warning("tool_dropped", **attrs.asdict(dropped))

    async def _on_task(self, backend: str, method: str, params: Params, client: Client | None) -> None:
        await self.on_task(backend, method, params, client)
