"""Principals with the same rights, at the same time: nothing of one is seen by another, and nothing of one is of use to
another. Every edge, parked calls, streams and the management pages take part, in any order."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final, Literal

import attrs
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from argus_trio.core.access.principal import Principal
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import FakeBackend, Json
from tests.backends.support.supervised import named
from tests.frontend.support.serving import BOTH, JSON, modern, modern_headers, rpc
from tests.perspectives.whole import Asked, Whole, config_of, whole

CONFIG = config_of("backends: {docs: {type: stdio, command: x}}\nserver: {drain_timeout: 1}")
PEOPLE: Final = ("ann", "ben", "cat")
ROLES = frozenset({"same"})
MADE_UP = "x" * 32

Act = Literal["modern", "legacy", "sse", "park", "again", "stream", "manage", "steal"]
ACTS: Final[tuple[Act, ...]] = ("modern", "legacy", "sse", "park", "again", "stream", "manage", "steal", "steal")


@attrs.frozen(kw_only=True)
class Step:
    """One thing that one of them does, after a while."""

    who: int
    act: Act
    whose: int
    """Who is stolen from."""
    what: int
    """Which of the handles that there are."""
    pause: float


STEPS = st.builds(
    lambda who, act, whose, what, pause: Step(who=who, act=act, whose=whose, what=what, pause=pause),
    who=st.integers(0, len(PEOPLE) - 1),
    act=st.sampled_from(ACTS),
    whose=st.integers(1, len(PEOPLE) - 1),
    what=st.integers(0, 20),
    pause=st.sampled_from([0.0, 0.0, 0.1, 1.0]),
)


def docs() -> FakeBackend:
    """It says everything back, some of it late, and asks whoever calls `ask`."""

    async def called(params: Json) -> Json:
        arguments = params.get("arguments")
        said = str(arguments["text"]) if isinstance(arguments, dict) else ""
        if params["name"] == "ask" and "inputResponses" not in params:
            form = {"message": said, "requestedSchema": {"type": "object", "properties": {}}}
            asks = {"k": {"method": "elicitation/create", "params": form}}
            return {"resultType": "input_required", "inputRequests": asks, "requestState": said}
        await trio.sleep(len(said) % 3 / 2)
        return {"content": [{"type": "text", "text": said}]}

    return FakeBackend(
        era=Era.MODERN,
        tools=named("say", "ask"),
        resources=[{"uri": "file:///a", "name": "a"}],
        answers={"tools/call": called},
    )


@attrs.define(eq=False)
class Person:
    """One of them: what belongs to them, and all that they were sent."""

    gateway: Whole
    name: str
    count: int = 0
    session: dict[str, str] = attrs.field(factory=dict)
    path: str = ""
    states: list[tuple[str, str]] = attrs.field(factory=list)
    """What the gateway gave out for calls that ask, each with what was said in the call."""
    got: list[Asked] = attrs.field(factory=list)

    def secret(self) -> str:
        """Something that nobody else says."""
        self.count += 1
        return f"{self.name}-says-{self.count}-to-itself"

    @property
    def handles(self) -> list[tuple[str, str]]:
        """What would be worth stealing, each with its kind."""
        found = [("state", state) for state, _ in self.states]
        if self.session:
            found += [(kind, self.session["mcp-session-id"]) for kind in ("POST", "GET", "DELETE", "answer", "resume")]
        return found + ([("messages", self.path)] if self.path else [])

    async def call(self, tool: str, said: str, **more: object) -> Asked:
        params = {"name": f"docs__{tool}", "arguments": {"text": said}, **more}
        asked = await self.gateway.call_with(self.name, "tools/call", params, can=["elicitation"])
        self.got.append(asked)
        return asked

    async def do(self, act: Act) -> None:
        said = self.secret()
        match act:
            case "modern":
                assert said in (await self.call("say", said)).body.decode()
            case "legacy":
                await self.begin_session()
                params = {"name": "docs__say", "arguments": {"text": said}}
                asked = await self.gateway.post(self.name, self.session, "tools/call", params)
                self.got.append(asked)
                assert said in asked.body.decode()
            case "sse":
                await self.begin_conversation()
                body = rpc("tools/call", {"name": "docs__say", "arguments": {"text": said}}, self.count)
                self.got.append(await self.gateway.ask(self.name, "POST", self.path, {"content-type": JSON}, body))
            case "park":
                result = (await self.call("ask", said)).answer["result"]
                assert isinstance(result, dict)
                self.states.append((str(result["requestState"]), said))
            case "again" if self.states:
                state, said_then = self.states.pop()
                asked = await self.call(
                    "ask", said_then, requestState=state, inputResponses={"k": {"action": "accept"}}
                )
                assert said_then in asked.body.decode()
            case "stream":
                self.got.append(self.gateway.listening(self.name, resourceSubscriptions=["file:///a"]))
            case "manage":
                self.got.append(await self.gateway.ask(self.name, "GET", "/manage/v1/backends"))
            case _:
                pass

    async def begin_session(self) -> None:
        if not self.session:
            self.session = await self.gateway.session(self.name)
            stream = self.gateway.begin(self.name, "GET", "/mcp", {"accept": "text/event-stream", **self.session})
            self.got.append(stream)

    async def begin_conversation(self) -> None:
        if not self.path:
            stream = self.gateway.begin(self.name, "GET", "/sse", {"accept": "text/event-stream"})
            self.got.append(stream)
            await trio.sleep(0.01)
            self.path = "/" + stream.body.decode().splitlines()[1].removeprefix("data: ")

    async def use(self, kind: str, handle: str) -> Asked:
        """Use what may be another's."""
        headers = {"accept": BOTH, "content-type": JSON, "mcp-session-id": handle, "mcp-protocol-version": "2025-11-25"}
        match kind:
            case "state":
                state = {"requestState": handle, "inputResponses": {"k": {"action": "accept"}}}
                params = {"name": "docs__ask", "arguments": {"text": ""}, **state}
                body = modern("tools/call", params, can=["elicitation"])
                return await self.gateway.ask(
                    self.name, "POST", "/mcp", modern_headers("tools/call", "docs__ask"), body
                )
            case "messages":
                return await self.gateway.ask(self.name, "POST", handle, {"content-type": JSON}, rpc("tools/list"))
            case "answer":
                body = b'{"jsonrpc":"2.0","id":1,"result":{}}'
                return await self.gateway.ask(self.name, "POST", "/mcp", headers, body)
            case "resume":
                return await self.gateway.ask(self.name, "GET", "/mcp", {**headers, "last-event-id": "1-1"})
            case _:
                body = rpc("tools/list") if kind == "POST" else b""
                return await self.gateway.ask(self.name, kind, "/mcp", headers, body)

    async def steal(self, other: Person, what: int) -> None:
        """Use something of another: it is answered as what was made up."""
        if not other.handles:
            return
        kind, handle = other.handles[what % len(other.handles)]
        made_up = {"messages": f"{handle.partition('=')[0]}={MADE_UP}", "state": changed(handle)}
        invented = made_up.get(kind, MADE_UP)
        theirs, none = await self.use(kind, handle), await self.use(kind, invented)
        self.got += [theirs, none]
        assert theirs.seen == none.seen, kind
        assert theirs.status in (400, 404), kind


def changed(state: str) -> str:
    """A state that is well-formed, and was not given out."""
    middle = len(state) // 2
    return state[:middle] + ("A" if state[middle] != "A" else "B") + state[middle + 1 :]


def told(asked: Iterable[Asked]) -> str:
    """All that somebody was sent."""
    return "\n".join(json.dumps(each.headers) + each.body.decode() for each in asked)


async def everybody(steps: list[Step]) -> None:
    people = {name: Principal(name=name, roles=ROLES, method="test") for name in PEOPLE}
    async with whole(CONFIG, {"docs": docs()}, people) as gateway:
        await gateway.supervisor.current.settle()
        persons = [Person(gateway, name) for name in PEOPLE]

        async def act(person: Person, own: list[Step]) -> None:
            for step in own:
                await trio.sleep(step.pause)
                if step.act == "steal":
                    await person.steal(persons[(step.who + step.whose) % len(persons)], step.what)
                else:
                    await person.do(step.act)

        async with trio.open_nursery() as nursery:
            for number, person in enumerate(persons):
                nursery.start_soon(act, person, [step for step in steps if step.who == number])
        await trio.sleep(5)
        for person in persons:
            sent = told(person.got)
            for other in persons:
                if other is not person:
                    assert f"{other.name}-says" not in sent
                    assert not [handle for _, handle in other.handles if handle.rpartition("=")[2] in sent]


async def test_each_has_something_that_is_worth_stealing(autojump_clock: MockClock) -> None:
    async with whole(CONFIG, {"docs": docs()}, {"ann": Principal(name="ann", roles=ROLES, method="test")}) as gateway:
        ann = Person(gateway, "ann")
        for act in ACTS[:5]:
            await ann.do(act)
        await ann.do("park")
        await trio.sleep(3)
        assert {kind for kind, _ in ann.handles} == {"state", "POST", "GET", "DELETE", "answer", "resume", "messages"}
        assert all(f"ann-says-{number}-to-itself" in told(ann.got) for number in (1, 2, 3, 4))
        for kind, handle in ann.handles:
            if kind in ("POST", "answer", "messages"):
                assert (await ann.use(kind, handle)).status in (200, 202), kind


@given(steps=st.lists(STEPS, max_size=30))
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_nothing_of_one_is_seen_by_another_or_of_use_to_another(steps: list[Step]) -> None:
    trio.run(everybody, steps, clock=MockClock(autojump_threshold=0))
