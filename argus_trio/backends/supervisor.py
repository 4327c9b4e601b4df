"""All backends together, one scope each under one nursery.

A new configuration is applied here. What it adds, removes or adjusts is in effect at once; what it changes starts
beside what runs and takes its place when it is ready (`succession.py`). Each step is a generation that one assignment
puts in effect, and what it replaces ends when nothing needs it any more (`drain.py`). `routing` decides which backend
serves a request.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from math import inf

import attrs
import trio

from argus_trio.backends.connection.open import BackendAddress, OpenLink
from argus_trio.backends.connection.task_notifications import OnTask, ignore_task
from argus_trio.backends.connectivity.known_eras import KnownEras
from argus_trio.backends.connectivity.listings_by_abilities import listing_turns
from argus_trio.backends.connectivity.start_turns import StartTurns
from argus_trio.backends.drain import Drain
from argus_trio.backends.generation import Generation
from argus_trio.backends.generations import Generations
from argus_trio.backends.holds import Holds
from argus_trio.backends.listings.changes import CatalogChanges
from argus_trio.backends.listings.listing import LIST_CHANGED
from argus_trio.backends.listings.noted import note_changes
from argus_trio.backends.scope.scope import Scope
from argus_trio.backends.startup_grace import StartupGrace
from argus_trio.backends.status import health_of, overview_of
from argus_trio.backends.succession import SUCCESSION_SECONDS, Succession
from argus_trio.config.diff import difference, enabled, is_same, keeping, shows_the_same
from argus_trio.config.model.config import Config
from argus_trio.core.backend_log import BackendLogs
from argus_trio.core.call.abilities import Audience
from argus_trio.core.call.exchange import ClientSession, Handler
from argus_trio.core.catalog.catalog import Holders
from argus_trio.core.control import Hold
from argus_trio.core.health.health import Draining, Health, Overview
from argus_trio.core.journal import Journal
from argus_trio.core.memory import Memory
from argus_trio.core.redaction import Redactor
from argus_trio.core.reload_report import AppliedConfig
from argus_trio.sandbox.sandbox import Sandbox
from argus_trio.wire.envelope import Params

Announce = Callable[[Iterable[str], Callable[[Audience], bool]], None]
"""Sends notifications, by their methods, to the clients that the function is true of. Returns at once."""


def _keep_nothing(_: ClientSession) -> None:
    """Do nothing when a session has ended: nothing else is held for it."""


def _swap_nothing() -> None:
    """Do nothing when a generation takes effect: nothing else belongs to its configuration."""


@attrs.define(eq=False, repr=False, kw_only=True)
class Supervisor:
    """Runs the scopes of the configuration in effect, and of earlier ones as long as a call is under way there.

    `make_handler` gives each generation its middleware and its router. `on_task` is called with every task notification
    of a backend, `on_release` with each legacy session that has ended.
    """

    initial: Config
    open_link: OpenLink
    announce: Announce
    """Notifies clients whose lists have changed."""
    make_handler: Callable[[Generation], Handler]
    """For the generations of `initial`."""
    redact: Redactor = attrs.field(factory=Redactor)
    on_task: OnTask = ignore_task
    on_release: Callable[[ClientSession], None] = _keep_nothing
    memory: Memory = attrs.field(factory=Memory)
    """The common account of what is held for clients and backends."""
    journal: Journal = attrs.field(factory=Journal)
    logs: BackendLogs = attrs.field(factory=BackendLogs)
    sandbox: Sandbox | None = None
    generations: Generations = attrs.field(init=False)
    """The generation in effect, and those before it."""
    holds: Holds = attrs.field(factory=Holds, init=False)
    drain: Drain = attrs.field(init=False)
    """The scopes that a reload removed or replaced, until they have ended."""
    _turns: StartTurns = attrs.field(init=False)
    _eras: KnownEras = attrs.field(factory=KnownEras, init=False)
    _listing_turns: trio.CapacityLimiter = attrs.field(factory=listing_turns, init=False)
    _nursery: trio.Nursery | None = attrs.field(default=None, init=False)
    _grace: StartupGrace = attrs.field(factory=StartupGrace, init=False)
    _late: Succession = attrs.field(factory=Succession, init=False)
    """The successors that the latest change did not wait for: their images are not there yet."""
    _make_handler: Callable[[Generation], Handler] = attrs.field(init=False)
    _on_swap: Callable[[], None] = attrs.field(default=_swap_nothing, init=False)
    """What is to be done at the first swap of the configuration that is being applied."""

    def __attrs_post_init__(self) -> None:
        self._make_handler = self.make_handler
        self._turns = StartTurns(lambda: self.config.server.concurrent_starts)
        self.drain = Drain(may_need=lambda scope: self.generations.may_need(scope))
        self.generations = Generations(self._generation(1, self.initial, {}), self.drain.wake)

    @property
    def current(self) -> Generation:
        """The generation in effect."""
        return self.generations.current

    @property
    def config(self) -> Config:
        """The configuration in effect."""
        return self.current.config

    @property
    def scopes(self) -> dict[str, Scope]:
        """The scopes of the generation in effect, by the names of their backends."""
        return self.current.scopes

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Start every backend at once and run them until cancelled. Started as soon as all tasks are."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            config = self.initial
            scopes = {name: self._scope(config, name) for name in enabled(config)}
            self._grace.begin(scopes.values())
            self.generations.install(self._generation(1, config, scopes))
            self.holds.note_off(self.current)
            self._start(scopes.values())
            task_status.started()
            await trio.sleep_forever()

    async def apply(
        self,
        config: Config,
        make_handler: Callable[[Generation], Handler] | None = None,
        on_swap: Callable[[], None] = _swap_nothing,
        anew: Collection[str] = (),
    ) -> AppliedConfig:
        """Put a configuration in effect; what came of it, once every changed backend has connected or failed, or waits
        for its image: then it takes its place later, unless another change comes before.

        Backends that are added or removed, and settings that take no new connection, change before this waits for
        anything. Each changed backend stays as it is until its successor takes its place. Calls under way finish where
        they are, within `server.drain_timeout`. Only one `apply` may run at a time. Cancelling it leaves the changed
        backends as they are that have no successor in their place yet.

        `make_handler` serves its generations, and `on_swap` is called without a checkpoint between it and the first of
        them: what belongs to the configuration beside the backends takes effect with it. The backends in `anew` are
        changed although nothing of them is, and waited for without a bound; else it is `SUCCESSION_SECONDS`.
        """
        last, deadline = self.current, inf if anew else trio.current_time() + SUCCESSION_SECONDS
        self._make_handler, self._on_swap = make_handler or self._make_handler, on_swap
        found = difference(last.config, config, anew)
        late = self._late.go_on(config, set(found.changed).difference(anew))
        fresh = {name: late.get(name) or self._scope(config, name) for name in (*found.added, *found.changed)}
        beside = [n for n in found.changed if fresh[n].spec.overlap and not last.scopes[n].recovery.prepares_image]
        at_once = {name: scope for name, scope in fresh.items() if name not in beside}
        first = keeping(config, last.config, beside)
        is_step = not beside or not is_same(first, last.config)
        if is_step:
            self._swap(first, at_once)
        self._start(scope for name, scope in fresh.items() if name not in late)
        await self._succeed(config, {name: fresh[name] for name in beside}, deadline, pause_first=is_step)
        with trio.move_on_at(deadline):
            for name in found.changed:
                await fresh[name].shared.awaited.wait()
        return AppliedConfig(
            generation=self.current.number,
            **attrs.asdict(found),
            not_ready=tuple(name for name, scope in fresh.items() if not scope.state.is_up),
            still_starting=tuple(name for name, scope in fresh.items() if not scope.shared.tried.is_set()),
        )

    def hold(self, holds: Mapping[str, Hold]) -> None:
        """Put in effect what operators decided: no new calls where one drains. What one disables is left out of the
        configuration that is applied. No checkpoint."""
        self.holds.replace(holds, self.scopes)

    def is_late(self, name: str) -> bool:
        """Whether a backend has a successor that takes its place when its image is there."""
        return name in self._late.waiting

    def look_again(self) -> None:
        """Have every backend that is connected listed again: somebody asked for a reload. Does not wait for it."""
        for scope in self.scopes.values():
            scope.look_again()

    def health(self) -> Health:
        """How many backends are in which state now."""
        return health_of(self.scopes.values(), self._grace.first)

    def overview(self) -> Overview:
        """How each backend of the file stands now, in its order, and which scopes are still draining."""
        retiring = self.drain.retiring
        return Overview(
            backends=overview_of(self.current, self.holds),
            draining=tuple(Draining(name=scope.spec.name, calls=len(scope.leases)) for scope in retiring),
            calls_cut=self.drain.calls_cut,
        )

    def release(self, client: ClientSession) -> None:
        """End what is open for a legacy session that has ended, at all backends. Waits for nobody."""
        self.generations.release(client)
        for scope in (*self.scopes.values(), *self.drain.retiring):
            scope.release(client)
        self.on_release(client)

    def forward_notification(self, client: ClientSession, method: str, params: Params) -> None:
        """Pass a notification of a client on to the backends where it has a connection of its own. Waits for nobody.

        Progress goes to whichever connection asked for it.
        """
        for scope in (*self.scopes.values(), *self.drain.retiring):
            scope.forward_notification(client, method, params)

    async def _succeed(
        self, config: Config, successors: dict[str, Scope], deadline: float, *, pause_first: bool
    ) -> None:
        """Have these scopes, which have been started, take the places of those that `config` changes."""

        def take(ready: Mapping[str, Scope]) -> None:
            self._swap(keeping(config, self.config, succession.waiting), ready)

        succession = Succession(
            waiting=successors, abilities=lambda: self.current.abilities, take=take, deadline=deadline
        )
        try:
            await succession.run(pause_first=pause_first, leaves_late=True)
        except BaseException:
            succession.give_up()
            raise
        self._late = succession
        if succession.waiting:
            if self._on_swap is not _swap_nothing:
                take({})
            self._children.start_soon(succession.run_late, name="late successors")

    def _swap(self, config: Config, fresh: Mapping[str, Scope]) -> None:
        """Put a generation in effect where these scopes are new. Without a checkpoint: no exchange sees half of it."""
        last = self.current
        before = enabled(last.config)
        scopes = {name: fresh.get(name) or last.scopes[name] for name in enabled(config)}
        replaced = [name for name, scope in last.scopes.items() if name in scopes and scopes[name] is not scope]
        for name, scope in scopes.items():
            if scope.spec != config.backends[name]:
                scope.adjust(config.backends[name])
        for name in replaced:
            last.scopes[name].hand_over(scopes[name])
        now = self._generation(last.number + 1, config, scopes)
        same_names = config.conflict_resolution == last.config.conflict_resolution
        alike = {name for name in scopes if name in before and shows_the_same(before[name], scopes[name].spec)}
        changes = now.follow(last, _held_by(last.held, alike) if same_names else {})
        self.generations.install(now)
        on_swap, self._on_swap = self._on_swap, _swap_nothing
        on_swap()
        self.holds.swapped(last, now)
        self._grace.keep(scopes.values())
        for name, scope in last.scopes.items():
            if scopes.get(name) is scope:
                continue
            self.drain.begin(scope)
            self._children.start_soon(self.drain.run, scope, config.server.drain_timeout, name=f"drain {name}")
        self._announce(changes)

    def _generation(self, number: int, config: Config, scopes: dict[str, Scope]) -> Generation:
        return Generation(
            number=number,
            config=config,
            scopes=scopes,
            awaited_until=self._grace.ends(scopes, config.server.startup_grace),
            make_handler=self._make_handler,
        )

    def _scope(self, config: Config, name: str) -> Scope:
        address = BackendAddress(
            spec=config.backends[name],
            open_link=self.open_link,
            redact=self.redact,
            on_task=self.on_task,
            may_tell=partial(self._may_tell, name),
            memory=self.memory,
            journal=self.journal,
            sandbox=self.sandbox,
            log=self.logs.of(name),
        )
        return Scope(
            address=address,
            turns=self._turns,
            eras=self._eras,
            on_published=self._on_published,
            on_unchanged=partial(self._on_unchanged, name),
            on_lease_freed=self.drain.wake,
            listing_turns=self._listing_turns,
        )

    def _start(self, scopes: Iterable[Scope]) -> None:
        for scope in scopes:
            self._children.start_soon(self._run, scope, name=f"backend {scope.spec.name}")

    @property
    def _children(self) -> trio.Nursery:
        if self._nursery is None:
            raise AssertionError("a supervisor that does not run")
        return self._nursery

    async def _run(self, scope: Scope) -> None:
        """Run a scope to its end. One that must not overlap first waits until none of its name is left."""
        try:
            with scope.cancel_scope:
                if not scope.spec.overlap:
                    await self.drain.wait_gone(scope.spec.name)
                await scope.run()
        finally:
            scope.ended.set()

    def _on_published(self) -> None:
        for generation in self.generations.past:
            generation.rebuild()  # an exchange may wait there for a backend that was starting
        self._announce(self.current.rebuild())

    def _on_unchanged(self, backend: str, kinds: frozenset[str]) -> None:
        for method in _methods(kinds):
            said = [kind for kind in kinds if LIST_CHANGED[kind] == method]
            self.announce((method,), partial(self._sees, backend, said))

    def _announce(self, changes: CatalogChanges) -> None:
        note_changes(self.journal, *changes.catalogs)
        for method in _methods(changes.kinds):
            self.announce((method,), partial(_is_concerned, changes, method))

    def _may_tell(self, backend: str, client: ClientSession, method: str, params: Params) -> bool:
        return self.current.may_tell(backend, client, method, params)

    def _sees(self, backend: str, kinds: Sequence[str], audience: Audience) -> bool:
        return self.current.sees(audience, backend, kinds)


def _methods(kinds: Iterable[str]) -> list[str]:
    return sorted({LIST_CHANGED[kind] for kind in kinds})


def _is_concerned(changes: CatalogChanges, method: str, audience: Audience) -> bool:
    return any(LIST_CHANGED[kind] == method for kind in changes.of(audience))


def _held_by(holders: Holders, backends: set[str]) -> Holders:
    return {
        kind: {name: backend for name, backend in held.items() if backend in backends} for kind, held in holders.items()
    }
