"""The account of what is kept for clients, after clients of every kind that left at any moment: nothing stays."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import pytest
import trio
from structlog.testing import capture_logs

from argus_trio.config.model.server import Server
from argus_trio.core.call.exchange import Exchange
from argus_trio.core.memory import Memory
from argus_trio.errors import ClientCannotAnswer, Overloaded
from argus_trio.wire.envelope import decode_object, encode, encode_raw
from tests.frontend.support.http_sse import conversing, say
from tests.frontend.support.serving import (
    BOTH,
    MODERN,
    Served,
    ask,
    call,
    connected,
    initialized,
    modern,
    modern_headers,
    post,
    rpc,
    serving,
)

LIMIT = 8 * 1024 * 1024
CLIENTS = 60
GONE_AFTER_SECONDS = 0.4
"""When the last of the clients has gone."""
FORM = {"message": encode_raw("?"), "requestedSchema": encode_raw({"type": "object", "properties": {}})}
ASKABLE: dict[str, dict[str, object]] = {"elicitation": {}}

Client = Callable[[Served, random.Random], Awaitable[object]]


async def varied(exchange: Exchange) -> bytes:
    """Answer at length, after notifications, and perhaps after asking the client, as the arguments say."""
    if exchange.call.method != "tools/call":
        return b"{}"
    arguments = decode_object(exchange.call.params["arguments"])
    wanted = {name: int(arguments[name]) for name in ("size", "notes", "asks")}
    data = encode_raw("n" * 4000)
    for _ in range(wanted["notes"]):
        await exchange.notify("notifications/message", {"level": encode_raw("error"), "data": data})
    if wanted["asks"]:
        with suppress(ClientCannotAnswer, Overloaded):
            await exchange.ask("elicitation/create", FORM)
    return encode({"content": [{"type": "text", "text": "x" * wanted["size"]}]})


def any_arguments(chance: random.Random) -> dict[str, object]:
    return {
        "size": int(10 ** chance.uniform(1, 6.3)),
        "notes": chance.choice([0, 3, 300]),
        "asks": chance.choice([0, 0, 1]),
        "padding": "p" * int(10 ** chance.uniform(1, 6)) * chance.choice([0, 1]),
    }


async def be_modern(served: Served, chance: random.Random) -> None:
    body = modern("tools/call", {"name": "t", "arguments": any_arguments(chance)})
    if chance.random() < 0.5:
        body = body.replace(b'clientCapabilities":{}', b'clientCapabilities":%b' % encode(ASKABLE))
    await post(served, body, modern_headers("tools/call", "t"))


async def be_legacy(served: Served, chance: random.Random) -> None:
    revision = chance.choice(["2025-11-25", "2025-03-26"])
    with trio.CancelScope(shield=True):  # else it is there for half an hour
        session = await initialized(served, revision)

    async def listen() -> None:
        async with connected(served) as client:
            await client.send("GET", "/mcp", {**session, "accept": BOTH})
            await client.head()
            await trio.sleep_forever() if chance.random() < 0.5 else [part async for part in client.parts()]

    async def subscribe() -> None:
        await post(served, rpc("resources/subscribe", {"uri": "a://b"}), session)

    async def ask_for_much() -> None:
        calls = [call("t", number, arguments=any_arguments(chance)) for number in range(3)]
        is_batch = revision == "2025-03-26" and chance.random() < 0.5
        await post(served, b"[%b]" % b",".join(calls) if is_batch else calls[0], session)

    try:
        async with trio.open_nursery() as nursery:
            for act in (listen, subscribe, ask_for_much, ask_for_much):
                nursery.start_soon(act)
    finally:
        with trio.CancelScope(shield=True):
            await ask(served, "DELETE", "/mcp", session)


async def be_on_sse(served: Served, chance: random.Random) -> None:
    async with conversing(served) as (client, path), trio.open_nursery() as nursery:
        hello = {"protocolVersion": "2024-11-05", "capabilities": ASKABLE, "clientInfo": {"name": "t", "version": "1"}}
        await say(served, path, rpc("initialize", hello))
        if chance.random() < 0.5:
            nursery.start_soon(read_all, client.parts)
        for number in range(4):
            nursery.start_soon(say, served, path, call("t", number, arguments=any_arguments(chance)))


async def read_all(parts: Callable[[], AsyncIterator[bytes]]) -> None:
    async for _ in parts():
        pass


async def be_listening(served: Served, chance: random.Random) -> None:
    wanted = {"resourceSubscriptions": [f"a://{number}" for number in range(20)]}
    await post(
        served, modern("subscriptions/listen", {"notifications": wanted}), modern_headers("subscriptions/listen")
    )


async def be_half_sent(served: Served, chance: random.Random) -> None:
    async with connected(served) as client:
        head = b"POST /mcp HTTP/1.1\r\nhost: 127.0.0.1:%d\r\ncontent-type: application/json\r\n" % served.port
        head += b"mcp-protocol-version: %b\r\ncontent-length: 3000000\r\n\r\n" % MODERN.encode()
        await client.stream.send_all(head + bytes(chance.randrange(2_000_000)))
        await trio.sleep_forever()


KINDS: tuple[Client, ...] = (be_modern, be_legacy, be_on_sse, be_listening, be_half_sent)


async def leave_in_time(served: Served, number: int, chance: random.Random) -> None:
    with trio.move_on_after(chance.uniform(0, GONE_AFTER_SECONDS)):
        try:
            await KINDS[number % len(KINDS)](served, chance)
        except* (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        except* AssertionError:
            pass  # a refusal


async def nothing_held(memory: Memory) -> None:
    while memory.size:
        less = trio.Event()
        memory.once_less(less.set)
        await less.wait()


@pytest.mark.parametrize("seed", range(4))
async def test_nothing_stays_entered_of_clients_that_have_gone(seed: int) -> None:
    memory = Memory(lambda: LIMIT)
    with capture_logs() as logs:
        async with serving(settings=Server(port=0), handler=varied, memory=memory) as served:
            async with trio.open_nursery() as nursery:
                for number in range(CLIENTS):
                    chance = random.Random(1000 * seed + number)
                    nursery.start_soon(leave_in_time, served, number, chance)
            assert memory.peak > 0
            served.stop.set()  # the calls that have asked their clients wait for them until then
            await nothing_held(memory)
    assert [entry for entry in logs if "unexpectedly" in entry["event"]] == []


async def test_without_calls_that_wait_for_their_clients_it_needs_no_stop_for_that() -> None:
    memory = Memory(lambda: LIMIT)
    async with serving(settings=Server(port=0), handler=varied, memory=memory) as served:
        async with trio.open_nursery() as nursery:
            for number in range(CLIENTS):
                if KINDS[number % len(KINDS)] is not be_modern:
                    nursery.start_soon(leave_in_time, served, number, random.Random(number))
        assert memory.peak > 0
        await nothing_held(memory)
