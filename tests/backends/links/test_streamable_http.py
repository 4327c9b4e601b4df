"""The Streamable HTTP link, against servers that misbehave and against the MCP SDK's."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import trio
from msgspec.structs import replace
from structlog.testing import capture_logs

from argus_trio.backends.links import streamable_http as http
from argus_trio.backends.links.intake import Intake, Portion
from argus_trio.backends.links.streamable_http import open_streamable_http
from argus_trio.config.model.backend import ClientTls
from argus_trio.core.memory import Memory
from argus_trio.errors import AnswerInvalid, HttpRefused, LinkFailed
from argus_trio.wire.envelope import ErrorResponse, Request, Response
from tests.backends.support.conversation import (
    LEGACY,
    NOTE,
    OK,
    VERSION,
    Remembered,
    ask,
    ask_modern,
    http_spec,
    linked,
    result_of,
    saying,
)
from tests.servers.certificates import make_authority
from tests.servers.nasty_http import Handler, Received, Wire, nasty_server


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


async def closes_when_asked_again(request: Received, wire: Wire) -> None:
    if request.connection == 1 and b'"id":2' in request.body:
        wire.keep = False
        return
    await wire.json(OK if b'"id":1' in request.body else OK.replace(b'"id":1', b'"id":2'))


async def test_what_only_looks_is_asked_again_where_the_server_closes_the_kept_connection_just_then() -> None:
    async with linked(closes_when_asked_again) as (link, _, server):
        await link.request(ask(1))
        assert await link.request(replace(ask(2), is_idempotent=True)) == Response(b"2", b"{}")
        assert server.connections == 2

    async with linked(closes_when_asked_again) as (link, _, server):
        await link.request(ask(1))
        with pytest.raises(LinkFailed, match="without an answer"):
            await link.request(ask(2))


async def test_a_batch_in_a_body_is_taken_apart() -> None:
    async with linked(saying(b"[%b,%b]" % (NOTE, OK))) as (link, inbox, _):
        assert await link.request(ask(1)) == Response(b"1", b"{}")
        assert inbox.methods == [("notifications/progress", 1)]


@pytest.mark.parametrize(
    "handler",
    [
        saying(b'{"jsonrpc":"2.0","id":2,"result":{}}'),
        saying(b'{"jsonrpc":"2.0","id":"2","result":{}}'),
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
            with pytest.raises(AnswerInvalid):
                await link.request(ask(1))


@pytest.mark.parametrize("rest", [b"", b',"result":{},"error":{"code":1,"message":"x"}'])
async def test_an_answer_on_a_stream_with_neither_result_nor_error_or_both_is_misbehaviour(rest: bytes) -> None:
    async def handler(request: Received, wire: Wire) -> None:
        await wire.begin_stream()
        await wire.event(b'{"jsonrpc":"2.0","id":77}')
        await wire.event(b'{"jsonrpc":"2.0","id":1%b}' % rest, more=b"id: resumable\n")
        await trio.sleep_forever()

    async with linked(handler) as (link, _, server):
        with trio.fail_after(5), pytest.raises(AnswerInvalid, match="both" if rest else "neither"):
            await link.request(ask(1))
        assert [received.method for received in server.received] == ["POST"]


async def test_answers_that_nobody_asked_for_are_logged_once_however_many_come() -> None:
    async def handler(request: Received, wire: Wire) -> None:
        await wire.begin_stream()
        for message_id in (77, 78, 79, json.loads(request.body)["id"]):
            await wire.event(b'{"jsonrpc":"2.0","id":%d,"result":{}}' % message_id)

    with capture_logs() as logs:
        async with linked(handler) as (link, _, _):
            for message_id in (1, 2):
                assert result_of(await link.request(ask(message_id))) == {}
    told = [entry["log_level"] for entry in logs if entry["event"] == "backend_answer_unasked"]
    assert told == ["warning", *["debug"] * 5]


async def test_broken_text_is_mended() -> None:
    async with linked(saying(rb'{"jsonrpc":"2.0","id":1,"result":{"a":"' + b'\xff\\ud800"}}')) as (link, _, _):
        answer = await link.request(ask(1))
        assert result_of(answer) == {"a": "\ufffd\ufffd"}


async def test_twenty_megabytes_of_answer_are_taken_and_more_than_the_bound_is_not() -> None:
    big = b'{"jsonrpc":"2.0","id":1,"result":"%b"}' % (b"x" * 20_000_000)
    async with linked(saying(big)) as (link, _, _):
        answer = await link.request(ask(1))
        assert isinstance(answer, Response)
        assert len(answer.result) == 20_000_002
    async with linked(saying(big), limit=1_000_000) as (link, _, _):
        with pytest.raises(
            AnswerInvalid, match=f"has {len(big)} bytes and is larger than 1000000 bytes, .*limits.message"
        ):
            await link.request(ask(1))


async def test_a_body_beyond_the_bound_that_does_not_say_its_size_is_read_no_further() -> None:
    async def handler(request: Received, wire: Wire) -> None:
        await wire.send(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n")
        await wire.chunk(b'{"jsonrpc":"2.0","id":1,"result":"' + b"x" * 5000)
        await wire.until_closed()

    async with linked(handler, limit=4096) as (link, _, _):
        with pytest.raises(AnswerInvalid, match="larger than 4096 bytes"):
            await link.request(ask(1))


@pytest.mark.parametrize("is_answer_first", [True, False])
async def test_an_event_beyond_the_bound_fails_its_request_alone_and_other_messages_are_passed_over(
    is_answer_first: bool,
) -> None:
    answer = b'{"jsonrpc":"2.0","id":1,"result":"%b"}' % (b"x" * 200_000)
    note = b'{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"%b"}}' % (b"x" * 200_000)

    async def handler(request: Received, wire: Wire) -> None:
        await wire.begin_stream()
        await wire.event(answer if is_answer_first else note)
        await wire.event(OK)
        await wire.end_stream()

    async with linked(handler, limit=100_000) as (link, inbox, _):
        if is_answer_first:
            with pytest.raises(AnswerInvalid, match=f"has {len(answer)} bytes"):
                await link.request(ask(1))
        else:
            assert await link.request(ask(1)) == Response(b"1", b"{}")
            assert inbox.methods == []


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


@pytest.mark.parametrize("status", [404, 405])
async def test_a_server_without_an_endpoint_at_the_address_is_answered_with_what_to_try(status: int) -> None:
    advice = "look at the path of url, mostly /mcp, or write type: sse"
    statuses = [status, 200, status]

    async def handler(request: Received, wire: Wire) -> None:
        if (said := statuses.pop(0)) == 200:
            await wire.json(b'{"jsonrpc":"2.0","id":2,"result":{}}')
        else:
            await wire.reply(said, b"Not here")

    async with linked(handler) as (link, _, _):
        with pytest.raises(HttpRefused, match=f"HTTP {status}.*{advice}") as caught:
            await link.request(ask(1))
        assert caught.value.status == status
        await link.request(ask(2))
        with pytest.raises(HttpRefused) as caught:
            await link.request(ask(3))
        assert advice not in caught.value.reason


@pytest.mark.parametrize("status", [401, 403])
async def test_missing_authentication_is_named(status: int) -> None:
    body = b'{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"secret"}}'
    async with linked(saying(body, status=status)) as (link, _, _):
        with pytest.raises(HttpRefused, match="authentication") as caught:
            await link.request(ask(1))
    assert "secret" not in caught.value.reason


async def test_a_redirect_to_another_origin_is_not_followed_and_names_where_it_leads() -> None:
    more = "location: https://other.test/path?token=1\r\n"
    async with linked(saying(b"", status=307, more=more)) as (link, _, server):
        with pytest.raises(
            HttpRefused,
            match=r"redirects to https://other\.test/path\?token=\*\*\*; redirects to another origin are not followed",
        ):
            await link.request(ask(1))
        assert len(server.received) == 1


async def test_a_server_that_is_not_there_fails_the_request_and_not_the_link() -> None:
    async with nasty_server(saying(OK)) as server:
        pass
    async with open_streamable_http(http_spec(server.url), Remembered()) as link:
        for _ in range(2):
            with pytest.raises(LinkFailed, match="Connection refused"):
                await link.request(ask(1))


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


async def test_a_server_behind_tls_is_reached(tmp_path: Path) -> None:
    ca_file, served = make_authority(tmp_path)
    with trio.fail_after(5):
        async with (
            nasty_server(saying(OK), tls=served) as server,
            open_streamable_http(http_spec(server.url, tls=ClientTls(ca_file=ca_file)), Remembered()) as link,
        ):
            for _ in range(3):
                assert await link.request(ask(1)) == Response(b"1", b"{}")
            assert server.connections == 1


async def test_what_the_body_raises_leaves_as_it_is() -> None:
    with pytest.raises(KeyError):
        async with open_streamable_http(http_spec("http://127.0.0.1:9/"), Remembered()):
            raise KeyError


def streaming(*said: bytes) -> Handler:
    async def handler(request: Received, wire: Wire) -> None:
        await wire.begin_stream()
        for data in said:
            await wire.event(data)
        await wire.until_closed()

    return handler


@pytest.mark.parametrize("say", [saying, streaming])
@pytest.mark.parametrize(
    "data",
    [
        b'\xef\xbb\xbf{"jsonrpc":"2.0","id":1,"result":{}}',
        b'{"jsonrpc":"2.0","id":"1","result":{}}',
        b'{"jsonrpc":"2.0","id":1.0,"result":{},"error":null}',
        b'{"jsonrpc":"2.0","id":1,"result":null,"error":{"code":1,"message":"m"}}',
        b'{"jsonrpc":"2.0","error":{"code":1,"message":"m"}}',
        b'[log] {"jsonrpc":"2.0","id":1,"result":{}}',
        NOTE + b'{"jsonrpc":"2.0","id":1,"result":{}}',
    ],
)
async def test_an_answer_that_can_mean_one_thing_only_is_the_answer(
    data: bytes, say: Callable[[bytes], Handler]
) -> None:
    async with linked(say(data)) as (link, _, _):
        answer = await link.request(ask(1))
        assert answer in (Response(b"1", b"{}"), ErrorResponse(b"1", b'{"code":1,"message":"m"}'))
        assert isinstance(answer, ErrorResponse) == (b'"m"' in data)


@pytest.mark.parametrize("say", [saying, streaming])
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"jsonrpc":"2.0","id":1,"result":{"v":NaN}}', "it holds NaN"),
        (b'{"jsonrpc":"2.0","result":{"v":Infinity},"id":', "it holds Infinity"),
        (b'{"jsonrpc":"2.0","id":99,"error":{"code":-32600,"message":"no such session"}}', "99 for 1.*no such session"),
        (b'{"jsonrpc":"2.0","id":"server-error","error":"gone"}', '"server-error" for 1.*"gone"'),
    ],
)
async def test_an_answer_that_is_none_fails_its_request_at_once_and_says_what_the_server_said(
    data: bytes, reason: str, say: Callable[[bytes], Handler]
) -> None:
    async with linked(say(data)) as (link, _, _):
        with trio.fail_after(5), pytest.raises(AnswerInvalid, match=reason):
            await link.request(ask(1))


async def test_a_large_event_on_the_stream_outside_requests_is_passed_over_and_the_stream_goes_on() -> None:
    large = b'{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"%b"}}' % (b"x" * 9000)
    async with linked(streaming(large, NOTE), limit=4096) as (link, inbox, _):
        await link.listen(VERSION)
        await inbox.until(1)
        assert inbox.methods == [("notifications/progress", None)]


async def test_what_has_no_room_on_the_stream_outside_requests_is_passed_over_and_the_stream_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("argus_trio.backends.links.intake.SHARED_WAIT_SECONDS", 0.1)
    large = b'{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"%b"}}' % (b"x" * 1_000_000)
    intake = Intake(Memory(lambda: 1_000_000))
    with Portion(intake) as moving:
        await moving.take(1_000_000)
        async with linked(streaming(large, NOTE), intake=intake) as (link, inbox, server):
            with capture_logs() as logs:
                await link.listen(VERSION)
                await inbox.until(1)
            assert inbox.methods == [("notifications/progress", None)]
            assert server.connections == 1
    assert "backend_message_without_room" in [entry["event"] for entry in logs]
    assert (intake.held, intake.memory.size) == (0, 0)
