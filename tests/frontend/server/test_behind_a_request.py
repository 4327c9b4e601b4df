"""What a client sends behind a request that is not answered yet: it waits, and never hides that the client has gone."""

from __future__ import annotations

import pytest
import trio

from argus_trio.config.model.server import Server
from tests.frontend.support.serving import DEADLINE_SECONDS, HASTY, Served, modern_headers, rpc, serving
from tests.frontend.support.serving import META as MODERN_META

WELL = b"GET /manage/v1/health HTTP/1.1\r\nhost: localhost\r\n\r\n"
BEHIND = {
    "nothing": b"",
    "a blank line": b"\r\n",
    "a request": WELL,
    "the beginning of a request": WELL[:20],
    "more than is read ahead": b"POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-length: 900000\r\n\r\n"
    + b" " * 800_000,
}


def call(tool: str, accept: str = "application/json, text/event-stream") -> bytes:
    """A modern call of a tool, as bytes."""
    body = rpc("tools/call", {"name": tool, "_meta": MODERN_META})
    headers = {**modern_headers("tools/call", tool), "accept": accept}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /mcp HTTP/1.1\r\nhost: localhost\r\n{head}content-length: {len(body)}\r\n\r\n".encode() + body


async def connect(served: Served) -> trio.SocketStream:
    return await trio.open_tcp_stream("127.0.0.1", served.port)


async def read_until(stream: trio.SocketStream, part: bytes, times: int = 1) -> bytes:
    seen = b""
    with trio.fail_after(DEADLINE_SECONDS):
        while seen.count(part) < times:
            more = await stream.receive_some()
            assert more, seen
            seen += more
    return seen


@pytest.mark.parametrize("accept", ["application/json, text/event-stream", "application/json"])
@pytest.mark.parametrize("behind", BEHIND.values(), ids=BEHIND)
async def test_a_client_that_goes_cancels_its_modern_call_at_once(behind: bytes, accept: str) -> None:
    async with serving() as served:
        stream = await connect(served)
        await stream.send_all(call("wait", accept))
        await served.backstage.waiting.wait()
        with trio.move_on_after(0.5):
            await stream.send_all(behind)  # not all of it finds room
        await stream.aclose()
        with trio.fail_after(3):
            await served.backstage.cancelled.wait()


@pytest.mark.parametrize("is_split", [False, True])
@pytest.mark.parametrize("last", ["connection: close", "HTTP/1.0"])
@pytest.mark.parametrize("behind", [b"\r\n", WELL, WELL[:20], b"\0junk"])
async def test_the_last_request_is_answered_whatever_comes_behind_it(
    behind: bytes, last: str, *, is_split: bool
) -> None:
    if last == "HTTP/1.0":
        asked = call("wait").replace(b"HTTP/1.1", b"HTTP/1.0", 1)
    else:
        asked = call("wait").replace(b"host:", b"connection: close\r\nhost:", 1)
    async with serving() as served, await connect(served) as stream:
        if is_split:
            await stream.send_all(asked)
            await served.backstage.waiting.wait()
            await stream.send_all(behind)
        else:
            await stream.send_all(asked + behind)
            await served.backstage.waiting.wait()
        served.backstage.go_on.set()
        seen = await read_until(stream, b'"content"')
        assert seen.startswith(b"HTTP/1.1 200")
        with trio.fail_after(DEADLINE_SECONDS):
            while more := await stream.receive_some():
                seen += more
        assert seen.count(b"HTTP/1.1") == 1


async def test_a_request_that_was_sent_early_is_answered_in_its_turn() -> None:
    async with serving() as served, await connect(served) as stream:
        await stream.send_all(call("wait") + WELL[:9])
        await served.backstage.waiting.wait()
        await stream.send_all(WELL[9:] + WELL)
        served.backstage.go_on.set()
        answers = await read_until(stream, b'"healthy"', 2)
        assert answers.index(b'"content"') < answers.index(b'"healthy"')


async def test_a_body_that_was_sent_early_is_taken_whole_however_long_it_is() -> None:
    text = "x" * (200_000)
    body = rpc("tools/call", {"name": "echo", "arguments": {"text": text}, "_meta": MODERN_META})
    head = "".join(f"{name}: {value}\r\n" for name, value in modern_headers("tools/call", "echo").items())
    late = f"POST /mcp HTTP/1.1\r\nhost: localhost\r\n{head}content-length: {len(body)}\r\n\r\n".encode() + body
    async with serving() as served, await connect(served) as stream, trio.open_nursery() as nursery:
        await stream.send_all(call("wait"))
        await served.backstage.waiting.wait()
        nursery.start_soon(stream.send_all, late)
        await trio.testing.wait_all_tasks_blocked(0.05)
        served.backstage.go_on.set()
        assert text.encode() in await read_until(stream, b"x" * 1000 + b'\\"}"}]', 1)


@pytest.mark.parametrize("blank", [b"\r\n", b"\n", b"\r\n\r\n"])
async def test_blank_lines_between_requests_are_ignored(blank: bytes) -> None:
    async with serving() as served, await connect(served) as stream:
        await stream.send_all(blank + call("echo") + blank)
        first = await read_until(stream, b'"content"')
        await stream.send_all(blank)
        await stream.send_all(WELL)
        answers = first + await read_until(stream, b'"healthy"')
        assert b"HTTP/1.1 400" not in answers
        assert b"connection: close" not in answers


async def test_a_blank_line_in_the_packet_of_a_body_and_a_request_behind_it() -> None:
    async with serving() as served, await connect(served) as stream:
        await stream.send_all(call("wait") + b"\r\n" + WELL)
        await served.backstage.waiting.wait()
        served.backstage.go_on.set()
        assert b"HTTP/1.1 400" not in await read_until(stream, b'"healthy"')


async def test_blank_lines_do_not_keep_a_connection_open() -> None:
    async with serving(settings=Server(port=0), limits=HASTY) as served, await connect(served) as stream:
        with trio.fail_after(DEADLINE_SECONDS):
            while True:
                try:
                    await stream.send_all(b"\r\n")
                except trio.BrokenResourceError:
                    return
                with trio.move_on_after(0.03):
                    if not await stream.receive_some():
                        return


async def test_more_than_a_request_may_have_ends_the_connection_with_the_answer() -> None:
    async with serving() as served, await connect(served) as stream, trio.open_nursery() as nursery:
        await stream.send_all(call("wait"))
        await served.backstage.waiting.wait()
        nursery.start_soon(stream.send_all, b" " * 9_000_000)
        await trio.testing.wait_all_tasks_blocked(0.1)
        served.backstage.go_on.set()
        await read_until(stream, b'"content"')
        with trio.fail_after(DEADLINE_SECONDS):
            while await stream.receive_some():
                pass


async def test_thousands_of_requests_that_were_sent_early_are_answered_one_by_one_in_little_time(http: str) -> None:
    count, enough = 100_000, 1000 if http == "lean" else 1  # Hypercorn's is slow at it
    async with serving() as served, await connect(served) as stream, trio.open_nursery() as nursery:
        await stream.send_all(call("wait"))
        await served.backstage.waiting.wait()
        await trio.sleep(1.5)  # as long as makes a request one that takes long
        nursery.start_soon(stream.send_all, b"GET /no HTTP/1.1\r\nhost: localhost\r\n\r\n" * count)
        await trio.testing.wait_all_tasks_blocked(0.1)
        served.backstage.go_on.set()
        seen = 0
        with trio.move_on_after(4):
            while seen < enough:
                seen += (await stream.receive_some()).count(b"HTTP/1.1 404")
        nursery.cancel_scope.cancel()
    assert seen >= enough
