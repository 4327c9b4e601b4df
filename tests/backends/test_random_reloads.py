"""Reloads, restarts, holds, crashes, calls, asks, subscriptions, disconnections: random interleavings, virtual time.

Some reloads are cut, and some of the backends that they bring in are slow.

Every request that is accepted ends exactly once, by the backend that the generation which accepted it leads to; and
when the last client is gone, nothing of any remains.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import attrs
import trio
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from argus_trio.backends.links.link import Inbox, Link
from argus_trio.backends.links.stderr import StderrRing
from argus_trio.backends.supervisor import Supervisor
from argus_trio.config.diff import enabled
from argus_trio.config.model.backend import BackendSpec, StdioBackend
from argus_trio.config.model.config import Config
from argus_trio.config.model.operation import Timeouts
from argus_trio.config.model.server import Server
from argus_trio.config.model.visibility import Filters, Globs
from argus_trio.core.call.abilities import NONE, Abilities
from argus_trio.core.control import Hold
from argus_trio.errors import BackendUnavailable, InvalidParams, ResourceUnknown, RpcError
from tests.backends.support.fakes import FakeBackend, FakeExchange, FakeLink, Json, answering, empty
from tests.backends.support.scopes import Session, supervisor_of

EXAMPLES = int(os.environ.get("ARGUS_GENERATIONS_EXAMPLES", "60"))
NAMES = ("a", "b", "c")
SESSIONS = 3
ABILITIES = (NONE, Abilities(roots=True), Abilities(roots=True, form=True))
"""What each of the sessions can be asked."""
LONGEST_CALL, DRAIN = 6.0, 15.0
GREETING = (0.0, 0.2, 1.0, 9.0)
"""How long backends that a reload brings in may take to greet."""


@attrs.frozen
class Step:
    """One thing that happens: what, to which of several, how long it takes, and how long it is before the next one."""

    what: str
    which: int
    seconds: float
    pause: float


STEPS = st.builds(
    Step,
    st.sampled_from(
        (
            "call",
            "call",
            "call",
            "asking",
            "change",
            "change all",
            "cut",
            "adjust",
            "remove",
            "restart",
            "disable",
            "drain",
            "alone",
            "cancel",
            "subscribe",
            "leave",
            "crash",
        )
    ),
    st.integers(0, 11),
    st.sampled_from((0.0, 0.3, 2.0, LONGEST_CALL)),
    st.sampled_from((0.0, 0.0, 0.01, 0.5, 4.0, 40.0)),
)


@attrs.define(eq=False)
class Asked:
    """One call of a client: what became of it."""

    number: int
    name: str
    """The backend that it is for."""
    expected: str | None
    """The program that the accepting generation leads to; None: it knows no such backend."""
    is_drained: bool = False
    """Whether an operator drains that backend as the call comes, or before it gets there."""
    scope: trio.CancelScope = attrs.field(factory=trio.CancelScope)
    ends: list[object] = attrs.field(factory=list)


async def answer_at_once(params: Json) -> Json:
    """A client that is asked during another of its requests."""
    return {"number": params["number"]}


@attrs.define(eq=False)
class World:
    """The gateway's side that calls, over fakes: one fake for each program that a configuration names."""

    is_faultless: bool
    fakes: dict[str, FakeBackend] = attrs.field(factory=dict)
    executed: Counter[int] = attrs.field(factory=Counter)
    calls: list[Asked] = attrs.field(factory=list)
    active: list[tuple[Session, trio.CancelScope]] = attrs.field(factory=list)
    """What each session has under way."""
    sessions: list[Session] = attrs.field(factory=lambda: [Session() for _ in range(SESSIONS)])
    subscribed: set[tuple[Session, str]] = attrs.field(factory=set)
    """Who has to hear of which backend's resource."""
    version: int = 0
    greeting: dict[str, float] = attrs.field(factory=dict)
    """How long each program that a reload brought in takes to greet."""
    cut: trio.CancelScope = attrs.field(factory=trio.CancelScope)
    """The scope of the latest reload."""
    reloading: trio.Lock = attrs.field(factory=trio.Lock)
    supervisor: Supervisor = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        config = Config(backends={name: self.spec(name) for name in NAMES}, server=Server(drain_timeout=DRAIN))
        self.supervisor, _ = supervisor_of(config, self.open_link)

    def spec(self, name: str, seconds: float = 0.0) -> StdioBackend:
        """A backend behind a program that has not been there before, and takes so long to greet."""
        self.version += 1
        command, timeouts = f"{name}-{self.version}", Timeouts(connect=20, call=100, idle=5)
        self.greeting[command] = seconds
        return StdioBackend(name=name, command=command, timeouts=timeouts)

    @asynccontextmanager
    async def open_link(self, declared: BackendSpec, inbox: Inbox, stderr: StderrRing) -> AsyncIterator[Link]:
        assert isinstance(declared, StdioBackend)
        fake = self.fakes.setdefault(declared.command, self.fake(declared))
        async with fake.open(declared, inbox, stderr) as link:
            yield link

    def fake(self, declared: StdioBackend) -> FakeBackend:
        async def call(params: Json) -> Json:
            number, seconds = params["number"], params["seconds"]
            assert isinstance(number, int)
            assert isinstance(seconds, float)
            self.executed[number] += 1
            if params["asks"]:
                assert (await answering.get().ask("roots/list", {"number": number}))["result"] == {"number": number}
            await trio.sleep(seconds)
            return {"by": declared.command, "number": number}

        async def greet(_params: Json) -> Json:
            await trio.sleep(len(self.fakes) % 3 + self.greeting[declared.command])
            return {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}, "resources": {"subscribe": True}}}

        return FakeBackend(
            tools=[{"name": "x"}],
            resources=[{"uri": f"{declared.name}:1", "name": "r"}],
            answers={"initialize": greet, "tools/call": call, "resources/subscribe": empty},
        )

    def links(self, name: str = "") -> list[FakeLink]:
        """Every open link, or those to programs of one backend."""
        wanted = [fake for program, fake in self.fakes.items() if program.startswith(name)]
        return [link for fake in wanted for link in fake.links if link.is_open]

    async def call(self, step: Step, *, asks: bool) -> None:
        """One call of one session, or of a client that has none."""
        name, index = NAMES[step.which % 3], step.which // 3
        session = self.sessions[index] if index < SESSIONS else None
        asks = asks and session is not None and ABILITIES[index].roots
        spec = enabled(self.supervisor.current.config).get(name)
        asked = Asked(len(self.calls), name, spec.command if isinstance(spec, StdioBackend) else None)
        asked.is_drained = name in self.supervisor.holds.by_name
        self.calls.append(asked)
        params: Json = {"name": f"{name}__x", "number": asked.number, "seconds": step.seconds, "asks": asks}

        async def answer(params: Json) -> Json:
            await trio.sleep(step.seconds / 2)
            return {"number": params["number"]}

        abilities = NONE if session is None else ABILITIES[index]
        exchange = FakeExchange("tools/call", params, abilities=abilities, client=session, answer=answer)
        if session is not None:
            self.active.append((session, asked.scope))
        with asked.scope:
            try:
                asked.ends.append(json.loads(await self.supervisor.generations.serve(exchange)))
            except RpcError as error:
                asked.ends.append(error)
        if asked.scope.cancelled_caught:
            asked.ends.append(None)

    async def subscribe(self, step: Step) -> None:
        """A session wants to hear of a backend's resource."""
        name, index = NAMES[step.which % 3], step.which // 3 % SESSIONS
        session = self.sessions[index]
        uri, abilities = f"{name}:1", ABILITIES[index]
        exchange = FakeExchange(
            "resources/subscribe", {"uri": uri}, client=session, abilities=abilities, answer=answer_at_once
        )
        accepted = self.supervisor.scopes.get(name)
        is_listed = accepted is not None and accepted.has_listed  # else a lone other one may be meant
        try:
            with trio.CancelScope() as scope:
                self.active.append((session, scope))
                await self.supervisor.generations.serve(exchange)
        except RpcError as error:
            is_unknown = isinstance(error, ResourceUnknown)
            is_drained = isinstance(error, BackendUnavailable) and name in self.supervisor.holds.by_name
            assert not self.is_faultless or is_unknown or is_drained
            return
        now = self.supervisor.scopes.get(name)
        latest = None if accepted is None or not is_listed else accepted.subscriptions.latest
        is_there = now is not None and latest is now.subscriptions
        if is_there and not scope.cancelled_caught and session in self.sessions:
            self.subscribed.add((session, name))

    async def reload(self, change: Callable[[dict[str, BackendSpec]], None], restarted: str = "") -> None:
        """A new configuration, or a restart, after those that came before."""
        async with self.reloading:
            backends = dict(self.supervisor.config.backends)
            change(backends)
            config = attrs.evolve(self.supervisor.config, backends=backends)
            with trio.CancelScope() as self.cut:
                anew = [restarted] if restarted in enabled(config) else []
                applied = await self.supervisor.apply(config, anew=anew)
                assert set(anew) <= set(applied.changed)
                assert applied.not_ready == applied.still_starting or not self.is_faultless
                assert set(applied.still_starting) <= set(applied.added)
                assert self.supervisor.config == config
            assert list(self.supervisor.config.backends) == list(backends)
            assert list(self.supervisor.scopes) == list(enabled(self.supervisor.config)) == list(enabled(config))
            self.subscribed = {one for one in self.subscribed if one[1] in enabled(config)}

    def change(self, what: str, which: int, backends: dict[str, BackendSpec]) -> None:
        """What a reload changes."""
        name = NAMES[which % 3]
        known = backends.get(name)
        if what in ("restart", "disable") and isinstance(known, StdioBackend):
            # It is known how to greet it: one that then says nothing for seconds, and does nothing, counts as dead.
            self.greeting[known.command] = 0.0
        match what:
            case "remove" if name in backends:
                del backends[name]
                self.subscribed = {one for one in self.subscribed if one[1] != name}
            case "disable" if name in backends:
                backends[name] = attrs.evolve(backends[name], enabled=not backends[name].enabled)
                self.subscribed = {one for one in self.subscribed if one[1] != name}
            case "adjust" if name in backends:
                deny = () if backends[name].filters.tools.deny else ("nothing",)
                backends[name] = attrs.evolve(backends[name], filters=Filters(tools=Globs(deny=deny)))
            case "restart":
                pass
            case "alone":
                backends[name] = attrs.evolve(self.spec(name), overlap=False)
            case "change all":
                for number, each in enumerate(NAMES):
                    backends[each] = self.spec(each, GREETING[(which + number) % len(GREETING)])
            case _:
                backends[name] = self.spec(name, GREETING[which // 3])

    def drain(self, name: str) -> None:
        """An operator drains a backend, or enables it again."""
        holds = dict(self.supervisor.holds.by_name)
        if holds.pop(name, None) is None:
            holds[name] = Hold(kind="drain", by="ann", at=0.0)
            for asked in self.calls:
                asked.is_drained = asked.is_drained or (not asked.ends and asked.name == name)
        self.supervisor.hold(holds)

    def leave(self, index: int) -> None:
        """A session ends, as the edge ends it: its calls first. Another one takes its place."""
        session = self.sessions[index]
        self.sessions[index] = Session()
        for owner, scope in self.active:
            if owner is session:
                scope.cancel()
        self.subscribed = {one for one in self.subscribed if one[0] is not session}
        self.supervisor.release(session)

    async def take(self, step: Step, nursery: trio.Nursery) -> None:
        """Have a step happen; what takes time goes on beside the next ones."""
        name = NAMES[step.which % 3]
        match step.what:
            case "call" | "asking":
                nursery.start_soon(partial(self.call, step, asks=step.what == "asking"))
            case "cancel":
                pending = [asked for asked in self.calls if not asked.ends]
                if pending:
                    pending[step.which % len(pending)].scope.cancel()
            case "subscribe":
                nursery.start_soon(self.subscribe, step)
            case "leave":
                self.leave(step.which % SESSIONS)
            case "crash":
                if not self.is_faultless:
                    for link in self.links(name)[: 1 + step.which // 6]:
                        link.die("crashed")
            case "cut":
                self.cut.cancel()
            case "drain":
                self.drain(name)
            case "restart":
                nursery.start_soon(self.reload, partial(self.change, step.what, step.which), name)
            case _:
                nursery.start_soon(self.reload, partial(self.change, step.what, step.which))
        await trio.sleep(step.pause)

    async def run(self, steps: list[Step]) -> None:
        """The whole program, and what must be true after it."""
        async with trio.open_nursery() as nursery:
            await nursery.start(self.supervisor.run)
            async with trio.open_nursery() as acting:
                for step in steps:
                    await self.take(step, acting)
            for asked in self.calls:
                self.judge(asked)
            await self.all_subscribers_hear()
            for index in range(SESSIONS):
                self.leave(index)
            await trio.sleep(DRAIN + 40)
            self.nothing_remains()
            nursery.cancel_scope.cancel()

    def judge(self, asked: Asked) -> None:
        """Exactly one end, by the right backend, and nothing executed twice."""
        assert len(asked.ends) == 1
        (end,) = asked.ends
        assert self.executed[asked.number] <= 1
        match end:
            case dict():
                assert end["by"] == asked.expected
                assert end["number"] == asked.number
                assert self.executed[asked.number] == 1
            case InvalidParams():
                assert asked.expected is None
            case BackendUnavailable():
                is_refused = asked.is_drained and not self.executed[asked.number]
                assert not self.is_faultless or is_refused
            case _:
                assert end is None, end

    async def all_subscribers_hear(self) -> None:
        """Whoever subscribed to a resource of a backend that is still there is told of it."""
        if not self.is_faultless:
            return
        await trio.sleep(DRAIN + 10)
        for link in self.links():
            for name in NAMES:
                if link in self.links(name):
                    await link.says("notifications/resources/updated", {"uri": f"{name}:1"})
        await trio.sleep(0.1)
        heard = {(session, str(params["uri"])[0]) for session in self.sessions for _, params in session.told}
        assert self.subscribed <= heard

    def nothing_remains(self) -> None:
        """One connection for each backend, and no trace of any client."""
        supervisor = self.supervisor
        assert len(self.links()) == len(supervisor.scopes)
        assert all(link.waiting == 0 for link in self.links())
        assert not supervisor.drain.retiring
        assert not supervisor.generations.past
        assert supervisor.current.exchanges == supervisor.current.routed == 0
        for name, scope in supervisor.scopes.items():
            assert (scope.bulkhead.drained is None) == (name not in supervisor.holds.by_name)
            assert scope.shared.connection is not None
            assert (
                len(scope.leases) == len(scope.client_connections.table) == len(scope.shared.connection.in_flight) == 0
            )
            assert not scope.client_connections.lost
            assert not scope.shared.subscriptions.table.uris
        assert not supervisor.current._of_client


@given(steps=st.lists(STEPS, max_size=40), is_faultless=st.booleans())
@example(
    steps=[
        Step("subscribe", 3, 0.0, 4.0),
        Step("call", 0, LONGEST_CALL, 0.01),
        Step("alone", 0, 0.0, 0.0),
        Step("change", 0, 0.0, 0.5),
        Step("asking", 3, 2.0, 0.0),
        Step("change", 0, 0.0, 40.0),
    ],
    is_faultless=True,
)
@example(  # an ask that could belong to either call goes on when the wrong one ends
    steps=[Step("call", 0, 0.0, 0.0)] * 3 + [Step("call", 3, 0.0, 0.0), Step("asking", 3, 0.0, 0.0)], is_faultless=True
)
@example(  # a reload that is cut between two of its generations, and one that follows
    steps=[
        Step("change all", 0, 0.0, 0.5),
        Step("call", 1, LONGEST_CALL, 2.0),
        Step("cut", 0, 0.0, 0.0),
        Step("asking", 3, 2.0, 0.0),
        Step("change all", 1, 0.0, 4.0),
    ],
    is_faultless=True,
)
@example(  # a session leaves a connection whose tasks have ended, while its owner is about to know
    steps=[Step(what, 0, 0.0, 0.0) for what in ("call", "change", "remove", "adjust", "subscribe")], is_faultless=False
)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
def test_every_request_ends_once_by_the_backend_of_the_generation_that_accepted_it(
    steps: list[Step], is_faultless: bool
) -> None:
    async def run() -> None:
        with trio.fail_after(5000):
            await World(is_faultless).run(steps)

    trio.run(run, clock=MockClock(autojump_threshold=0))
