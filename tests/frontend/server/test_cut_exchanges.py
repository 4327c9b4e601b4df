"""Exchanges that do not end as they should: a client that goes or is refused in the middle, a writer that is cut."""

from __future__ import annotations

import os
import socket

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import wait_all_tasks_blocked

from argus_trio.frontend.http.limits import Limits
from argus_trio.frontend.http.receive_queue import AsgiMessage
from argus_trio.frontend.http.request import DISCONNECT_EXTENSION, AsgiReceive, AsgiScope, AsgiSend
from tests.frontend.support.answering import answering
from tests.frontend.support.serving import serving

START: AsgiMessage = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
ENDLESS: AsgiMessage = {"type": "http.response.start", "status": 200, "headers": []}
BODY: AsgiMessage = {"type": "http.response.body", "body": b"ok"}


def asking(number: int) -> bytes:
    return b"GET /%d HTTP/1.1\r\nhost: localhost\r\n\r\n" % number


async def until_closed(stream: trio.SocketStream) -> bytes:
    seen = b""
    while more := await stream.receive_some():
        seen += more
    return seen


async def until(stream: trio.SocketStream, end: bytes) -> None:
    seen = b""
    while not seen.endswith(end):
        more = await stream.receive_some()
        assert more, seen
        seen += more


async def well(_scope: AsgiScope, _receive: AsgiReceive, send: AsgiSend) -> None:
    await send(START)
    await send(BODY)


async def test_a_client_that_goes_right_behind_its_second_request_is_noticed() -> None:
    async def application(scope: AsgiScope, receive: AsgiReceive, send: AsgiSend) -> None:
        gone = trio.Event()
        scope["extensions"][DISCONNECT_EXTENSION].on_disconnect(gone.set)
        if scope["path"] == "/2":
            with trio.fail_after(0.8):
                await gone.wait()
        else:
            await well(scope, receive, send)

    with capture_logs() as logs:
        async with answering(application) as stream:
            for _ in range(10):  # which of the two is seen first, chance decides
                async with await trio.open_tcp_stream(*stream.socket.getpeername()) as other:
                    await other.send_all(asking(1))
                    await until(other, b"ok")
                    os.write(other.socket.fileno(), asking(2))
                    other.socket.shutdown(socket.SHUT_WR)
                    await until_closed(other)
    assert not logs


@pytest.mark.parametrize("given", ["Content-Length: 2\r\nContent-Length: 2", "Content-Length: 2, 2"])
async def test_a_length_that_is_said_twice_is_one_length(given: str) -> None:
    head = f"POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n{given}\r\n\r\n"
    with capture_logs() as logs:
        async with serving() as served, await trio.open_tcp_stream("127.0.0.1", served.port) as stream:
            await stream.send_all(head.encode() + b"{}")
            assert (await stream.receive_some()).startswith(b"HTTP/1.1 400")
    assert not logs


async def test_who_is_refused_is_not_told_afterwards_to_send_the_body() -> None:
    head = b"POST /nothing HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\nexpect: 100-continue\r\n\r\n"
    async with serving() as served, await trio.open_tcp_stream("127.0.0.1", served.port) as stream:
        await stream.send_all(head)
        seen = await until_closed(stream)
    assert seen.endswith(b'"nothing is served at this path"}'), seen


async def test_a_body_before_its_head_is_answered_500() -> None:
    async def application(_scope: AsgiScope, _receive: AsgiReceive, send: AsgiSend) -> None:
        await send(BODY)

    with capture_logs() as logs:
        async with answering(application) as stream:
            await stream.send_all(asking(1))
            assert (await until_closed(stream)).startswith(b"HTTP/1.1 500")
    assert [entry["event"] for entry in logs] == ["response_out_of_order"]


async def test_a_header_that_cannot_be_written_is_answered_500() -> None:
    async def application(_scope: AsgiScope, _receive: AsgiReceive, send: AsgiSend) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"a", b"b\r\nc: d")]})
        await send(BODY)

    with capture_logs() as logs:
        async with answering(application) as stream:
            await stream.send_all(asking(1))
            assert (await until_closed(stream)).startswith(b"HTTP/1.1 500")
    assert logs
    assert {entry["event"] for entry in logs} <= {"response_unwritable", "response_out_of_order"}


async def test_who_sends_many_requests_at_once_does_not_keep_others_waiting() -> None:
    served = list[str]()

    async def application(scope: AsgiScope, receive: AsgiReceive, send: AsgiSend) -> None:
        served.append(scope["path"])
        await well(scope, receive, send)

    async with answering(application) as stream, await trio.open_tcp_stream(*stream.socket.getpeername()) as other:
        await wait_all_tasks_blocked(0.01)
        await stream.send_all(b"".join(asking(1) for _ in range(1000)))
        await other.send_all(asking(2))
        await until(other, b"ok")
        assert served.index("/2") < 100
        received = 0
        while received < 1000:
            received += (await stream.receive_some()).count(b"HTTP/1.1 200")


async def test_a_writer_that_is_cut_ends_its_exchange_and_nothing_else() -> None:
    gone = trio.Event()

    async def application(scope: AsgiScope, receive: AsgiReceive, send: AsgiSend) -> None:
        if scope["path"] == "/2":
            await well(scope, receive, send)
            return
        scope["extensions"][DISCONNECT_EXTENSION].on_disconnect(gone.set)
        await send(ENDLESS)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(send, {"type": "http.response.body", "body": b"x" * 50_000_000, "more_body": True})
            await wait_all_tasks_blocked(0.01)
            nursery.cancel_scope.cancel()
        await gone.wait()
        scope["extensions"][DISCONNECT_EXTENSION].on_disconnect(None)
        await trio.sleep(1.5)  # as long as makes a request one that takes long
        await send(BODY)

    with capture_logs() as logs:
        async with answering(application) as stream:
            await stream.send_all(asking(1))
            await gone.wait()
            for _ in range(3):
                async with await trio.open_tcp_stream(*stream.socket.getpeername()) as other:
                    await other.send_all(asking(2))
                    await until(other, b"ok")
                await trio.sleep(1)
    assert not logs


async def test_a_blank_line_after_a_long_silence_takes_no_time_from_the_head() -> None:
    async with answering(well, limits=Limits(body_bytes=1000, head=1, keep_alive=30)) as stream:
        await trio.sleep(1.5)
        await stream.send_all(b"\r\n" + asking(1)[:10])
        await trio.sleep(0.3)
        await stream.send_all(asking(1)[10:])
        await until(stream, b"ok")
