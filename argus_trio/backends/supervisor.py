"""All backends together, one scope each under one nursery, and the generation that is in effect.

A new configuration is applied here: what it adds or changes starts beside what runs, one assignment puts it in effect,
and what it replaces ends when nobody needs it any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from math import inf
from typing import Final

import attrs
import structlog
import trio

from argus_trio.backends.connection.open import OpenLink
from argus_trio.backends.connection.task_notifications import OnTask, TaskNotification, ignore_task
from argus_trio.backends.generation import CatalogChanges, Generation
from argus_trio.backends.listings.listing import LIST_CHANGED
from argus_trio.backends.routing.directory import Directory
from argus_trio.backends.scope.client_notifications import forward_notification
from argus_trio.backends.scope.handover import hand_over, keep_subscribed
from argus_trio.backends.scope.scope import Scope
from argus_trio.backends.scope.status import health_of, statuses_of
from argus_trio.config.diff import Difference, difference, enabled, shows_the_same
from argus_trio.config.model.config import Config
from argus_trio.core.call.abilities import NONE, Abilities
from argus_trio.core.call.exchange import Call, ClientSession, Exchange, Handler
from argus_trio.core.catalog.catalog import Catalog, Holders
from argus_trio.core.health.health import Draining, Health, Overview
from argus_trio.core.redaction import Redactor
from argus_trio.core.reload_report import AppliedConfig
from argus_trio.wire.envelope import Params
from argus_trio.wire.param_headers import ParamHeaders

log = structlog.get_logger()

CUT_LIMIT: Final = 3.0
"""Seconds in which calls that were cut tell their backend and are answered, before its connections close."""

Announce = Callable[[Iterable[str], Callable[[Abilities], bool]], None]
"""Takes notifications for the clients whose abilities the function is true of."""


@attrs.define(eq=False)
class Supervisor:
    """The scopes of the configuration in effect, and of those before it as long as a call is under way there.

    `make_handler` gives each generation its way through the house.
    """

    config: Config
    open_link: OpenLink
    announce: Announce
    make_handler: Callable[[Generation], Handler]
    redact: Redactor = attrs.field(factory=Redactor)
    on_task: OnTask = ignore_task
    """Hears how tasks of the backends stand."""
    on_release: Callable[[ClientSession], None] = lambda _client: None
    """Hears that a legacy session has ended."""
    calls_cut: int = 0
    """How many calls a reload has cut so far."""
    current: Generation = attrs.field(init=False)
    retiring: set[Scope] = attrs.field(factory=set)
    """Scopes that no generation to come has, until they have ended."""
    _past: list[Generation] = attrs.field(factory=list)
    """Generations that still have exchanges."""
    _freed: trio.Event = attrs.field(factory=trio.Event)
    _nursery: trio.Nursery | None = None

    def __attrs_post_init__(self) -> None:
        self.current = self._generation(1, self.config, {})

    @property
    def scopes(self) -> dict[str, Scope]:
        """Those of the generation in effect."""
        return self.current.scopes

    @property
    def catalog(self) -> Catalog:
        """What clients are shown now that declare nothing to be asked."""
        return self.current.catalog

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Start every backend at once and keep them until cancelled. Started as soon as all are under way."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            config = self.config
            scopes = {name: self._scope(config, name) for name in enabled(config)}
            self._install(self._generation(1, config, scopes))
            self._start(scopes.values())
            task_status.started()
            await trio.sleep_forever()

    async def serve(self, exchange: Exchange) -> bytes:
        """Serve an exchange by the generation in effect, which stays its own; a `Handler`.

        Raises:
            RpcError: as the generation's handler.
        """
        generation = self.current
        generation.exchanges += 1
        try:
            return await self._handler_of(generation)(exchange)
        finally:
            generation.exchanges -= 1
            if generation is not self.current:
                if not generation.exchanges:
                    self._past.remove(generation)
                self._wake()

    async def param_headers(self, call: Call, name: str) -> ParamHeaders:
        """Which arguments of the tool that it is shown as `name` the call's client must repeat in headers; none if it
        is shown none."""
        route = await Directory(self.current).tool_shown(call, name)
        return () if route is None else route.param_headers

    async def apply(self, config: Config) -> AppliedConfig:
        """Put a configuration in effect; what came of it, once every backend has taken its place or failed to.

        Calls under way finish where they are, within `server.drain_timeout`. One call at a time. Cancelling it before
        the swap changes nothing.
        """
        last = self.current
        found = difference(last.config, config)
        fresh = {name: self._scope(config, name) for name in (*found.added, *found.changed)}
        beside = [scope for name, scope in fresh.items() if scope.spec.overlap or name in found.added]
        await self._prepare(beside, last.abilities)
        self._swap(last, config, found, fresh)
        in_turn = [scope for scope in fresh.values() if scope not in beside]
        self._start(in_turn)
        for scope in in_turn:
            await scope.settled.wait()
        return AppliedConfig(
            generation=self.current.number,
            **attrs.asdict(found),
            not_ready=tuple(name for name, scope in fresh.items() if not scope.state.is_up),
        )

    def health(self) -> Health:
        """How the backends stand now."""
        return health_of(self.scopes.values())

    def overview(self) -> Overview:
        """How each backend stands now, and what is left of those before."""
        return Overview(
            backends=tuple(statuses_of(self.scopes.values(), self.catalog)),
            draining=tuple(Draining(name=scope.spec.name, calls=len(scope.leases)) for scope in self.retiring),
            calls_cut=self.calls_cut,
        )

    def release(self, client: ClientSession) -> None:
        """A legacy session has ended: so does what was open for it alone."""
        for generation in (self.current, *self._past):
            generation.forget(client)
        for scope in (*self.scopes.values(), *self.retiring):
            scope.release(client)
        self.on_release(client)

    def tell(self, client: ClientSession, method: str, params: Params) -> None:
        """Pass a client's own notification on to the backends that have a connection of its."""
        for scope in (*self.scopes.values(), *self.retiring):
            forward_notification(scope, client, method, params)

    async def _prepare(self, beside: Sequence[Scope], abilities: Sequence[Abilities]) -> None:
        """Start what may run beside the rest, and wait until it is ready for the clients there are, or has failed."""
        try:
            self._start(beside)
            async with trio.open_nursery() as nursery:
                for scope in beside:
                    nursery.start_soon(_ready_for, scope, abilities)
        except trio.Cancelled:
            for scope in beside:
                scope.cancel_scope.cancel()
            raise

    def _swap(self, last: Generation, config: Config, found: Difference, fresh: dict[str, Scope]) -> None:
        """Put the new generation in effect. Without a checkpoint, so that nobody sees half of it."""
        before = enabled(last.config)
        scopes = {name: fresh.get(name) or last.scopes[name] for name in enabled(config)}
        for name in found.adjusted:
            scopes[name].adjust(config.backends[name])
        for name in found.changed:
            hand_over(last.scopes[name], fresh[name])
        now = self._generation(last.number + 1, config, scopes)
        same_names = config.conflict_resolution == last.config.conflict_resolution
        keeping = {name for name in scopes if name in before and shows_the_same(before[name], scopes[name].spec)}
        changes = now.follow(last, _kept(last.catalog.holders, keeping) if same_names else {})
        if last.exchanges:
            self._past.append(last)
        self._install(now)
        for name in (*found.removed, *found.changed):
            self._retire(last.scopes[name])
        self._tell(changes)

    def _install(self, generation: Generation) -> None:
        self.current = generation
        self.config = generation.config

    def _generation(self, number: int, config: Config, scopes: dict[str, Scope]) -> Generation:
        grace_ends = trio.current_time() + config.server.startup_grace if scopes else -inf
        return Generation(number, config, scopes, grace_ends)

    def _handler_of(self, generation: Generation) -> Handler:
        if generation.handler is None:
            generation.handler = self.make_handler(generation)
        return generation.handler

    def _scope(self, config: Config, name: str) -> Scope:
        spec = config.backends[name]
        return Scope(spec, self.open_link, self._on_published, self.redact, on_task=self._on_task)

    def _start(self, scopes: Iterable[Scope]) -> None:
        for scope in scopes:
            self._children.start_soon(self._run, scope, name=f"backend {scope.spec.name}")

    @property
    def _children(self) -> trio.Nursery:
        if self._nursery is None:
            raise AssertionError("a supervisor that does not run")
        return self._nursery

    async def _run(self, scope: Scope) -> None:
        """A scope's whole life. One that must not overlap waits until none of its name is left."""
        try:
            with scope.cancel_scope:
                while not scope.spec.overlap and any(old.spec.name == scope.spec.name for old in self.retiring):
                    await self._freed.wait()
                await scope.run()
        finally:
            scope.ended.set()

    def _retire(self, scope: Scope) -> None:
        self.retiring.add(scope)
        scope.leases.on_freed = self._wake
        self._children.start_soon(self._drain, scope, name=f"drain {scope.spec.name}")

    async def _drain(self, scope: Scope) -> None:
        """Let a scope end when nobody needs it any more, at the latest after the drain."""
        began = trio.current_time()
        with trio.move_on_after(self.config.server.drain_timeout):
            while not self._is_free(scope):
                await self._freed.wait()
        cut = scope.leases.cut()
        self.calls_cut += cut
        with trio.move_on_after(CUT_LIMIT):
            while scope.leases:
                await self._freed.wait()
        keep_subscribed(scope)
        scope.cancel_scope.cancel()
        await scope.ended.wait()
        self.retiring.discard(scope)
        self._wake()
        seconds = round(trio.current_time() - began, 3)
        log.log(30 if cut else 20, "backend_retired", backend=scope.spec.name, seconds=seconds, calls_cut=cut)

    def _is_free(self, scope: Scope) -> bool:
        may_come = any(
            generation.exchanges > generation.routed and scope in generation.scopes.values()
            for generation in self._past
        )
        return not scope.leases and not may_come

    def _wake(self) -> None:
        self._freed.set()
        self._freed = trio.Event()

    def _on_published(self) -> None:
        for generation in self._past:
            generation.rebuild()  # an exchange may wait there for a backend that was starting
        self._tell(self.current.rebuild())

    def _tell(self, changes: CatalogChanges) -> None:
        for method in sorted({LIST_CHANGED[kind] for kinds in changes.values() for kind in kinds}):
            concerned = {a: any(LIST_CHANGED[kind] == method for kind in kinds) for a, kinds in changes.items()}
            self.announce((method,), partial(_is_concerned, concerned))

    async def _on_task(self, notification: TaskNotification) -> None:
        await self.on_task(notification)


def _is_concerned(concerned: Mapping[Abilities, bool], abilities: Abilities) -> bool:
    return concerned.get(abilities, concerned[NONE])


async def _ready_for(scope: Scope, abilities: Sequence[Abilities]) -> None:
    await scope.settled.wait()
    async with trio.open_nursery() as nursery:
        for some in abilities:
            nursery.start_soon(scope.list_for, some)


def _kept(holders: Holders, backends: set[str]) -> Holders:
    return {
        kind: {name: backend for name, backend in held.items() if backend in backends} for kind, held in holders.items()
    }
