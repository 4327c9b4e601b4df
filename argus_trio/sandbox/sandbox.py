"""The sandbox of one gateway: what links, connections and the management API ask about isolation.

It joins the rooms: an engine is looked for when a backend may be isolated, and used when one is. What a room needs is
loaded only then.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import attrs
import structlog
import trio

from argus_trio.config.model.backend import BackendSpec, StdioBackend
from argus_trio.core.egress.attempts import EgressAttempts
from argus_trio.core.health.health import EngineStatus, Isolation
from argus_trio.core.journal import Journal
from argus_trio.errors import LinkFailed
from argus_trio.sandbox.engine.look import LOOK_SECONDS, WATCH_SECONDS, EngineLook
from argus_trio.sandbox.plan.engine_facts import EngineFacts, EngineFound, NoEngine
from argus_trio.sandbox.plan.outcome import Contained, Plan, Refused
from argus_trio.sandbox.plan.shown import shown
from argus_trio.sandbox.plans import OFF, BackendPlans
from argus_trio.sandbox.rooms import BackendPlan, EngineFinder, EngineInUse, EngineRuntime, Rooms
from argus_trio.sandbox.standing import Standing, Standings
from argus_trio.sandbox.telling import TellPreparing, at_a_pace

log = structlog.get_logger()


@attrs.define(eq=False, repr=False)
class _Use:
    """The use of one engine, once it has begun or has failed to."""

    begun: trio.Event = attrs.field(factory=trio.Event)
    engine: EngineInUse | None = None
    failure: LinkFailed = attrs.field(factory=lambda: LinkFailed("the gateway stops"))


@attrs.define(eq=False, repr=False, kw_only=True)
class RealRooms:
    """The rooms as they are, each loaded when it is needed."""

    environ: Mapping[str, str] = attrs.field(repr=False)
    """The gateway's own environment."""
    redact: Callable[[str], str]

    attempts: EgressAttempts = attrs.field(factory=EgressAttempts)
    """What containers tried to reach."""
    journal: Journal = attrs.field(factory=Journal)
    _probe: EngineFinder | None = attrs.field(default=None, init=False)

    async def find(self, runtime: EngineRuntime) -> EngineFound:
        """As `Rooms.find`."""
        if self._probe is None:
            probe = await trio.to_thread.run_sync(self._load_probe, abandon_on_cancel=True)
            self._probe = self._probe or probe
        return await self._probe.find(runtime)

    def plan(self, spec: StdioBackend, found: EngineFound) -> Plan:
        """As `Rooms.plan`."""
        from argus_trio.sandbox.engine.machine import this_machine
        from argus_trio.sandbox.plan.plan import plan

        return plan(spec, found, this_machine(self.environ, Path.cwd()))

    async def in_thread(self, work: Callable[[], BackendPlan]) -> BackendPlan:
        """As `Rooms.in_thread`."""
        return await trio.to_thread.run_sync(work, abandon_on_cancel=True)

    @asynccontextmanager
    async def use(self, facts: EngineFacts) -> AsyncIterator[EngineInUse]:
        """As `Rooms.use`."""
        open_engine = await trio.to_thread.run_sync(self._load_engine, abandon_on_cancel=True)
        async with open_engine(facts) as engine:
            yield engine

    def _load_probe(self) -> EngineFinder:
        from argus_trio.sandbox.engine.probe import EngineProbe

        return EngineProbe(environ=self.environ)

    def _load_engine(self) -> Callable[[EngineFacts], AbstractAsyncContextManager[EngineInUse]]:
        # In a thread: it takes half a second, and many times that on a busy machine.
        from argus_trio.sandbox.egress.attempts import ToldAttempts
        from argus_trio.sandbox.in_use import open_engine

        told = ToldAttempts(attempts=self.attempts, journal=self.journal, redact=self.redact)
        return partial(open_engine, environ=self.environ, redact=self.redact, attempts=told)


def _no_backends() -> Mapping[str, BackendSpec]:
    return MappingProxyType({})


@attrs.define(eq=False, repr=False, kw_only=True)
class Sandbox:
    """The sandbox. `run` must be under way in a task that outlives every backend, until `end` is called."""

    rooms: Rooms
    backends: Callable[[], Mapping[str, BackendSpec]] = _no_backends
    """Returns the backends of the configuration in effect."""
    journal: Journal = attrs.field(factory=Journal)
    _nursery: trio.Nursery | None = attrs.field(default=None, init=False)
    _ended: trio.Event = attrs.field(factory=trio.Event, init=False)
    _looks: dict[EngineRuntime, EngineLook] = attrs.field(factory=dict, init=False)
    """The latest look for each kind of engine that is wanted."""
    _uses: dict[EngineFacts, _Use] = attrs.field(factory=dict, init=False)
    _plans: BackendPlans = attrs.field(factory=BackendPlans, init=False)
    _digests: dict[object, str] = attrs.field(factory=dict, init=False)
    """The ids of images that are there, by what they are made of."""
    _standings: Standings = attrs.field(init=False)

    @_standings.default
    def _nothing_told(self) -> Standings:
        return Standings(self.journal)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve until `end` is called, whoever cancels before: what is in containers is ended by the engine.

        An engine is looked for beside. No fault of what is done here ends it.
        """
        with trio.CancelScope(shield=True):
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                self._soon(self._tell_all)
                self._soon(self._watch)
                task_status.started()
                await self._ended.wait()
                nursery.cancel_scope.cancel()

    def end(self) -> None:
        """Have `run` end: no backend is left."""
        self._ended.set()

    def reconfigured(self) -> None:
        """Take note that other backends are in effect; tells what changed of their isolation. Does not wait for it."""
        self._soon(self._tell_all)

    async def plan(self, spec: StdioBackend) -> Plan:
        """The plan of a backend, once the engine is known. Never raises but `Cancelled`."""
        return (await self._plan(spec)).plan

    def isolation(self, spec: BackendSpec) -> Isolation | None:
        """How a backend is isolated, as far as it is known now; None for one that is no stdio backend.

        It looks at no file: who asks is answered in the loop. What is not known yet is planned beside.
        """
        if not isinstance(spec, StdioBackend):
            return None
        planned = self._plans.of(spec)
        if planned is None:
            is_running = self._nursery is not None and not self._ended.is_set()
            if is_running and self._known(spec) is not None and spec.name not in self._plans.being_made:
                self._plans.being_made.add(spec.name)
                self._soon(partial(self._plan_to_show, spec))
            return None
        image = planned.plan.image if isinstance(planned.plan, Contained) else None
        return shown(planned.plan, planned.found, self._digests.get(image))

    def engine(self) -> EngineStatus | None:
        """The engine that is used or would be, or why there is none; None as long as nobody has looked for one."""
        over = [look.found for look in self._looks.values() if look.done.is_set()]
        found = next((each for each in over if isinstance(each, EngineFacts)), None)
        if found is not None:
            return EngineStatus(
                kind=found.kind,
                version=found.version,
                api_version=found.api_version,
                socket=str(found.socket),
                rootless=found.rootless,
            )
        return EngineStatus(why=over[0].why) if over and isinstance(over[0], NoEngine) else None

    async def prepare(self, spec: BackendSpec, tell: TellPreparing) -> bool:
        """Return once a backend can be started at once: its image is there (True), or it needs none.

        Raises:
            LinkFailed: it is refused, or its image cannot be had; the tail of the log is in the details.
        """
        if not isinstance(spec, StdioBackend):
            return False
        planned = await self._plan(spec)
        self._plans.starts(planned)
        standing = Standing.of(planned.plan, spec.container.setting)
        self._standings.tell_other(spec.name, standing, planned.found)
        match planned.plan:
            case Refused(why=why):
                raise LinkFailed(why)
            case Contained() as contained:
                with self._doubting(planned.found):
                    engine = await self._use(planned.found)
                    async with at_a_pace(tell) as told:
                        self._digests[contained.image] = await engine.ready(contained, told)
                return True
        return False

    @asynccontextmanager
    async def start(self, contained: Contained) -> AsyncIterator[Any]:
        """Its program in a container, for the length of the block.

        Raises:
            LinkFailed: (on entering) the container cannot be started.
        """
        planned = self._plans.latest(contained.backend)
        found = OFF if planned is None else planned.found
        async with AsyncExitStack() as stack:
            with self._doubting(found):
                engine = await self._use(found)
                program = await stack.enter_async_context(engine.start(contained))
            yield program

    async def _plan(self, spec: StdioBackend) -> BackendPlan:
        found = OFF if spec.container.setting == "off" else await self._engine(spec.container.runtime)
        return await self.rooms.in_thread(partial(self._made, spec, found))

    async def _plan_to_show(self, spec: StdioBackend) -> None:
        try:
            self._plans.is_shown(await self._plan(spec))
        finally:
            self._plans.being_made.discard(spec.name)

    def _made(self, spec: StdioBackend, found: EngineFound) -> BackendPlan:
        try:
            plan = self.rooms.plan(spec, found)
        except Exception as fault:  # the boundary: no fault in planning one backend may reach another, or the gateway
            log.exception("isolation_fault", backend=spec.name)
            plan = Refused(why=f"the gateway failed at planning its isolation: {type(fault).__name__}")
        return BackendPlan(spec=spec, found=found, plan=plan)

    def _known(self, spec: StdioBackend) -> EngineFound | None:
        if spec.container.setting == "off":
            return OFF
        look = self._looks.get(spec.container.runtime)
        return look.found if look is not None and look.done.is_set() else None

    async def _engine(self, runtime: EngineRuntime) -> EngineFound:
        """The engine of that kind, by the latest look, or by another one if that is overtaken."""
        look = self._looks.get(runtime)
        if look is None or look.is_overtaken(trio.current_time()):
            last, look = look, EngineLook()
            self._looks[runtime] = look
            self._soon(partial(self._look, runtime, look, None if last is None else last.found))
        await look.done.wait()
        return look.found

    async def _look(self, runtime: EngineRuntime, look: EngineLook, last: EngineFound | None) -> None:
        found: EngineFound = NoEngine(why=f"none answered within {LOOK_SECONDS:g} s")
        try:
            with trio.move_on_after(LOOK_SECONDS):
                found = await self.rooms.find(runtime)
        finally:
            look.ends(found, last, trio.current_time())

    async def _use(self, found: EngineFound) -> EngineInUse:
        """The engine, whose control is opened when it is used first.

        Raises:
            LinkFailed: it cannot be used.
        """
        if not isinstance(found, EngineFacts):
            raise LinkFailed(f"there is no container engine: {found.why}")
        use = self._uses.get(found)
        if use is None:
            use = self._uses[found] = _Use()
            self._soon(partial(self._keep_open, found, use))
        await use.begun.wait()
        if use.engine is None:
            raise use.failure.again()
        return use.engine

    async def _keep_open(self, facts: EngineFacts, use: _Use) -> None:
        try:
            async with self.rooms.use(facts) as use.engine:
                use.begun.set()
                self._soon(use.engine.reap)
                await trio.sleep_forever()
        except LinkFailed as failure:
            use.failure = failure
        except Exception as fault:
            use.failure = LinkFailed(f"the gateway failed at using {facts}: {type(fault).__name__}")
            raise
        finally:
            del self._uses[facts]
            use.engine = None
            use.begun.set()

    @contextmanager
    def _doubting(self, found: EngineFound) -> Iterator[None]:
        """A block whose failure has the engine looked for again before anything else is planned."""
        try:
            yield
        except LinkFailed:
            for look in self._looks.values():
                look.is_doubted |= look.found == found
            raise

    async def _watch(self) -> None:
        """Look again and again while backends are bare for want of an engine, and tell of its coming."""
        while True:
            await trio.sleep(WATCH_SECONDS)
            for runtime, look in list(self._looks.items()):
                if isinstance(look.found, EngineFacts):
                    continue
                found = await self._engine(runtime)
                if isinstance(found, EngineFacts):
                    self._tell_engine_came(runtime, found)

    def _tell_engine_came(self, runtime: EngineRuntime, engine: EngineFacts) -> None:
        bare = self._plans.bare_without(runtime, self.backends())
        if bare:
            self._standings.tell_engine_came(engine, bare)

    async def _tell_all(self) -> None:
        """Tell how the backends in effect are isolated, as far as that has not been told."""
        specs = [spec for spec in self.backends().values() if isinstance(spec, StdioBackend)]
        self._plans.keep([spec.name for spec in specs])
        found: EngineFound = OFF
        standings: dict[str, Standing] = {}
        for spec in specs:
            if not spec.enabled:
                continue
            planned = await self._plan(spec)
            self._plans.is_shown(planned)
            found = found if planned.found is OFF else planned.found
            standings[spec.name] = Standing.of(planned.plan, spec.container.setting)
        self._standings.tell_all(standings, found)

    def _soon(self, work: Callable[[], Awaitable[None]]) -> None:
        if self._nursery is None:
            raise AssertionError("a sandbox that does not run")
        self._nursery.start_soon(self._guarded, work)

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        """Work that no other work, and no backend, dies of."""
        try:
            await work()
        except LinkFailed as failure:
            log.warning("isolation_work_failed", reason=failure.reason)
        except Exception:  # the boundary
            log.exception("isolation_fault")
