"""One HTTP/1.1 connection against servers that send it every kind of answer, cut in every way."""

from __future__ import annotations

import gzip
import zlib

import h11
import pytest
import trio
from trio.testing import memory_stream_pair

from argus_trio.errors import AnswerInvalid, LinkFailed
from argus_trio.net.http1 import AnswerTooLarge, ConnectionDied, HttpAnswer, HttpConnection, HttpRequest

REQUEST = HttpRequest(method="POST", target="/x", headers=[(b"host", b"h"), (b"content-length", b"2")], body=b"{}")


async def converse(
    *pieces: bytes, request: HttpRequest = REQUEST, end: bool = False
) -> tuple[HttpConnection, HttpAnswer]:
    """A connection whose server says `pieces`, whatever it is asked, and then closes if `end`."""
    ours, theirs = memory_stream_pair()
    for piece in pieces:
        await theirs.send_all(piece)
    if end:
        await theirs.send_eof()
    connection = HttpConnection(stream=ours, socket=ours)  # type: ignore[arg-type]  # the socket is asked only whether it is dead
    with trio.fail_after(5):
        return connection, await connection.exchange(request)


async def test_an_answer_with_a_content_length_leaves_the_connection_fit() -> None:
    connection, answer = await converse(b"HTTP/1.1 200 OK\r\nContent-Type: A/B; c=d\r\nContent-Length: 4\r\n\r\nbody")
    assert (answer.status, answer.media_type, answer.header("content-length")) == (200, "a/b", "4")
    assert await answer.read(4) == b"body"
    assert connection.is_finished
    connection.begin_anew()
    assert connection.is_used


async def test_a_chunked_answer_is_read_though_it_is_cut_at_every_byte() -> None:
    whole = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: t\r\n\r\n"
    connection, answer = await converse(*(whole[at : at + 1] for at in range(len(whole))))
    assert await answer.read(5) == b"abcde"
    assert connection.is_finished


async def test_informational_answers_are_passed_over() -> None:
    _, answer = await converse(b"HTTP/1.1 103 Early\r\n\r\n", b"HTTP/1.1 204 No\r\n\r\n")
    assert answer.status == 204
    assert await answer.receive() == b""


async def test_an_http_1_0_answer_ends_with_its_connection() -> None:
    connection, answer = await converse(b"HTTP/1.0 200 OK\r\n\r\nto the ", b"end", end=True)
    assert await answer.read(100) == b"to the end"
    assert not connection.is_finished


async def test_an_answer_that_asks_to_close_leaves_the_connection_unfit() -> None:
    connection, answer = await converse(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx")
    assert await answer.read(1) == b"x"
    assert not connection.is_finished
    assert not connection.may_finish


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-OpenSSH_9\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n: nameless\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nbig: " + b"x" * 70_000,
    ],
)
async def test_what_is_no_http_is_an_error(said: bytes) -> None:
    with pytest.raises(LinkFailed, match="not HTTP"):
        await converse(said)


@pytest.mark.parametrize("said", [b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbo"])
async def test_an_answer_that_breaks_off_is_an_error(said: bytes) -> None:
    async def read() -> None:
        _, answer = await converse(said, end=True)
        await answer.read(100)

    with pytest.raises(LinkFailed, match="before its answer was complete") as caught:
        await read()
    assert not isinstance(caught.value, ConnectionDied)


async def test_bad_chunking_is_an_error() -> None:
    _, answer = await converse(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc")
    with pytest.raises(LinkFailed, match="not HTTP"):
        await answer.receive()


async def test_what_came_before_bad_chunking_is_read_before_the_error() -> None:
    connection, answer = await converse(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n")
    assert await answer.receive() == b"abc"
    for _ in range(2):
        with pytest.raises(LinkFailed, match="not HTTP"):
            await answer.receive()
    assert not connection.may_finish


@pytest.mark.parametrize("framing", [b"Content-Length: 1", b"Transfer-Encoding: chunked"])
async def test_what_is_behind_an_answer_leaves_the_connection_unfit(framing: bytes) -> None:
    body = b"x" if b"Length" in framing else b"1\r\nx\r\n0\r\n\r\n"
    connection, answer = await converse(
        b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n\r\n" + body + b"HTTP/1.1 200 OK\r\n\r\n"
    )
    assert await answer.read(1) == b"x"
    assert not connection.is_finished
    assert not connection.may_finish


async def test_a_connection_that_dies_silently_says_so() -> None:
    with pytest.raises(ConnectionDied) as caught:
        await converse(end=True)
    assert not caught.value.is_unsent
    assert not caught.value.was_reused


async def test_a_request_that_could_not_be_written_is_known_to_be_unsent() -> None:
    ours, theirs = memory_stream_pair()
    await theirs.aclose()
    connection = HttpConnection(stream=ours, socket=ours, is_used=True)  # type: ignore[arg-type]  # as above
    with pytest.raises(ConnectionDied) as caught:
        await connection.exchange(REQUEST)
    assert caught.value.is_unsent
    assert caught.value.was_reused


async def test_a_body_beyond_the_bound_is_refused() -> None:
    _, answer = await converse(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12345")
    with pytest.raises(LinkFailed, match="larger than 4 bytes"):
        await answer.read(4)


async def test_a_compressed_body_is_refused() -> None:
    _, answer = await converse(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx")
    with pytest.raises(LinkFailed, match="compressed"):
        await answer.read(4)


async def test_a_header_value_that_would_split_the_request_is_refused_before_anything_is_sent() -> None:
    evil = HttpRequest(method="GET", target="/", headers=[(b"host", b"h"), (b"x", b"a\r\nb: c")])
    with pytest.raises(LinkFailed, match="cannot be sent"):
        await converse(request=evil)


async def test_an_early_answer_to_a_request_that_was_not_taken_whole_is_read() -> None:
    ours, theirs = memory_stream_pair()

    async def break_down() -> None:
        raise trio.BrokenResourceError

    ours.send_stream.send_all_hook = break_down
    await theirs.send_all(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
    connection = HttpConnection(stream=ours, socket=ours)  # type: ignore[arg-type]  # as above
    # The hook runs after the bytes are in the pipe, which is all the same to the sender.
    assert (await connection.exchange(REQUEST)).status == 413
    assert not connection.is_finished  # who knows where the next request would begin


async def test_the_bytes_of_a_request_are_what_http_1_1_asks_for() -> None:
    ours, theirs = memory_stream_pair()
    connection = HttpConnection(stream=ours, socket=ours)  # type: ignore[arg-type]  # as above
    await theirs.send_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
    await connection.exchange(REQUEST)
    server = h11.Connection(h11.SERVER)
    server.receive_data(bytes(await theirs.receive_some()))
    request = server.next_event()
    assert isinstance(request, h11.Request)
    assert (request.method, request.target) == (b"POST", b"/x")
    body = server.next_event()
    assert isinstance(body, h11.Data)
    assert bytes(body.data) == b"{}"


async def test_a_body_that_was_compressed_unasked_is_read_and_bounded_by_what_it_stands_for() -> None:
    body = gzip.compress(b"x" * 5_000_000)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    connection, answer = await converse(head + body)
    assert await answer.read(5_000_000) == b"x" * 5_000_000
    assert connection.is_finished
    _, answer = await converse(head + body)
    with pytest.raises(AnswerTooLarge, match="larger than 4999999 bytes"):
        await answer.read(4_999_999)


async def test_the_events_of_a_compressed_stream_come_as_they_arrive() -> None:
    ours, theirs = memory_stream_pair()
    await theirs.send_all(b"HTTP/1.0 200 OK\r\nContent-Encoding: gzip\r\n\r\n")
    connection = HttpConnection(stream=ours, socket=ours)  # type: ignore[arg-type]  # as above
    answer = await connection.exchange(REQUEST)
    deflater = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    for event in (b"data: 1\n\n", b"data: 2\n\n"):
        await theirs.send_all(deflater.compress(event) + deflater.flush(zlib.Z_SYNC_FLUSH))
        with trio.fail_after(5):
            assert await answer.receive() == event


@pytest.mark.parametrize("head", [b"Content-Encoding: br\r\n", b"Content-Encoding: gzip\r\nContent-Encoding: br\r\n"])
async def test_another_coding_is_named_each_time_it_is_read(head: bytes) -> None:
    _, answer = await converse(b"HTTP/1.1 200 OK\r\n" + head + b"Content-Length: 1\r\n\r\nx")
    for _ in range(2):
        with pytest.raises(AnswerInvalid, match=r"compressed with (gzip, )?br,"):
            await answer.receive()


async def test_little_is_read_at_once_of_a_body_in_many_chunks_so_that_others_have_their_turn() -> None:
    many, few = b"1\r\nx\r\n" * 100_000, b"186a0\r\n%b\r\n" % (b"y" * 100_000)
    connection, answer = await converse(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", many, few, b"0\r\n\r\n"
    )
    pieces = []
    while piece := await answer.receive():
        pieces.append(piece)
    assert b"".join(pieces) == b"x" * 100_000 + b"y" * 100_000
    assert max(len(piece) for piece in pieces[1:] if piece.endswith(b"x")) < 1000
    assert max(map(len, pieces)) > 50_000
    assert connection.is_finished
