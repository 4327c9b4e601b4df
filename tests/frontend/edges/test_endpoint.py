"""What is no call at all, and what the MCP endpoint says to it."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
import trio

from argus_trio.config.model.server import Server
from tests.frontend.support.serving import JSON, Answer, call, connected, initialized, post, rpc, serving


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", -32700),
        (b"{", -32700),
        (b"nonsense", -32700),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping"}x', -32700),
        (b'{"jsonrpc":"2.0","id":1,"method":"\xff"}', -32700),
        (b"[" * 100_000, -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":' + b'{"a":' * 200 + b"1" + b"}" * 201, -32700),
        (b"1", -32600),
        (b"null", -32600),
        (b"{}", -32600),
        (b'{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":1}', -32600),
        (b'{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"result":{},"error":{}}', -32600),
    ],
)
async def test_a_body_that_is_no_message_is_refused(body: bytes, code: int) -> None:
    async with serving() as served:
        answer = await post(served, body, await initialized(served))
        assert (answer.status, answer.json["id"], answer.error[0]) == (400, None, code)
        assert not served.backstage.calls


@pytest.mark.parametrize("more", [b'"method":7', b'"method":"ping","params":[1]', b'"method":"ping","params":7'])
@pytest.mark.parametrize("message_id", [1, "a"])
async def test_a_request_that_is_not_understood_is_refused_under_its_id(more: bytes, message_id: int | str) -> None:
    body = b'{"jsonrpc":"2.0","id":%b,%b}' % (json.dumps(message_id).encode(), more)
    async with serving() as served:
        answer = await post(served, body, await initialized(served))
        assert (answer.status, answer.json["id"], answer.error[0]) == (400, message_id, -32600)


async def test_of_duplicate_keys_the_last_one_counts() -> None:
    async with serving() as served:
        body = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"broken","name":"echo"}}'
        answer = await post(served, body, await initialized(served))
        assert "result" in answer.json
        assert bytes(served.backstage.calls[0].call.params["name"]) == b'"echo"'


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0"])
async def test_an_accept_header_that_leaves_out_json_and_event_streams_is_refused(accept: str) -> None:
    async with serving() as served:
        session = {**await initialized(served), "accept": accept}
        answer = await post(served, call("echo"), session)
        assert answer.status == 406
        assert "application/json" in answer.error[1]


@pytest.mark.parametrize("accept", ["*/*", "application/*", "application/json;q=0.5 , text/event-stream"])
async def test_an_accept_header_may_say_it_in_other_words(accept: str) -> None:
    async with serving() as served:
        assert (await post(served, call("echo"), {**await initialized(served), "accept": accept})).status == 200


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])
async def test_another_content_type_is_refused(content_type: str) -> None:
    async with serving() as served:
        answer = await post(served, call("echo"), {**await initialized(served), "content-type": content_type})
        assert (answer.status, answer.error[0]) == (415, -32600)


async def test_a_content_type_may_have_parameters() -> None:
    async with serving() as served:
        headers = {**await initialized(served), "content-type": "Application/JSON; charset=utf-8"}
        assert (await post(served, call("echo"), headers)).status == 200


async def ask_with_body(headers: Mapping[str, str], parts: int) -> Answer:
    """Send `parts` MiB, all of it, before reading; the answer must not be lost to a reset."""
    async with serving(settings=Server(port=0, max_body_bytes=1024 * 1024)) as served, connected(served) as client:
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        chunk = b"x" * (1024 * 1024)
        is_chunked = "transfer-encoding" in headers
        await client.stream.send_all(f"POST /mcp HTTP/1.1\r\nhost: localhost\r\n{head}\r\n".encode())
        for _ in range(parts):
            await client.stream.send_all(b"100000\r\n" + chunk + b"\r\n" if is_chunked else chunk)
        if is_chunked:
            await client.stream.send_all(b"0\r\n\r\n")
        response = b""
        while b'"error"' not in response:
            response += await client.stream.receive_some()
        status = int(response.split(b" ")[1])
        return Answer(status, {}, response.partition(b"\r\n\r\n")[2])


async def test_a_body_of_20_mb_is_refused_and_the_client_reads_why() -> None:
    headers = {"content-type": JSON, "accept": JSON, "content-length": str(20 * 1024 * 1024)}
    answer = await ask_with_body(headers, 20)
    assert answer.status == 413
    assert "server.max_body_bytes" in answer.error[1]


async def test_a_chunked_body_is_refused_once_it_is_too_large() -> None:
    headers = {"content-type": JSON, "accept": JSON, "transfer-encoding": "chunked"}
    assert (await ask_with_body(headers, 3)).status == 413


async def test_a_body_may_come_in_many_parts() -> None:
    async with serving() as served:
        session = await initialized(served)
        body = call("echo", arguments={"text": "y" * 300_000})
        head = "".join(f"{name}: {value}\r\n" for name, value in session.items())
        async with connected(served) as client:
            start = f"POST /mcp HTTP/1.1\r\nhost: localhost\r\n{head}content-length: {len(body)}\r\n\r\n"
            await client.stream.send_all(start.encode())
            for begin in range(0, len(body), 50_000):
                await client.stream.send_all(body[begin : begin + 50_000])
                await trio.lowlevel.checkpoint()
            response = b""
            while not response.endswith(b"}"):
                response += await client.stream.receive_some()
        assert response.startswith(b"HTTP/1.1 200")
        assert len(response) > 300_000


async def test_an_expectation_of_100_continue_is_met() -> None:
    async with serving() as served:
        head = "".join(f"{name}: {value}\r\n" for name, value in (await initialized(served)).items())
        body = rpc("ping")
        async with connected(served) as client:
            head += f"expect: 100-continue\r\ncontent-length: {len(body)}\r\n"
            start = f"POST /mcp HTTP/1.1\r\nhost: localhost\r\n{head}\r\n"
            await client.stream.send_all(start.encode())
            assert (await client.stream.receive_some()).startswith(b"HTTP/1.1 100")
            await client.stream.send_all(body)
            assert (await client.stream.receive_some()).startswith(b"HTTP/1.1 200")
