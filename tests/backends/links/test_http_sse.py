"""The HTTP+SSE link, against servers that misbehave and against the MCP SDK's."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio

from argus_trio.backends.links import http_sse as sse
from argus_trio.backends.links.hearing import DEFAULT_BYTES
from argus_trio.backends.links.http_sse import HttpSseLink, open_http_sse
from argus_trio.backends.links.life import LoopFound
from argus_trio.backends.links.link import Link
from argus_trio.errors import AnswerInvalid, HttpRefused, LinkFailed, SessionLost
from argus_trio.wire.envelope import ErrorResponse, Response, encode_notification
from tests.backends.support.conversation import LEGACY, VERSION, Remembered, ask, handshake, result_of, sse_spec
from tests.servers.nasty_http import NastyServer, Received, Wire, nasty_server
from tests.servers.sdk_http import make_server, serve_app

NOTE = b'{"jsonrpc":"2.0","method":"notifications/message","params":{}}'


def answer_to(request: Received) -> bytes:
    return b'{"jsonrpc":"2.0","id":%d,"result":{}}' % json.loads(request.body)["id"]


class Plain:
    """A server of this transport whose stream the test writes, and which says how its POSTs are answered."""

    def __init__(self, *, endpoint: bytes = b"/messages?id=1", first: bytes = b"event: endpoint\ndata: %b\n\n") -> None:
        self.first = first % endpoint if b"%b" in first else first
        self.stream: Wire | None = None
        self.post_status = 202
        self.post_body: bytes | None = None
        self.is_answering = True
        self.posted = trio.Event()
        self.may_end = trio.Event()

    async def __call__(self, request: Received, wire: Wire) -> None:
        if request.method == "GET":
            await wire.begin_stream()
            self.stream = wire
            await wire.chunk(self.first)
            await self.may_end.wait()
            wire.keep = False
            return
        if self.is_answering and self.stream is not None:
            await self.stream.chunk(b"event: message\ndata: %b\n\n" % answer_to(request))
        self.posted.set()
        if self.post_body is not None:
            await wire.json(self.post_body or answer_to(request))
        else:
            await wire.reply(self.post_status, b"Accepted")


@asynccontextmanager
async def linked(server: Plain) -> AsyncIterator[tuple[Link, Remembered, NastyServer]]:
    inbox = Remembered()
    with trio.fail_after(10):
        async with nasty_server(server) as running, open_http_sse(sse_spec(f"{running.origin}/sse?k=v"), inbox) as link:
            yield link, inbox, running


@pytest.mark.parametrize("endpoint", [b"/messages?id=1", b"messages?id=1", b"?id=1", b" /m\xc3\xbc "])
async def test_messages_go_to_the_endpoint_and_answers_come_on_the_stream(endpoint: bytes) -> None:
    async with linked(Plain(endpoint=endpoint)) as (link, _, server):
        for message_id in (1, 2):
            assert await link.request(ask(message_id, headers=VERSION)) == Response(b"%d" % message_id, b"{}")
    stream, post, again = server.received
    assert (stream.method, stream.target, stream.headers["accept"]) == ("GET", "/sse?k=v", "text/event-stream")
    expected = {b"?id=1": "/sse?id=1", b" /m\xc3\xbc ": "/m%C3%BC"}.get(endpoint, "/messages?id=1")
    assert {post.target, again.target} == {expected}
    assert post.connection == again.connection


async def test_an_absolute_endpoint_of_the_same_origin_is_fine_and_one_elsewhere_is_not() -> None:
    plain = Plain()
    async with nasty_server(plain) as running:
        plain.first = b"event: endpoint\r\ndata: %b/m\r\n\r\n" % running.origin.encode()
        async with open_http_sse(sse_spec(f"{running.origin}/sse"), Remembered()) as link:
            await link.request(ask(1))
        assert running.received[-1].target == "/m"
        plain.first = b"event: endpoint\ndata: http://127.0.0.2:1/m?secret\n\n"
        with pytest.raises(LinkFailed, match=r"an endpoint elsewhere, at http://127\.0\.0\.2:1$"):
            async with open_http_sse(sse_spec(f"{running.origin}/sse"), Remembered()):
                pass


async def test_an_answer_with_neither_result_nor_error_fails_its_request_at_once() -> None:
    plain = Plain()
    async with linked(plain) as (link, _, _):
        plain.is_answering = False
        failed: list[AnswerInvalid] = []

        async def one() -> None:
            with pytest.raises(AnswerInvalid, match="neither") as caught:
                await link.request(ask(1))
            failed.append(caught.value)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(one)
            await plain.posted.wait()
            assert plain.stream is not None
            await plain.stream.chunk(b'data: {"jsonrpc":"2.0","id":77}\n\ndata: {"jsonrpc":"2.0","id":1}\n\n')
        assert len(failed) == 1


@pytest.mark.parametrize("first", [b"data: x\n\n", b"event: endpoint\ndata: ftp://a/\n\n"])
async def test_a_stream_that_begins_otherwise_is_refused(first: bytes) -> None:
    async with nasty_server(Plain(first=first)) as running:
        with pytest.raises(LinkFailed, match=r"does not begin with its endpoint|the url is not"):
            async with open_http_sse(sse_spec(f"{running.origin}/sse", connect=0.2), Remembered()):
                pass


@pytest.mark.parametrize(
    "before",
    [
        b": a comment\n\n",
        b"\xef\xbb\xbf: a comment after a byte order mark\n",
        b"event: ping\ndata: 12:00\n\n",
        b"data: hello\n\n",
        b"retry: 10\n\nid: 1\ndata:\n\n" * 20,
    ],
)
async def test_an_event_a_ping_or_a_comment_may_come_before_the_endpoint(before: bytes) -> None:
    async with linked(Plain(first=before + b"event: endpoint\ndata: /messages\n\n")) as (link, _, _):
        assert await link.request(ask(1)) == Response(b"1", b"{}")


async def test_messages_before_the_endpoint_are_not_lost_and_come_in_order() -> None:
    first = b'data: %s\n\nevent: endpoint\ndata: /m\n\ndata: {"jsonrpc":"2.0","id":1,"method":"ping"}\n\n' % NOTE
    async with linked(Plain(first=first)) as (_, inbox, _):
        await inbox.until(2)
        assert inbox.methods == [("notifications/message", None), ("ping", None)]


@pytest.mark.parametrize("first", [b"data: x\n\n" * (sse.EARLY_EVENTS + 1), b"data: " + b"x" * 5000 + b"\n\n"])
async def test_a_stream_that_talks_on_without_an_endpoint_is_refused_at_once(first: bytes) -> None:
    async with nasty_server(Plain(first=first * 3)) as running:
        with trio.fail_after(5), pytest.raises(LinkFailed, match="does not begin with its endpoint"):
            async with open_http_sse(sse_spec(f"{running.origin}/sse", connect=60, limit=9000), Remembered()):
                pass


async def failed_by(said: bytes, *, limit: int = DEFAULT_BYTES) -> AnswerInvalid:
    """How the one request under way fails by what the stream says, while the link lives on."""
    plain = Plain()
    plain.is_answering = False
    failed: list[AnswerInvalid] = []
    inbox = Remembered()
    with trio.fail_after(10):
        async with (
            nasty_server(plain) as running,
            open_http_sse(sse_spec(f"{running.origin}/sse", limit=limit), inbox) as link,
            trio.open_nursery() as nursery,
        ):

            async def one() -> None:
                with pytest.raises(AnswerInvalid) as caught:
                    await link.request(ask(1))
                failed.append(caught.value)
                plain.is_answering = True
                assert await link.request(ask(2)) == Response(b"2", b"{}")

            nursery.start_soon(one)
            await plain.posted.wait()
            assert plain.stream is not None
            for at in range(0, len(said), 30_000):
                await plain.stream.chunk(said[at : at + 30_000])
    return failed[0]


@pytest.mark.parametrize("form", [b'{"jsonrpc":"2.0","id":1,"result":"%b"}', b'{"result":"%b","jsonrpc":"2.0","id":1}'])
async def test_an_event_beyond_the_bound_fails_its_request_alone(form: bytes) -> None:
    large = form % (b"x" * 100_000)
    failure = await failed_by(b"data: %b\n\n" % large, limit=50_000)
    assert failure.reason.startswith(f"its answer has {len(large)} bytes and is larger than 50000 bytes")


@pytest.mark.parametrize(
    "data", [b'{"jsonrpc":"2.0","id":1,"result":{"v":NaN}}', b'{"jsonrpc":"2.0","result":{"v":NaN},"id":']
)
async def test_an_answer_that_cannot_be_read_fails_its_request_at_once(data: bytes) -> None:
    assert "NaN" in (await failed_by(b"data: %b\n\n" % data)).reason


@pytest.mark.parametrize(
    "data",
    [
        b'\xef\xbb\xbf{"jsonrpc":"2.0","id":1,"result":{}}',
        b'{"jsonrpc":"2.0","id":"1","result":{},"error":null}',
        b'[log] {"jsonrpc":"2.0","id":1.0,"result":{}}',
        NOTE + b'{"jsonrpc":"2.0","id":1,"result":{}}',
        b'{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}',
    ],
)
async def test_an_answer_that_can_mean_one_thing_only_is_the_answer(data: bytes) -> None:
    class Odd(Plain):
        async def __call__(self, request: Received, wire: Wire) -> None:
            if request.method == "POST" and self.stream is not None:
                await self.stream.chunk(b"data: %b\n\n" % data)
                await wire.reply(202)
            else:
                await super().__call__(request, wire)

    async with linked(Odd()) as (link, _, _):
        answer = await link.request(ask(1))
        assert isinstance(answer, ErrorResponse if b"Parse" in data else Response)


async def test_an_answer_in_the_post_itself_may_begin_with_a_byte_order_mark_and_is_bounded() -> None:
    plain = Plain()
    plain.is_answering, plain.post_body = False, b'\xef\xbb\xbf {"jsonrpc":"2.0","id":1,"result":{}}'
    async with linked(plain) as (link, _, _):
        assert await link.request(ask(1)) == Response(b"1", b"{}")
    plain.post_body = b'{"jsonrpc":"2.0","id":1,"result":"%b"}' % (b"x" * 5000)
    async with (
        nasty_server(plain) as running,
        open_http_sse(sse_spec(f"{running.origin}/sse", limit=4096), Remembered()) as link,
    ):
        with trio.fail_after(5), pytest.raises(AnswerInvalid, match=r"raise backends\.far\.limits\.message"):
            await link.request(ask(1))


async def test_a_server_that_is_none_of_this_transport_is_named() -> None:
    async def page(request: Received, wire: Wire) -> None:
        await wire.reply(200, b"<p>", kind="text/html")

    async def refuse(request: Received, wire: Wire) -> None:
        await wire.reply(405, b"POST only")

    async with nasty_server(page) as running:
        with pytest.raises(LinkFailed, match="answered with text/html instead of an event stream"):
            async with open_http_sse(sse_spec(running.url), Remembered()):
                pass
    async with nasty_server(refuse) as running:
        with pytest.raises(HttpRefused, match="HTTP 405: POST only") as caught:
            async with open_http_sse(sse_spec(running.url), Remembered()):
                pass
        assert caught.value.status == 405
        assert "look at the path of url, mostly /sse, or write type: streamable-http" in caught.value.reason


async def test_a_server_that_names_no_endpoint_runs_into_the_deadline() -> None:
    async def silent(request: Received, wire: Wire) -> None:
        await wire.begin_stream()
        await wire.chunk(b": hello\n\n")
        await wire.until_closed()

    async with nasty_server(silent) as running:
        with pytest.raises(LinkFailed, match=r"named no endpoint within 0\.05 s"):
            async with open_http_sse(sse_spec(running.url, connect=0.05), Remembered()):
                pass


async def test_what_the_server_says_on_its_own_goes_to_the_inbox_in_order() -> None:
    plain = Plain(first=b'event: endpoint\ndata: /m\n\ndata: %b\n\ndata: {"jsonrpc":"2.0","id":1,"method":"ping"}\n\n')
    plain.first = plain.first.replace(b"/messages?id=1", NOTE, 1)
    async with linked(plain) as (link, inbox, _):
        await inbox.until(2)
        assert inbox.methods == [("notifications/message", None), ("ping", None)]
        await link.listen(VERSION)
        assert plain.stream is not None
        await plain.stream.chunk(b"event: ping\ndata: x\n\ndata: not json\n\n")
        await plain.stream.chunk(b'data: {"jsonrpc":"2.0","id":99,"result":{}}\n\n')
        assert await link.request(ask(1)) == Response(b"1", b"{}")


async def test_an_answer_in_the_post_itself_is_tolerated() -> None:
    plain = Plain()
    plain.is_answering, plain.post_body = False, b""
    async with linked(plain) as (link, _, _):
        assert await link.request(ask(1)) == Response(b"1", b"{}")
        plain.is_answering = True  # and if it comes twice, once is enough
        assert await link.request(ask(2)) == Response(b"2", b"{}")


async def test_a_post_that_is_held_open_does_not_hold_up_its_answer() -> None:
    released = trio.Event()

    class Holding(Plain):
        async def __call__(self, request: Received, wire: Wire) -> None:
            if request.method == "POST" and self.stream is not None:
                await self.stream.chunk(b"data: %b\n\n" % answer_to(request))
                await wire.until_closed()
                released.set()
            else:
                await super().__call__(request, wire)

    async with linked(Holding()) as (link, _, _):
        assert await link.request(ask(1)) == Response(b"1", b"{}")
        await released.wait()


async def test_a_post_that_is_refused_fails_its_request_alone() -> None:
    plain = Plain()
    async with linked(plain) as (link, _, _):
        plain.is_answering, plain.post_status = False, 500
        with pytest.raises(HttpRefused, match="HTTP 500: Accepted"):
            await link.request(ask(1))
        with pytest.raises(HttpRefused, match="HTTP 500: Accepted"):
            await link.send(NOTE)
        plain.is_answering, plain.post_status = True, 202
        assert await link.request(ask(2)) == Response(b"2", b"{}")


@pytest.mark.parametrize(
    ("status", "body", "is_lost"),
    [
        (404, b"Could not find session", True),
        (404, b"", True),
        (410, b"", True),
        (400, b"No transport found for sessionId", True),
        (400, b'"Session ID not found."', True),
        (400, b"Could not parse message", False),
        (500, b"session not found", False),
    ],
)
async def test_an_endpoint_that_is_gone_is_the_end_of_the_link_though_its_stream_is_held_open(
    status: int, body: bytes, is_lost: bool
) -> None:
    plain = Plain()

    async def handler(request: Received, wire: Wire) -> None:
        if request.method == "POST" and len(running.received) > 2:
            await wire.reply(status, body)
        else:
            await plain(request, wire)

    with trio.fail_after(10):
        async with (
            nasty_server(handler) as running,
            open_http_sse(sse_spec(f"{running.origin}/sse"), Remembered()) as link,
        ):
            await link.request(ask(1))
            with pytest.raises(SessionLost if is_lost else HttpRefused) as caught:
                await link.request(ask(2))
            assert caught.value.never_ran is is_lost
            if is_lost:
                assert "the session has expired: the server answered HTTP" in (await link.wait_failed()).reason


async def test_the_end_of_the_stream_is_the_end_of_the_link() -> None:
    plain = Plain()
    plain.is_answering = False
    reasons = []

    async def wait(link: Link, message_id: int) -> None:
        try:
            await link.request(ask(message_id))
        except LinkFailed as failure:
            reasons.append(failure.reason)

    async with linked(plain) as (link, _, server):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait, link, 1)
            nursery.start_soon(wait, link, 2)
            while len(server.received) < 3:
                await trio.lowlevel.checkpoint()
            await trio.testing.wait_all_tasks_blocked()
            plain.may_end.set()
        assert len(reasons) == 2
        assert (await link.wait_failed()).reason in reasons
        with pytest.raises(LinkFailed):
            await link.request(ask(3))
        with pytest.raises(LinkFailed):
            await link.send(NOTE)


async def test_a_request_that_is_given_up_is_forgotten() -> None:
    plain = Plain()
    plain.is_answering = False
    async with linked(plain) as (link, _, _):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(link.request, ask(1))
            await plain.posted.wait()
            await trio.testing.wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()
        assert isinstance(link, HttpSseLink)
        assert not link._pending
        assert plain.stream is not None
        await plain.stream.chunk(b'data: {"jsonrpc":"2.0","id":1,"result":{}}\n\n')
        plain.is_answering = True
        assert await link.request(ask(2)) == Response(b"2", b"{}")


async def test_a_server_that_never_takes_a_message_runs_into_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    class Deaf(Plain):
        async def __call__(self, request: Received, wire: Wire) -> None:
            if request.method == "POST":
                await wire.until_closed()
            else:
                await super().__call__(request, wire)

    monkeypatch.setattr(sse, "SEND_SECONDS", 0.05)
    async with linked(Deaf()) as (link, _, _):
        with pytest.raises(LinkFailed, match="did not take a message"):
            await link.send(NOTE)


async def test_the_sdk_server_is_spoken_to() -> None:
    inbox = Remembered()
    with trio.fail_after(15):
        async with (
            serve_app(make_server().sse_app()) as origin,
            open_http_sse(sse_spec(f"{origin}/sse"), inbox) as link,
        ):
            assert result_of(await link.request(handshake()))["protocolVersion"] == LEGACY
            await link.send(encode_notification("notifications/initialized", {}), VERSION)
            tools = result_of(await link.request(ask(2, headers=VERSION)))["tools"]
            assert isinstance(tools, list)
            assert [tool["name"] for tool in tools] == ["add", "count", "nap", "greet"]
            call = ask(3, "tools/call", headers=VERSION, name="add", arguments={"a": 2, "b": 3})
            assert result_of(await link.request(call))["structuredContent"] == {"result": 5}
            count = ask(4, "tools/call", name="count", arguments={"to": 2}, _meta={"progressToken": "t"})
            assert "done" in json.dumps(result_of(await link.request(count)))
            assert isinstance(await link.request(ask(5, "no/such")), ErrorResponse)
    assert inbox.methods == [("notifications/progress", None)] * 2


async def test_a_server_that_leads_back_ends_the_link_from_its_stream_on_or_later() -> None:
    async def refuse(request: Received, wire: Wire) -> None:
        await wire.json(b'{"error":"loop"}', status=508)

    async with nasty_server(refuse) as running:
        with pytest.raises(LoopFound, match="its own backend"):
            async with open_http_sse(sse_spec(f"{running.origin}/sse"), Remembered()):
                pass
    plain = Plain()
    plain.is_answering = False
    async with linked(plain) as (link, _, _), trio.open_nursery() as nursery:

        async def ask_and_wait() -> None:
            with pytest.raises(LoopFound):
                await link.request(ask(1, headers=VERSION))

        nursery.start_soon(ask_and_wait)
        await plain.posted.wait()
        plain.post_status = 508
        with pytest.raises(LoopFound):
            await link.request(ask(2, headers=VERSION))
        assert isinstance(await link.wait_failed(), LoopFound)
