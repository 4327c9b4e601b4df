"""All backends together: one scope each under one nursery, and the catalog of what they show."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import attrs
import structlog
import trio

from argus_trio.backends.scope import OpenLink, Scope
from argus_trio.config.model import Config
from argus_trio.core.catalog import EMPTY, Catalog, Published, build, changed_kinds
from argus_trio.core.health import Health
from argus_trio.core.lifecycle import State
from argus_trio.core.names import Scheme
from argus_trio.core.redaction import Redactor

log = structlog.get_logger()

LIST_CHANGED = {
    "tools": "notifications/tools/list_changed",
    "prompts": "notifications/prompts/list_changed",
    "resources": "notifications/resources/list_changed",
    "templates": "notifications/resources/list_changed",
}
"""What clients are told when a kind's list has changed."""


@attrs.define(eq=False)
class Supervisor:
    """The scopes of one configuration. `announce` gets the notifications that clients should hear."""

    config: Config
    open_link: OpenLink
    announce: Callable[[Iterable[str]], None]
    catalog: Catalog = EMPTY
    scopes: dict[str, Scope] = attrs.field(factory=dict)
    _published: dict[str, Published] = attrs.field(factory=dict)
    _settled: trio.Event = attrs.field(factory=trio.Event)
    _grace_ends: float = 0.0

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Start every backend at once and keep them until cancelled. Started as soon as all are under way."""
        redact = Redactor(self.config.secrets)
        self._grace_ends = trio.current_time() + self.config.server.startup_grace
        for spec in self.config.backends.values():
            if spec.enabled:
                self.scopes[spec.name] = Scope(spec, self.open_link, self._on_published, redact)
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
            if prefix and name.startswith(prefix + scheme.separator) and scope.state is not State.READY:
                return scope
        return None

    def health(self) -> Health:
        """How the backends stand now."""
        states = [scope.state for scope in self.scopes.values()]
        ready = states.count(State.READY)
        return Health(total=len(states), connected=ready, healthy=ready, starting=states.count(State.STARTING))

    def _on_published(self, published: Published) -> None:
        self._published[published.backend] = published
        before = self.catalog
        naming = self.config.conflict_resolution
        scheme = Scheme(strategy=naming.strategy, separator=naming.separator, order=naming.order)
        in_file_order = [self._published[name] for name in self.scopes if name in self._published]
        self.catalog = build(in_file_order, scheme, before.holders)
        for collision in self.catalog.collisions:
            if collision not in before.collisions:
                log.warning("name_collision", **attrs.asdict(collision))
        for name in self.catalog.too_long:
            if name not in before.too_long:
                log.warning("name_too_long", name=name, length=len(name))
        for dropped in self.catalog.dropped:
            if dropped not in before.dropped:
                log.warning("tool_dropped", **attrs.asdict(dropped))
        kinds = changed_kinds(before, self.catalog)
        if kinds:
            self.announce(sorted({LIST_CHANGED[kind] for kind in kinds}))
