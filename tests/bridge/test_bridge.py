"""What the bridge answers by itself, whatever the client's era: lines that are no messages, no gateway there."""

from __future__ import annotations

import json

import pytest
import trio

from argus_trio.bridge import bridge
from tests.bridge.client import META, FakeGateway, asked, bridged, echo, notification, request, result
from tests.servers.nasty_http import Received, Wire


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"nonsense", -32700),
        (b'{"jsonrpc":"2.0","id":1,"method":"\xff"}', -32700),
        (b"[" * 1000, -32600),
        (b'{"id":1,"method":"ping"}', -32600),
        (b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600),
    ],
)
async def test_a_line_that_is_no_message_is_answered_and_goes_nowhere(line: bytes, code: int) -> None:
    async with bridged(echo) as client:
        await client.say(b"", b" \r", line)
        [answer] = await client.hear(1)
    assert answer["id"] is None
    assert isinstance(answer["error"], dict)
    assert answer["error"]["code"] == code
    assert client.gateway.received == []


async def test_a_request_that_is_not_understood_is_refused_under_its_id() -> None:
    async with bridged(echo) as client:
        await client.say(b'{"jsonrpc":"2.0","id":4,"method":"ping","params":[1]}')
        [answer] = await client.hear(1)
    assert answer["id"] == 4
    assert client.gateway.received == []


async def test_a_gateway_that_is_not_there_is_an_error_each_time_and_no_end() -> None:
    gateway = FakeGateway(echo)
    is_there = False

    async def handle(received: Received, wire: Wire) -> None:
        if is_there:
            await gateway.handle(received, wire)
        else:
            wire.keep = False

    async with bridged(handle) as client:
        await client.say(request("a", "initialize"), request(1, "ping", _meta=META))
        for answer in await client.hear(2):
            assert isinstance(answer["error"], dict)
            assert client.gateway.origin in answer["error"]["message"]
        is_there = True
        await client.say(request("b", "initialize"), request(1, "ping"))
        assert [each["id"] for each in (await client.hear(4))[2:]] == ["b", 1]


async def test_no_error_tells_a_secret() -> None:
    async def handle(received: Received, wire: Wire) -> None:
        await wire.reply(500, b"cannot take Bearer hunter22", kind="text/plain")

    async with bridged(handle, headers={"Authorization": "Bearer hunter22"}) as client:
        await client.say(request(1, "ping", _meta=META))
        [answer] = await client.hear(1)
    assert client.gateway.received[0].headers["authorization"] == "Bearer hunter22"
    assert "HTTP 500" in str(answer)
    assert "hunter22" not in str(answer)


@pytest.mark.parametrize("status", [401, 403, 404, 502])
async def test_a_refusal_is_told_with_its_status(status: int) -> None:
    async def handle(received: Received, wire: Wire) -> None:
        await wire.reply(status, b"no", kind="text/html")

    async with bridged(handle) as client:
        await client.say(request(1, "ping"))
        [answer] = await client.hear(1)
    assert f"HTTP {status}" in str(answer["error"])
    assert ("set ARGUS_TOKEN" in str(answer["error"])) == (status == 401)


@pytest.mark.parametrize("body", [b"", b"{}", b"<html>", result(7)])
async def test_an_answer_that_is_none_is_an_error(body: bytes) -> None:
    async def handle(received: Received, wire: Wire) -> None:
        await wire.json(body)

    async with bridged(handle) as client:
        await client.say(request(1, "ping", _meta=META))
        while not (client.lines and json.loads(client.lines[-1]).get("error")):
            await trio.lowlevel.checkpoint()
    assert json.loads(client.lines[-1])["id"] == 1


async def test_an_id_in_use_is_refused_and_the_first_call_goes_on() -> None:
    go_on = trio.Event()

    async def serve(received: Received, wire: Wire) -> None:
        await go_on.wait()
        await echo(received, wire)

    async with bridged(serve) as client:
        await client.say(request(1, "a", _meta=META), request(1, "b", _meta=META))
        assert "in use" in str((await client.hear(1))[0]["error"])
        go_on.set()
        assert "result" in (await client.hear(2))[1]


async def test_a_request_too_many_is_refused_but_a_cancellation_still_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge, "MAX_IN_FLIGHT", 2)
    came, closed = [trio.Event(), trio.Event()], trio.Event()

    async def serve(received: Received, wire: Wire) -> None:
        came[json.loads(received.body)["id"]].set()
        await wire.until_closed()
        closed.set()

    async with bridged(serve) as client:
        await client.say(*(request(number, "a", _meta=META) for number in range(3)))
        [refused] = await client.hear(1)
        assert refused["id"] == 2
        assert "in flight" in str(refused["error"])
        await came[0].wait()
        await client.say(notification("notifications/cancelled", requestId=0))
        await closed.wait()
        await client.say(notification("notifications/cancelled", requestId=1))


async def test_what_is_open_at_the_end_is_finished() -> None:
    came = trio.Event()

    async def serve(received: Received, wire: Wire) -> None:
        came.set()
        await trio.testing.wait_all_tasks_blocked()
        await echo(received, wire)

    gateway = FakeGateway(serve)
    async with bridged(gateway.handle) as client:
        await client.greet()
        await client.say(request(1, "ping"))
        await came.wait()
    assert json.loads(client.lines[1])["id"] == 1
    assert gateway.ended == ["s-1"]


async def test_what_hangs_at_the_end_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge, "FINISH_SECONDS", 0.05)
    came = trio.Event()

    async def serve(received: Received, wire: Wire) -> None:
        came.set()
        await wire.until_closed()

    gateway = FakeGateway(serve)
    async with bridged(gateway.handle) as client:
        await client.greet()
        await client.say(request(1, "ping"))
        await came.wait()
    assert len(client.lines) == 1
    assert gateway.ended == ["s-1"]


async def test_a_gateway_that_takes_nothing_slows_down_who_tells_it_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge, "MAX_UNTOLD", 3)
    gateway = FakeGateway(echo)
    takes = trio.Event()

    async def handle(received: Received, wire: Wire) -> None:
        if b"notifications/x" in received.body:
            await takes.wait()
        await gateway.handle(received, wire)

    async with bridged(handle) as client:
        await client.greet()
        with trio.move_on_after(0.1) as limit:
            await client.say(*([notification("notifications/x")] * 10))
        assert limit.cancelled_caught
        takes.set()
        await client.say(notification("notifications/x"))


async def test_a_gateway_that_takes_nothing_slows_down_who_tells_it_many_bytes_and_all_arrives_in_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bridge, "MAX_UNTOLD_BYTES", 5000)
    gateway = FakeGateway(echo)
    takes = trio.Event()

    async def handle(received: Received, wire: Wire) -> None:
        if b"notifications/x" in received.body:
            await takes.wait()
        await gateway.handle(received, wire)

    async with bridged(handle) as client:
        await client.greet()
        said = [notification("notifications/x", n=number, text="x" * 2000) for number in range(3)]
        with trio.move_on_after(0.1) as limit:
            await client.say(*said)
        assert limit.cancelled_caught
        takes.set()
        await client.say(request(1, "ping"))
        await client.hear(2)
        assert [asked(post) for post in client.posts][1:-1] == list(map(json.loads, said))


async def test_notifications_cost_one_task_however_many_there_are_and_arrive_in_order() -> None:
    gateway = FakeGateway(echo)
    takes = trio.Event()

    async def handle(received: Received, wire: Wire) -> None:
        if b"notifications/x" in received.body:
            await takes.wait()
        await gateway.handle(received, wire)

    async with bridged(handle) as client:
        await client.greet()
        await client.say(notification("notifications/x", n=0))
        before = trio.lowlevel.current_statistics().tasks_living
        await client.say(*(notification("notifications/x", n=number) for number in range(1, 100)))
        assert trio.lowlevel.current_statistics().tasks_living == before
        takes.set()
        await client.say(request(1, "ping"))
        await client.hear(2)
        told = [
            params["n"] for post in client.posts if isinstance(params := asked(post)["params"], dict) and "n" in params
        ]
        assert told == list(range(100))


@pytest.mark.parametrize("meta", [{}, META])
@pytest.mark.parametrize(
    ("line", "arguments"),
    [
        (b"\xef\xbb\xbf" + request(1, "tools/call", name="x", arguments={"a": 1}), {"a": 1}),
        (request(1, "tools/call", name="x", arguments={"a": "HALF"}).replace(b"HALF", rb"\ud83d"), {"a": "\ufffd"}),
        (request(1, "tools/call", name="x", arguments={"a": "HALF"}).replace(b"HALF", rb"\uDE00b"), {"a": "\ufffdb"}),
    ],
)
async def test_a_byte_order_mark_and_half_an_emoji_reach_the_gateway_mended(
    line: bytes, arguments: object, meta: object
) -> None:
    line = line.replace(b'"params": {', b'"params": {"_meta": %b, ' % json.dumps(meta).encode())
    async with bridged(FakeGateway(echo).handle) as client:
        await client.greet()
        await client.say(line)
        assert (await client.hear(2))[1]["result"] == {"ok": True}
        params = asked(client.posts[-1])["params"]
        assert isinstance(params, dict)
        assert params["arguments"] == arguments


async def test_a_notification_with_an_id_of_null_is_carried_as_one() -> None:
    async with bridged(FakeGateway(echo).handle) as client:
        await client.greet()
        await client.say(b'{"jsonrpc":"2.0","id":null,"method":"notifications/initialized"}', request(1, "ping"))
        assert [answer["id"] for answer in await client.hear(2)] == [0, 1]


async def test_an_answer_that_cannot_be_read_is_refused_and_goes_on_for_the_gateway_to_end_what_it_asked() -> None:
    async with bridged(FakeGateway(echo).handle) as client:
        await client.greet()
        line = b'{"jsonrpc":"2.0","id":1,"result":null,"error":null}'
        await client.say(line, request(2, "ping"))
        heard = await client.hear(3)
        assert [each["id"] for each in heard] == [0, None, 2]
        assert line in [post.body for post in client.posts]
