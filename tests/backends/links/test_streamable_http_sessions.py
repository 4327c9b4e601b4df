"""The legacy side of the Streamable HTTP link: sessions, streams that are resumed, and the stream of its own."""

from __future__ import annotations

import attrs
import pytest
import trio

from argus_trio.backends.links import streamable_http as http
from argus_trio.errors import LinkFailed, SessionLost
from argus_trio.wire.envelope import ErrorResponse, Response, encode_notification
from tests.backends.support.conversation import (
    LEGACY,
    NOTE,
    OK,
    VERSION,
    ask,
    ask_modern,
    handshake,
    linked,
    saying,
)
from tests.servers.nasty_http import Handler, Received, Wire

SESSION = "mcp-session-id: s-1\r\n"


async def test_a_session_is_sent_from_then_on_and_ended_at_the_close() -> None:
    async def handler(request: Received, wire: Wire) -> None:
        if request.method == "DELETE":
            await wire.reply(405)
        elif b'"id"' in request.body:
            await wire.json(OK, more=SESSION)
        else:
            await wire.reply(202)

    async with linked(handler) as (link, _, server):
        await link.request(handshake())
        await link.send(encode_notification("notifications/initialized", {}), VERSION)
        await link.request(ask(1, headers=VERSION))
    assert [received.headers.get("mcp-session-id") for received in server.received] == [None, "s-1", "s-1", "s-1"]
    goodbye = server.received[-1]
    assert goodbye.method == "DELETE"
    assert goodbye.headers["mcp-protocol-version"] == LEGACY


async def test_a_session_that_comes_with_the_answer_to_a_modern_request_is_not_begun() -> None:
    async def handler(request: Received, wire: Wire) -> None:
        await wire.json(OK, more=SESSION)

    async with linked(handler) as (link, _, server):
        await link.request(ask_modern(1, "server/discover"))
        await link.request(handshake())
        await link.request(ask(1, headers=VERSION))
    assert [received.headers.get("mcp-session-id") for received in server.received[:3]] == [None, None, "s-1"]


async def test_a_link_that_is_left_is_dead() -> None:
    async with linked(saying(OK)) as (link, _, server):
        await link.request(handshake())
    with trio.fail_after(1):
        assert (await link.wait_failed()).reason == "the link is closed"
    with pytest.raises(LinkFailed, match="the link is closed"):
        await link.request(ask(1))
    assert [received.method for received in server.received] == ["POST"]


async def test_a_server_that_does_not_answer_the_goodbye_delays_it_by_its_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def handler(request: Received, wire: Wire) -> None:
        if request.method == "DELETE":
            await wire.until_closed()
        else:
            await wire.json(OK, more=SESSION)

    monkeypatch.setattr(http, "GOODBYE_SECONDS", 0.05)
    async with linked(handler) as (link, _, server):
        await link.request(handshake())
    assert server.received[-1].method == "DELETE"


EXPIRED = [
    (404, b"", True),
    (404, b'{"jsonrpc":"2.0","id":"server-error","error":{"code":-32600,"message":"Session not found"}}', True),
    (404, b'{"jsonrpc":"2.0","id":1,"error":{"code":-32600,"message":"Session not found"}}', True),
    (400, b'{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"No valid session ID provided"}}', True),
    (404, b'{"jsonrpc":"2.0","id":1,"error":{"code":-32600,"message":"Not found"}}', True),
    (404, b'{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no such method"}}', False),
    (400, b'{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"which session?"}}', False),
    (410, b"", True),
    (400, b'{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"Bad Request: Server not initialized"}}', True),
    (400, b'{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"your session is unknown here"}}', True),
    (401, b"Unauthorized: Session not found", True),
    (422, b"Unexpected message, expect initialize request", True),
    (400, b'{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"Session not found: my chat"}}', False),
    (422, b'{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"a chat session has no colour"}}', False),
]


@pytest.mark.parametrize(("status", "body", "is_lost"), EXPIRED)
async def test_a_lost_session_is_the_end_of_the_link(status: int, body: bytes, is_lost: bool) -> None:
    async def handler(request: Received, wire: Wire) -> None:
        if "mcp-session-id" in request.headers and request.method == "POST":
            await wire.json(body, status=status)
        else:
            await wire.json(OK, more=SESSION)

    async with linked(handler) as (link, _, server):
        await link.request(handshake())
        if not is_lost:
            assert isinstance(await link.request(ask(1)), ErrorResponse)
            return
        with pytest.raises(SessionLost, match="session has expired") as caught:
            await link.request(ask(1))
        assert caught.value.never_ran is (b"Not found" not in body), (
            "an answer to that very request came of a look at it"
        )
        assert isinstance(await link.wait_failed(), SessionLost)
        with pytest.raises(SessionLost) as caught:
            await link.request(ask(2))
        assert caught.value.never_ran
        with pytest.raises(LinkFailed, match="session has expired"):
            await link.send(NOTE)
    assert [received.method for received in server.received] == ["POST", "POST"]


def resuming(*, is_ready_at: int) -> Handler:
    """A server that breaks its stream after an id, and has the answer at the n-th GET."""
    gets = 0

    async def handler(request: Received, wire: Wire) -> None:
        nonlocal gets
        if request.method == "DELETE":
            await wire.reply(200)
            return
        gets += request.method == "GET"
        await wire.begin_stream(more=SESSION)
        if request.method == "POST":
            await wire.event(b"", more=b"id: e1\nretry: 1\n")
            await wire.chunk(b"data: half an ev")
        elif gets >= is_ready_at:
            await wire.event(OK)
        if gets % 2:
            await wire.end_stream()
        else:
            wire.keep = False  # and the stream breaks off in the middle

    return handler


async def test_a_broken_stream_is_resumed_from_its_last_event(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "RESUMING", attrs.evolve(http.RESUMING, least_seconds=0.0))
    async with linked(resuming(is_ready_at=3)) as (link, _, server):
        assert await link.request(ask(1, headers=VERSION)) == Response(b"1", b"{}")
    gets = [received for received in server.received if received.method == "GET"]
    assert len(gets) == 3
    for received in gets:
        assert received.headers["last-event-id"] == "e1"
        assert received.headers["mcp-session-id"] == "s-1"
        assert received.headers["mcp-protocol-version"] == LEGACY
        assert received.headers["accept"] == "text/event-stream"


async def test_resuming_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "RESUMING", attrs.evolve(http.RESUMING, least_seconds=0.0))
    async with linked(resuming(is_ready_at=99)) as (link, _, server):
        with pytest.raises(LinkFailed):
            await link.request(ask(1))
    assert sum(received.method == "GET" for received in server.received) == http.RESUMING.tries


async def test_a_modern_stream_that_breaks_is_not_resumed() -> None:
    async with linked(resuming(is_ready_at=1)) as (link, _, server):
        with pytest.raises(LinkFailed):
            await link.request(ask_modern(1, "tools/list"))
        assert [received.method for received in server.received] == ["POST"]


async def test_a_stream_without_ids_that_ends_early_fails_its_request_alone() -> None:
    async def handler(request: Received, wire: Wire) -> None:
        await wire.begin_stream()
        await wire.event(NOTE)
        await wire.end_stream()

    async with linked(handler) as (link, inbox, _):
        for count in (1, 2):
            with pytest.raises(LinkFailed, match="ended the stream without an answer"):
                await link.request(ask(1))
            assert len(inbox.messages) == count


async def test_listening_hears_what_belongs_to_no_request_and_takes_the_stream_up_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def handler(request: Received, wire: Wire) -> None:
        await wire.begin_stream()
        await wire.event(NOTE, more=b"retry: 0\nid: %d\n" % len(server.received))
        if len(server.received) < 3:
            await wire.end_stream()
        else:
            await wire.until_closed()

    monkeypatch.setattr(http, "LISTENING", attrs.evolve(http.LISTENING, least_seconds=0.0))
    async with linked(handler) as (link, inbox, server):
        await link.listen(VERSION)
        await inbox.until(3)
        assert inbox.methods == [("notifications/progress", None)] * 3
    assert [received.headers.get("last-event-id") for received in server.received] == [None, "1", "2"]
    assert {received.headers["mcp-protocol-version"] for received in server.received} == {LEGACY}


async def test_a_server_whose_stream_ends_at_once_with_nothing_said_is_asked_ever_less(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def handler(request: Received, wire: Wire) -> None:
        await wire.begin_stream()
        await wire.event(b"", more=b"retry: 0\nid: 1\n")
        await wire.end_stream()

    pace = attrs.evolve(http.LISTENING, first_seconds=0.05, least_seconds=0.001)
    monkeypatch.setattr(http, "LISTENING", pace)
    async with linked(handler) as (link, _, server):
        await link.listen(VERSION)
        await trio.sleep(1)
        assert 3 <= len(server.received) <= 8


@pytest.mark.parametrize("status", [404, 405, 400])
async def test_a_server_without_a_stream_of_its_own_is_asked_once(status: int) -> None:
    async def handler(request: Received, wire: Wire) -> None:
        if request.method == "POST":
            await wire.json(OK, more=SESSION)
        else:
            await wire.reply(status)

    async with linked(handler) as (link, _, server):
        await link.request(handshake())
        await link.listen()
        await trio.testing.wait_all_tasks_blocked()
        assert await link.request(ask(1)) == Response(b"1", b"{}")
    assert [received.method for received in server.received] == ["POST", "GET", "POST", "DELETE"]


async def test_a_session_that_is_lost_while_listening_is_the_end_of_the_link(monkeypatch: pytest.MonkeyPatch) -> None:
    async def handler(request: Received, wire: Wire) -> None:
        if request.method == "POST":
            await wire.json(OK, more=SESSION)
        elif len(server.received) > 2:
            await wire.reply(404)
        else:
            await wire.begin_stream()
            await wire.event(b"", more=b"retry: 0\n")
            await wire.end_stream()

    monkeypatch.setattr(http, "LISTENING", attrs.evolve(http.LISTENING, least_seconds=0.0))
    async with linked(handler) as (link, _, server):
        await link.request(handshake())
        await link.listen()
        assert (await link.wait_failed()).reason == "the session has expired"


async def test_listening_does_not_wait_for_a_server_that_sends_its_head_late(monkeypatch: pytest.MonkeyPatch) -> None:
    async def handler(request: Received, wire: Wire) -> None:
        await wire.until_closed()

    monkeypatch.setattr(http, "LISTEN_SECONDS", 0.05)
    async with linked(handler) as (link, _, _):
        await link.listen()


async def test_requests_on_their_way_hear_too_that_the_session_is_forgotten() -> None:
    both = trio.Event()

    async def handler(request: Received, wire: Wire) -> None:
        if "mcp-session-id" not in request.headers:
            await wire.json(OK, more=SESSION)
            return
        if b'"id":2' in request.body:
            both.set()
            await link.wait_failed()
        else:
            await both.wait()
        await wire.reply(404)

    refused: list[bool] = []

    async def ask_in_vain(number: int) -> None:
        with pytest.raises(SessionLost) as caught:
            await link.request(ask(number))
        refused.append(caught.value.never_ran)

    async with trio.open_nursery() as nursery, linked(handler) as (link, _, _server):
        await link.request(handshake())
        nursery.start_soon(ask_in_vain, 1)
        nursery.start_soon(ask_in_vain, 2)
        await link.wait_failed()
    assert refused == [True, True]
