"""What a hostile or broken client can do to the server: nothing but to its own connection."""

from __future__ import annotations

import random
import socket
import struct
from functools import partial
from typing import cast

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import wait_all_tasks_blocked

from argus_trio.config.model.server import Server
from argus_trio.frontend.application import Application
from argus_trio.frontend.http.served_settings import CurrentSettings, ServedSettings
from argus_trio.frontend.server import serving as server
from argus_trio.frontend.server.listeners import AcceptedConnection, ServerListener
from argus_trio.frontend.server.transport import ClientStream
from tests.frontend.support.serving import (
    HASTY,
    META,
    Served,
    call,
    connected,
    initialized,
    modern,
    modern_headers,
    post,
    rpc,
    serving,
    speaking_http,
)

HOST = b"Host: localhost\r\n"
WEBSOCKET = (
    b"GET /mcp HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: bKdPyn3u98cTfZJSh4TNeQ==\r\n\r\n"
)
H2C = b"GET /sse HTTP/1.1\r\n" + HOST + b"Upgrade: h2c\r\nConnection: upgrade\r\nHTTP2-Settings: "


async def is_well(served: Served) -> bool:
    """Whether the server still answers."""
    return (await post(served, modern("tools/list"), modern_headers("tools/list"))).status == 200


async def say(served: Served, data: bytes) -> bytes:
    """Send `data`, and what comes back first."""
    async with await trio.open_tcp_stream("127.0.0.1", served.port) as stream:
        await stream.send_all(data)
        with trio.move_on_after(2):
            return bytes(await stream.receive_some())
    return b""


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (WEBSOCKET, b"HTTP/1.1 400"),
        (WEBSOCKET + b"x", b"HTTP/1.1 400"),
        (H2C + b"!!!!\r\n\r\n", b"HTTP/1.1 200"),
        (H2C + b"AAMAAABkAARAAAAAAAIAAAAA\r\n\r\nPRI", b"HTTP/1.1 200"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(range(40)), b"HTTP/1.1 505"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"HTTP/1.1 400"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"HTTP/1.1 400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 400"),
        (b"GET / HTTP/1.0\r\n\r\n", b"HTTP/1.1 421"),
        (b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\n", b"HTTP/1.1 431"),
        (b"GET /%ff%fe HTTP/1.1\r\n" + HOST + b"\r\n", b"HTTP/1.1 404"),
        (b"GET /\xff HTTP/1.1\r\n" + HOST + b"\r\n", b"HTTP/1.1 400"),
        (
            b"POST /messages/?"
            + b"a=b&" * 50
            + b" HTTP/1.1\r\n"
            + HOST
            + b"Content-Type: application/json\r\nContent-Length: 0\r\n\r\n",
            b"HTTP/1.1 400",
        ),
        (b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", b"HTTP/1.1 404"),
        (b"GET http://[::1 HTTP/1.1\r\n" + HOST + b"\r\n", b"HTTP/1.1 421"),
        (b"POST /mcp HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", b"HTTP/1.1 400"),
    ],
)
async def test_a_strange_request_harms_nobody(data: bytes, answer: bytes) -> None:
    with capture_logs() as logs:
        async with serving() as served:
            assert (await say(served, data)).startswith(answer)
            assert await is_well(served)
    assert not [entry for entry in logs if entry["log_level"] == "error"]


async def test_a_request_of_two_lengths_is_answered_and_ends_its_connection() -> None:
    body = b"0\r\n\r\nGET /manage/v1/health HTTP/1.1\r\n" + HOST + b"\r\n"
    head = b"POST /mcp HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n" % len(body)
    async with serving() as served, await trio.open_tcp_stream("127.0.0.1", served.port) as stream:
        await stream.send_all(head + body)
        seen = b""
        with trio.fail_after(2):
            while more := await stream.receive_some():
                seen += more
        assert seen.count(b"HTTP/1.1 ") == 1
        assert b"connection: close" in seen


async def test_300_rounds_of_connection_fuzz_harm_nobody() -> None:
    chance = random.Random(1)
    openings = [
        b"",
        b"POST /mcp HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n\r\n",
        H2C + bytes(chance.randrange(33, 126) for _ in range(6)) + b"\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"POST /mcp HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n",
        b"GET /sse HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET /mcp HTTP/1.1\r\n" + HOST + b"\r\nGET /sse HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET /%ff%fe HTTP/1.1\r\n" + HOST + b"\r\n",
        WEBSOCKET,
    ]
    with capture_logs() as logs:
        async with serving() as served:
            for _ in range(300):
                stream = await trio.open_tcp_stream("127.0.0.1", served.port)
                garbage = bytes(chance.randrange(256) for _ in range(chance.randrange(40)))
                await stream.send_all(chance.choice(openings) + garbage)
                if chance.random() < 0.5:
                    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                await stream.aclose()
            assert await is_well(served)
    assert not [entry for entry in logs if entry["log_level"] == "error"]


async def flooded(served: Served) -> trio.SocketStream:
    """A client that asks for more than it will ever read."""
    stream = await trio.open_tcp_stream("127.0.0.1", served.port)
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    body = rpc("tools/call", {"name": "flood", "_meta": {**META, "io.modelcontextprotocol/logLevel": "debug"}})
    head = "".join(f"{name}: {value}\r\n" for name, value in modern_headers("tools/call", "flood").items())
    start = f"POST /mcp HTTP/1.1\r\nhost: localhost\r\n{head}content-length: {len(body)}\r\n\r\n"
    await stream.send_all(start.encode() + body)
    await served.backstage.waiting.wait()
    return stream


async def test_a_client_that_stops_reading_cannot_hold_up_a_stop() -> None:
    async with serving(settings=Server(port=0, drain_timeout=0.3)) as served, await flooded(served):
        assert await is_well(served)
        began = trio.current_time()
        served.stop.set()
        await served.stopped.wait()
        assert 0.2 < trio.current_time() - began < 3


async def test_a_client_that_stops_reading_cannot_hold_up_a_cancellation() -> None:
    async with serving() as served:
        stream = await flooded(served)
        began = trio.current_time()
    assert trio.current_time() - began < 3
    await stream.aclose()


async def test_a_client_that_stops_reading_is_ended_at_its_deadline() -> None:
    async with serving(limits=HASTY) as served, await flooded(served):
        await served.backstage.cancelled.wait()


async def until_closed(stream: trio.SocketStream) -> bytes:
    """All that comes until the server closes the connection."""
    received = b""
    while data := await stream.receive_some():
        received += data
    return received


async def test_a_head_that_is_never_finished_is_ended_at_its_deadline() -> None:
    async with serving(limits=HASTY) as served, connected(served) as client:
        await client.stream.send_all(b"GET /sse HTTP/1.1\r\nHost: loc")
        assert (await until_closed(client.stream)).startswith(b"HTTP/1.1 408")


async def test_a_body_that_is_never_finished_is_ended_at_its_deadline() -> None:
    async with serving(limits=HASTY) as served, connected(served) as client:
        head = b"Content-Type: application/json\r\nAccept: application/json\r\nContent-Length: 50\r\n\r\n{"
        await client.stream.send_all(b"POST /mcp HTTP/1.1\r\n" + HOST + head)
        assert (await client.stream.receive_some()).startswith(b"HTTP/1.1 408")


async def test_a_connection_that_idles_is_ended_at_its_deadline() -> None:
    async with serving(limits=HASTY) as served, connected(served) as fresh, connected(served) as used:
        await used.ask("GET", "/manage/v1/health")
        assert await until_closed(fresh.stream) == b""
        assert await until_closed(used.stream) == b""


async def opened(served: Served, path: str, method: str = "GET") -> trio.SocketStream:
    stream = await trio.open_tcp_stream("127.0.0.1", served.port)
    headers = "accept: text/event-stream\r\n"
    if path == "/mcp":
        headers += f"mcp-session-id: {(await initialized(served))['mcp-session-id']}\r\n"
    await stream.send_all(f"{method} {path} HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n".encode())
    assert (await stream.receive_some()).startswith(b"HTTP/1.1 200")
    return stream


async def test_a_stop_with_idle_clients_takes_less_than_a_second() -> None:
    async with serving() as served, connected(served) as fresh, connected(served) as used, connected(served) as half:
        await used.ask("GET", "/manage/v1/health")
        await half.stream.send_all(b"GET /sse HT")
        streams = [await opened(served, "/mcp"), await opened(served, "/sse")]
        began = trio.current_time()
        served.stop.set()
        await served.stopped.wait()
        assert trio.current_time() - began < 1
        for stream in (*streams, fresh.stream, used.stream):
            received = await until_closed(stream)
            assert received == b"" or received.endswith(b"0\r\n\r\n")
            await stream.aclose()


async def test_a_stop_lets_a_call_in_flight_finish_and_nothing_new_begin() -> None:
    async with serving() as served:
        session = await initialized(served)
        async with connected(served) as client:
            await client.send("POST", "/mcp", session, call("wait"))
            await served.backstage.waiting.wait()
            served.stop.set()
            while not await refuses(served):
                await trio.lowlevel.checkpoint()
            served.backstage.go_on.set()
            assert (await client.head())[0] == 200
            assert b'"content":[]' in await client.part()
            await served.stopped.wait()


async def refuses(served: Served) -> bool:
    try:
        stream = await trio.open_tcp_stream("127.0.0.1", served.port)
    except OSError:
        return True
    await stream.aclose()
    return False


async def test_a_call_that_outlasts_the_drain_limit_is_cut() -> None:
    async with serving(settings=Server(port=0, drain_timeout=0.1)) as served:
        session = await initialized(served)
        async with connected(served) as client:
            await client.send("POST", "/mcp", session, call("wait"))
            await served.backstage.waiting.wait()
            served.stop.set()
            await served.stopped.wait()
            assert served.backstage.cancelled.is_set()


async def test_pipelined_requests_are_answered_in_order() -> None:
    async with serving() as served, connected(served) as client:
        await client.stream.send_all(b"".join(b"GET /%d HTTP/1.1\r\n%b\r\n" % (number, HOST) for number in range(5)))
        received = b""
        while received.count(b"HTTP/1.1 404") < 5:
            received += await client.stream.receive_some()


async def test_a_large_result_arrives_whole() -> None:
    async with serving() as served:
        answer = await post(served, call("big"), await initialized(served))
        assert len(answer.body) > 5_000_000


async def test_a_fault_of_the_application_is_answered_with_500() -> None:
    def fails(_: str) -> bool:
        raise ZeroDivisionError

    with capture_logs() as logs:
        async with serving(comes_round=fails) as served:
            async with connected(served) as client:
                answer = await client.ask("POST", "/mcp", {"argus-via": "1 x"})
                assert answer.status == 500
            assert await is_well(served)
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["request_failed_unexpectedly"]


async def test_a_cancelled_ping_storm_leaves_nothing_behind() -> None:
    async with serving() as served:
        session = await initialized(served)

        async def come_and_go() -> None:
            async with connected(served) as client:
                await client.send("POST", "/mcp", session, rpc("ping"))

        async with trio.open_nursery() as nursery:
            for _ in range(50):
                nursery.start_soon(come_and_go)
        assert await is_well(served)
        served.stop.set()
        await served.stopped.wait()


class BrokenStream(trio.abc.Stream):
    """A connection that fails in a way that nobody foresaw: it has no socket."""

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        raise NotImplementedError

    async def wait_send_all_might_not_block(self) -> None:
        raise NotImplementedError

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        raise NotImplementedError

    async def aclose(self) -> None:
        await trio.lowlevel.checkpoint()


class BrokenListener(trio.abc.AsyncResource):
    """Accepts one broken connection, and no other."""

    def __init__(self) -> None:
        self._streams = [BrokenStream()]

    async def accept(self, has_room: object) -> list[AcceptedConnection]:
        if not self._streams:
            await trio.sleep_forever()
        return [AcceptedConnection(cast("ClientStream", self._streams.pop()))]

    async def aclose(self) -> None:
        await trio.lowlevel.checkpoint()


async def test_an_unforeseen_fault_of_one_connection_is_logged_and_ends_only_that() -> None:
    stop = trio.Event()
    with capture_logs() as logs:
        async with trio.open_nursery() as serving_nursery:
            serving_nursery.start_soon(
                partial(
                    server.serve,
                    cast("Application", None),
                    [cast("ServerListener", BrokenListener())],
                    stop=stop,
                    on_stop=lambda: None,
                    settings=CurrentSettings(ServedSettings.of(Server(drain_timeout=1, http=speaking_http()), HASTY)),
                )
            )
            await wait_all_tasks_blocked()
            assert len(serving_nursery.child_tasks) == 1
            stop.set()
    assert [entry["event"] for entry in logs] == ["connection_failed_unexpectedly"]
