"""What is denied cannot be told from what is unknown: not by its answer, and not by how long that takes."""

from __future__ import annotations

import re

import pytest
import trio
from trio.testing import MockClock

from argus_trio.backends.subscriptions.table import UPDATED
from argus_trio.core.access.principal import Principal
from argus_trio.errors import LinkFailed
from tests.backends.support.fakes import FakeBackend, Json
from tests.backends.support.supervised import named, slow_to_greet
from tests.perspectives.hiding import docs, resource, same, serving, vault
from tests.perspectives.whole import AUTHENTICATION, Whole, config_of, whole

PEOPLE = {name: Principal(name=name, roles=frozenset({name})) for name in ("guest", "admin")}


def config(guest: str, *, naming: str = "prefix", backends: str = "docs vault", views: str = "") -> str:
    specs = ", ".join(f"{name}: {{type: stdio, command: x}}" for name in backends.split())
    return f"""
backends: {{{specs}}}
conflict_resolution: {{strategy: {naming}}}
middleware: {AUTHENTICATION}
  - {{type: rbac, roles: {{admin: {{allow: ["*"]}}, guest: {{{guest}}}}}}}
views: {{{views}}}
"""


GUEST = 'allow: ["tool:docs__read", "prompt:docs__ask", "resource:file:///pub/*", "resource:file:///{path}"]'
DENIED: list[tuple[str, Json, Json]] = [
    ("tools/call", {"name": "docs__write"}, {"name": "docs__wrote"}),
    ("tools/call", {"name": "vault__open"}, {"name": "vault__shut"}),
    ("tools/call", {"name": "vault__open"}, {"name": "fault__open"}),
    ("prompts/get", {"name": "docs__tell"}, {"name": "docs__sell"}),
    ("resources/read", {"uri": "file:///key"}, {"uri": "file:///kex"}),
    ("resources/read", {"uri": "FILE:///key"}, {"uri": "FILE:///kex"}),
    ("resources/read", {"uri": "file:///pub/../key"}, {"uri": "file:///pub/../kex"}),
    ("resources/read", {"uri": "file:///pub/%2e%2e/key"}, {"uri": "file:///pub/%2e%2e/kex"}),
    ("resources/read", {"uri": "vault://gold"}, {"uri": "vault://sold"}),
]


def name_of(params: Json) -> str:
    return str(params.get("name", params.get("uri")))


@pytest.mark.parametrize(("method", "denied", "unknown"), DENIED)
async def test_denied_is_as_unknown(autojump_clock: MockClock, method: str, denied: Json, unknown: Json) -> None:
    async with whole(config_of(config(GUEST)), {"docs": docs(), "vault": vault()}, PEOPLE) as gateway:
        await trio.sleep(1)
        for who in ("guest", None):
            one, other = await gateway.call_with(who, method, denied), await gateway.call_with(who, method, unknown)
            same(one, other, **{name_of(denied): name_of(unknown)})
            session = await gateway.session(who)
            one = await gateway.post(who, session, method, denied)
            other = await gateway.post(who, session, method, unknown)
            same(one, other, **{name_of(denied): name_of(unknown)})
        served = (await gateway.call_with("admin", method, denied)).answer
        assert "result" in served or denied["uri"] != "vault://gold"


@pytest.mark.parametrize(
    ("ref", "unknown"),
    [
        ({"type": "ref/prompt", "name": "docs__tell"}, {"type": "ref/prompt", "name": "docs__sell"}),
        ({"type": "ref/resource", "uri": "file:///key"}, {"type": "ref/resource", "uri": "file:///kex"}),
        ({"type": "ref/resource", "uri": "vault://gold"}, {"type": "ref/resource", "uri": "vault://sold"}),
    ],
)
async def test_a_reference_to_what_is_denied_leads_nowhere(autojump_clock: MockClock, ref: Json, unknown: Json) -> None:
    argument = {"name": "x", "value": ""}
    async with whole(config_of(config(GUEST)), {"docs": docs(), "vault": vault()}, PEOPLE) as gateway:
        await trio.sleep(1)
        one = await gateway.call("guest", "completion/complete", ref=ref, argument=argument)
        other = await gateway.call("guest", "completion/complete", ref=unknown, argument=argument)
        same(one, other, **{name_of(ref): name_of(unknown)})
        assert "error" in one.answer


@pytest.mark.parametrize("naming", ["prefix", "first-wins"])
@pytest.mark.parametrize("name", ["vault__open", "open", "vault__shut", "nothing__open"])
async def test_what_is_denied_is_not_waited_for_while_its_backend_starts(
    autojump_clock: MockClock, naming: str, name: str
) -> None:
    for method in ("tools/call", "prompts/get"):
        slow = {"docs": docs(), "vault": slow_to_greet(3, named("open"))}
        async with whole(config_of(config(GUEST, naming=naming)), slow, PEOPLE) as gateway:
            asked = await gateway.call("guest", method, name=name)
        slow = {"docs": docs(), "vault": slow_to_greet(3, named("open"))}
        async with whole(config_of(config(GUEST, naming=naming)), slow, PEOPLE) as gateway:
            unknown = await gateway.call("guest", method, name="no_such")
        same(asked, unknown, **{name: "no_such"})


async def test_a_denied_name_of_a_backend_that_is_down_is_unknown_and_not_unavailable(
    autojump_clock: MockClock,
) -> None:
    down = FakeBackend(open_failures=[LinkFailed("gone")] * 99)
    async with whole(config_of(config(GUEST)), {"docs": docs(), "vault": down}, PEOPLE) as gateway:
        await trio.sleep(20)
        one = await gateway.call("guest", "tools/call", name="vault__open")
        other = await gateway.call("guest", "tools/call", name="fault__open")
        same(one, other, vault__open="fault__open")
        admin = (await gateway.call("admin", "tools/call", name="vault__open")).answer
        assert "unavailable" in str(admin["error"])


async def test_hiding_the_owner_of_a_resource_does_not_hand_it_to_another(autojump_clock: MockClock) -> None:
    both = [resource("file:///same")]
    found = {name: serving(FakeBackend(resources=list(both))) for name in ("docs", "vault")}
    rules = 'allow: ["resource:*"], deny: ["backend:docs"]'
    async with whole(config_of(config(rules)), found, PEOPLE) as gateway:
        assert await gateway.names("admin", kind="resources") == ["file:///same"]
        assert await gateway.names("guest", kind="resources") == []
        assert "error" in (await gateway.call("guest", "resources/read", uri="file:///same")).answer
        assert not [method for method, _ in found["vault"].seen if method == "resources/read"]


async def test_the_uris_of_a_lone_backend_are_subject_to_rules_though_nobody_lists_them(
    autojump_clock: MockClock,
) -> None:
    backend = FakeBackend(resources=[resource("file:///pub/a")])
    rules = 'allow: ["resource:file:///pub/*"]'
    async with whole(config_of(config(rules, backends="docs")), {"docs": backend}, PEOPLE) as gateway:
        assert "result" in (await gateway.call("guest", "resources/read", uri="file:///pub/unlisted")).answer
        assert "error" in (await gateway.call("guest", "resources/read", uri="file:///etc/passwd")).answer
        assert "result" in (await gateway.call("admin", "resources/read", uri="file:///etc/passwd")).answer


async def test_methods_that_the_protocol_does_not_know_need_a_rule(autojump_clock: MockClock) -> None:
    async def own(params: Json) -> Json:
        return {"did": params.get("name", "")}

    backend = docs()
    backend.answers["docs/do"] = own
    rules = 'allow: ["tool:docs__read", "method:docs/*"]'
    async with whole(config_of(config(rules, backends="docs")), {"docs": backend}, PEOPLE) as gateway:
        assert "result" in (await gateway.call("guest", "docs/do")).answer
        assert "result" in (await gateway.call("guest", "docs/do", name="docs__read")).answer
        hidden = await gateway.call("guest", "docs/do", name="docs__write")
        denied = await gateway.call(None, "docs/do")
        unknown = await gateway.call(None, "docs/no")
        same(denied, unknown, **{"docs/do": "docs/no"})
        assert hidden.seen == denied.seen


async def test_what_the_gateway_says_of_itself_tells_of_nothing_hidden(autojump_clock: MockClock) -> None:
    spoken = docs(), vault()
    for backend, text in zip(spoken, ("Read docs.", "Gold inside."), strict=True):
        backend.instructions = text
        backend.declares = {"experimental": {f"x-{text[:4].lower()}": {}}}
    views = "plain: {backends: [docs]}"
    async with whole(config_of(config(GUEST, views=views)), {"docs": spoken[0], "vault": spoken[1]}, PEOPLE) as gateway:
        await trio.sleep(1)
        assert await said(gateway, "admin") == (True, True)
        assert await said(gateway, "guest") == (True, False)
        assert await said(gateway, None) == (False, False)
        assert await said(gateway, "admin", "plain") == (True, False)


async def said(gateway: Whole, who: str | None, view: str = "") -> tuple[bool, bool]:
    """Whether docs and the vault are told of: to modern clients and to legacy ones alike."""
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    answers = [await gateway.call(who, "server/discover", view), await gateway.post(who, {}, "initialize", hello, view)]
    found = {
        tuple(all(word in each.body for word in words) for words in ((b"docs", b"x-read"), (b"vault", b"x-gold")))
        for each in answers
    }
    some = {any(word in each.body for word in (b"vault", b"gold")) for each in answers}
    ((docs_told, vault_told),) = found
    assert some == {vault_told}
    return docs_told, vault_told


async def test_headers_are_wanted_for_no_tool_that_is_hidden(autojump_clock: MockClock) -> None:
    schema: Json = {"type": "object", "properties": {"region": {"type": "string", "x-mcp-header": "Region"}}}
    backend = FakeBackend(tools=[{"name": "read", "inputSchema": schema}, {"name": "write", "inputSchema": schema}])
    async with whole(config_of(config(GUEST, backends="docs")), {"docs": backend}, PEOPLE) as gateway:
        await trio.sleep(1)
        arguments = {"region": "eu"}
        shown = await gateway.call("guest", "tools/call", name="docs__read", arguments=arguments)
        hidden = await gateway.call("guest", "tools/call", name="docs__write", arguments=arguments)
        unknown = await gateway.call("guest", "tools/call", name="docs__wrote", arguments=arguments)
        assert b"Region" in shown.body
        same(hidden, unknown, docs__write="docs__wrote")


@pytest.mark.parametrize("uri", ["file:///key", "vault://gold", "file:///pub/../key"])
async def test_what_is_denied_cannot_be_subscribed_to(autojump_clock: MockClock, uri: str) -> None:
    async with whole(config_of(config(GUEST)), {"docs": docs(), "vault": vault()}, PEOPLE) as gateway:
        await trio.sleep(1)
        stream = gateway.listening("guest", resourceSubscriptions=[uri, "file:///pub/a"])
        await trio.sleep(1)
        (acknowledged,) = stream.messages
        assert uri not in str(acknowledged)
        assert "file:///pub/a" in str(acknowledged)
        session = await gateway.session("guest")
        assert "error" in (await gateway.post("guest", session, "resources/subscribe", {"uri": uri})).answer
        assert (
            "result" in (await gateway.post("guest", session, "resources/subscribe", {"uri": "file:///pub/a"})).answer
        )


async def test_updates_of_what_a_reload_has_hidden_are_told_no_more(autojump_clock: MockClock) -> None:
    backend = docs()
    async with whole(config_of(config(GUEST, backends="docs")), {"docs": backend}, PEOPLE) as gateway:
        await trio.sleep(1)
        session = await gateway.session("guest")
        for uri in ("file:///pub/a", "file:///pub/b"):
            await gateway.post("guest", session, "resources/subscribe", {"uri": uri})
        streams = [
            gateway.begin("guest", "GET", "/mcp", {"accept": "text/event-stream", **session}),
            gateway.listening("guest", resourceSubscriptions=["file:///pub/a", "file:///pub/b"]),
        ]
        await trio.sleep(1)
        for rules in (GUEST, f'{GUEST}, deny: ["resource:*/a"]'):
            await gateway.reload(config_of(config(rules, backends="docs")))
            for uri in ("file:///pub/a", "file:///pub/b"):
                await backend.links[0].says("notifications/resources/updated", {"uri": uri})
            await trio.sleep(1)
        told = [[m["params"]["uri"] for m in s.messages if m["method"] == UPDATED] for s in streams]  # type: ignore[index]
        assert told == [["file:///pub/a", "file:///pub/b", "file:///pub/b"]] * 2


async def test_a_task_at_a_backend_that_is_there_no_more_is_as_unknown(autojump_clock: MockClock) -> None:
    task: Json = {"taskId": "t", "status": "working", "createdAt": "2026-01-01T00:00:00Z", "ttl": None}

    async def begin(_params: Json) -> Json:
        return {"task": task}

    async def get(_params: Json) -> Json:
        return task

    backend = docs()
    backend.declares = {"tasks": {"requests": {"tools": {"call": {}}}, "list": {}, "cancel": {}}}
    backend.answers |= {"tools/call": begin, "tasks/get": get}
    async with whole(config_of(config(GUEST, backends="docs")), {"docs": backend}, PEOPLE) as gateway:
        session = await gateway.session("guest")
        begun = (await gateway.post("guest", session, "tools/call", {"name": "docs__read", "task": {}})).body
        (ours,) = re.findall(r'"taskId":"([^"]+)"', begun.decode())
        asked: Json = {"taskId": ours}
        assert "result" in (await gateway.post("guest", session, "tasks/get", asked)).answer
        assert ours in str((await gateway.post("guest", session, "tasks/list")).answer)
        other = await gateway.session("admin")
        denied = [await gateway.post("admin", other, "tasks/get", asked)]
        await gateway.reload(config_of(config('allow: ["backend:vault"]', backends="docs")))
        denied.append(await gateway.post("guest", session, "tasks/get", asked))
        assert ours not in str((await gateway.post("guest", session, "tasks/list")).answer)
        unknown = await gateway.post("guest", session, "tasks/get", {"taskId": "x" * len(ours)})
        for each in denied:
            same(each, unknown, **{ours: "x" * len(ours)})


def reads_anything(asked: list[str]) -> FakeBackend:
    backend = docs()

    async def read(params: Json) -> Json:
        asked.append(str(params["uri"]))
        return {"contents": [{"uri": params["uri"], "text": "x"}]}

    backend.answers["resources/read"] = read
    return backend


LED_OUTSIDE = [
    "file:///pub/..%2fkey2",
    "file:///pub/x?/../../key2",
    "file:///pub/%252e%252e/key2",
    "file:///pub//..//..//key2",
    "file:///pub/..\\key2",
    "file:///pub/.\t./key2",
]
PUBLIC = "resources: {allow: ['file:///pub/*', '*}']}"


@pytest.mark.parametrize(
    ("who", "text"),
    [
        (None, f"backends: {{docs: {{type: stdio, command: x}}}}\nviews: {{pub: {{{PUBLIC}}}}}"),
        (None, f"backends: {{docs: {{type: stdio, command: x, filters: {{{PUBLIC}}}}}}}\nviews: {{pub: {{}}}}"),
        ("guest", config('allow: ["resource:file:///pub/*", "resource:*}"]', backends="docs", views="pub: {}")),
    ],
    ids=["view", "filter", "role"],
)
async def test_what_is_public_leads_nowhere_else(autojump_clock: MockClock, who: str | None, text: str) -> None:
    asked: list[str] = []
    async with whole(config_of(text), {"docs": reads_anything(asked)}, PEOPLE) as gateway:
        await trio.sleep(1)
        for uri in LED_OUTSIDE:
            assert "error" in (await gateway.call(who, "resources/read", "pub", uri=uri)).answer, uri
        assert not asked
        assert "result" in (await gateway.call(who, "resources/read", "pub", uri="file:///pub/b")).answer


async def test_what_a_rule_allows_in_one_spelling_is_read_in_every_other(autojump_clock: MockClock) -> None:
    asked: list[str] = []
    made = config_of(config('allow: ["resource:file:///my docs/*", "resource:file:///{path}"]', backends="docs"))
    async with whole(made, {"docs": reads_anything(asked)}, PEOPLE) as gateway:
        await trio.sleep(1)
        for uri in ("file:///my%20docs/a", "file:///my docs/a", "FILE:///my%20docs/a"):
            assert "result" in (await gateway.call("guest", "resources/read", uri=uri)).answer
        assert "error" in (await gateway.call("guest", "resources/read", uri="file:///my%20docs/../a")).answer
        assert len(asked) == 3
