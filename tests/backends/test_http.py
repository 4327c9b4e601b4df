"""The Streamable HTTP link, against servers that misbehave and against the MCP SDK's."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from argus_trio.backends import http
from argus_trio.backends.http import open_http
from argus_trio.backends.link import Link
from argus_trio.config.model import ClientTls
from argus_trio.errors import BackendMisbehaved, HttpRefused, LinkFailed
from argus_trio.wire.envelope import ErrorResponse, Request, Response, encode_notification, encode_response
from tests.backends.conversation import (
    LEGACY,
    MODERN,
    VERSION,
    Remembered,
    ask,
    ask_modern,
    greeting,
    http_spec,
    result_of,
)
from tests.servers.certificates import make_authority
from tests.servers.nasty_http import Handler, NastyServer, Received, Wire, nasty_server
from tests.servers.sdk_http import Events, make_server, serve_app

OK = b'{"jsonrpc":"2.0","id":1,"result":{}}'
NOTE = b'{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1}}'
SESSION = "mcp-session-id: s-1\r\n"


@asynccontextmanager
async def linked(
    handler: Handler, *, headers: Mapping[str, str] | None = None
) -> AsyncIterator[tuple[Link, Remembered, NastyServer]]:
    inbox = Remembered()
    with trio.fail_after(10):
        async with nasty_server(handler) as server, open_http(http_spec(server.url, headers=headers), inbox) as link:
            yield link, inbox, server


def saying(body: bytes, *, status: int = 200, kind: str = "application/json", more: str = "") -> Handler:
    async def handler(request: Received, wire: Wire) -> None:
        await wire.reply(status, body, kind=kind, more=more)

    return handler


async def test_a_json_answer_is_the_answer() -> None:
    async with linked(saying(OK, kind="application/json; charset=utf-8")) as (link, _, server):
        assert await link.request(ask(1)) == Response(b"1", b"{}")
    [received] = server.received
    assert received.headers["accept"] == "application/json, text/event-stream"
    assert received.headers["content-type"] == "application/json"
    assert received.headers["accept-encoding"] == "identity"
    assert "mcp-session-id" not in received.headers


async def test_the_specs_headers_are_sent_but_decide_nothing_of_the_protocol() -> None:
    headers = {"Authorization": "Bearer x", "Accept": "text/html", "Mcp-Session-Id": "forged", "Host": "evil"}
    async with linked(saying(OK), headers=headers) as (link, _, server):
        await link.request(ask(1, headers=VERSION))
    sent = server.received[0].headers
    assert sent["authorization"] == "Bearer x"
    assert sent["accept"].startswith("application/json")
    assert sent["host"] == server.origin.removeprefix("http://")
    assert sent["mcp-protocol-version"] == LEGACY
    assert "mcp-session-id" not in sent


async def test_what_a_stream_says_before_its_answer_goes_to_the_inbox_within_the_request() -> None:
    asked = b'{"jsonrpc":"2.0","id":"a","method":"roots/list"}'

    async def handler(request: Received, wire: Wire) -> None:
        await wire.begin_stream()
        await wire.event(b"", more=b"id: prime\n")
        stream = b"event: message\ndata: %b\n\ndata: %b\r\n\r\nevent: ping\ndata: x\n\n: c\n\n" % (NOTE, asked)
        for at in range(len(stream)):
            await wire.chunk(stream[at : at + 1])
        await wire.event(b"not json")
        await wire.event(b'{"jsonrpc":"2.0","id":77,"result":{"of":"another"}}')
        await wire.event(OK)
        await wire.end_stream()

    async with linked(handler) as (link, inbox, server):
        assert await link.request(ask(1)) == Response(b"1", b"{}")
        assert inbox.methods == [("notifications/progress", 1), ("roots/list", 1)]
        assert isinstance(inbox.messages[1][0], Request)
        assert server.connections == 1


async def test_a_batch_in_a_body_is_taken_apart() -> None:
    async with linked(saying(b"[%b,%b]" % (NOTE, OK))) as (link, inbox, _):
        assert await link.request(ask(1)) == Response(b"1", b"{}")
        assert inbox.methods == [("notifications/progress", 1)]


@pytest.mark.parametrize(
    "handler",
    [
        saying(b'{"jsonrpc":"2.0","id":2,"result":{}}'),
        saying(b'{"jsonrpc":"2.0","id":"1","result":{}}'),
        saying(NOTE),
        saying(b"{"),
        saying(b"\xff"),
        saying(b"{}"),
        saying(b"<p>hello", kind="text/html"),
        saying(b"", kind=""),
        saying(b"", status=202, kind=""),
    ],
)
async def test_an_answer_that_is_none_is_misbehaviour_and_the_link_lives(handler: Handler) -> None:
    async with linked(handler) as (link, _, _):
        for _ in range(2):
            with pytest.raises(BackendMisbehaved, match="'far' misbehaved"):
                await link.request(ask(1))


async def test_broken_text_is_mended() -> None:
    async with linked(saying(rb'{"jsonrpc":"2.0","id":1,"result":{"a":"' + b'\xff\\ud800"}}')) as (link, _, _):
        answer = await link.request(ask(1))
        assert result_of(answer) == {"a": "\ufffd\ufffd"}


async def test_twenty_megabytes_of_answer_are_taken_and_more_than_the_bound_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    big = b'{"jsonrpc":"2.0","id":1,"result":"%b"}' % (b"x" * 20_000_000)
    async with linked(saying(big)) as (link, _, _):
        answer = await link.request(ask(1))
        assert isinstance(answer, Response)
        assert len(answer.result) == 20_000_002
        monkeypatch.setattr(http, "MAX_BODY_BYTES", 1_000_000)
        with pytest.raises(LinkFailed, match="larger than 1000000 bytes"):
            await link.request(ask(1))


async def test_an_event_beyond_the_bound_is_misbehaviour() -> None:
    async def handler(request: Received, wire: Wire) -> None:
        await wire.begin_stream()
        await wire.chunk(b"data: ")
        try:
            for _ in range(17 * 16):
                await wire.chunk(b"x" * 65536)
        finally:
            wire.keep = False

    async with linked(handler) as (link, _, _):
        with pytest.raises(BackendMisbehaved, match="larger than"):
            await link.request(ask(1))


@pytest.mark.parametrize("given_id", [b',"id":1', b',"id":null', b""])
@pytest.mark.parametrize("status", [400, 404, 500])
async def test_an_http_error_with_a_json_rpc_error_is_that_error(status: int, given_id: bytes) -> None:
    body = b'{"jsonrpc":"2.0","error":{"code":-32022,"message":"no"}%b}' % given_id
    async with linked(saying(body, status=status)) as (link, _, _):
        assert await link.request(ask(1)) == ErrorResponse(b"1", b'{"code":-32022,"message":"no"}')


async def test_other_http_errors_say_the_status_and_a_little_of_the_body_without_secrets() -> None:
    body = b"<h1>Bad\r\n\x1b[31m gateway</h1> token abc-123 " + b"y" * 500
    headers = {"authorization": "Bearer abc-123"}
    async with linked(saying(body, status=502, kind="text/html"), headers=headers) as (link, _, _):
        with pytest.raises(HttpRefused) as caught:
            await link.request(ask(1))
    assert caught.value.status == 502
    assert caught.value.reason.startswith("the server answered HTTP 502: <h1>Bad [31m gateway</h1> token *** yyy")
    assert len(caught.value.reason) < 240


@pytest.mark.parametrize("status", [401, 403])
async def test_missing_authentication_is_named(status: int) -> None:
    body = b'{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"secret"}}'
    async with linked(saying(body, status=status)) as (link, _, _):
        with pytest.raises(HttpRefused, match="authentication") as caught:
            await link.request(ask(1))
    assert "secret" not in caught.value.reason


async def test_a_redirect_is_not_followed_and_names_where_it_leads() -> None:
    more = "location: https://other.test/path?token=1\r\n"
    async with linked(saying(b"", status=307, more=more)) as (link, _, server):
        with pytest.raises(HttpRefused, match=r"redirects to https://other\.test; redirects are not followed"):
            await link.request(ask(1))
        assert len(server.received) == 1


async def test_a_server_that_is_not_there_fails_the_request_and_not_the_link() -> None:
    async with nasty_server(saying(OK)) as server:
        pass
    async with open_http(http_spec(server.url), Remembered()) as link:
        for _ in range(2):
            with pytest.raises(LinkFailed, match="Connection refused"):
                await link.request(ask(1))


async def test_a_session_is_sent_from_then_on_and_ended_at_the_close() -> None:
    async def handler(request: Received, wire: Wire) -> None:
        if request.method == "DELETE":
            await wire.reply(405)
        elif b'"id"' in request.body:
            await wire.json(OK, more=SESSION)
        else:
            await wire.reply(202)

    async with linked(handler) as (link, _, server):
        await link.request(greeting())
        await link.send(encode_notification("notifications/initialized", {}), VERSION)
        await link.request(ask(1, headers=VERSION))
    assert [received.headers.get("mcp-session-id") for received in server.received] == [None, "s-1", "s-1", "s-1"]
    goodbye = server.received[-1]
    assert goodbye.method == "DELETE"
    assert goodbye.headers["mcp-protocol-version"] == LEGACY


async def test_a_link_that_is_left_is_dead() -> None:
    async with linked(saying(OK)) as (link, _, server):
        await link.request(greeting())
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
        await link.request(greeting())
    assert server.received[-1].method == "DELETE"


EXPIRED = [
    (404, b"", True),
    (404, b'{"jsonrpc":"2.0","id":"server-error","error":{"code":-32600,"message":"Session not found"}}', True),
    (404, b'{"jsonrpc":"2.0","id":1,"error":{"code":-32600,"message":"Session not found"}}', True),
    (400, b'{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"No valid session ID provided"}}', True),
    (404, b'{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no such method"}}', False),
    (400, b'{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"which session?"}}', False),
]


@pytest.mark.parametrize(("status", "body", "is_lost"), EXPIRED)
async def test_a_lost_session_is_the_end_of_the_link(status: int, body: bytes, is_lost: bool) -> None:
    async def handler(request: Received, wire: Wire) -> None:
        if "mcp-session-id" in request.headers and request.method == "POST":
            await wire.json(body, status=status)
        else:
            await wire.json(OK, more=SESSION)

    async with linked(handler) as (link, _, server):
        await link.request(greeting())
        if not is_lost:
            assert isinstance(await link.request(ask(1)), ErrorResponse)
            return
        with pytest.raises(LinkFailed, match="session has expired"):
            await link.request(ask(1))
        assert (await link.wait_failed()).reason == "the session has expired"
        with pytest.raises(LinkFailed, match="session has expired"):
            await link.send(NOTE)
    assert [received.method for received in server.received] == ["POST", "POST"]


async def test_what_a_server_does_not_take_is_an_error() -> None:
    async with linked(saying(b"full", status=503)) as (link, _, _):
        with pytest.raises(HttpRefused, match="503: full"):
            await link.send(NOTE)


async def test_a_server_that_never_takes_a_message_runs_into_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    async def handler(request: Received, wire: Wire) -> None:
        await wire.until_closed()

    monkeypatch.setattr(http, "SEND_SECONDS", 0.05)
    async with linked(handler) as (link, _, _):
        with pytest.raises(LinkFailed, match="did not take a message"):
            await link.send(NOTE)


async def test_cancelling_a_request_closes_its_connection() -> None:
    began, closed = trio.Event(), trio.Event()

    async def handler(request: Received, wire: Wire) -> None:
        await wire.begin_stream()
        began.set()
        await wire.until_closed()
        closed.set()

    async with linked(handler) as (link, _, _):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(link.request, ask_modern(1, "tools/list"))
            await began.wait()
            nursery.cancel_scope.cancel()
        await closed.wait()


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
    monkeypatch.setattr(http, "LEAST_WAIT_SECONDS", 0.0)
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
    monkeypatch.setattr(http, "LEAST_WAIT_SECONDS", 0.0)
    async with linked(resuming(is_ready_at=99)) as (link, _, server):
        with pytest.raises(LinkFailed):
            await link.request(ask(1))
    assert sum(received.method == "GET" for received in server.received) == http.RESUME_TRIES


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

    monkeypatch.setattr(http, "LEAST_WAIT_SECONDS", 0.0)
    async with linked(handler) as (link, inbox, server):
        await link.listen(VERSION)
        await inbox.until(3)
        assert inbox.methods == [("notifications/progress", None)] * 3
    assert [received.headers.get("last-event-id") for received in server.received] == [None, "1", "2"]
    assert {received.headers["mcp-protocol-version"] for received in server.received} == {LEGACY}


@pytest.mark.parametrize("status", [404, 405, 400])
async def test_a_server_without_a_stream_of_its_own_is_asked_once(status: int) -> None:
    async def handler(request: Received, wire: Wire) -> None:
        if request.method == "POST":
            await wire.json(OK, more=SESSION)
        else:
            await wire.reply(status)

    async with linked(handler) as (link, _, server):
        await link.request(greeting())
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

    monkeypatch.setattr(http, "LEAST_WAIT_SECONDS", 0.0)
    async with linked(handler) as (link, _, server):
        await link.request(greeting())
        await link.listen()
        assert (await link.wait_failed()).reason == "the session has expired"


async def test_listening_does_not_wait_for_a_server_that_sends_its_head_late(monkeypatch: pytest.MonkeyPatch) -> None:
    async def handler(request: Received, wire: Wire) -> None:
        await wire.until_closed()

    monkeypatch.setattr(http, "LISTEN_SECONDS", 0.05)
    async with linked(handler) as (link, _, _):
        await link.listen()


async def test_a_server_behind_tls_is_reached(tmp_path: Path) -> None:
    ca_file, served = make_authority(tmp_path)
    with trio.fail_after(5):
        async with (
            nasty_server(saying(OK), tls=served) as server,
            open_http(http_spec(server.url, tls=ClientTls(ca_file=ca_file)), Remembered()) as link,
        ):
            for _ in range(3):
                assert await link.request(ask(1)) == Response(b"1", b"{}")
            assert server.connections == 1


async def test_what_the_body_raises_leaves_as_it_is() -> None:
    with pytest.raises(KeyError):
        async with open_http(http_spec("http://127.0.0.1:9/"), Remembered()):
            raise KeyError


@pytest.mark.parametrize("json_response", [True, False])
async def test_the_sdk_server_is_spoken_to_in_the_legacy_era(json_response: bool) -> None:
    app = make_server().streamable_http_app(json_response=json_response)
    inbox = Remembered()
    with trio.fail_after(15):
        async with serve_app(app) as origin, open_http(http_spec(f"{origin}/mcp"), inbox) as link:
            assert result_of(await link.request(greeting()))["protocolVersion"] == LEGACY
            await link.send(encode_notification("notifications/initialized", {}), VERSION)
            await link.listen(VERSION)
            tools = result_of(await link.request(ask(2, headers=VERSION)))["tools"]
            assert isinstance(tools, list)
            assert [tool["name"] for tool in tools] == ["add", "count", "nap", "greet"]
            call = ask(3, "tools/call", headers=VERSION, name="add", arguments={"a": 2, "b": 3})
            assert result_of(await link.request(call))["structuredContent"] == {"result": 5}
            meta = {"progressToken": "t"}
            count = ask(4, "tools/call", headers=VERSION, name="count", arguments={"to": 2}, _meta=meta)
            assert "done" in json.dumps(result_of(await link.request(count)))
    assert inbox.methods == ([] if json_response else [("notifications/progress", 4)] * 2)


@pytest.mark.parametrize("json_response", [True, False])
async def test_the_sdk_server_is_spoken_to_in_the_modern_era(json_response: bool) -> None:
    app = make_server().streamable_http_app(json_response=json_response)
    inbox = Remembered()
    with trio.fail_after(15):
        async with serve_app(app) as origin, open_http(http_spec(f"{origin}/mcp"), inbox) as link:
            found = result_of(await link.request(ask_modern(1, "server/discover")))
            assert MODERN in str(found["supportedVersions"])
            assert len(str(result_of(await link.request(ask_modern(2, "tools/list")))["tools"])) > 0
            call = ask_modern(3, "tools/call", name="add", arguments={"a": 2, "b": 3})
            assert result_of(await link.request(call))["structuredContent"] == {"result": 5}
            meta = {"progressToken": "t"}
            count = ask_modern(4, "tools/call", name="count", arguments={"to": 2}, meta=meta)
            assert "done" in json.dumps(result_of(await link.request(count)))
            unknown = await link.request(ask_modern(5, "no/such"))
            assert isinstance(unknown, ErrorResponse)
            assert b"-32601" in unknown.error
    assert inbox.methods == ([] if json_response else [("notifications/progress", 4)] * 2)


async def test_a_stream_that_the_sdk_server_breaks_off_is_resumed() -> None:
    app = make_server().streamable_http_app(event_store=Events(), retry_interval=1)
    inbox = Remembered()
    with trio.fail_after(15):
        async with serve_app(app) as origin, open_http(http_spec(f"{origin}/mcp"), inbox) as link:
            await link.request(greeting())
            await link.send(encode_notification("notifications/initialized", {}), VERSION)
            nap = ask(2, "tools/call", headers=VERSION, name="nap", arguments={}, _meta={"progressToken": "t"})
            assert "awake" in json.dumps(result_of(await link.request(nap)))
    assert inbox.methods == [("notifications/progress", 2)] * 2


async def test_the_sdk_server_asks_back_within_a_call_and_hears_the_answer() -> None:
    app = make_server().streamable_http_app()
    inbox = Remembered()

    async def answer(link: Link) -> None:
        await inbox.until(1)
        message, within = inbox.messages[0]
        assert isinstance(message, Request)
        assert (message.method, within) == ("elicitation/create", 2)
        reply = b'{"action":"accept","content":{"name":"Ada"}}'
        await link.send(encode_response(message.id, reply), VERSION)

    with trio.fail_after(15):
        async with serve_app(app) as origin, open_http(http_spec(f"{origin}/mcp"), inbox) as link:
            await link.request(greeting(elicitation={"form": {}}))
            await link.send(encode_notification("notifications/initialized", {}), VERSION)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(answer, link)
                greet = ask(2, "tools/call", headers=VERSION, name="greet", arguments={})
                assert "hello Ada" in json.dumps(result_of(await link.request(greet)))
