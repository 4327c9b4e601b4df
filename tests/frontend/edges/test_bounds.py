"""What is too long, too much or more than there is room for, on each wire: refused in words, and others go on."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack

import pytest
from structlog.testing import capture_logs

from argus_trio.config.model.server import Server, ServerLimits
from argus_trio.core.call.exchange import Exchange
from argus_trio.frontend.http.served_settings import ServedSettings
from argus_trio.frontend.notifications.outbox import MAX_WAITING_BYTES
from argus_trio.frontend.sessions.dispatch import MAX_BATCH_BYTES
from argus_trio.wire.envelope import encode
from argus_trio.wire.members import MAX_ID_BYTES
from tests.frontend.support.http_sse import conversing, say
from tests.frontend.support.serving import (
    Answer,
    ask,
    call,
    connected,
    events_in,
    initialized,
    modern,
    modern_headers,
    post,
    rpc,
    serving,
)

LONG = "x" * 3_800_000
META = {"progressToken": LONG}
MEBIBYTE = 1024 * 1024


def refused(answer: Answer, what: str, message_id: object) -> None:
    assert answer.status == 400
    assert answer.json["id"] == message_id
    code, message = answer.error
    assert code == -32600
    assert what in message
    assert str(MAX_ID_BYTES) in message
    assert len(message) < 200


async def test_a_long_id_or_token_is_refused_to_a_legacy_client() -> None:
    async with serving() as served:
        session = await initialized(served)
        refused(await post(served, call("echo", LONG), session), "id is 3800002 bytes long", None)
        refused(await post(served, call("echo", 7, _meta=META), session), "params._meta.progressToken", 7)
        assert (await post(served, call("echo"), session)).status == 200


async def test_a_long_id_or_token_is_refused_to_a_modern_client() -> None:
    async with serving() as served:
        headers = modern_headers("tools/call", "echo")
        refused(await post(served, modern("tools/call", {"name": "echo"}, LONG), headers), "id is 3800002", None)
        body = modern("tools/call", {"name": "echo"}).replace(
            b'"_meta":{', b'"_meta":{"progressToken":"%b",' % LONG.encode()
        )
        refused(await post(served, body, headers), "params._meta.progressToken", 1)
        assert (await post(served, modern("tools/call", {"name": "echo"}), headers)).status == 200


async def test_a_long_id_or_token_is_refused_over_http_sse() -> None:
    async with serving() as served, conversing(served) as (_, path):
        refused(await say(served, path, call("echo", LONG)), "id is 3800002", None)
        refused(await say(served, path, call("echo", 7, _meta=META)), "params._meta.progressToken", 7)
        assert (await say(served, path, call("echo"))).status == 202


async def test_a_long_uri_is_refused_to_who_listens() -> None:
    async with serving() as served:
        body = modern("subscriptions/listen", {"notifications": {"resourceSubscriptions": ["a://" + "b" * 10_000]}})
        answer = await post(served, body, modern_headers("subscriptions/listen"))
        assert (answer.status, answer.error[0]) == (400, -32602)
        assert "10006 bytes long" in answer.error[1]


async def large(exchange: Exchange) -> bytes:
    size = json.loads(bytes(exchange.call.params["arguments"]))["size"]
    return encode({"content": [{"type": "text", "text": "x" * size}]})


async def test_the_answers_of_a_batch_have_a_bound_together_and_the_rest_are_told() -> None:
    async with serving(handler=large) as served:
        session = await initialized(served, "2025-03-26")
        calls = [call("t", number, arguments={"size": MAX_BATCH_BYTES // 3}) for number in range(6)]
        answer = await post(served, b"[" + b",".join(calls) + b"]", session)
        answers = json.loads(answer.body)
        assert [each["id"] for each in answers] == list(range(6))
        errors = [each["error"]["code"] for each in answers if "error" in each]
        assert errors == [-31016] * 4
        assert len(answer.body) < MAX_BATCH_BYTES


async def test_a_batch_may_hold_one_answer_of_any_size() -> None:
    async with serving(handler=large) as served:
        session = await initialized(served, "2025-03-26")
        answer = await post(served, b"[" + call("t", 1, arguments={"size": MAX_BATCH_BYTES + 1}) + b"]", session)
        assert "result" in json.loads(answer.body)[0]


async def test_a_client_of_http_sse_that_reads_nothing_is_told_of_the_answers_that_were_let_go() -> None:
    async with serving(handler=large) as served:
        async with conversing(served) as (client, path):
            with capture_logs() as logs:
                for number in range(8):
                    await say(served, path, call("t", number, arguments={"size": MAX_WAITING_BYTES // 4}))
                await say(served, path, rpc("ping", message_id=99))
            assert "answer_not_kept" in [entry["event"] for entry in logs]
            parts, ends, last = list[bytes](), 0, b""
            while ends < 9:
                parts.append(await client.part())
                ends += (last + parts[-1]).count(b"\n\n")
                last = b"" if parts[-1].endswith(b"\n\n") else parts[-1][-1:]
        answers = events_in(b"".join(parts))
        assert sorted(json.dumps(each["id"]) for each in answers) == sorted(json.dumps(n) for n in (*range(8), 99))
        assert 2 <= sum("error" in each for each in answers) <= 5


async def bulky(exchange: Exchange) -> bytes:
    """Tell something first, so that the answer becomes a stream."""
    if "_meta" in exchange.call.params:
        await exchange.notify("notifications/message", {"data": exchange.call.params["name"]})
    return await large(exchange)


@pytest.mark.parametrize("is_reloaded", [False, True])
async def test_beyond_the_common_bound_what_keeps_more_is_refused_until_there_is_room(*, is_reloaded: bool) -> None:
    settings = Server(port=0, limits=ServerLimits(memory=32 * MEBIBYTE))
    with capture_logs() as logs:
        async with serving(settings=settings, handler=bulky) as served, connected(served) as slow:
            session, other = await initialized(served), await initialized(served)
            body = call("t", 1, arguments={"size": 29 * MEBIBYTE // 2}, _meta={"progressToken": 1})
            await slow.send("POST", "/mcp", session, body)
            hello = rpc("initialize", {"protocolVersion": "2025-11-25", "capabilities": {}})
            while (answer := await post(served, hello)).status == 200:
                pass  # until the answer is being written, to a client that does not read it
            small = call("t", 2, arguments={"size": 1})
            listen = modern("subscriptions/listen", {"notifications": {"toolsListChanged": True}})
            for refusal in (
                answer,
                await post(served, small, other),
                await post(served, listen, modern_headers("subscriptions/listen")),
                await ask(served, "GET", "/sse", {"accept": "text/event-stream"}),
            ):
                assert (refusal.status, refusal.error[0]) == (503, -31016)
                assert "server.limits.memory" in refusal.error[1]
                assert b'"retryAfter":5.0' in refusal.body
            plain = modern("tools/call", {"name": "t", "arguments": {"size": 1}})
            assert (await post(served, plain, modern_headers("tools/call", "t"))).status == 200
            if is_reloaded:
                served.settings.renew(ServedSettings.of(Server(port=0)))
            else:
                await slow.head()
                assert sum([len(part) async for part in slow.parts()]) > 14 * MEBIBYTE
                while (await post(served, hello)).status != 200:
                    pass  # until the gateway knows that all is written
            assert (await post(served, small, other)).status == 200
    assert [entry["event"] for entry in logs].count("memory_full") == 1


@pytest.mark.parametrize("is_modern", [False, True])
async def test_large_answers_that_clients_do_not_read_have_a_bound_and_small_ones_go_on(*, is_modern: bool) -> None:
    settings = Server(port=0, limits=ServerLimits(memory=32 * MEBIBYTE))
    async with serving(settings=settings, handler=large) as served, AsyncExitStack() as stack:
        session = modern_headers("tools/call", "t") if is_modern else await initialized(served)
        params = {"name": "t", "arguments": {"size": 12 * MEBIBYTE}}
        body = modern("tools/call", params) if is_modern else rpc("tools/call", params)
        with capture_logs() as logs:
            for _ in range(4):
                slow = await stack.enter_async_context(connected(served))
                await slow.send("POST", "/mcp", session, body)
                await slow.head()
            refusals = [entry for entry in logs if entry["event"] == "answer_not_kept"]
        params = {"name": "t", "arguments": {"size": 1}}
        body = modern("tools/call", params) if is_modern else rpc("tools/call", params)
        answer = await post(served, body, session)
        assert refusals
        assert answer.status == 200
        assert "result" in answer.json
