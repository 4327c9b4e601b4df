"""Opening a connection: link, greeting and what comes before it, left together at the end of the block."""

from __future__ import annotations

import json
from contextlib import AbstractAsyncContextManager
from typing import Literal

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.backends.connection.connection import Connection
from argus_trio.backends.connection.open import (
    EARLY_ASK_SECONDS,
    EARLY_BYTES,
    EARLY_ID_BYTES,
    EARLY_MESSAGES,
    BackendAddress,
    open_connection,
    probe_state_of,
)
from argus_trio.backends.links.open import open_link
from argus_trio.config.model.backend import BackendSpec, HttpBackend, SseBackend, StdioBackend
from argus_trio.config.model.operation import Probing
from argus_trio.core.call.abilities import NONE, Abilities
from argus_trio.core.redaction import Redactor
from argus_trio.errors import LinkFailed
from argus_trio.wire.envelope import Raw, Request
from argus_trio.wire.revisions import Era
from tests.backends.support.children import nasty
from tests.backends.support.fakes import FakeBackend, Json, answering
from tests.backends.support.talk import Ears
from tests.servers.nasty_http import Received, Wire, nasty_server

STDIO = StdioBackend(name="files", command="unused")
HTTP = HttpBackend(name="far", url="http://127.0.0.1/mcp")
SSE = SseBackend(name="old", url="http://127.0.0.1/sse")
Protocol = Literal["auto", "legacy", "modern"]


def opening(
    backend: FakeBackend,
    spec: BackendSpec = STDIO,
    protocol: Protocol = "auto",
    *,
    ears: Ears | None = None,
    abilities: Abilities = NONE,
) -> AbstractAsyncContextManager[Connection]:
    address = BackendAddress(spec=spec, open_link=backend.open, redact=Redactor())
    return open_connection(address, protocol, ears or Ears([]), abilities=abilities)


def saying_before_it_is_greeted(count: int) -> FakeBackend:
    """It tells of so many resources before it answers `initialize`."""

    async def greet(_params: Json) -> Json:
        for number in range(count):
            await answering.get().says("notifications/resources/updated", {"uri": f"r:{number}"})
        return {"protocolVersion": "2025-11-25", "capabilities": {}}

    return FakeBackend(answers={"initialize": greet})


async def test_what_a_backend_says_before_it_is_greeted_is_held_and_told_in_order(autojump_clock: MockClock) -> None:
    backend, ears = saying_before_it_is_greeted(3), Ears([])
    async with opening(backend, ears=ears):
        await backend.links[0].says("notifications/resources/updated", {"uri": "r:later"})
        assert ears.changed == ['"r:0"', '"r:1"', '"r:2"', '"r:later"']


async def test_no_more_is_held_than_the_bound_and_the_first_is_told(autojump_clock: MockClock) -> None:
    ears = Ears([])
    async with opening(saying_before_it_is_greeted(EARLY_MESSAGES + 5), ears=ears):
        assert ears.changed == [f'"r:{number}"' for number in range(EARLY_MESSAGES)]


async def test_a_request_that_comes_before_the_greeting_is_answered_after_it(autojump_clock: MockClock) -> None:
    async def greet(_params: Json) -> Json:
        await answering.get().asks("roots/list")
        return {"protocolVersion": "2025-11-25", "capabilities": {}}

    backend = FakeBackend(answers={"initialize": greet})
    async with opening(backend):
        await wait_all_tasks_blocked()
        assert b"notifications/initialized" in backend.links[0].sent[0]
        assert b"no call of a client is under way" in backend.links[0].sent[-1]


@pytest.mark.parametrize(("era", "method"), [(Era.LEGACY, "initialize"), (Era.MODERN, "server/discover")])
async def test_a_ping_is_answered_while_the_backend_waits_for_that_with_its_greeting(
    era: Era, method: str, autojump_clock: MockClock
) -> None:
    async def greet(_params: Json) -> Json:
        assert (await answering.get().ask("ping"))["result"] == {}
        return {"protocolVersion": "2025-11-25", "supportedVersions": ["2026-07-28"], "capabilities": {}}

    backend, began = FakeBackend(era=era, answers={method: greet}), trio.current_time()
    async with opening(backend):
        assert trio.current_time() == began


async def test_another_request_that_the_backend_waits_for_with_its_greeting_is_refused_soon(
    autojump_clock: MockClock,
) -> None:
    async def greet(_params: Json) -> Json:
        assert "not over yet" in str((await answering.get().ask("roots/list"))["error"])
        return {"protocolVersion": "2025-11-25", "capabilities": {}}

    backend, began, ears = FakeBackend(answers={"initialize": greet}), trio.current_time(), Ears([])
    async with opening(backend, ears=ears):
        assert trio.current_time() == began + EARLY_ASK_SECONDS


async def test_early_messages_have_a_bound_in_bytes_and_what_is_beyond_it_is_refused_and_logged_once(
    autojump_clock: MockClock,
) -> None:
    async def greet(_params: Json) -> Json:
        for _ in range(3):
            await answering.get().says("notifications/resources/updated", {"uri": "x" * (EARLY_BYTES // 2 - 100)})
        assert "error" in await answering.get().ask("roots/list", {"_meta": {"x": "x" * EARLY_BYTES}})
        await answering.get().inbox(Request(b'"%b"' % (b"x" * EARLY_ID_BYTES), "ping", {}), None)
        return {"protocolVersion": "2025-11-25", "capabilities": {}}

    ears = Ears([])
    with capture_logs() as logs:
        async with opening(FakeBackend(answers={"initialize": greet}), ears=ears):
            assert len(ears.changed) == 2
    assert [entry["event"] for entry in logs].count("backend_early_messages_dropped") == 1


@pytest.mark.parametrize("protocol", ["auto", "legacy", "modern"])
async def test_http_with_sse_is_greeted_as_legacy_whatever_is_configured(
    protocol: Protocol, autojump_clock: MockClock
) -> None:
    backend = FakeBackend()
    async with opening(backend, SSE, protocol) as connection:
        assert connection.handshake.era is Era.LEGACY
    assert [method for method, _ in backend.seen] == ["initialize", "notifications/initialized"]


@pytest.mark.parametrize(("era", "listening"), [(Era.LEGACY, 1), (Era.MODERN, 0)])
async def test_what_comes_outside_any_request_is_listened_for_at_a_legacy_backend_alone(
    era: Era, listening: int, autojump_clock: MockClock
) -> None:
    backend = FakeBackend(era=era, revision="2025-06-18")
    async with opening(backend, HTTP):
        assert backend.links[0].listening == [(("mcp-protocol-version", "2025-06-18"),)] * listening


async def test_a_legacy_backend_is_told_what_may_be_asked_of_the_client(autojump_clock: MockClock) -> None:
    backend = FakeBackend()
    async with opening(backend, protocol="legacy", abilities=Abilities(roots=True)):
        pass
    assert backend.seen[0][1]["capabilities"] == {"roots": {}}


@pytest.mark.parametrize(
    ("spec", "era", "by_notice"),
    [(STDIO, Era.LEGACY, True), (STDIO, Era.MODERN, True), (HTTP, Era.LEGACY, True), (HTTP, Era.MODERN, False)],
)
async def test_only_on_modern_http_is_a_cancellation_told_without_a_notice(
    spec: BackendSpec, era: Era, by_notice: bool, autojump_clock: MockClock
) -> None:
    async with opening(FakeBackend(era=era), spec) as connection:
        assert connection.cancels_by_notice is by_notice


async def test_the_link_and_every_task_of_the_connection_end_with_the_block(autojump_clock: MockClock) -> None:
    backend, has_ended = FakeBackend(), trio.Event()

    async def go_on() -> None:
        try:
            await trio.sleep_forever()
        finally:
            has_ended.set()

    with trio.fail_after(60):
        async with opening(backend) as connection:
            connection.start_soon(go_on)
            await wait_all_tasks_blocked()
            assert backend.links[0].is_open
    assert has_ended.is_set()
    assert not backend.links[0].is_open


async def test_a_task_that_is_started_after_the_block_has_been_left_is_none(autojump_clock: MockClock) -> None:
    async def go_on() -> None:
        raise AssertionError("it was started")

    async with opening(FakeBackend()) as connection:
        pass
    connection.start_soon(go_on)
    await wait_all_tasks_blocked()


async def test_what_cannot_be_opened_says_so(autojump_clock: MockClock) -> None:
    with trio.fail_after(60):
        with pytest.raises(ExceptionGroup) as caught:
            async with opening(FakeBackend(open_failures=[LinkFailed("no such program")])):
                raise AssertionError("it is open")
    assert caught.group_contains(LinkFailed, match="no such program")


async def test_the_pulse_begins_as_the_configuration_wants_it_with_something_heard_just_now(
    mock_clock: MockClock,
) -> None:
    mock_clock.jump(7)
    state = probe_state_of(Probing(interval=20, timeout=4, slow=2, failures=5))
    assert (state.interval, state.timeout, state.slow, state.failures) == (20, 4, 2, 5)
    assert state.heard_at == trio.current_time()


PING = b'{"jsonrpc":"2.0","id":"before","method":"ping"}'
GREETING = b'{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"n"}}'


class PingsFirst:
    """A remote server of both transports that answers `initialize` only once its ping has been answered: on the event
    stream of the POST itself, or on the one stream of HTTP+SSE, where the ping comes before the endpoint already."""

    def __init__(self) -> None:
        self.stream: Wire | None = None
        self.is_answered = trio.Event()

    async def __call__(self, request: Received, wire: Wire) -> None:
        message = json.loads(request.body or b"{}")
        if request.method == "GET" and request.target == "/sse":
            self.stream = wire
            await wire.begin_stream()
            await wire.event(PING)
            await wire.chunk(b"event: endpoint\ndata: /messages\n\n")
            await wire.until_closed()
        elif request.method != "POST":
            await wire.reply(405)
        elif message.get("method") == "initialize":
            answer = b'{"jsonrpc":"2.0","id":%d,"result":%b}' % (message["id"], GREETING)
            if self.stream is None:
                await wire.begin_stream(more="mcp-session-id: s1\r\n")
                await wire.event(PING)
                await self.is_answered.wait()
                await wire.event(answer)
                await wire.end_stream()
            else:
                await wire.reply(202)
                await self.is_answered.wait()
                await self.stream.event(answer)
        else:
            if message == {"jsonrpc": "2.0", "id": "before", "result": {}}:
                assert self.stream is not None or request.headers["mcp-session-id"] == "s1"
                self.is_answered.set()
            await wire.reply(202)


@pytest.mark.parametrize("kind", ["stdio", "sse", "streamable-http"])
async def test_a_ping_before_the_greeting_is_answered_at_once_on_every_transport(kind: str) -> None:
    with trio.fail_after(20):
        async with nasty_server(PingsFirst()) as server:
            specs: dict[str, BackendSpec] = {
                "stdio": nasty("ping-first"),
                "sse": SseBackend(name="old", url=f"{server.origin}/sse"),
                "streamable-http": HttpBackend(name="far", url=server.url),
            }
            address = BackendAddress(spec=specs[kind], open_link=open_link, redact=Redactor())
            async with open_connection(address, "legacy", Ears([])) as connection:
                assert connection.handshake.server_info == {"name": Raw(b'"n"')}
