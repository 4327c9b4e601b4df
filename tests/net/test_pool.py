"""The pool: what is reused, what is sent again and what is not, and how everything closes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
import pytest
import trio
import trio.testing

from argus_trio.errors import LinkFailed
from argus_trio.net.dial import OriginRoute, client_tls
from argus_trio.net.http1 import HttpRequest
from argus_trio.net.origin import split_url
from argus_trio.net.pool import Pool
from argus_trio.net.proxies import Proxy
from tests.servers.certificates import make_authority
from tests.servers.nasty_http import NastyServer, Received, Wire, nasty_server


@asynccontextmanager
async def pool_for(
    server: NastyServer, *, proxy: Proxy | None = None, origin: str = "", ca_file: Path | None = None
) -> AsyncIterator[Pool]:
    tls = None if ca_file is None else await client_tls(ca_file)
    route = OriginRoute(origin=split_url(origin or server.origin)[0], proxy=proxy, tls=tls)
    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            pool = Pool(route=route, nursery=nursery)
            nursery.start_soon(pool.reap)
            try:
                yield pool
            finally:
                nursery.cancel_scope.cancel()
                await pool.aclose()


def request(method: str = "POST", *, is_idempotent: bool = False, body: bytes = b"{}") -> HttpRequest:
    headers = [(b"host", b"h"), (b"content-length", b"%d" % len(body))]
    return HttpRequest(method=method, target="/x?y", headers=headers, body=body, is_idempotent=is_idempotent)


async def ask(pool: Pool, what: HttpRequest | None = None) -> bytes:
    async with pool.send(what or request()) as answer:
        return await answer.read(1 << 30)


async def say_hello(request: Received, wire: Wire) -> None:
    await wire.reply(200, b"hello")


async def test_one_connection_serves_many_requests() -> None:
    async with nasty_server(say_hello) as server, pool_for(server) as pool:
        assert [await ask(pool) for _ in range(5)] == [b"hello"] * 5
        assert server.connections == 1


async def test_requests_at_the_same_time_do_not_wait_for_each_other() -> None:
    arrived, everybody = [], trio.Event()

    async def together(request: Received, wire: Wire) -> None:
        arrived.append(request)
        if len(arrived) == 20:
            everybody.set()
        await everybody.wait()
        await wire.reply(200, b"x")

    async with nasty_server(together) as server, pool_for(server) as pool, trio.open_nursery() as nursery:
        for _ in range(20):
            nursery.start_soon(ask, pool)
    assert server.connections == 20


async def test_an_idle_connection_that_the_server_closed_is_noticed_before_use() -> None:
    closed = trio.Event()

    async def once(request: Received, wire: Wire) -> None:
        await wire.reply(200, b"hello")
        await trio.aclose_forcefully(wire.stream)
        wire.keep = False
        closed.set()

    async with nasty_server(once) as server, pool_for(server) as pool:
        for _ in range(3):
            await ask(pool)
            await closed.wait()
            closed = trio.Event()
        assert server.connections == 3


@pytest.mark.parametrize("seconds_later", [None, 0.05], ids=["in one packet", "a moment later"])
async def test_what_follows_an_answer_is_not_taken_for_the_next_one(seconds_later: float | None) -> None:
    stray = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nstray"
    hello = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"

    async def talkative(request: Received, wire: Wire) -> None:
        if seconds_later is None:
            await wire.stream.send_all(hello + stray)
        else:
            await wire.stream.send_all(hello)
            await wire.stream.send_all(stray)

    async with nasty_server(talkative) as server, pool_for(server) as pool:
        for _ in range(3):
            assert await ask(pool) == b"hello"
            await trio.sleep(seconds_later or 0)  # until the kernel has what came later: there is no event for that
        assert server.connections == 3


ANSWERS = {
    "with a length": b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
    "empty": b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n",
    "in chunks": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "without content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "not modified": b"HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n",
}
STRAY = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nstray"


@attrs.define(eq=False)
class Corked(trio.abc.SendStream):
    """Keeps what TLS makes of each piece, so that several records go out as one packet."""

    records: bytearray = attrs.field(factory=bytearray)

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await trio.lowlevel.checkpoint()
        self.records += data

    async def wait_send_all_might_not_block(self) -> None:
        await trio.lowlevel.checkpoint()

    async def aclose(self) -> None:
        await trio.lowlevel.checkpoint()


async def send_in_one_packet(wire: Wire, *pieces: bytes) -> None:
    """Send the pieces at once: over TLS each in a record of its own."""
    stream = wire.stream
    if not isinstance(stream, trio.SSLStream):
        await stream.send_all(b"".join(pieces))
        return
    below, corked = stream.transport_stream, Corked()
    stream.transport_stream = corked
    for piece in pieces:
        await stream.send_all(piece)
    stream.transport_stream = below
    await below.send_all(corked.records)


@pytest.mark.parametrize("is_read", [True, False], ids=["read", "left unread"])
@pytest.mark.parametrize("kind", ANSWERS)
@pytest.mark.parametrize("is_tls", [False, True], ids=["plain", "TLS"])
async def test_what_came_in_one_packet_with_an_answer_ends_its_connection(
    tmp_path: Path, is_tls: bool, kind: str, is_read: bool
) -> None:
    ca_file, served = make_authority(tmp_path)
    following: tuple[bytes, ...] = (STRAY,)

    async def talkative(request: Received, wire: Wire) -> None:
        await send_in_one_packet(wire, ANSWERS[kind], *following)

    async def status(pool: Pool) -> int:
        async with pool.send(request()) as answer:
            if is_read:
                assert await answer.read(100) in (b"hello", b"")
        await trio.testing.wait_all_tasks_blocked()  # an answer that is left is read to its end
        return answer.status

    async with (
        nasty_server(talkative, tls=served if is_tls else None) as server,
        pool_for(server, ca_file=ca_file if is_tls else None) as pool,
    ):
        expected = int(ANSWERS[kind].split()[1])
        assert [await status(pool) for _ in range(3)] == [expected] * 3
        assert server.connections == 3
        following = ()
        assert [await status(pool) for _ in range(3)] == [expected] * 3
        assert server.connections == 4  # and without such bytes one serves all


async def test_whoever_is_cancelled_while_a_connection_is_looked_at_leaves_none_open(tmp_path: Path) -> None:
    ca_file, served = make_authority(tmp_path)
    async with nasty_server(say_hello, tls=served) as server, pool_for(server, ca_file=ca_file) as pool:
        await ask(pool)
        with trio.CancelScope() as given_up:
            given_up.cancel()
            await ask(pool)
        assert given_up.cancelled_caught
        await ask(pool)
        assert server.connections == 2


async def die_when_reused(request: Received, wire: Wire) -> None:
    if request.connection == 1 and request.target.startswith("/x") and "again" in request.headers:
        wire.keep = False
        return
    await wire.reply(200, b"hello")


def again(*, is_idempotent: bool) -> HttpRequest:
    headers = [(b"host", b"h"), (b"again", b"1")]
    return HttpRequest(method="GET", target="/x", headers=headers, is_idempotent=is_idempotent)


async def test_a_request_that_dies_on_a_reused_connection_fails_unless_it_may_be_sent_twice() -> None:
    async with nasty_server(die_when_reused) as server, pool_for(server) as pool:
        await ask(pool)
        with pytest.raises(LinkFailed, match="without an answer"):
            await ask(pool, again(is_idempotent=False))
        assert len(server.received) == 2

    async with nasty_server(die_when_reused) as server, pool_for(server) as pool:
        await ask(pool)
        assert await ask(pool, again(is_idempotent=True)) == b"hello"
        assert [received.connection for received in server.received] == [1, 1, 2]


async def test_a_request_that_dies_on_a_fresh_connection_is_not_sent_again() -> None:
    async with nasty_server(die_when_reused) as server, pool_for(server) as pool:
        with pytest.raises(LinkFailed, match="without an answer"):
            await ask(pool, again(is_idempotent=True))
        assert server.connections == 1


async def test_leaving_a_stream_early_reads_its_end_and_saves_the_connection() -> None:
    async def stream(request: Received, wire: Wire) -> None:
        await wire.begin_stream()
        await wire.chunk(b"first")
        await may_end.wait()
        await wire.end_stream()

    async with nasty_server(stream) as server, pool_for(server) as pool:
        for _ in range(3):
            may_end = trio.Event()
            async with pool.send(request()) as answer:
                assert await answer.receive() == b"first"
            may_end.set()
            while not pool._idle:
                await trio.lowlevel.checkpoint()
        assert server.connections == 1


async def test_cancelling_a_request_closes_its_connection() -> None:
    began, seen_closed = trio.Event(), trio.Event()

    async def never(request: Received, wire: Wire) -> None:
        began.set()
        await wire.until_closed()
        seen_closed.set()

    async with nasty_server(never) as server, pool_for(server) as pool, trio.open_nursery() as nursery:
        nursery.start_soon(ask, pool)
        await began.wait()
        nursery.cancel_scope.cancel()
        with trio.CancelScope(shield=True):
            await seen_closed.wait()
        assert not pool._open


async def test_closing_the_pool_fails_whoever_still_reads() -> None:
    failures = []

    async def stall(request: Received, wire: Wire) -> None:
        await wire.begin_stream()
        await wire.until_closed()

    async def read(pool: Pool) -> None:
        try:
            await ask(pool)
        except LinkFailed as failure:
            failures.append(failure.reason)

    async with nasty_server(stall) as server, pool_for(server) as pool, trio.open_nursery() as nursery:
        nursery.start_soon(read, pool)
        while not server.received:
            await trio.lowlevel.checkpoint()
        await trio.testing.wait_all_tasks_blocked()
        await pool.aclose()
        assert not pool._open
    assert len(failures) == 1


async def test_a_connection_that_closed_while_it_was_used_is_not_kept() -> None:
    async with nasty_server(say_hello) as server, pool_for(server) as pool:
        async with pool.send(request()) as answer:
            assert await answer.read(5) == b"hello"
            await answer.connection.aclose()
        assert not pool._idle
        assert not pool._open


async def test_idle_connections_close_when_the_server_says_that_they_would() -> None:
    async def brief(request: Received, wire: Wire) -> None:
        await wire.reply(200, b"x", more="keep-alive: timeout=1\r\n")

    async with nasty_server(brief) as server, pool_for(server) as pool:
        await ask(pool)
        while pool._open:
            await trio.lowlevel.checkpoint()


async def test_twenty_megabytes_arrive_whole_in_both_directions() -> None:
    big = bytes(range(256)) * (20 * 4096)

    async def echo(request: Received, wire: Wire) -> None:
        await wire.reply(200, request.body)

    async with nasty_server(echo) as server, pool_for(server) as pool:
        assert await ask(pool, request(body=big)) == big


async def test_a_refused_connection_names_the_origin_and_the_reason() -> None:
    with trio.socket.socket() as free:
        await free.bind(("127.0.0.1", 0))
        origin = f"http://127.0.0.1:{free.getsockname()[1]}"
        async with nasty_server(say_hello) as server, pool_for(server, origin=origin) as pool:
            with pytest.raises(LinkFailed, match=f"cannot connect to {origin}: Connection refused") as caught:
                await ask(pool)
            assert caught.value.never_ran


async def test_a_proxy_sees_the_whole_address_and_its_own_credentials() -> None:
    async with nasty_server(say_hello) as server:
        proxy = Proxy(origin=split_url(server.origin)[0], authorization="Basic eA==")
        async with pool_for(server, proxy=proxy, origin="http://backend.test:8080") as pool:
            assert await ask(pool) == b"hello"
    assert server.received[0].target == "http://backend.test:8080/x?y"
    assert server.received[0].headers["proxy-authorization"] == "Basic eA=="
