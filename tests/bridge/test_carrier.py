"""The bridge's HTTP: what comes back for what was posted, and what a refusal means."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from structlog.testing import capture_logs

from argus_trio.bridge import carrier as module
from argus_trio.bridge.carrier import AnswerStream, Carrier, GatewaySessionLost
from argus_trio.bridge.gateway_wait import GatewayWait
from argus_trio.errors import HttpRefused, LinkFailed
from argus_trio.net.http_client import open_http_client
from argus_trio.wire.event_stream import EventParser
from argus_trio.wire.headers import Headers
from tests.bridge.client import LIMIT_SECONDS, notification, request, result
from tests.servers.nasty_http import Handler, NastyServer, Received, Wire, nasty_server

NOTE = notification("notifications/x")
SESSION: Headers = (("mcp-session-id", "s-1"),)


@asynccontextmanager
async def carrying(handler: Handler) -> AsyncIterator[tuple[Carrier, NastyServer]]:
    with trio.fail_after(LIMIT_SECONDS):
        async with nasty_server(handler) as server, open_http_client(server.url, name="gateway", headers={}) as client:
            yield Carrier(client, GatewayWait(server.origin, 0)), server


def replying(status: int, body: bytes, *, kind: str = "application/json") -> Handler:
    async def handler(received: Received, wire: Wire) -> None:
        await wire.reply(status, body, kind=kind)

    return handler


async def all_of(answer: AnswerStream) -> list[bytes]:
    found: list[bytes] = []
    while (message := await answer.next()) is not None:
        found.append(message.raw)
    return found


async def test_a_json_answer_is_one_message_on_one_line() -> None:
    async with carrying(replying(200, b'{"jsonrpc":"2.0",\n"id":1,"result":{}}')) as (carrier, server):
        async with carrier.post(request(1, "ping"), (("x-a", "b"),)) as answer:
            assert await all_of(answer) == [b'{"jsonrpc":"2.0", "id":1,"result":{}}']
        assert carrier.origin == server.origin
    assert server.received[0].headers["x-a"] == "b"


async def test_a_gateway_behind_what_redirects_balances_and_compresses_is_reached() -> None:
    async def front(received: Received, wire: Wire) -> None:
        if received.target == "/mcp":
            await wire.reply(307, more="location: /argus/mcp\r\nset-cookie: lb=1; Path=/\r\n")
        else:
            await wire.json(gzip.compress(result(1)), more="content-encoding: gzip\r\n")

    async with carrying(front) as (carrier, server), carrier.post(request(1, "ping")) as answer:
        assert await all_of(answer) == [result(1)]
    assert [received.headers.get("cookie") for received in server.received] == [None, "lb=1"]


async def test_a_stream_is_read_message_by_message_and_what_is_none_is_skipped() -> None:
    async def handler(received: Received, wire: Wire) -> None:
        await wire.begin_stream(more="mcp-session-id: s-9\r\n")
        for data in (b"", NOTE, b"not json", result(1)):
            await wire.event(data, more=b"id: e\n")
        await wire.chunk(b"event: other\ndata: {}\n\n")
        await wire.end_stream()

    parser = EventParser()
    with capture_logs() as logs:
        async with carrying(handler) as (carrier, _), carrier.post(request(1, "ping"), parser=parser) as answer:
            assert answer.session_id == "s-9"
            assert await all_of(answer) == [NOTE, result(1)]
    assert parser.last_id == "e"
    assert [entry["event"] for entry in logs] == ["gateway_message_unreadable"]


@pytest.mark.parametrize(
    ("status", "body", "kind"), [(202, b"", ""), (200, b" ", "application/json"), (200, b"<p>", "text/html")]
)
async def test_an_answer_that_holds_nothing_is_an_empty_one(status: int, body: bytes, kind: str) -> None:
    async with carrying(replying(status, body, kind=kind)) as (carrier, _), carrier.post(NOTE) as answer:
        assert await all_of(answer) == []


async def test_a_json_answer_that_is_no_message_is_an_error() -> None:
    async with carrying(replying(200, b"{}")) as (carrier, _):
        with pytest.raises(LinkFailed, match="its answer is no message"):
            async with carrier.post(NOTE):
                pass


async def test_an_http_error_with_a_json_rpc_error_is_the_answer_to_what_was_asked() -> None:
    refusal = b'{"jsonrpc":"2.0","id":null,"error":{"code":-32602,\n"message":"no"}}'
    async with carrying(replying(400, refusal)) as (carrier, _), carrier.post(NOTE, wanted=b'"a"') as answer:
        [line] = await all_of(answer)
    assert json.loads(line) == {"jsonrpc": "2.0", "id": "a", "error": {"code": -32602, "message": "no"}}


@pytest.mark.parametrize(
    ("status", "code", "headers", "is_lost"),
    [
        (404, -32600, SESSION, True),
        (404, -32601, SESSION, False),
        (404, -32600, (), False),
        (400, -32600, SESSION, False),
    ],
)
async def test_a_session_is_lost_only_by_a_404_to_a_request_that_names_one(
    status: int, code: int, headers: Headers, is_lost: bool
) -> None:
    body = b'{"jsonrpc":"2.0","id":1,"error":{"code":%d,"message":"no"}}' % code
    async with carrying(replying(status, body)) as (carrier, _):
        try:
            async with carrier.post(request(1, "ping"), headers, wanted=b"1") as answer:
                assert len(await all_of(answer)) == 1
        except GatewaySessionLost:
            assert is_lost
        else:
            assert not is_lost


@pytest.mark.parametrize("status", [401, 403])
async def test_missing_authentication_is_a_refusal_whatever_the_body(status: int) -> None:
    body = b'{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"no"}}'
    async with carrying(replying(status, body)) as (carrier, _):
        with pytest.raises(HttpRefused) as caught:
            async with carrier.post(request(1, "ping"), wanted=b"1"):
                pass
    assert caught.value.status == status


async def test_a_stream_is_asked_for_from_the_last_event_that_came() -> None:
    async def handler(received: Received, wire: Wire) -> None:
        await wire.begin_stream()
        await wire.event(NOTE, more=b"id: e%d\n" % len(server.received))
        await wire.end_stream()

    parser = EventParser()
    async with carrying(handler) as (carrier, server):
        for _ in range(2):
            async with carrier.get(SESSION, parser) as answer:
                assert await all_of(answer) == [NOTE]
    assert [received.headers.get("last-event-id") for received in server.received] == [None, "e1"]


async def test_a_gateway_that_answers_a_get_with_no_stream_has_none() -> None:
    async with carrying(replying(200, b"<p>", kind="text/html")) as (carrier, _):
        with pytest.raises(HttpRefused) as caught:
            async with carrier.get((), EventParser()):
                pass
    assert caught.value.status == 405


async def test_what_is_told_may_be_refused_which_is_logged() -> None:
    with capture_logs() as logs:
        async with carrying(replying(200, result(1))) as (carrier, _):
            await carrier.tell(NOTE)
    assert [entry["event"] for entry in logs] == ["message_refused"]


async def test_a_gateway_that_never_takes_what_it_is_told_runs_into_the_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def handler(received: Received, wire: Wire) -> None:
        await wire.until_closed()

    monkeypatch.setattr(module, "TELL_SECONDS", 0.05)
    async with carrying(handler) as (carrier, _):
        with pytest.raises(LinkFailed, match=r"did not take a message within 0\.05 s"):
            await carrier.tell(NOTE)


async def test_ending_a_session_succeeds_whatever_the_gateway_thinks_of_it() -> None:
    async def handler(received: Received, wire: Wire) -> None:
        wire.keep = False

    async with carrying(replying(500, b"")) as (carrier, server):
        await carrier.delete(SESSION)
    assert (server.received[0].method, server.received[0].headers["mcp-session-id"]) == ("DELETE", "s-1")
    async with carrying(handler) as (carrier, _):
        await carrier.delete(SESSION)
