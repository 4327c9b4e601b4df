"""The bridge of a legacy client: its session, the session's own stream, and what happens when either is lost."""

from __future__ import annotations

import json

import attrs
import pytest
import trio

from argus_trio.bridge import legacy
from tests.bridge.client import (
    HELLO,
    INITIALIZED,
    LEGACY,
    FakeGateway,
    asked,
    bridged,
    echo,
    notification,
    request,
    result,
)
from tests.servers.nasty_http import Received, Wire

NOTE = notification("notifications/progress", progressToken=1, progress=1)


async def test_a_session_is_carried_from_its_greeting_on_and_ended_at_the_end() -> None:
    gateway = FakeGateway(echo)
    async with bridged(gateway.handle) as client:
        await client.greet()
        await client.say(request(1, "ping"))
        assert (await client.hear(2))[1] == {"jsonrpc": "2.0", "id": 1, "result": {"ok": True}}
    hello, ping = client.posts
    assert "mcp-session-id" not in hello.headers
    assert hello.body == HELLO
    assert (ping.headers["mcp-session-id"], ping.headers["mcp-protocol-version"]) == ("s-1", LEGACY)
    assert "mcp-method" not in ping.headers
    assert gateway.ended == ["s-1"]


async def test_what_follows_a_greeting_waits_for_the_session() -> None:
    gateway = FakeGateway(echo)
    async with bridged(gateway.handle) as client:
        await client.say(HELLO, INITIALIZED, request(1, "ping"))
        assert [each["id"] for each in await client.hear(2)] == [0, 1]
    assert [json.loads(each.body)["method"] for each in client.posts] == [
        "initialize",
        "notifications/initialized",
        "ping",
    ]


async def test_bytes_pass_as_they_are() -> None:
    odd = '{"jsonrpc" : "2.0","id":12345678901234567890,"x":1E400,"method":"ping","params":{"é":-0.0}}'.encode()
    answer = b'{"jsonrpc":"2.0", "id":12345678901234567890,\n"result":{"a":1.10,"a":1e400}}'

    async def serve(received: Received, wire: Wire) -> None:
        await wire.json(answer)

    async with bridged(FakeGateway(serve).handle) as client:
        await client.greet()
        await client.say(odd)
        while len(client.lines) < 2:
            await trio.lowlevel.checkpoint()
    assert client.posts[1].body == odd
    assert client.lines[1] == answer.replace(b"\n", b" ")


async def test_requests_run_side_by_side() -> None:
    second_came = trio.Event()

    async def serve(received: Received, wire: Wire) -> None:
        if asked(received)["id"] == 1:
            await second_came.wait()
        else:
            second_came.set()
        await echo(received, wire)

    async with bridged(FakeGateway(serve).handle) as client:
        await client.greet()
        await client.say(request(1, "a"), request(2, "b"))
        assert {each["id"] for each in await client.hear(3)} == {0, 1, 2}


async def test_what_a_stream_says_is_handed_on_and_the_clients_response_is_posted() -> None:
    responded = trio.Event()
    question = request("q", "roots/list")
    reply = result("q", roots=[])

    async def serve(received: Received, wire: Wire) -> None:
        await wire.begin_stream()
        await wire.event(NOTE)
        await wire.event(question)
        await responded.wait()
        await wire.event(result(1, ok=True))
        await wire.end_stream()

    gateway = FakeGateway(serve)

    async def handle(received: Received, wire: Wire) -> None:
        await gateway.handle(received, wire)
        if received.body == reply:
            assert received.headers["mcp-session-id"] == "s-1"
            responded.set()

    async with bridged(handle) as client:
        await client.greet()
        await client.say(request(1, "tools/call"))
        await client.hear(3)
        assert client.lines[1:] == [NOTE, question]
        await client.say(reply)
        assert (await client.hear(4))[3]["id"] == 1


async def test_notifications_are_posted_in_their_order() -> None:
    async with bridged(FakeGateway(echo).handle) as client:
        await client.greet()
        await client.say(*(notification("notifications/x", number=number) for number in range(20)), request(1, "ping"))
        await client.hear(2)
        numbers = [json.loads(each.body).get("params", {}).get("number") for each in client.posts[1:-1]]
    assert numbers == list(range(20))


async def test_a_cancellation_is_posted_and_the_call_has_no_answer() -> None:
    called, cancelled = trio.Event(), trio.Event()

    async def serve(received: Received, wire: Wire) -> None:
        called.set()
        await cancelled.wait()
        await wire.reply(202)

    gateway = FakeGateway(serve)

    async def handle(received: Received, wire: Wire) -> None:
        if b"cancelled" in received.body:
            cancelled.set()
        await gateway.handle(received, wire)

    async with bridged(handle) as client:
        await client.greet()
        await client.say(request(1, "tools/call"))
        await called.wait()
        await client.say(notification("notifications/cancelled", requestId=1))
        await cancelled.wait()
    assert len(client.lines) == 1


async def test_an_answer_that_never_comes_is_an_error() -> None:
    async def serve(received: Received, wire: Wire) -> None:
        await wire.reply(202)

    async with bridged(FakeGateway(serve).handle) as client:
        await client.greet()
        await client.say(request(1, "tools/call"))
        assert "error" in (await client.hear(2))[1]


async def test_a_lost_session_is_opened_again_and_the_request_repeated() -> None:
    gateway = FakeGateway(echo)
    async with bridged(gateway.handle) as client:
        await client.say(HELLO, INITIALIZED, request(1, "ping"))
        await client.hear(2)
        gateway.alive.clear()
        await client.say(request(2, "a"), request(3, "b"))
        assert {each["id"] for each in await client.hear(4)} == {0, 1, 2, 3}
        assert all("result" in json.loads(line) for line in client.lines)
    assert gateway.greeted == 2
    assert [each.body for each in client.posts].count(HELLO) == 2
    assert [each.body for each in client.posts].count(INITIALIZED) == 2
    assert gateway.ended == ["s-2"]


async def test_a_session_that_is_opened_again_is_asked_for_what_the_lost_one_had_granted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The log level before anything else; a subscription until a backend that is late grants it."""
    monkeypatch.setattr(legacy, "ASKING_AGAIN", attrs.evolve(legacy.ASKING_AGAIN, first_seconds=0.0))
    seen: list[tuple[str | None, str, object]] = []
    is_late, granted = [False], trio.Event()

    async def serve(received: Received, wire: Wire) -> None:
        message, session = json.loads(received.body), received.headers.get("mcp-session-id")
        params = message["params"]
        seen.append((session, message["method"], params.get("uri", params.get("level"))))
        if params.get("uri") == "a://2" or (params.get("uri") == "a://3" and is_late.pop()):
            error = {"code": -32002, "message": "unknown"}
            await wire.json(json.dumps({"jsonrpc": "2.0", "id": message["id"], "error": error}).encode())
            is_late.append(False)
            return
        await echo(received, wire)
        if session == "s-2" and params.get("uri") == "a://3":
            granted.set()

    gateway = FakeGateway(serve)
    async with bridged(gateway.handle) as client:
        await client.greet()
        for number, uri in enumerate(("a://1", "a://2", "a://3", "a://3"), start=1):
            await client.say(request(number, "resources/subscribe", uri=uri, _meta={"progressToken": 1}))
            await client.hear(1 + number)
        await client.say(request(5, "resources/unsubscribe", uri="a://1"), request(6, "logging/setLevel", level="info"))
        await client.hear(7)
        gateway.alive.clear()
        seen.clear()
        is_late[:] = [True]
        await client.say(request(7, "ping"))
        assert (await client.hear(8))[7]["id"] == 7
        await granted.wait()
        await trio.testing.wait_all_tasks_blocked(0.05)
        assert len(client.lines) == 8
    assert seen[0] == ("s-2", "logging/setLevel", "info")
    assert sorted(seen[1:], key=str) == [
        ("s-2", "ping", None),
        ("s-2", "resources/subscribe", "a://3"),
        ("s-2", "resources/subscribe", "a://3"),
    ]


async def test_a_client_that_greets_again_has_asked_for_nothing_yet() -> None:
    methods: list[object] = []

    async def serve(received: Received, wire: Wire) -> None:
        methods.append(asked(received)["method"])
        await echo(received, wire)

    gateway = FakeGateway(serve)
    async with bridged(gateway.handle) as client:
        await client.say(HELLO, request(1, "logging/setLevel", level="info"))
        await client.hear(2)
        await client.say(HELLO)
        await client.hear(3)
        gateway.alive.clear()
        await client.say(request(2, "ping"))
        await client.hear(4)
    assert methods == ["logging/setLevel", "ping"]


async def test_a_lost_session_that_cannot_be_opened_again_is_an_error_each_time_and_no_end() -> None:
    gateway = FakeGateway(echo)
    async with bridged(gateway.handle) as client:
        await client.greet()
        gateway.alive.clear()
        gateway.revision = "2025-03-26"
        await client.say(request(1, "ping"))
        assert "speaks 2025-11-25 no more" in str((await client.hear(2))[1]["error"])
        gateway.revision = LEGACY
        await client.say(request(2, "ping"))
        assert (await client.hear(3))[2]["result"] == {"ok": True}


async def test_a_request_whose_connection_breaks_is_not_repeated() -> None:
    async def serve(received: Received, wire: Wire) -> None:
        wire.keep = False

    async with bridged(FakeGateway(serve).handle) as client:
        await client.greet()
        await client.say(request(1, "tools/call"))
        error = (await client.hear(2))[1]["error"]
        assert client.gateway.origin in str(error)
        assert len(client.posts) == 2


async def test_an_answers_stream_that_breaks_is_followed_further(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(legacy, "RESUMING", attrs.evolve(legacy.RESUMING, least_seconds=0.0))

    async def serve(received: Received, wire: Wire) -> None:
        await wire.begin_stream()
        await wire.event(NOTE, more=b"id: e1\nretry: 0\n")
        wire.keep = False

    async def listen(received: Received, wire: Wire) -> None:
        assert received.headers["last-event-id"] == "e1"
        await wire.begin_stream()
        await wire.event(result(1, ok=True))
        await wire.end_stream()

    async with bridged(FakeGateway(serve, listen).handle) as client:
        await client.greet()
        await client.say(request(1, "tools/call"))
        assert (await client.hear(3))[2]["result"] == {"ok": True}


async def test_batches_pass_at_the_one_revision_that_has_them() -> None:
    batch = b"[" + request(1, "a") + b"," + request(2, "b") + b"]"
    answer = b"[" + result(2) + b"," + result(1) + b"]"

    async def serve(received: Received, wire: Wire) -> None:
        await wire.json(answer)

    async with bridged(FakeGateway(serve, revision="2025-03-26").handle) as client:
        await client.greet()
        await client.say(batch)
        while len(client.lines) < 2:
            await trio.lowlevel.checkpoint()
    assert client.posts[1].body == batch
    assert client.lines[1] == answer


async def test_a_batch_that_fails_has_an_error_for_each_of_its_requests() -> None:
    async def serve(received: Received, wire: Wire) -> None:
        wire.keep = False

    async with bridged(FakeGateway(serve, revision="2025-03-26").handle) as client:
        await client.greet()
        await client.say(b"[" + request(1, "a") + b"," + request("b", "b") + b"," + INITIALIZED + b"]")
        while len(client.lines) < 2:
            await trio.lowlevel.checkpoint()
    assert [each["id"] for each in json.loads(client.lines[1])] == [1, "b"]
