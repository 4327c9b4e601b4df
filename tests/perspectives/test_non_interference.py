"""Nothing that is hidden from somebody changes what they get: the same requests to two gateways, of which one has what
is hidden and the other has not, cannot be told apart, whoever else asks meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Literal

import attrs
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from argus_trio.core.access.principal import Principal
from tests.backends.support.fakes import FakeBackend, Json, Refusal, empty
from tests.perspectives.whole import AUTHENTICATION, Asked, Whole, config_of, whole

CONFIG = config_of(f"""
backends:
  docs: {{type: stdio, command: x}}
  vault: {{type: stdio, command: x}}
server: {{startup_grace: 4.3}}
middleware: {AUTHENTICATION}
  - type: rbac
    roles:
      admin: {{allow: ["*"]}}
      guest: {{allow: ["backend:docs/tool:read*", "prompt:docs__ask", "resource:file:///pub/*", "resource:file:///pub"]}}
views:
  safe:
    backends: [docs]
    tools: {{deny: ["*write*", "*_key"]}}
    resources: {{deny: ["*key*"]}}
    prompts: {{deny: ["*tell"]}}
""")
PEOPLE = {name: Principal(name=name, roles=frozenset({name})) for name in ("admin", "guest")}

Watcher = tuple[str, str]
WATCHED: tuple[Watcher, ...] = (("guest", ""), ("guest", "safe"), ("admin", "safe"))
"""Who is looked at, each at an endpoint; everybody else may do what they like."""

TOOLS = ("docs__read", "docs__read_key", "docs__write", "vault__open", "docs__none", "vault__none", "none__x", "read")
PROMPTS = ("docs__ask", "docs__tell", "vault__hint", "docs__none", "none__x")
URIS = (
    "file:///pub",
    "file:///pub/a",
    "file:///pub/none",
    "file:///key",
    "FILE:///key",
    "file:///pub/../key",
    "vault://g",
)
METHODS = ("docs/do", "vault/do", "x/none")


@attrs.frozen(kw_only=True)
class Step:
    """One thing that somebody does, after a while."""

    watcher: int
    """Who of `WATCHED`; beyond it somebody who sees everything."""
    era: Literal["modern", "legacy"]
    method: str
    params: Json
    pause: float


def named_by(method: str, member: str, names: tuple[str, ...]) -> st.SearchStrategy[tuple[str, Json]]:
    return st.sampled_from(names).map(lambda name: (method, {member: name}))


def completing(ref: Json) -> tuple[str, Json]:
    return "completion/complete", {"ref": ref, "argument": {"name": "x", "value": ""}}


REQUESTS: st.SearchStrategy[tuple[str, Json]] = st.one_of(
    st.sampled_from(
        ["tools/list", "prompts/list", "resources/list", "resources/templates/list", "hello", "listen", *METHODS]
    ).map(lambda method: (method, {})),
    named_by("tools/call", "name", TOOLS),
    named_by("prompts/get", "name", PROMPTS),
    named_by("resources/read", "uri", URIS),
    named_by("resources/subscribe", "uri", URIS),
    named_by("listen", "uri", URIS),
    named_by("docs/do", "name", TOOLS),
    st.sampled_from(PROMPTS).map(lambda name: completing({"type": "ref/prompt", "name": name})),
    st.sampled_from(URIS).map(lambda uri: completing({"type": "ref/resource", "uri": uri})),
)
STEPS = st.builds(
    lambda watcher, era, request, pause: Step(
        watcher=watcher, era=era, method=request[0], params=request[1], pause=pause
    ),
    watcher=st.integers(0, len(WATCHED)),
    era=st.sampled_from(["modern", "legacy"]),
    request=REQUESTS,
    pause=st.sampled_from([0.0, 0.0, 0.1, 1.0, 3.0]),
)


def tool(name: str) -> Json:
    return {"name": name, "inputSchema": {"type": "object"}}


def backend_of(*, shown: Json, hidden: Json, has_hidden: bool, greets_after: float) -> FakeBackend:
    """It has what is shown, and perhaps what is hidden; it does only what it has."""
    both = {kind: [*_list(shown, kind), *(_list(hidden, kind) if has_hidden else ())] for kind in ("t", "p", "r", "x")}

    async def greet(_params: Json) -> Json:
        await trio.sleep(greets_after)
        offered: Json = {"tools": {}, "prompts": {}, "resources": {"subscribe": True}, "completions": {}}
        extra: Json = {"experimental": {"vault": {}}} if has_hidden and hidden.get("i") else {}
        said: Json = {"instructions": "Gold inside."} if has_hidden and hidden.get("i") else {}
        return {"protocolVersion": "2025-11-25", "serverInfo": {"name": "f"}, "capabilities": offered | extra, **said}

    async def only(member: str, kind: str, params: Json) -> Json:
        if params[member] not in both[kind]:
            raise Refusal(-32002 if member == "uri" else -32602, "there is none")
        return {"contents": [], "content": [], "messages": [], "did": params[member]}

    async def complete(_params: Json) -> Json:
        return {"completion": {"values": ["v"]}}

    async def do(params: Json) -> Json:
        return {"did": params.get("name", "")}

    return FakeBackend(
        tools=[tool(str(name)) for name in both["t"]],
        prompts=[{"name": name} for name in both["p"]],
        resources=[{"uri": uri, "name": "r"} for uri in both["r"]],
        templates=[{"uriTemplate": uri, "name": "x"} for uri in both["x"]],
        answers={
            "initialize": greet,
            "tools/call": partial(only, "name", "t"),
            "prompts/get": partial(only, "name", "p"),
            "resources/read": partial(only, "uri", "r"),
            "resources/subscribe": empty,
            "resources/unsubscribe": empty,
            "completion/complete": complete,
            "docs/do": do,
            "vault/do": do,
        },
    )


def _list(entries: Json, kind: str) -> list[object]:
    found = entries.get(kind, [])
    assert isinstance(found, list)
    return found


GUEST_HIDDEN: Mapping[str, Json] = {
    "docs": {"t": ["write"], "p": ["tell"], "r": ["file:///key"], "x": ["file:///{p}"]},
    "vault": {"t": ["open"], "p": ["hint"], "r": ["vault://g"], "x": ["vault://{p}"], "i": True},
}
"""What nobody of `WATCHED` but the last is shown anywhere."""
SAFE_HIDDEN: Mapping[str, Json] = {
    "docs": {"t": ["write", "read_key"], "p": ["tell"], "r": ["file:///key"]},
    "vault": GUEST_HIDDEN["vault"],
}
"""What nobody is shown at the endpoint `safe`."""
ALL: Json = {
    "t": ["read", "read_key", "write"],
    "p": ["ask", "tell"],
    "r": ["file:///pub", "file:///pub/a", "file:///key"],
}


def shown(hidden: Json) -> Json:
    return {kind: [entry for entry in _list(ALL, kind) if entry not in _list(hidden, kind)] for kind in ("t", "p", "r")}


def backends(
    hidden: Mapping[str, Json], *, has_hidden: bool, docs_after: float, vault_after: float
) -> dict[str, FakeBackend]:
    return {
        "docs": backend_of(
            shown=shown(hidden["docs"]), hidden=hidden["docs"], has_hidden=has_hidden, greets_after=docs_after
        ),
        "vault": backend_of(shown={}, hidden=hidden["vault"], has_hidden=has_hidden, greets_after=vault_after),
    }


@attrs.define(eq=False)
class Watching:
    """One who is looked at: a session, streams, and what came back."""

    gateway: Whole
    who: str
    view: str
    session: dict[str, str] = attrs.field(factory=dict)
    answers: list[object] = attrs.field(factory=list)
    streams: list[Asked] = attrs.field(factory=list)

    async def do(self, step: Step) -> None:
        began = trio.current_time()
        if step.method == "listen":
            uris = [step.params["uri"]] if step.params else []
            self.streams.append(self.gateway.listening(self.who, self.view, resourceSubscriptions=uris))
            return
        asked = await self._asked(step)
        self.answers.append((step.method, asked.seen, trio.current_time() - began))

    async def _asked(self, step: Step) -> Asked:
        hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
        if step.era == "modern":
            if step.method == "hello":
                return await self.gateway.call(self.who, "server/discover", self.view)
            return await self.gateway.call_with(self.who, step.method, step.params, self.view)
        if step.method == "hello":
            return await self.gateway.post(self.who, {}, "initialize", hello, self.view)
        if not self.session:
            self.session = await self.gateway.session(self.who, self.view)
        return await self.gateway.post(self.who, self.session, step.method, step.params, self.view)

    @property
    def transcript(self) -> object:
        return self.answers, [(each.status, sorted(set(each.told)), each.messages[:1]) for each in self.streams]


async def transcript(steps: list[Step], watched: Watcher, found: dict[str, FakeBackend]) -> object:
    """What one principal at one endpoint gets of a gateway, where everybody does these things at the same time."""
    async with whole(CONFIG, found, PEOPLE) as gateway:
        watching = {watcher: Watching(gateway, *watcher) for watcher in WATCHED}
        other = Watching(gateway, "admin", "")
        async with trio.open_nursery() as nursery:

            async def act(watcher: Watching, own: list[tuple[float, Step]]) -> None:
                for at, step in own:
                    await trio.sleep_until(max(at, trio.current_time()))
                    await watcher.do(step)

            at = trio.current_time()
            timed: dict[int, list[tuple[float, Step]]] = {}
            for step in steps:
                at += step.pause
                timed.setdefault(step.watcher, []).append((at, step))
            for number, own in timed.items():
                nursery.start_soon(act, watching[WATCHED[number]] if number < len(WATCHED) else other, own)
        await trio.sleep(10)
        return watching[watched].transcript


STARTS = st.tuples(st.sampled_from([0.0, 2.0]), st.sampled_from([0.0, 1.0, 4.0]))
"""After how many seconds each backend answers its first request."""


@given(steps=st.lists(STEPS, max_size=12), starts=STARTS)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_hidden_makes_no_difference(steps: list[Step], starts: tuple[float, float]) -> None:
    docs_after, vault_after = starts
    for watched, hidden in zip(WATCHED, (GUEST_HIDDEN, SAFE_HIDDEN, SAFE_HIDDEN), strict=True):
        with_it, without_it = (
            trio.run(
                transcript,
                steps,
                watched,
                backends(hidden, has_hidden=has_hidden, docs_after=docs_after, vault_after=vault_after),
                clock=MockClock(autojump_threshold=0),
            )
            for has_hidden in (True, False)
        )
        assert with_it == without_it
