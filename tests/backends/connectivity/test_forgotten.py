"""A backend that was started anew behind a connection that lives on: found out, greeted anew, and called once more."""

from __future__ import annotations

import json
from collections import Counter

import attrs
import pytest
import trio
from trio.testing import MockClock

from argus_trio.backends.scope.scope import Scope
from argus_trio.config.model.backend import HttpBackend, StdioBackend
from argus_trio.config.model.operation import Probing, Restart
from argus_trio.core.call.abilities import NONE, Abilities
from argus_trio.core.health.forgotten import NOT_GREETED
from argus_trio.core.health.lifecycle import BackendState
from argus_trio.errors import BackendError, BackendUnavailable, HttpRefused, LinkFailed
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import FakeBackend, FakeExchange, FakeLink, Json, Refusal, answering, raw
from tests.backends.support.scopes import living
from tests.backends.support.supervised import named

RESTART = Restart(initial=4, max=4)
PROBING = Probing(interval=2)
PROGRAM = StdioBackend(name="files", command="unused", restart=RESTART, health=PROBING)
REMOTE = HttpBackend(name="far", url="http://127.0.0.1/mcp", restart=RESTART, health=PROBING)

SAID = {
    "Go SDK": Refusal(0, 'method "tools/call" is invalid during session initialization'),
    "Python SDK 1": Refusal(-32602, "Invalid request parameters", ""),
    "as language servers do": Refusal(-32002, "Server not initialized"),
    "in words that nobody has written yet": Refusal(-32600, "please initialise me first"),
    "over HTTP": HttpRefused(400, "the server answered HTTP 400: who are you?", doubts_session=True),
}


@attrs.define(eq=False)
class Restarting:
    """A fake that answers a call, or a list, only over a link on which it was greeted since its last start."""

    refusal: Exception
    answers_pings: bool = True
    greeted: set[FakeLink] = attrs.field(factory=set)
    performed: Counter[str] = attrs.field(factory=Counter)
    backend: FakeBackend = attrs.field(factory=lambda: FakeBackend(tools=named("a")))

    def __attrs_post_init__(self) -> None:
        self.backend.answers = {
            "initialize": self.greet,
            "tools/list": self.list_tools,
            "tools/call": self.perform,
            "ping": self.ping,
        }

    def restart(self) -> None:
        self.greeted.clear()

    def check(self) -> None:
        if answering.get() not in self.greeted:
            raise self.refusal

    async def greet(self, _params: Json) -> Json:
        self.greeted.add(answering.get())
        return {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}}

    async def list_tools(self, _params: Json) -> Json:
        self.check()
        return {"tools": list(self.backend.tools)}

    async def perform(self, params: Json) -> Json:
        self.check()
        self.performed[str(params["name"])] += 1
        return {"content": []}

    async def ping(self, _params: Json) -> Json:
        if not self.answers_pings:
            self.check()
        return {}


async def call(scope: Scope, name: str = "a", abilities: Abilities = NONE) -> Json:
    answer: Json = json.loads(
        await scope.calls.call(FakeExchange("tools/call", abilities=abilities), raw({"name": name}))
    )
    return answer


@pytest.mark.parametrize("spec", [PROGRAM, REMOTE], ids=["program", "remote"])
@pytest.mark.parametrize("whose", SAID)
async def test_a_call_that_is_refused_for_want_of_a_greeting_is_made_again_after_one(
    whose: str, spec: StdioBackend | HttpBackend, autojump_clock: MockClock
) -> None:
    server = Restarting(SAID[whose])
    async with living(server.backend, spec) as scope:
        server.restart()
        assert await call(scope) == {"content": []}
        assert (scope.state, len(server.backend.links)) == (BackendState.READY, 2)
    assert server.performed == {"a": 1}
    assert trio.current_time() < 1


async def test_many_calls_that_find_it_out_at_once_have_one_greeting(autojump_clock: MockClock) -> None:
    server = Restarting(SAID["Go SDK"])
    async with living(server.backend, PROGRAM) as scope:
        server.restart()
        async with trio.open_nursery() as nursery:
            for number in range(8):
                nursery.start_soon(call, scope, f"call {number}")
    assert server.performed == {f"call {number}": 1 for number in range(8)}
    assert len(server.backend.links) == 2


async def test_a_client_with_a_connection_of_its_own_has_it_greeted_anew(autojump_clock: MockClock) -> None:
    server = Restarting(SAID["Go SDK"])
    async with living(server.backend, PROGRAM) as scope:
        await call(scope, "before", Abilities(sampling=True))
        server.restart()
        assert await call(scope, "after", Abilities(sampling=True)) == {"content": []}
    assert server.performed == {"before": 1, "after": 1}


async def test_without_a_call_one_probe_finds_it_out(autojump_clock: MockClock) -> None:
    server = Restarting(SAID["over HTTP"], answers_pings=False)
    async with living(server.backend, REMOTE) as scope:
        server.restart()
        await trio.sleep(PROBING.interval + 1)
        assert (scope.state, len(server.backend.links)) == (BackendState.READY, 2)


async def test_a_tools_own_error_in_such_words_is_passed_on_and_nobody_is_greeted_anew(
    autojump_clock: MockClock,
) -> None:
    server = Restarting(LinkFailed("unused"))

    async def refuse(_params: Json) -> Json:
        raise Refusal(-32002, "Server not initialized: the language server of this project")

    server.backend.answers["tools/call"] = refuse
    async with living(server.backend, PROGRAM) as scope:
        for _ in range(3):
            with pytest.raises(BackendError, match="answered with an error") as caught:
                await call(scope)
            assert b"language server" in caught.value.encoded
            await trio.sleep(5)
        assert (scope.state, len(server.backend.links)) == (BackendState.READY, 1)


async def test_one_that_forgets_at_once_again_is_greeted_once_and_left_for_a_while(autojump_clock: MockClock) -> None:
    server = Restarting(SAID["Go SDK"])
    async with living(server.backend, PROGRAM) as scope:
        for _ in range(2):
            server.restart()
            await call(scope)
            server.restart()
            with pytest.raises(BackendUnavailable, match=NOT_GREETED) as caught:
                await call(scope)
            assert caught.value.retry_after is not None
            await trio.sleep(RESTART.stable_after + RESTART.max)
        assert scope.state is BackendState.READY


async def test_a_modern_server_that_is_a_legacy_one_now_is_greeted_as_such_at_the_first_call(
    autojump_clock: MockClock,
) -> None:
    backend = FakeBackend(era=Era.MODERN, tools=named("a"))

    async def refuse(_params: Json) -> Json:
        raise Refusal(-32000, "Bad Request: Server not initialized")

    async def perform(params: Json) -> Json:
        return await refuse(params) if answering.get() is backend.links[0] else {"content": []}

    async with living(backend, REMOTE) as scope:
        backend.era = Era.LEGACY
        backend.answers = {"server/discover": refuse, "tools/call": perform}
        assert await call(scope) == {"content": []}
        connection = scope.shared.connection
        assert connection is not None
        assert connection.handshake.era is Era.LEGACY


@pytest.mark.parametrize("before", list(Era))
async def test_a_server_that_was_exchanged_for_one_of_the_other_era_is_greeted_anew_at_the_first_call(
    before: Era, autojump_clock: MockClock
) -> None:
    backend = FakeBackend(era=before, tools=named("a"))

    def refusing(method: str, of: Era) -> None:
        async def refuse(params: Json) -> Json:
            if backend.era is not of or answering.get() is backend.links[0]:
                raise Refusal(-32022 if backend.era is Era.MODERN else -32000, "Unsupported protocol version")
            del backend.answers[method]
            return await backend.answer(method, params)

        backend.answers[method] = refuse

    async with living(backend, REMOTE) as scope:
        backend.era = after = Era.LEGACY if before is Era.MODERN else Era.MODERN
        for method, of in (("server/discover", Era.MODERN), ("initialize", Era.LEGACY)):
            refusing(method, of)
        for method in ("tools/list", "tools/call", "ping"):
            refusing(method, after)
        await call(scope)
        connection = scope.shared.connection
        assert connection is not None
        assert connection.handshake.era is after
