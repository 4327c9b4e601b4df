"""One request and its answer, on a pair of sockets: bodies as they are asked for, answers as one write."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator
from typing import cast

import attrs
import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import wait_all_tasks_blocked

from argus_trio.frontend.http.receive_queue import DISCONNECT, AsgiMessage
from argus_trio.frontend.server.lean.exchange import JOINED_BYTES, LAST_READS, AnswerState, LeanExchange
from argus_trio.frontend.server.transport import READ_BYTES, PlainTransport
from argus_trio.wire.http1.chunked import Chunked
from argus_trio.wire.http1.counted import CountedBody
from argus_trio.wire.http1.request_head import read_request_head

PART: AsgiMessage = {"type": "http.response.body", "body": b"part", "more_body": True}
END: AsgiMessage = {"type": "http.response.body", "body": b"end"}


def start(status: int = 200, **headers: str) -> AsgiMessage:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http.response.start", "status": status, "headers": named}


@attrs.define(eq=False)
class Watching:
    """A connection that remembers whether it was asked to watch."""

    watched: int = 0

    def watch_departure(self) -> None:
        self.watched += 1

    def lines_of_each(self, *, is_last: bool) -> bytes:
        return b"connection: close\r\n" if is_last else b"date: now\r\n"


@attrs.define(eq=False)
class Under:
    """What an exchange stands on, and the client's end."""

    ours: trio.SocketStream
    client: socket.socket
    watching: Watching = attrs.field(factory=Watching)

    def exchange(self, *lines: bytes, first: bytes = b"POST / HTTP/1.1") -> LeanExchange:
        head = read_request_head(b"\r\n".join((first, b"Host: h", *lines, b"", b"")))
        return LeanExchange(
            head=head,
            is_last=head.is_last,
            waits_to_continue=head.waits_to_continue,
            watcher=self.watching,
            transport=PlainTransport(self.ours, write_limit=1),
            body=Chunked() if head.is_chunked else CountedBody.of(head.length or 0),
            since=0.0,
        )

    def seen(self) -> bytes:
        """What the client has been sent and has not read yet."""
        try:
            return self.client.recv(1_000_000)
        except BlockingIOError:
            return b""


@pytest.fixture
async def under() -> AsyncIterator[Under]:
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    with theirs:
        yield Under(trio.SocketStream(trio.socket.from_stdlib_socket(ours)), theirs)
        ours.close()


async def test_a_body_is_read_when_it_is_asked_for_and_not_before(under: Under) -> None:
    exchange = under.exchange(b"Content-Length: 6")
    under.client.send(b"abcdef" + b"next")
    await wait_all_tasks_blocked()
    assert os.read(under.ours.socket.fileno(), 3) == b"abc"  # it was left to whoever reads
    exchange.feed(b"abc")
    assert await exchange.receive() == {"type": "http.request", "body": b"abc", "more_body": True}
    assert await exchange.receive() == {"type": "http.request", "body": b"def", "more_body": False}
    assert exchange.body.rest == b"next"


async def test_an_empty_body_is_one_part(under: Under) -> None:
    exchange = under.exchange()
    assert await exchange.receive() == {"type": "http.request", "body": b"", "more_body": False}


async def test_chunks_that_came_together_are_one_part(under: Under) -> None:
    exchange = under.exchange(b"Transfer-Encoding: chunked")
    exchange.feed(b"1\r\na\r\n2\r\nbc\r\n0\r\n\r\nnext")
    assert await exchange.receive() == {"type": "http.request", "body": b"abc", "more_body": False}
    assert exchange.body.rest == b"next"


async def test_little_is_read_at_once_of_a_body_in_many_chunks_so_that_others_have_their_turn(under: Under) -> None:
    exchange = under.exchange(b"Transfer-Encoding: chunked")
    many, few = b"1\r\nx\r\n" * 50_000, b"c350\r\n%b\r\n0\r\n\r\n" % (b"y" * 50_000)
    parts: list[bytes] = []

    async def read() -> None:
        is_more = True
        while is_more:
            message = await exchange.receive()
            parts.append(cast("bytes", message["body"]))
            is_more = bool(message["more_body"])

    async with trio.open_nursery() as nursery:
        nursery.start_soon(read)
        for begin in range(0, len(many + few), 30_000):
            await send_all(under, (many + few)[begin : begin + 30_000])
    assert b"".join(parts) == b"x" * 50_000 + b"y" * 50_000
    assert max(len(part) for part in parts[1:] if part.endswith(b"x")) < 1000
    assert max(map(len, parts)) > 10_000


async def send_all(under: Under, data: bytes) -> None:
    """Have the client send all of this, as there is room for it."""
    while data:
        try:
            data = data[under.client.send(data) :]
        except BlockingIOError:
            await trio.lowlevel.checkpoint()


async def test_a_whole_body_is_taken_in_one_step_and_only_once(under: Under) -> None:
    exchange = under.exchange(b"Content-Length: 3")
    assert exchange.take_body() is None
    under.client.send(b"ab")
    assert exchange.take_body() is None
    under.client.send(b"c")
    assert exchange.take_body() == b"abc"
    assert exchange.take_body() is None
    with trio.move_on_after(0.01) as waited:
        await exchange.receive()
    assert waited.cancelled_caught  # for the disconnect alone


async def test_a_body_of_which_a_part_was_given_is_not_taken_in_one_step(under: Under) -> None:
    exchange = under.exchange(b"Content-Length: 3")
    exchange.feed(b"a")
    await exchange.receive()
    under.client.send(b"bc")
    assert exchange.take_body() in (None, b"bc")


async def test_a_client_that_waits_is_told_to_go_on_when_its_body_is_asked_for(under: Under) -> None:
    exchange = under.exchange(b"Content-Length: 1", b"Expect: 100-continue")
    assert exchange.take_body() is None
    assert under.seen() == b""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(exchange.receive)
        await wait_all_tasks_blocked()
        assert under.seen() == b"HTTP/1.1 100 Continue\r\n\r\n"
        under.client.send(b"a")
    assert exchange.body.is_complete


async def test_a_client_that_did_not_wait_is_told_nothing(under: Under) -> None:
    exchange = under.exchange(b"Content-Length: 1", b"Expect: 100-continue")
    under.client.send(b"a")
    await exchange.receive()
    assert under.seen() == b""


async def test_nobody_is_told_to_go_on_behind_an_answer(under: Under) -> None:
    exchange = under.exchange(b"Content-Length: 1", b"Expect: 100-continue")
    await exchange.answer(413, [], b"")
    under.client.send(b"a")
    await exchange.receive()
    exchange.finish_reading()
    assert under.seen() == b"HTTP/1.1 413 \r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    assert exchange.is_last


@pytest.mark.parametrize("said", [b"zz\r\n", b"1\r\nab"])
async def test_a_body_that_is_none_is_a_client_that_has_gone(under: Under, said: bytes) -> None:
    exchange = under.exchange(b"Transfer-Encoding: chunked")
    gone: list[bool] = []
    exchange.on_disconnect(lambda: gone.append(True))
    under.client.send(said)
    assert await exchange.receive() == DISCONNECT
    assert await exchange.receive() == DISCONNECT
    assert (gone, exchange.refusal) == ([True], 400)
    await exchange.send(start())
    await exchange.send(END)
    assert under.seen() == b""


async def test_a_client_that_ends_within_its_body_is_told_of_and_refused(under: Under) -> None:
    exchange = under.exchange(b"Content-Length: 3")
    under.client.send(b"ab")
    under.client.close()
    assert (await exchange.receive())["body"] == b"ab"
    assert await exchange.receive() == DISCONNECT
    assert exchange.refusal == 400


async def test_a_departure_is_told_once_and_to_who_comes_late_as_well(under: Under) -> None:
    exchange, told = under.exchange(), []
    exchange.on_disconnect(lambda: told.append("first"))
    assert under.watching.watched == 1
    exchange.depart()
    exchange.depart()
    exchange.on_disconnect(lambda: told.append("late"))
    assert told == ["first", "late"]
    exchange.on_disconnect(None)
    await exchange.receive()
    assert await exchange.receive() == DISCONNECT


async def test_who_waits_for_the_end_is_woken_by_it(under: Under) -> None:
    exchange = under.exchange()
    await exchange.receive()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(exchange.receive)
        await wait_all_tasks_blocked()
        assert under.watching.watched == 1
        exchange.depart()


async def test_a_client_that_has_its_whole_answer_may_go(under: Under) -> None:
    exchange, told = under.exchange(), []
    exchange.on_disconnect(lambda: told.append(True))
    await exchange.answer(200, [], b"abc")
    exchange.depart()
    assert (told, exchange.state) == ([], AnswerState.DONE)


async def test_a_head_waits_for_the_first_part_and_chunks_follow(under: Under) -> None:
    exchange = under.exchange()
    await exchange.send(start(content_type="a/b"))
    assert under.seen() == b""
    await exchange.send(PART)
    lines = b"content-type: a/b\r\ntransfer-encoding: chunked\r\ndate: now\r\n"
    assert under.seen() == b"HTTP/1.1 200 \r\n" + lines + b"\r\n4\r\npart\r\n"
    await exchange.send({"type": "http.response.body", "body": b"", "more_body": True})  # which would end it
    assert under.seen() == b""
    await exchange.send(END)
    assert under.seen() == b"3\r\nend\r\n0\r\n\r\n"
    assert exchange.state is AnswerState.DONE


@pytest.mark.parametrize("first", [b"HEAD / HTTP/1.1", b"POST / HTTP/1.0"])
async def test_what_may_have_no_chunks_has_none(under: Under, first: bytes) -> None:
    exchange = under.exchange(first=first)
    await exchange.send(start())
    await exchange.send(PART)
    await exchange.send({"type": "http.response.body"})
    head, _, body = under.seen().partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head
    assert body == (b"" if first.startswith(b"HEAD") else b"part")
    assert exchange.is_last == first.endswith(b"1.0")


@pytest.mark.parametrize("size", [0, 1, JOINED_BYTES, JOINED_BYTES + 1, 60_000])
async def test_an_answer_in_one_step_is_whole_whatever_its_size(under: Under, size: int) -> None:
    exchange = under.exchange()
    await exchange.answer(200, [(b"a", b"b")], b"x" * size)
    seen = under.seen()
    assert seen.startswith(b"HTTP/1.1 200 \r\n")
    assert b"content-length: %d\r\n" % size in seen
    assert seen.endswith(b"\r\n\r\n" + b"x" * size)


async def test_a_large_answer_waits_for_its_reader(under: Under) -> None:
    exchange, seen = under.exchange(), bytearray()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(exchange.answer, 200, [], b"x" * 3_000_000)
        while not seen.endswith(b"x") or len(seen) < 3_000_000:
            await wait_all_tasks_blocked()
            seen += under.seen()
    assert exchange.state is AnswerState.DONE


@pytest.mark.parametrize(
    ("messages", "event"),
    [
        ([END], "response_out_of_order"),
        ([start(), start()], "response_out_of_order"),
        ([start(), PART, start()], "response_out_of_order"),
        ([start(), END, END], "response_out_of_order"),
        ([start(content_length="2"), END], "response_of_wrong_length"),
        ([start(content_length="4"), END], "response_of_wrong_length"),
        ([start(bad="a\r\nb: c"), END], "response_unwritable"),
    ],
)
async def test_an_answer_that_can_never_be_whole_ends_the_connection_and_is_logged(
    under: Under, messages: list[AsgiMessage], event: str
) -> None:
    exchange = under.exchange()
    with capture_logs() as logs:
        for message in messages:
            await exchange.send(message)
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [(event, "error")]
    assert exchange.is_last
    assert b"a\r\nb: c" not in under.seen()


async def test_who_answers_after_the_client_has_gone_is_not_told(under: Under) -> None:
    exchange = under.exchange()
    exchange.depart()
    with capture_logs() as logs:
        await exchange.send(END)
        await exchange.answer(200, [], b"")
    assert (logs, under.seen()) == ([], b"")


async def test_an_answer_that_nobody_reads_is_a_client_that_has_gone(under: Under) -> None:
    exchange, told = under.exchange(), []
    exchange.on_disconnect(lambda: told.append(True))
    under.client.close()
    await exchange.answer(200, [], b"abc")
    assert told == [True]
    assert exchange.state is not AnswerState.DONE


async def test_what_nobody_asked_for_is_read_up_to_a_bound_and_dropped(under: Under) -> None:
    exchange = under.exchange(b"Content-Length: 10")
    await exchange.answer(404, [], b"")
    under.client.send(b"0123456789next")
    exchange.finish_reading()
    assert (exchange.body.rest, exchange.is_last) == (b"next", False)

    exchange = under.exchange(b"Content-Length: 100000000")
    await exchange.answer(404, [], b"")
    sent = 0
    while sent <= LAST_READS * READ_BYTES:
        try:
            sent += under.client.send(b"x" * READ_BYTES)
        except BlockingIOError:
            break
    exchange.finish_reading()
    assert exchange.is_last


async def test_what_has_not_come_of_a_body_is_not_waited_for(under: Under) -> None:
    exchange = under.exchange(b"Content-Length: 10")
    await exchange.answer(404, [], b"")
    under.client.send(b"012")
    exchange.finish_reading()
    assert exchange.is_last


async def test_a_client_that_ends_its_side_while_its_last_part_is_written_has_its_answer_if_it_takes_it(
    under: Under,
) -> None:
    told: list[str] = []
    exchange = under.exchange()
    exchange.on_disconnect(lambda: told.append("gone"))
    large = b"x" * 8_000_000
    await exchange.send(start(content_length=str(len(large))))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(exchange.send, {"type": "http.response.body", "body": large})
        await wait_all_tasks_blocked()
        exchange.leave()
        under.client.setblocking(True)
        read = 0
        while read < len(large):
            read += len(await trio.to_thread.run_sync(under.client.recv, 1 << 20))
    assert exchange.state is AnswerState.DONE
    assert (told, exchange.is_gone) == ([], False)


async def test_a_client_that_ends_its_side_before_the_last_part_has_gone(under: Under) -> None:
    told: list[str] = []
    exchange = under.exchange()
    exchange.on_disconnect(lambda: told.append("gone"))
    exchange.leave()
    assert (told, exchange.is_gone) == (["gone"], True)
