"""What HTTP does on the way to a server, on both HTTP links and in both eras: redirects, compression, cookies, size."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import attrs
import pytest
import trio

from argus_trio.backends.links.http_sse import open_http_sse
from argus_trio.backends.links.link import Link, Outgoing
from argus_trio.backends.links.streamable_http import open_streamable_http
from argus_trio.config.model.operation import Bounds
from argus_trio.errors import AnswerInvalid, HttpRefused, LinkFailed
from argus_trio.wire.envelope import Response
from tests.backends.support.conversation import (
    NOTE,
    VERSION,
    Remembered,
    ask,
    ask_modern,
    http_spec,
    linked,
    result_of,
    saying,
    sse_spec,
)
from tests.servers.nasty_http import Handler, NastyServer, Received, Wire, nasty_server

LEGACY_ASK = ask(1, headers=VERSION)
MODERN_ASK = ask_modern(1, "tools/list")
ERAS = pytest.mark.parametrize("outgoing", [LEGACY_ASK, MODERN_ASK], ids=["legacy", "modern"])


def ok(request: Received, *, size: int = 0) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": json.loads(request.body)["id"], "result": {"x": "y" * size}}).encode()


def behind(served: str, handler: Handler, *, status: int = 307) -> Handler:
    """`handler` at `served` alone, to which everything else is redirected."""

    async def front(request: Received, wire: Wire) -> None:
        path = request.target.partition("?")[0]
        if path.endswith(served):
            await handler(request, wire)
        else:
            await wire.reply(status, b"moved", more=f"location: {path}{served}?t0ken\r\n")

    return front


async def answer_json(request: Received, wire: Wire) -> None:
    if request.body == NOTE:
        await wire.reply(202)
    else:
        await wire.json(ok(request))


async def open_in_vain(handler: Handler) -> LinkFailed:
    """What the HTTP+SSE link to such a server fails with."""
    async with nasty_server(handler) as server:
        with pytest.raises(LinkFailed) as caught:
            async with open_http_sse(sse_spec(f"{server.origin}/sse"), Remembered()):
                pass
    return caught.value


@attrs.define(eq=False)
class TwoEndpoints:
    """A server of HTTP+SSE: a stream that says `endpoint` and answers there, and POSTs."""

    endpoint: bytes
    encode: Callable[[bytes], bytes] = bytes
    more: str = ""
    body: Callable[[Received], bytes] | None = None
    _stream: Wire | None = None
    _done: trio.Event = attrs.field(factory=trio.Event)

    async def __call__(self, request: Received, wire: Wire) -> None:
        if request.method == "GET":
            self._stream = wire
            await wire.begin_stream(more=self.more)
            await wire.chunk(self.encode(b"event: endpoint\ndata: %b\n\n" % self.endpoint))
            await wire.until_closed()
        elif self.body is not None:
            await wire.json(self.body(request))
        else:
            await wire.reply(202)
            assert self._stream is not None
            await self._stream.chunk(self.encode(b"data: %b\n\n" % ok(request)))


@asynccontextmanager
async def sse_linked(handler: Handler, *, message: int = 1 << 26) -> AsyncIterator[tuple[Link, NastyServer]]:
    with trio.fail_after(10):
        async with nasty_server(handler) as server:
            spec = attrs.evolve(sse_spec(f"{server.origin}/sse"), limits=Bounds(message=message))
            async with open_http_sse(spec, Remembered()) as link:
                yield link, server


@ERAS
@pytest.mark.parametrize("status", [307, 308])
async def test_a_redirect_is_followed_by_posts(outgoing: Outgoing, status: int) -> None:
    async with linked(behind("/", answer_json, status=status)) as (link, _, server):
        for _ in range(2):
            assert result_of(await link.request(outgoing)) == {"x": ""}
        await link.send(NOTE)
    targets = [request.target for request in server.received]
    there, here = "/mcp", "/mcp/?t0ken"
    assert targets == ([there, here] * 3 if status == 307 else [there, here, here, here])
    assert {request.body for request in server.received if request.method == "POST"} == {outgoing.body, NOTE}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_followed_by_the_stream_and_by_the_goodbye(status: int) -> None:
    async def serve(request: Received, wire: Wire) -> None:
        if request.method == "GET":
            await wire.begin_stream()
            await wire.event(NOTE)
            await wire.until_closed()
        elif request.method == "DELETE":
            await wire.reply(200)
        else:
            await wire.json(ok(request), more="mcp-session-id: s\r\n")

    async def front(request: Received, wire: Wire) -> None:
        of_get = status if request.method == "GET" else 307
        await behind("/", serve, status=of_get)(request, wire)

    async with linked(front) as (link, inbox, server):
        await link.request(LEGACY_ASK)
        await link.listen(VERSION)
        await inbox.until(1)
    assert [request.method for request in server.received if request.target == "/mcp/?t0ken"] == [
        "POST",
        "GET",
        "DELETE",
    ]
    assert server.received[-1].headers["mcp-session-id"] == "s"


@ERAS
async def test_a_redirect_to_another_origin_fails_the_request_with_the_target_and_not_the_link(
    outgoing: Outgoing,
) -> None:
    async with nasty_server(answer_json) as other:
        more = f"location: {other.origin}/v2/mcp?key=t0ken\r\n"
        async with linked(saying(b"", status=308, more=more)) as (link, _, _):
            for _ in range(2):
                with pytest.raises(HttpRefused, match=rf"redirects to {other.origin}/v2/mcp\?key=\*\*\*;") as caught:
                    await link.request(outgoing)
        assert "t0ken" not in caught.value.reason
        assert other.received == []


@ERAS
@pytest.mark.parametrize("status", [301, 302, 303])
async def test_a_redirect_that_makes_a_get_of_a_post_is_refused(outgoing: Outgoing, status: int) -> None:
    async with linked(behind("/", answer_json, status=status)) as (link, _, server):
        with pytest.raises(HttpRefused, match=rf"/mcp/\?\*\*\* with HTTP {status}, which makes a POST a GET"):
            await link.request(outgoing)
        assert len(server.received) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("endpoint", [b"/messages", b"messages", b"?to"])
async def test_redirects_of_the_older_transport_are_followed_by_its_stream_and_its_posts(
    status: int, endpoint: bytes
) -> None:
    plain = TwoEndpoints(endpoint)

    async def front(request: Received, wire: Wire) -> None:
        of_get = status if request.method == "GET" else 307
        await behind("/", plain, status=of_get)(request, wire)

    async with sse_linked(front) as (link, server):
        assert result_of(await link.request(LEGACY_ASK)) == {"x": ""}
    path = {b"/messages": "/messages", b"messages": "/sse/messages", b"?to": "/sse/"}[endpoint]
    posts = [request.target for request in server.received if request.method == "POST"]
    # What is relative is so to where the stream was found in the end.
    assert posts == (["/sse/?to"] if endpoint == b"?to" else [path, f"{path}/?t0ken"])


async def test_a_redirect_of_the_older_transport_to_another_origin_is_refused() -> None:
    async def away(request: Received, wire: Wire) -> None:
        await wire.reply(307, more="location: https://other.test/sse/?t0ken\r\n")

    assert "redirects to https://other.test/sse/?***;" in (await open_in_vain(away)).reason

    async def post_away(request: Received, wire: Wire) -> None:
        await (TwoEndpoints(b"/m") if request.method == "GET" else away)(request, wire)

    async with sse_linked(post_away) as (link, _):
        with pytest.raises(HttpRefused, match=r"redirects to https://other\.test/sse/\?\*\*\*;"):
            await link.request(LEGACY_ASK)


async def test_a_fragment_is_not_sent_to_a_server() -> None:
    async with (
        nasty_server(answer_json) as server,
        open_streamable_http(http_spec(f"{server.url}?k=v#fragment"), Remembered()) as link,
    ):
        await link.request(LEGACY_ASK)
    assert [request.target for request in server.received] == ["/mcp?k=v"]


def deflate(data: bytes) -> bytes:
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflater.compress(data) + deflater.flush()


@ERAS
@pytest.mark.parametrize(
    ("coding", "encode"),
    [("gzip", gzip.compress), ("x-gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", deflate)],
)
async def test_an_answer_that_was_compressed_unasked_is_read(
    outgoing: Outgoing, coding: str, encode: Callable[[bytes], bytes]
) -> None:
    async def compress(request: Received, wire: Wire) -> None:
        assert request.headers["accept-encoding"] == "identity"
        await wire.json(encode(ok(request)), more=f"content-encoding: {coding}\r\n")

    async with linked(compress) as (link, _, server):
        for _ in range(2):
            assert result_of(await link.request(outgoing)) == {"x": ""}
        assert server.connections == 1


async def test_an_error_that_was_compressed_unasked_is_quoted() -> None:
    said = saying(gzip.compress(b"no such thing"), status=500, more="content-encoding: gzip\r\n")
    async with linked(said) as (link, _, _):
        with pytest.raises(HttpRefused, match="HTTP 500: no such thing"):
            await link.request(LEGACY_ASK)


@ERAS
@pytest.mark.parametrize("window", [zlib.MAX_WBITS | 16, zlib.MAX_WBITS, -zlib.MAX_WBITS])
async def test_what_a_compressed_stream_says_arrives_before_its_end(outgoing: Outgoing, window: int) -> None:
    heard = trio.Event()
    coding = "gzip" if window > zlib.MAX_WBITS else "deflate"

    async def stream(request: Received, wire: Wire) -> None:
        deflater = zlib.compressobj(wbits=window)
        await wire.begin_stream(more=f"content-encoding: {coding}\r\n")
        for data in (NOTE, ok(request)):
            event = deflater.compress(b"data: %b\n\n" % data) + deflater.flush(zlib.Z_SYNC_FLUSH)
            for at in range(len(event)):
                await wire.chunk(event[at : at + 1])
            await heard.wait()
        await trio.sleep_forever()

    async with linked(stream) as (link, inbox, _), trio.open_nursery() as nursery:

        async def hear() -> None:
            await inbox.until(1)
            heard.set()

        nursery.start_soon(hear)
        assert result_of(await link.request(outgoing)) == {"x": ""}
        assert inbox.methods == [("notifications/progress", 1)]


async def test_a_compressed_stream_of_the_older_transport_is_read_as_it_comes() -> None:
    deflater = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)

    def encode(data: bytes) -> bytes:
        return deflater.compress(data) + deflater.flush(zlib.Z_SYNC_FLUSH)

    plain = TwoEndpoints(b"/m", encode, more="content-encoding: gzip\r\n")
    async with sse_linked(plain) as (link, _):
        for _ in range(2):
            assert result_of(await link.request(LEGACY_ASK)) == {"x": ""}


@ERAS
@pytest.mark.parametrize("kind", ["application/json", "text/event-stream"])
async def test_any_other_compression_is_named_at_once(outgoing: Outgoing, kind: str) -> None:
    async with linked(saying(b"...", kind=kind, more="content-encoding: br\r\n")) as (link, _, _):
        with pytest.raises(AnswerInvalid, match="its answer is compressed with br"):
            await link.request(outgoing)


async def test_any_other_compression_of_the_older_transport_is_named_at_once() -> None:
    failed = await open_in_vain(TwoEndpoints(b"/m", more="content-encoding: br\r\n"))
    assert "its answer is compressed with br" in failed.reason


@ERAS
@pytest.mark.parametrize("more", ["", "content-encoding: gzip\r\n"])
async def test_an_answer_beyond_the_bound_fails_its_request_alone(outgoing: Outgoing, more: str) -> None:
    async def serve(request: Received, wire: Wire) -> None:
        body = ok(request, size=3000 if len(server.received) == 1 else 1)
        await wire.json(gzip.compress(body) if more else body, more=more)

    with trio.fail_after(10):
        async with nasty_server(serve) as server:
            spec = attrs.evolve(http_spec(server.url), limits=Bounds(message=2048))
            async with open_streamable_http(spec, Remembered()) as link:
                with pytest.raises(AnswerInvalid, match=r"limits\.message"):
                    await link.request(outgoing)
                assert isinstance(await link.request(outgoing), Response)


async def test_an_answer_to_a_post_of_the_older_transport_beyond_the_bound_fails_its_request_alone() -> None:
    plain = TwoEndpoints(b"/m", body=lambda request: ok(request, size=3000))
    async with sse_linked(plain, message=2048) as (link, _):
        with pytest.raises(AnswerInvalid, match=r"limits\.message"):
            await link.request(LEGACY_ASK)
        plain.body = ok
        assert result_of(await link.request(LEGACY_ASK)) == {"x": ""}


@ERAS
async def test_the_cookie_of_a_load_balancer_comes_back_on_that_link_and_no_other(outgoing: Outgoing) -> None:
    async def balance(request: Received, wire: Wire) -> None:
        await wire.json(ok(request), more=f"set-cookie: lb={len(server.received)}; Path=/; HttpOnly\r\n")

    with trio.fail_after(10):
        async with nasty_server(balance) as server:
            spec = http_spec(server.url)
            async with (
                open_streamable_http(spec, Remembered()) as link,
                open_streamable_http(spec, Remembered()) as another,
            ):
                for one in (link, link, another, link):
                    await one.request(outgoing)
                assert "lb=" not in repr(link)
    assert [request.headers.get("cookie") for request in server.received] == [None, "lb=1", None, "lb=2"]


async def test_the_cookie_of_a_stream_goes_with_the_posts_of_the_older_transport() -> None:
    async with sse_linked(TwoEndpoints(b"/m", more="set-cookie: lb=1; Path=/\r\n")) as (link, server):
        await link.request(LEGACY_ASK)
    assert [request.headers.get("cookie") for request in server.received] == [None, "lb=1"]
