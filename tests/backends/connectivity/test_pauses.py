"""Backends that ask to be left alone for a while: they are, and who calls is told for how long, as a number."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import attrs
import pytest
import trio
from trio.testing import MockClock

from argus_trio.backends.connectivity.recovery import LONGEST_PAUSE_SECONDS
from argus_trio.backends.links.open import open_link
from argus_trio.backends.scope.scope import Scope
from argus_trio.config.model.backend import HttpBackend, SseBackend
from argus_trio.config.model.operation import Restart
from argus_trio.core.call.abilities import NONE, Abilities
from argus_trio.core.health.lifecycle import BackendState
from argus_trio.errors import BackendError, BackendUnavailable, HttpRefused, LinkFailed
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import FakeBackend, FakeExchange, Json, raw
from tests.backends.support.scopes import living, scope_of
from tests.backends.support.supervised import named
from tests.servers.nasty_http import Received, Wire, nasty_server

FAR = HttpBackend(name="far", url="http://127.0.0.1/mcp", restart=Restart(initial=1, max=2))
SECONDS = "retry-after: 7\r\n"
DATE = "date: Sun, 06 Nov 1994 08:49:37 GMT\r\nretry-after: Sun, 06 Nov 1994 08:49:44 GMT\r\n"
ERROR = b'{"jsonrpc":"2.0","id":%d,"error":{"code":-32000,"message":"slow down"}}'


async def call(scope: Scope, abilities: Abilities = NONE) -> bytes:
    return await scope.calls.call(FakeExchange("tools/call", abilities=abilities), raw({"name": "a"}))


@attrs.define(eq=False)
class Busy:
    """A server of one tool, of either era and transport, that refuses calls as a test says."""

    era: Era
    more: str
    with_error: bool
    stream: Wire | None = None

    async def __call__(self, request: Received, wire: Wire) -> None:
        if request.method == "GET" and request.target == "/sse":
            self.stream = wire
            await wire.begin_stream()
            await wire.chunk(b"event: endpoint\ndata: /messages\n\n")
            await wire.until_closed()
            return
        if request.method != "POST":
            await wire.reply(405)
            return
        message = json.loads(request.body)
        if "id" not in message:
            await wire.reply(202)
        elif message["method"] == "tools/call":
            body = ERROR % message["id"] if self.with_error else b"slow down"
            await wire.reply(429, body, kind="application/json" if self.with_error else "text/plain", more=self.more)
        else:
            await self._answer(message, wire)

    async def _answer(self, message: Json, wire: Wire) -> None:
        answer: Json = {"jsonrpc": "2.0", "id": message["id"], "result": {"tools": []}}
        if message["method"] == "initialize":
            answer["result"] = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}}
        elif message["method"] == "server/discover" and self.era is Era.MODERN:
            answer["result"] = {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}}
        elif message["method"] == "server/discover":
            answer = {"jsonrpc": "2.0", "id": message["id"], "error": {"code": -32601, "message": "no"}}
        if self.stream is not None:
            await self.stream.event(json.dumps(answer).encode())
            await wire.reply(202)
        else:
            await wire.json(json.dumps(answer).encode())


@asynccontextmanager
async def busy(server: Busy, *, is_sse: bool = False) -> AsyncIterator[Scope]:
    with trio.fail_after(20):
        async with nasty_server(server) as running, trio.open_nursery() as nursery:
            spec = (
                SseBackend(name="far", url=f"{running.origin}/sse")
                if is_sse
                else HttpBackend(name="far", url=running.url)
            )
            scope = scope_of(spec, open_link)
            nursery.start_soon(scope.run)
            await scope.shared.settled.wait()
            assert scope.state is BackendState.READY
            yield scope
            nursery.cancel_scope.cancel()


@pytest.mark.parametrize("more", [SECONDS, DATE], ids=["seconds", "date"])
@pytest.mark.parametrize("era", [Era.LEGACY, Era.MODERN])
async def test_who_is_refused_for_now_is_told_how_long_that_is(era: Era, more: str) -> None:
    async with busy(Busy(era, more, with_error=False)) as scope:
        with pytest.raises(BackendUnavailable, match="HTTP 429: slow down") as caught:
            await call(scope)
        assert caught.value.data == {"backend": "far", "reason": caught.value.reason, "retryAfter": 7.0}


@pytest.mark.parametrize("more", [SECONDS, DATE], ids=["seconds", "date"])
@pytest.mark.parametrize("era", [Era.LEGACY, Era.MODERN])
async def test_a_backends_own_error_says_how_long_too(era: Era, more: str) -> None:
    async with busy(Busy(era, more, with_error=True)) as scope:
        with pytest.raises(BackendError) as caught:
            await call(scope)
        assert json.loads(caught.value.encoded) == {"code": -32000, "message": "slow down", "data": {"retryAfter": 7.0}}


async def test_who_is_refused_over_http_sse_is_told_how_long_that_is() -> None:
    async with busy(Busy(Era.LEGACY, SECONDS, with_error=False), is_sse=True) as scope:
        with pytest.raises(BackendUnavailable, match="HTTP 429") as caught:
            await call(scope)
        assert caught.value.retry_after == 7.0


@pytest.mark.parametrize(("asked", "kept"), [(60.0, 60.0), (90_000.0, LONGEST_PAUSE_SECONDS)])
async def test_a_backend_that_wants_to_be_left_alone_is_tried_again_when_it_wants_it(
    asked: float, kept: float, autojump_clock: MockClock
) -> None:
    backend = FakeBackend(tools=named("a"), open_failures=[HttpRefused(503, "busy", retry_after=asked)])
    async with living(backend, FAR) as scope:
        with pytest.raises(BackendUnavailable, match="busy") as caught:
            await call(scope)
        assert caught.value.retry_after == pytest.approx(kept, abs=0.1)
        await trio.sleep(kept - 1)
        assert scope.recovery.standing.reason == "busy"
        await trio.sleep(2)
        assert scope.state is BackendState.READY


async def test_a_call_that_fails_ends_a_pause_that_a_probe_was_asked_for(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=named("a"))

    async def busy_now(_params: Json) -> Json:
        raise HttpRefused(503, "busy", retry_after=90_000)

    async def dead(_params: Json) -> Json:
        raise LinkFailed("cannot connect", never_ran=True)

    backend.answers = {"ping": busy_now}
    async with living(backend, FAR) as scope:
        await trio.sleep(100)
        assert scope.state is BackendState.DEGRADED
        backend.answers = {"ping": dead, "tools/list": dead, "tools/call": dead}
        await trio.sleep(100)
        assert scope.state is BackendState.DEGRADED, "it is left alone"
        with pytest.raises(BackendUnavailable, match="cannot connect"):
            await call(scope)
        await trio.sleep(1.1)
        assert len(backend.links) >= 2, "it is lost, and connected to anew"


async def test_the_longest_pause_of_a_probe_is_that_of_a_start(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=named("a"))

    async def busy_now(_params: Json) -> Json:
        raise HttpRefused(503, "busy", retry_after=90_000)

    backend.answers = {"ping": busy_now}
    async with living(backend, FAR) as scope:
        await trio.sleep(100)
        assert scope.recovery.standing.reason == "busy"
        del backend.answers["ping"]
        await trio.sleep(LONGEST_PAUSE_SECONDS)
        assert scope.state is BackendState.READY


def paced(seconds: float) -> tuple[FakeBackend, Callable[[Json], bool]]:
    """A legacy server that allows one request in so many seconds, and refuses the rest for as long as that takes."""
    backend, allowed_at = FakeBackend(tools=named("a")), [0.0]

    def check(_params: Json) -> bool:
        now = trio.current_time()
        if now < allowed_at[0]:
            raise HttpRefused(429, "one at a time", retry_after=round(allowed_at[0] - now, 3))
        allowed_at[0] = now + seconds
        return True

    return backend, check


@pytest.mark.parametrize("seconds", [2.0, 20.0])
async def test_a_server_that_allows_one_request_in_some_seconds_is_greeted(
    seconds: float, autojump_clock: MockClock
) -> None:
    backend, check = paced(seconds)

    async def greet(params: Json) -> Json:
        check(params)
        return {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}}

    async def discover(params: Json) -> Json:
        check(params)
        raise HttpRefused(404, "no such method")

    backend.answers = {"initialize": greet, "server/discover": discover}
    async with living(backend, FAR) as scope:
        await trio.sleep(3 * seconds)
        assert scope.state is BackendState.READY
    assert [method for method, _ in backend.seen].count("server/discover") == 1


async def test_a_client_that_opens_at_a_busy_moment_does_not_make_a_backend_of_both_eras_modern_alone(
    autojump_clock: MockClock,
) -> None:
    backend = FakeBackend(era=Era.MODERN, tools=named("a"))

    async def busy_now(_params: Json) -> Json:
        raise HttpRefused(429, "busy", retry_after=30)

    async def greet(_params: Json) -> Json:
        return {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}}

    async with living(backend, FAR) as scope:
        scope.shared.lacks_way_back("it cannot ask")
        backend.answers = {"initialize": busy_now}
        with pytest.raises(BackendUnavailable, match="busy") as caught:
            await call(scope, Abilities(form=True))
        assert caught.value.retry_after == 30
        backend.answers = {"initialize": greet}
        await call(scope, Abilities(form=True))
    assert [method for method, _ in backend.seen].count("initialize") == 2


async def test_a_failure_without_a_wish_is_tried_again_as_ever(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=named("a"), open_failures=[LinkFailed("away")])
    async with living(backend, FAR) as scope:
        await trio.sleep(3)
        assert scope.state is BackendState.READY
