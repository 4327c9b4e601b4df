"""Healing of real servers: forgotten sessions, servers that stop and come back, processes that die or hang."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
import pytest
import trio

from argus_trio.backends.links.open import open_link
from argus_trio.backends.supervisor import Supervisor
from argus_trio.config.model.backend import BackendSpec, HttpBackend, StdioBackend
from argus_trio.config.model.config import Config
from argus_trio.config.model.operation import Probing, Restart, Timeouts
from argus_trio.core.call.abilities import NONE, Abilities, Audience
from argus_trio.core.health.lifecycle import BackendState
from argus_trio.errors import BackendUnavailable
from tests.backends.support.children import process_of
from tests.backends.support.fakes import FakeExchange, raw
from tests.backends.support.scopes import Session, supervisor_of
from tests.servers.forgetful import Forgetful
from tests.servers.nasty_http import Wire

RESTART = Restart(initial=0.05, max=0.1, stable_after=0)
PROBING = Probing(interval=0.3, timeout=0.3, slow=5, failures=2)
TIMEOUTS = Timeouts(connect=10, call=10)
PATIENCE_S = 15.0


@attrs.define(eq=False)
class House:
    """A running supervisor with one backend, and what clients were told."""

    supervisor: Supervisor
    name: str
    told: list[str]

    @property
    def state(self) -> BackendState:
        return self.supervisor.scopes[self.name].state

    async def call(self, what: str, abilities: Abilities = NONE, tool: str = "do") -> bytes:
        params = raw({"name": tool, "arguments": {"what": what}})
        exchange = FakeExchange("tools/call", abilities=abilities)
        return await self.supervisor.scopes[self.name].calls.call(exchange, params)

    async def until(self, *states: BackendState) -> None:
        with trio.fail_after(PATIENCE_S):
            while self.state not in states:  # noqa: ASYNC110 - states are no events
                await trio.sleep(0.01)


@asynccontextmanager
async def house(spec: BackendSpec) -> AsyncIterator[House]:
    told: list[str] = []

    def announce(methods: Iterable[str], _concerns: Callable[[Audience], bool]) -> None:
        told.extend(methods)

    supervisor, _ = supervisor_of(Config(backends={spec.name: spec}), open_link, announce)
    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            await nursery.start(supervisor.run)
            await supervisor.scopes[spec.name].shared.settled.wait()
            yield House(supervisor, spec.name, told)
            nursery.cancel_scope.cancel()


@asynccontextmanager
async def forgetful(restart: Restart = RESTART) -> AsyncIterator[tuple[Forgetful, House]]:
    server = Forgetful()
    async with trio.open_nursery() as nursery:
        await server.start(nursery)
        spec = HttpBackend(name="far", url=server.url, timeouts=TIMEOUTS, restart=restart)
        async with house(spec) as h:
            yield server, h
        nursery.cancel_scope.cancel()


async def test_a_forgotten_session_is_begun_anew_and_the_call_is_made_once_more() -> None:
    async with forgetful() as (server, h):
        await h.call("first")
        server.forget()
        await h.call("second")
        assert h.state is BackendState.READY
    assert server.executed == {"first": 1, "second": 1}
    assert server.greeted == 2


@pytest.mark.parametrize(
    "refusal",
    [
        (410, b""),
        (400, b'{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"Bad Request: Server not initialized"}}'),
        (
            400,
            b'{"jsonrpc":"2.0","id":"server-error","error":{"code":-32600,"message":"Missing session ID"}}',
        ),
        (401, b"Unauthorized: Session not found"),
        (422, b"Unexpected message, expect initialize request"),
        (500, b'{"error":"No valid session ID provided"}'),
        (403, b"please initialise first"),
    ],
    ids=lambda refusal: str(refusal[0]),
)
async def test_a_session_that_is_forgotten_in_other_words_is_begun_anew_as_well(refusal: tuple[int, bytes]) -> None:
    async with forgetful() as (server, h):
        server.refusal = refusal
        server.forget()
        if refusal[0] < 500:
            await h.call("it")
        else:
            with pytest.raises(BackendUnavailable):  # it may have run
                await h.call("it")
            await h.call("it")
    assert server.executed == {"it": 1}
    assert server.greeted == 2


async def test_a_session_that_is_forgotten_in_words_that_mean_nothing_is_begun_anew_after_some_probes() -> None:
    async with trio.open_nursery() as nursery:
        server = Forgetful(refusal=(400, b"what do you want?"))
        await server.start(nursery)
        spec = HttpBackend(name="far", url=server.url, timeouts=TIMEOUTS, restart=RESTART, health=PROBING)
        async with house(spec) as h:
            server.forget()
            with pytest.raises(BackendUnavailable, match="what do you want"):
                await h.call("first")
            with trio.fail_after(PATIENCE_S):
                while server.greeted < 2:  # noqa: ASYNC110 - what the server has seen is no event
                    await trio.sleep(0.01)
            await h.until(BackendState.READY)
            await h.call("second")
        nursery.cancel_scope.cancel()
    assert server.executed == {"second": 1}


async def test_many_calls_that_find_the_session_gone_are_each_executed_once() -> None:
    async with forgetful() as (server, h):
        server.forget()
        async with trio.open_nursery() as nursery:
            for number in range(8):
                nursery.start_soon(h.call, f"call {number}")
    assert server.executed == {f"call {number}": 1 for number in range(8)}
    assert server.greeted == 2


async def test_a_client_with_a_connection_of_its_own_gets_a_new_one() -> None:
    async with forgetful() as (server, h):
        await h.call("first", Abilities(sampling=True))
        server.forget()
        await h.call("second", Abilities(sampling=True))
    assert server.executed == {"first": 1, "second": 1}


async def test_a_subscription_finds_the_session_gone_as_a_call_does() -> None:
    async with forgetful() as (server, h):
        scope = h.supervisor.scopes["far"]
        for abilities in (NONE, Abilities(sampling=True)):
            session = Session()
            await h.call(f"before {abilities.has_any}", abilities)
            server.forget()
            exchange = FakeExchange("resources/subscribe", {"uri": "file:///x"}, abilities=abilities, client=session)
            await scope.subscriptions.subscribe(exchange, "file:///x")
            await scope.shared.connected()
        server.forget()
        await scope.subscriptions.watch(exchange.call, "file:///y", "key", lambda _method, _params: None)
    assert server.methods.count("resources/subscribe") >= 3


async def test_a_server_that_forgets_at_once_again_is_not_hammered() -> None:
    async with forgetful(restart=Restart(initial=20, max=20)) as (server, h):
        server.is_forgetting = True
        server.forget()
        with pytest.raises(BackendUnavailable, match="session has expired") as caught:
            await h.call("never")
        await h.until(BackendState.DOWN)
        assert server.greeted <= 3
        with pytest.raises(BackendUnavailable, match="session has expired") as caught:
            await h.call("never")
        assert caught.value.retry_after is not None
    assert server.executed == {}


async def test_a_call_that_may_have_been_executed_is_never_made_again() -> None:
    async def break_off(wire: Wire, _result: bytes) -> bool:
        await wire.begin_stream()
        await wire.event(b"", more=b"id: e1\nretry: 10\n")
        wire.keep = False
        server.forget()
        return True

    async with forgetful() as (server, h):
        server.perform = break_off
        with pytest.raises(BackendUnavailable):
            await h.call("once")
        server.perform = None
        await h.call("other")
    assert server.executed == {"once": 1, "other": 1}


async def test_a_server_that_stops_is_down_and_comes_back_within_one_probe_with_what_it_shows_now() -> None:
    async with trio.open_nursery() as nursery:
        server = Forgetful()
        await server.start(nursery)
        restart = Restart(initial=60, max=60)  # the interval of the probes is what bounds the wait
        spec = HttpBackend(name="far", url=server.url, timeouts=TIMEOUTS, restart=restart, health=PROBING)
        async with house(spec) as h:
            server.stop()
            await h.until(BackendState.DOWN)
            with pytest.raises(BackendUnavailable, match="Connection refused") as caught:
                await h.call("nothing")
            assert caught.value.retry_after is not None
            assert caught.value.retry_after <= max(1.0, PROBING.interval)
            assert "far__do" in h.supervisor.current.catalog.tools, "its names stay"
            h.told.clear()
            server.tools.append("more")
            await server.start(nursery)
            began = trio.current_time()
            await h.until(BackendState.READY)
            assert trio.current_time() - began < PROBING.interval + 3
            assert h.told == ["notifications/tools/list_changed"]
            assert "far__more" in h.supervisor.current.catalog.tools
            await h.call("it")
        nursery.cancel_scope.cancel()
    assert server.executed == {"it": 1}


async def test_what_comes_back_as_it_was_is_no_news_to_clients() -> None:
    async with forgetful() as (server, h):
        h.told.clear()
        server.forget()
        await h.call("it")
        assert h.told == []


ECHO = StdioBackend(
    name="echo",
    command=sys.executable,
    args=(str(Path(__file__).parents[2] / "servers" / "echo.py"),),
    timeouts=TIMEOUTS,
    restart=RESTART,
    health=PROBING,
)


def pid_of(h: House) -> int:
    connection = h.supervisor.scopes[h.name].shared.connection
    assert connection is not None
    return process_of(connection.link).pid


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=lambda number: number.name)
async def test_a_process_that_was_killed_or_hangs_is_replaced(number: signal.Signals) -> None:
    reasons = {signal.SIGKILL: "was killed by SIGKILL", signal.SIGSTOP: "it did not answer 2 probes of 0.3 s"}
    async with house(ECHO) as h:
        assert h.state is BackendState.READY
        pid = pid_of(h)
        os.kill(pid, number)
        await h.until(BackendState.DOWN)
        reason = h.supervisor.scopes["echo"].recovery.standing.reason
        assert reason == reasons[number]
        await h.until(BackendState.READY)
        assert pid_of(h) != pid
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
