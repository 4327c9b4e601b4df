"""A gateway that is not there yet, or not there again: who waits for it, for how long, and what is told."""

from __future__ import annotations

import json
import socket
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import cast

import attrs
import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from argus_trio.bridge.bridge import Bridge, bridging
from argus_trio.bridge.carrier import AnswerStream, Carrier, GatewayMessage
from argus_trio.bridge.gateway_wait import GatewayWait
from argus_trio.errors import HttpRefused, LinkFailed
from argus_trio.net.dial import NobodyListens
from argus_trio.net.http_client import open_http_client
from argus_trio.wire.envelope import decode, decode_batch, is_batch
from argus_trio.wire.event_stream import EventParser
from argus_trio.wire.headers import Headers
from tests.bridge.client import HELLO, INITIALIZED, META, bridged, notification, request, result
from tests.servers.certificates import make_authority
from tests.servers.nasty_http import Received, Wire

URL = "http://127.0.0.1:9/mcp"
REFUSED = "cannot connect to http://127.0.0.1:9: Connection refused"


@attrs.define(eq=False)
class AbsentGateway(Carrier):
    """A gateway without sessions in memory, which is there or not; takes what is posted, and answers requests."""

    is_there: bool = attrs.field(default=False, kw_only=True)
    taken: list[bytes] = attrs.field(factory=list, init=False)

    @asynccontextmanager
    async def post(
        self, body: bytes, headers: Headers = (), *, wanted: bytes = b"null", parser: EventParser | None = None
    ) -> AsyncIterator[AnswerStream]:
        await trio.lowlevel.checkpoint()
        if not self.is_there:
            raise NobodyListens(REFUSED, never_ran=True)
        self.gateway.reached()
        self.taken.append(body)
        asked = json.loads(body)
        members = asked if isinstance(asked, list) else [asked]
        answers = [result(each["id"], protocolVersion="2025-03-26") for each in members if "id" in each]
        raw = b"[" + b",".join(answers) + b"]" if isinstance(asked, list) else b"".join(answers)
        read = decode_batch(raw) if is_batch(raw) else [decode(raw)] if raw else []
        messages = tuple(each for each in read if not isinstance(each, Exception))
        yield AnswerStream(ready=deque([GatewayMessage(raw=raw, messages=messages)] if raw else []))

    @asynccontextmanager
    async def get(self, headers: Headers, parser: EventParser) -> AsyncIterator[AnswerStream]:
        await trio.lowlevel.checkpoint()
        if self.taken:
            raise HttpRefused(405, "it has no stream")
        yield AnswerStream()

    async def comes_after(self, seconds: float) -> None:
        await trio.sleep(seconds)
        self.is_there = True


@attrs.define(eq=False)
class Scene:
    bridge: Bridge
    gateway: AbsentGateway
    told: list[tuple[float, dict[str, object]]]
    """When the client was told what."""

    @property
    def methods(self) -> list[str]:
        return [json.loads(body)["method"] for body in self.gateway.taken]


@asynccontextmanager
async def absent(wait_seconds: float = 20.0, *, is_there: bool = False) -> AsyncIterator[Scene]:
    told: list[tuple[float, dict[str, object]]] = []
    began = trio.current_time()

    async def write(line: bytes) -> None:
        await trio.lowlevel.checkpoint()
        read = json.loads(line)
        told.extend((trio.current_time() - began, each) for each in (read if isinstance(read, list) else [read]))

    async with open_http_client(URL, name="gateway", headers={}) as client:
        gateway = AbsentGateway(client, GatewayWait(str(client.origin), wait_seconds), is_there=is_there)
        async with bridging(gateway, write) as bridge:
            yield Scene(bridge, gateway, told)


def error_of(message: Mapping[str, object]) -> str:
    return cast("dict[str, str]", message["error"])["message"]


async def test_a_bridge_that_is_first_answers_initialize_once_the_gateway_is_there(autojump_clock: MockClock) -> None:
    async with absent() as scene:
        with capture_logs() as logs:
            await scene.bridge.accept(HELLO)
            await scene.bridge.accept(INITIALIZED)
            await scene.bridge.accept(request(1, "tools/list"))
            await scene.gateway.comes_after(7)
            await trio.sleep(1.1)
    assert scene.methods == ["initialize", "notifications/initialized", "tools/list"]
    assert [(message["id"], "result" in message) for _, message in scene.told] == [(0, True), (1, True)]
    assert all(7 <= at <= 8 for at, _ in scene.told)
    assert [(entry["event"], entry["log_level"]) for entry in logs[:2]] == [
        ("gateway_awaited", "warning"),
        ("gateway_reached", "warning"),
    ]
    assert (logs[0]["reason"], logs[0]["seconds"]) == (REFUSED, 20.0)


async def test_the_first_modern_request_waits_as_well(autojump_clock: MockClock) -> None:
    async with absent() as scene:
        await scene.bridge.accept(request(1, "server/discover", _meta=META))
        await scene.gateway.comes_after(19.5)
        await trio.sleep(1)
    ((at, message),) = scene.told
    assert "result" in message
    assert 19.5 <= at <= 20


async def test_what_is_given_up_is_answered_with_the_reason_and_what_to_do(autojump_clock: MockClock) -> None:
    async with absent() as scene:
        with capture_logs() as logs:
            for line in (HELLO, INITIALIZED, request(1, "ping"), request(2, "ping", _meta=META)):
                await scene.bridge.accept(line)
            await trio.sleep(30)
            await scene.bridge.accept(request(3, "ping", _meta=META))
            await trio.sleep(30)
    assert sorted((str(message["id"]), at) for at, message in scene.told) == [
        ("0", 20),
        ("1", 20),
        ("2", 20),
        ("3", 50),
    ]
    for _, message in scene.told:
        assert error_of(message) == (
            f"the gateway at http://127.0.0.1:9 gave no answer: {REFUSED}; it was waited for 20 s (--wait); "
            "start it with 'argus-trio serve', or say with --url or $ARGUS_URL where it is"
        )
    assert [entry["event"] for entry in logs if entry["log_level"] == "warning"] == ["gateway_awaited", "message_lost"]


async def test_without_a_wait_it_is_answered_at_once(autojump_clock: MockClock) -> None:
    async with absent(0) as scene:
        await scene.bridge.accept(HELLO)
        await trio.sleep(1)
    ((at, message),) = scene.told
    assert at == 0
    assert "waited" not in error_of(message)
    assert "argus-trio serve" in error_of(message)


async def test_calls_during_a_restart_wait_and_what_is_told_keeps_its_order(autojump_clock: MockClock) -> None:
    async with absent(is_there=True) as scene:
        await scene.bridge.accept(HELLO)
        await trio.sleep(1)
        scene.gateway.is_there = False
        with capture_logs() as logs:
            for number in range(5):
                await scene.bridge.accept(notification(f"notifications/{number}"))
                await trio.sleep(0.3)
            await scene.bridge.accept(request(1, "tools/call"))
            await scene.gateway.comes_after(4)
            await trio.sleep(2)
    assert scene.methods == ["initialize", *(f"notifications/{number}" for number in range(5)), "tools/call"]
    assert "result" in scene.told[-1][1]
    assert [entry["event"] for entry in logs] == ["gateway_awaited", "gateway_reached"]


async def test_each_absence_is_told(autojump_clock: MockClock) -> None:
    async with absent() as scene:
        with capture_logs() as logs:
            for number in range(2):
                scene.gateway.is_there = False
                await scene.bridge.accept(request(number, "ping", _meta=META))
                await scene.gateway.comes_after(3)
                await trio.sleep(2)
    assert [entry["event"] for entry in logs] == ["gateway_awaited", "gateway_reached"] * 2


@pytest.mark.parametrize("meta", [{}, {"_meta": META}])
async def test_a_cancelled_request_waits_no_more_and_is_never_sent(
    autojump_clock: MockClock, meta: dict[str, object]
) -> None:
    async with absent(is_there=True) as scene:
        if not meta:
            await scene.bridge.accept(HELLO)
            await trio.sleep(1)
        before = len(scene.gateway.taken)
        scene.gateway.is_there = False
        await scene.bridge.accept(request(1, "tools/call", **meta))
        await trio.sleep(2)
        await scene.bridge.accept(notification("notifications/cancelled", requestId=1))
        await scene.bridge.accept(request(1, "ping", **meta))  # its id is free
        await scene.gateway.comes_after(2)
        await trio.sleep(2)
    assert scene.methods[before:] == ["ping"]
    assert [message["id"] for _, message in scene.told].count(1) == 1


async def test_a_batch_waits_and_goes_without_what_was_cancelled_meanwhile(autojump_clock: MockClock) -> None:
    batch = b"[" + b", ".join([request(1, "ping"), notification("notifications/x"), request(2, "ping")]) + b"]"
    async with absent(is_there=True) as scene:
        await scene.bridge.accept(HELLO)
        await trio.sleep(1)
        scene.gateway.is_there = False
        await scene.bridge.accept(batch)
        await scene.bridge.accept(b"[" + request(3, "ping") + b"]")
        await trio.sleep(2)
        for number in (1, 3):
            await scene.bridge.accept(notification("notifications/cancelled", requestId=number))
        await scene.gateway.comes_after(2)
        await trio.sleep(2)
        assert [json.loads(body) for body in scene.gateway.taken[1:]] == [json.loads(batch)[1:]]
    assert [message["id"] for _, message in scene.told] == [0, 2]


async def test_at_the_clients_end_nothing_waits_and_everything_is_answered(autojump_clock: MockClock) -> None:
    async with absent() as scene:
        await scene.bridge.accept(HELLO)
        await scene.bridge.accept(request(1, "ping"))
        await trio.sleep(3)
    assert [(message["id"], at) for at, message in scene.told] == [(0, 3), (1, 3)]
    assert "waited for 3 s" in error_of(scene.told[0][1])


async def test_no_more_than_one_try_a_second_is_made_of_a_message_that_waits(autojump_clock: MockClock) -> None:
    tries = 0

    async def work() -> None:
        nonlocal tries
        tries += 1
        raise NobodyListens("refused")

    gateway = GatewayWait("http://h", 100)
    with pytest.raises(LinkFailed, match="100 s") as caught:
        await gateway.carry(work, gateway.until())
    assert caught.value.never_ran
    assert not isinstance(caught.value, NobodyListens)
    assert 100 <= tries <= 105


@pytest.mark.parametrize("status", [401, 404, 503])
async def test_whatever_a_gateway_answers_is_not_waited_for(status: int) -> None:
    async def handle(received: Received, wire: Wire) -> None:
        await wire.reply(status, b"no", kind="text/plain")

    async with bridged(handle) as client:
        await client.say(request("a", "initialize"), request(1, "ping", _meta=META))
        for answer in await client.hear(2):
            assert f"HTTP {status}" in error_of(answer)


async def test_a_certificate_that_is_not_trusted_is_not_waited_for(tmp_path: Path) -> None:
    _, served = make_authority(tmp_path)

    async def shake(stream: trio.SocketStream) -> None:
        with pytest.raises(trio.BrokenResourceError):
            await trio.SSLStream(stream, served, server_side=True).do_handshake()

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, shake, 0, host="127.0.0.1"))
        url = f"https://127.0.0.1:{listeners[0].socket.getsockname()[1]}/mcp"
        async with open_http_client(url, name="gateway", headers={}) as client:
            gateway = GatewayWait(url, 60)
            with trio.fail_after(20), pytest.raises(LinkFailed, match="no TLS") as caught:
                await gateway.carry(partial(Carrier(client, gateway).tell, INITIALIZED), gateway.until())
        nursery.cancel_scope.cancel()
    assert not isinstance(caught.value, NobodyListens)


async def test_an_address_where_nobody_listens_is_found_out_by_its_refusal() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and never listens
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        async with open_http_client(url, name="gateway", headers={}) as client:
            with pytest.raises(NobodyListens, match="refused") as caught:
                await Carrier(client, GatewayWait(url, 0)).tell(INITIALIZED)
            assert caught.value.never_ran
