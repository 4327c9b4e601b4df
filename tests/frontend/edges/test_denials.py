"""Denials that may be told: a status and a challenge as long as nothing has been sent, and an error in any case."""

from __future__ import annotations

from argus_trio.core.access.denials import ArgumentsRefused, InsufficientScope
from argus_trio.core.call.exchange import Exchange
from argus_trio.wire.envelope import decode_object, encode_raw
from tests.frontend.support.http_sse import conversing, say
from tests.frontend.support.serving import (
    BOTH,
    JSON,
    META,
    call,
    events_in,
    initialized,
    modern,
    modern_headers,
    post,
    rpc,
    serving,
)

URL = "https://argus.example/.well-known/oauth-protected-resource/mcp"
CHALLENGE = f'Bearer error="insufficient_scope", scope="a b", resource_metadata="{URL}"'
ERROR = {"code": -31010, "message": "the token lacks a scope: a b", "data": {"scopes": ["a", "b"]}}


async def deny(exchange: Exchange) -> bytes:
    if b'"late"' in bytes(exchange.call.params["name"]):
        token = decode_object(exchange.call.params["_meta"])["progressToken"]
        await exchange.notify("notifications/progress", {"progressToken": token, "progress": encode_raw(1)})
    if b'"wrong"' in bytes(exchange.call.params["name"]):
        raise ArgumentsRefused(("/path",))
    raise InsufficientScope(("a", "b"), metadata_url=URL)


async def test_a_modern_client_gets_403_and_the_challenge() -> None:
    async with serving(handler=deny) as served:
        answer = await post(served, modern("tools/call", {"name": "x"}), modern_headers("tools/call", "x"))
        assert (answer.status, answer.headers["www-authenticate"]) == (403, CHALLENGE)
        assert answer.json["error"] == ERROR


async def test_a_legacy_client_gets_403_and_the_challenge_and_keeps_its_session() -> None:
    async with serving(handler=deny) as served:
        session = await initialized(served)
        answer = await post(served, call("x"), session)
        assert (answer.status, answer.headers["www-authenticate"]) == (403, CHALLENGE)
        assert answer.headers["content-type"] == JSON
        assert answer.json["error"] == ERROR
        assert (await post(served, rpc("ping"), session)).status == 200


async def test_a_client_that_takes_streams_alone_is_refused_in_json_too() -> None:
    async with serving(handler=deny) as served:
        session = {**await initialized(served), "accept": "text/event-stream"}
        answer = await post(served, call("x"), session)
        assert (answer.status, answer.headers["content-type"]) == (403, JSON)


async def test_once_a_stream_is_open_the_error_alone_says_it() -> None:
    async with serving(handler=deny) as served:
        body = rpc("tools/call", {"name": "late", "_meta": {**META, "progressToken": 3}})
        answer = await post(served, body, modern_headers("tools/call", "late"))
        assert (answer.status, answer.headers.get("www-authenticate")) == (200, None)
        assert events_in(answer.body)[-1]["error"] == ERROR
        session = {**await initialized(served), "accept": BOTH}
        answer = await post(served, rpc("tools/call", {"name": "late", "_meta": {"progressToken": 3}}), session)
        assert (answer.status, answer.headers.get("www-authenticate")) == (200, None)
        assert events_in(answer.body)[-1]["error"] == ERROR


async def test_on_http_sse_the_error_alone_says_it() -> None:
    async with serving(handler=deny) as served, conversing(served) as (stream, path):
        await say(served, path, rpc("initialize", {"protocolVersion": "2024-11-05", "capabilities": {}}))
        await stream.part()
        assert (await say(served, path, call("x"))).status == 202
        assert events_in(await stream.part())[0]["error"] == ERROR


async def test_arguments_that_are_refused_are_an_error_and_no_status() -> None:
    async with serving(handler=deny) as served:
        answer = await post(served, modern("tools/call", {"name": "wrong"}), modern_headers("tools/call", "wrong"))
        assert (answer.status, answer.error[0]) == (200, -31011)


async def test_who_listens_gets_403_and_the_challenge() -> None:
    async def refuse(_: Exchange) -> bytes:
        raise InsufficientScope(("a", "b"), metadata_url=URL)

    async with serving(handler=refuse) as served:
        asked = modern("subscriptions/listen", {"notifications": {"toolsListChanged": True}})
        answer = await post(served, asked, modern_headers("subscriptions/listen"))
        assert (answer.status, answer.headers["www-authenticate"]) == (403, CHALLENGE)
        assert answer.json["error"] == ERROR
