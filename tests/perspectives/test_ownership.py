"""What lasts belongs to a principal at an endpoint: to everybody else it is as if it were not there."""

from __future__ import annotations

import time
from collections.abc import Mapping

import attrs
import pytest
import trio
from trio.testing import MockClock

from argus_trio.core.access.principal import Principal
from argus_trio.frontend.input_required.request_state import NOT_OF_THIS_CLIENT
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import FakeBackend, Json
from tests.backends.support.supervised import named
from tests.frontend.support.serving import BOTH, JSON, modern, modern_headers, rpc
from tests.perspectives.whole import Asked, Whole, config_of, path_of, whole

PEOPLE = {name: Principal(name=name, method="test") for name in ("ann", "ben")}
CONFIG = config_of("backends: {docs: {type: stdio, command: x}}\nviews: {safe: {tools: {deny: ['*write*']}}, wide: {}}")
OTHERS = [("ben", ""), ("ann", "safe"), (None, "")]
"""Who is not ann at the endpoint that shows all."""


def docs() -> FakeBackend:
    return FakeBackend(tools=named("read", "write"), resources=[{"uri": "file:///a", "name": "a"}])


def told_uri(stream: Asked) -> str:
    """Where the client of an `/sse` stream posts."""
    return stream.body.decode().splitlines()[1].removeprefix("data: ")


async def conversing(gateway: Whole, who: str | None, view: str = "") -> tuple[Asked, str]:
    stream = gateway.begin(who, "GET", path_of("sse", view), {"accept": "text/event-stream"})
    await trio.sleep(0.1)
    base = path_of("sse", view).rpartition("/")[0]
    return stream, f"{base}/{told_uri(stream)}"


async def say(gateway: Whole, who: str | None, path: str, method: str, params: Json | None = None) -> Asked:
    return await gateway.ask(who, "POST", path, {"content-type": JSON}, rpc(method, params))


@pytest.mark.parametrize(("who", "view"), OTHERS)
@pytest.mark.parametrize("method", ["POST", "GET", "DELETE", "batch", "answer", "resume"])
async def test_a_session_of_another_looks_like_one_that_is_not_there(
    autojump_clock: MockClock, who: str | None, view: str, method: str
) -> None:
    async with whole(CONFIG, {"docs": docs()}, PEOPLE) as gateway:
        session = await gateway.session("ann")
        found = await asked_of(gateway, who, view, session, method)
        unknown = await asked_of(gateway, who, view, {**session, "mcp-session-id": "x" * 32}, method)
        assert found.seen == unknown.seen
        assert found.status == 404
        assert (await gateway.post("ann", session, "tools/list")).status == 200


async def asked_of(gateway: Whole, who: str | None, view: str, session: Mapping[str, str], how: str) -> Asked:
    path = path_of("mcp", view)
    headers = {"accept": BOTH, "content-type": JSON, **session}
    match how:
        case "batch":
            return await gateway.ask(who, "POST", path, headers, b"[" + rpc("tools/list") + b"]")
        case "answer":
            return await gateway.ask(who, "POST", path, headers, b'{"jsonrpc":"2.0","id":1,"result":{}}')
        case "resume":
            return await gateway.ask(who, "GET", path, {**headers, "last-event-id": "1-1"})
        case _:
            return await gateway.ask(who, how, path, headers, rpc("tools/list") if how == "POST" else b"")


@pytest.mark.parametrize(("who", "view"), OTHERS)
async def test_messages_to_the_stream_of_another_are_to_none(
    autojump_clock: MockClock, who: str | None, view: str
) -> None:
    async with whole(CONFIG, {"docs": docs()}, PEOPLE) as gateway:
        stream, path = await conversing(gateway, "ann")
        taken = await say(gateway, who, f"/sse/{view}{path}" if view else path, "ping")
        elsewhere = path.partition("=")[0] + "=" + "x" * 32
        unknown = await say(gateway, who, f"/sse/{view}{elsewhere}" if view else elsewhere, "ping")
        assert taken.seen == unknown.seen
        assert taken.status == 404
        assert (await say(gateway, "ann", path, "ping")).status == 202
        await trio.sleep(0.1)
        assert b'"result":{}' in stream.body


@pytest.mark.parametrize("slash", ["", "/"])
async def test_the_stream_of_a_view_leads_back_to_that_view(autojump_clock: MockClock, slash: str) -> None:
    async with whole(CONFIG, {"docs": docs()}, PEOPLE) as gateway:
        stream = gateway.begin("ann", "GET", f"/sse/safe{slash}", {"accept": "text/event-stream"})
        await trio.sleep(0.1)
        path = f"/sse/safe/{told_uri(stream)}" if slash else f"/sse/{told_uri(stream)}"
        assert path.startswith("/sse/safe/messages/?session_id=")
        assert (await say(gateway, "ann", path, "tools/list")).status == 202
        await trio.sleep(0.1)
        assert b"docs__read" in stream.body
        assert b"docs__write" not in stream.body


async def test_each_request_is_of_who_asks_it_and_not_of_who_opened_the_session(autojump_clock: MockClock) -> None:
    gated = config_of(GATED)
    people = {"low": Principal(name="ann", roles=frozenset({"low"})), "high": Principal(name="ann", roles=frozenset())}
    async with whole(gated, {"docs": docs()}, people) as gateway:
        session = await gateway.session("low")
        assert b"docs__read" in (await gateway.post("low", session, "tools/list")).body
        assert b"docs__read" not in (await gateway.post("high", session, "tools/list")).body
        stream, path = await conversing(gateway, "high")
        assert (await say(gateway, "low", path, "tools/list")).status == 202
        await trio.sleep(0.1)
        assert b"docs__read" in stream.body


GATED = """
backends: {docs: {type: stdio, command: x}}
middleware:
  - type: authentication
    methods: [{type: bearer, tokens: [{token: 0123456789abcdef0123456789abcdef, principal: unused}]}]
  - {type: rbac, roles: {low: {allow: ["tool:*"]}}}
"""


async def streams_of(gateway: Whole, who: str, view: str = "") -> dict[str, Asked]:
    """Every kind of stream that somebody can have open."""
    session = await gateway.session(who, view)
    headers = {"accept": "text/event-stream", **session}
    return {
        "listen": gateway.listening(who, view),
        "get": gateway.begin(who, "GET", path_of("mcp", view), headers),
        "sse": gateway.begin(who, "GET", path_of("sse", view), {"accept": "text/event-stream"}),
    }


async def test_streams_end_with_the_credential_that_opened_them(autojump_clock: MockClock) -> None:
    people = {**PEOPLE, "brief": Principal(name="brief", expires=time.time() + 100)}
    async with whole(CONFIG, {"docs": docs()}, people) as gateway:
        began = trio.current_time()
        brief, lasting = await streams_of(gateway, "brief"), await streams_of(gateway, "ann")
        for stream in brief.values():
            await stream.ended.wait()
        assert 98 < trio.current_time() - began < 101
        await trio.sleep(1000)
        assert not any(stream.ended.is_set() for stream in lasting.values())


async def test_a_reload_that_takes_away_a_credential_ends_what_it_opened(autojump_clock: MockClock) -> None:
    async with whole(CONFIG, {"docs": docs()}, PEOPLE) as gateway:
        gone, staying = await streams_of(gateway, "ann"), await streams_of(gateway, "ben")
        session = await gateway.session("ann")
        await trio.sleep(1)
        del gateway.people.known["ann"]
        await gateway.reload(config_of("backends: {docs: {type: stdio, command: x}}\nviews: {safe: {}, wide: {}}"))
        await trio.sleep(1)
        assert all(stream.ended.is_set() for stream in gone.values())
        assert not any(stream.ended.is_set() for stream in staying.values())
        gateway.people.known["ann"] = PEOPLE["ann"]
        assert (await gateway.post("ann", session, "tools/list")).status == 404


async def test_a_reload_that_changes_a_credential_ends_its_streams_and_keeps_the_session(
    autojump_clock: MockClock,
) -> None:
    async with whole(CONFIG, {"docs": docs()}, PEOPLE) as gateway:
        gone, staying = await streams_of(gateway, "ann"), await streams_of(gateway, "ben")
        session = await gateway.session("ann")
        await trio.sleep(1)
        gateway.people.known["ann"] = attrs.evolve(PEOPLE["ann"], roles=frozenset({"fewer"}))
        await gateway.reload(CONFIG)
        await trio.sleep(1)
        assert all(stream.ended.is_set() for stream in gone.values())
        assert not any(stream.ended.is_set() for stream in staying.values())
        assert (await gateway.post("ann", session, "tools/list")).status == 200
        again = await streams_of(gateway, "ann")
        await trio.sleep(1)
        assert not any(stream.ended.is_set() for stream in again.values())


async def test_what_was_let_in_before_a_reload_takes_its_credential_gets_no_stream_after_it(
    autojump_clock: MockClock,
) -> None:
    async with whole(CONFIG, {"docs": docs()}, PEOPLE) as gateway:
        body = modern("subscriptions/listen", {"notifications": {"toolsListChanged": True}})
        headers = {**modern_headers("subscriptions/listen"), "x-who": "ann"}
        slow = gateway.uploading("POST", "/mcp", {"host": "127.0.0.1", **headers}, body[:9])
        await trio.sleep(1)
        del gateway.people.known["ann"]
        await gateway.reload(CONFIG)
        await slow.queue.put({"type": "http.request", "body": body[9:], "more_body": False})
        with trio.fail_after(1):
            await slow.ended.wait()
        assert slow.status == 200


async def test_a_reload_that_takes_away_a_view_ends_what_belongs_to_it(autojump_clock: MockClock) -> None:
    async with whole(CONFIG, {"docs": docs()}, PEOPLE) as gateway:
        gone, staying = await streams_of(gateway, "ann", "safe"), await streams_of(gateway, "ann", "wide")
        await trio.sleep(1)
        await gateway.reload(config_of("backends: {docs: {type: stdio, command: x}}\nviews: {wide: {}}"))
        await trio.sleep(1)
        assert all(stream.ended.is_set() for stream in gone.values())
        assert not any(stream.ended.is_set() for stream in staying.values())
        assert (await gateway.call("ann", "tools/list", "safe")).status == 404


async def test_the_state_of_a_call_means_nothing_at_another_endpoint(autojump_clock: MockClock) -> None:
    async def ask(_params: Json) -> Json:
        return {"resultType": "input_required", "inputRequests": {"k": {"method": "roots/list"}}, "requestState": "s"}

    backend = docs()
    backend.era, backend.answers["tools/call"] = Era.MODERN, ask
    async with whole(CONFIG, {"docs": backend}, PEOPLE) as gateway:

        async def call(who: str, view: str, **state: object) -> Asked:
            return await gateway.call_with(who, "tools/call", {"name": "docs__read", **state}, view, can=["roots"])

        first = (await call("ann", "")).answer["result"]
        assert isinstance(first, dict)

        async def again(who: str, view: str) -> Asked:
            return await call(who, view, requestState=first["requestState"], inputResponses={})

        assert "result" in (await again("ann", "")).answer
        for who, view in (("ann", "wide"), ("ben", "")):
            refused = (await again(who, view)).answer
            assert refused["error"] == {"code": -32602, "message": NOT_OF_THIS_CLIENT}


async def test_metadata_that_are_not_there_are_missing_for_everybody(autojump_clock: MockClock) -> None:
    async with whole(CONFIG, {"docs": docs()}, PEOPLE) as gateway:
        for path in ("/.well-known/oauth-protected-resource", "/.well-known/oauth-authorization-server/mcp"):
            assert (await gateway.ask("a stranger", "GET", path)).status == 404
        for path in ("/well-known/x", "/.well-known", "/mcp/.well-known/x"):
            assert (await gateway.ask("a stranger", "GET", path)).status == 401
