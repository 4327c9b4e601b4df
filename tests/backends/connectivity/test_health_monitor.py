"""Watching a connection: probes of both eras, what is made of silence, of slowness and of work; in virtual time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import attrs
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.backends.links.hearing import NoMessage
from argus_trio.backends.scope.scope import Scope
from argus_trio.config.model.backend import HttpBackend, StdioBackend
from argus_trio.config.model.operation import Probing, Restart, Timeouts
from argus_trio.core.call.abilities import Abilities
from argus_trio.core.health.lifecycle import BackendState
from argus_trio.errors import AnswerInvalid, BackendError, BackendUnavailable, DeadlineExceeded, HttpRefused, LinkFailed
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import FakeBackend, FakeExchange, Json, Refusal, raw
from tests.backends.support.scopes import scope_of
from tests.backends.support.supervised import named

SPEC = StdioBackend(
    name="files",
    command="unused",
    timeouts=Timeouts(connect=20, call=100, call_max=1000),
    restart=Restart(initial=4, max=4),
    health=Probing(interval=30, timeout=10, slow=2, failures=3),
)


@attrs.define(eq=False)
class Watched:
    """A running scope over a fake backend."""

    backend: FakeBackend
    scope: Scope

    def state(self) -> BackendState:
        return self.scope.state

    @property
    def reason(self) -> str:
        return self.scope.recovery.standing.reason

    def count(self, method: str) -> int:
        return [seen for seen, _ in self.backend.seen].count(method)

    async def call(self, name: str = "a", **fields: object) -> bytes:
        exchange = FakeExchange("tools/call", **fields)  # type: ignore[arg-type]  # fields by name
        return await self.scope.calls.call(exchange, raw({"name": name}))


async def watched(nursery: trio.Nursery, backend: FakeBackend, spec: StdioBackend | HttpBackend = SPEC) -> Watched:
    backend.tools = backend.tools or named("a")
    scope = scope_of(spec, backend.open, secrets=["hunter2"])
    nursery.start_soon(scope.run)
    await scope.shared.settled.wait()
    assert scope.state is BackendState.READY
    return Watched(backend, scope)


async def never(_params: Json) -> Json:
    await trio.sleep_forever()
    raise AssertionError


def late(seconds: float) -> Callable[[Json], Awaitable[Json]]:
    async def answer(_params: Json) -> Json:
        await trio.sleep(seconds)
        return {}

    return answer


@pytest.mark.parametrize(("era", "probe", "handshakes"), [(Era.LEGACY, "ping", 1), (Era.MODERN, "server/discover", 0)])
async def test_each_era_is_probed_in_its_own_way_and_never_greeted_again(
    era: Era, probe: str, handshakes: int, nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    life = await watched(nursery, FakeBackend(era=era))
    before = life.count(probe)
    await trio.sleep(3600)
    assert life.count(probe) - before == pytest.approx(120, abs=2)
    assert life.count("initialize") == handshakes
    assert life.state() is BackendState.READY
    assert len(life.backend.links) == 1


async def test_no_probe_is_sent_while_calls_prove_health(nursery: trio.Nursery, autojump_clock: MockClock) -> None:
    life = await watched(nursery, FakeBackend())
    for _ in range(100):
        await trio.sleep(29)
        await life.call()
    assert life.count("ping") == 0


async def test_what_the_backend_says_on_its_own_proves_health_too(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    life = await watched(nursery, FakeBackend())
    for _ in range(10):
        await trio.sleep(29)
        await life.backend.links[0].says("notifications/message", {"level": "info"})
    assert life.count("ping") == 0


async def test_a_slow_answer_is_degraded_with_the_figure_until_a_prompt_one(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    life = await watched(nursery, FakeBackend(answers={"ping": late(5)}))
    await trio.sleep(36)
    assert life.state() is BackendState.DEGRADED
    assert life.reason == "it took 5.0 s to answer a probe (health.slow: 2 s)"
    await life.call()
    del life.backend.answers["ping"]
    await trio.sleep(30)
    assert life.state() is BackendState.READY


async def test_a_silent_backend_is_degraded_then_replaced(nursery: trio.Nursery, autojump_clock: MockClock) -> None:
    life = await watched(nursery, FakeBackend())
    life.backend.answers = {"ping": never, "tools/list": never}
    await trio.sleep(41)
    assert life.state() is BackendState.DEGRADED
    assert life.reason == "it did not answer 1 probe of 10 s"
    await trio.sleep(20)
    assert life.state() is BackendState.DOWN
    assert life.reason == "it did not answer 3 probes of 10 s"
    assert not life.backend.links[0].is_open
    life.backend.answers = {}
    await trio.sleep(80)  # longer than a breaker stays open
    assert life.state() is BackendState.READY
    assert life.backend.links[-1].is_open


async def test_a_call_that_waits_on_a_silent_backend_is_told_of_the_silence(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    life = await watched(nursery, FakeBackend())
    life.backend.answers = {"ping": never, "tools/list": never, "tools/call": never}
    with pytest.raises(DeadlineExceeded):
        await life.call()
    await wait_all_tasks_blocked()
    assert life.state() is BackendState.DOWN
    with pytest.raises(BackendUnavailable, match="did not answer 3 probes of 10 s"):
        await life.call()


async def test_a_backend_that_works_on_a_long_call_is_degraded_not_lost(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    life = await watched(nursery, FakeBackend())
    life.backend.answers = {"ping": never, "tools/list": never, "tools/call": late(95)}
    states: list[BackendState] = []

    async def look() -> None:
        await trio.sleep(80)
        states.append(life.state())

    nursery.start_soon(look)
    await life.call()
    assert states == [BackendState.DEGRADED]
    await trio.sleep(10)
    assert life.state() is BackendState.READY
    assert len(life.backend.links) == 1
    assert life.count("ping") + life.count("tools/list") <= 5, "it is not given a heap of probes to wake up to"


async def test_a_legacy_backend_that_never_answers_a_ping_is_asked_for_a_list(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    life = await watched(nursery, FakeBackend(answers={"ping": never}))
    await trio.sleep(600)
    assert life.state() is BackendState.READY
    assert len(life.backend.links) == 1
    assert life.count("ping") == 1


async def test_an_answer_that_is_none_is_a_sign_of_life_too(nursery: trio.Nursery, autojump_clock: MockClock) -> None:
    async def garbled(_params: Json) -> Json:
        raise AnswerInvalid("neither result nor error")

    life = await watched(nursery, FakeBackend(answers={"ping": garbled}))
    await trio.sleep(600)
    assert (life.state(), len(life.backend.links)) == (BackendState.READY, 1)
    assert life.count("ping") > 10


async def test_a_page_instead_of_every_answer_is_no_sign_of_life(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    async def page(_params: Json) -> Json:
        raise NoMessage("it answered a request with HTTP 200 and text/html")

    life = await watched(nursery, FakeBackend())
    life.backend.answers = {"ping": page, "tools/list": page, "initialize": page, "server/discover": page}
    await trio.sleep(200)
    assert life.state() is BackendState.DOWN
    life.backend.answers = {}
    await trio.sleep(80)  # longer than a breaker stays open
    assert life.state() is BackendState.READY


async def test_a_page_instead_of_the_answer_to_a_ping_alone_has_it_asked_for_a_list(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    async def page(_params: Json) -> Json:
        raise NoMessage("it answered a request with HTTP 202 and nothing")

    life = await watched(nursery, FakeBackend(answers={"ping": page}))
    await trio.sleep(600)
    assert (life.state(), len(life.backend.links), life.count("ping")) == (BackendState.READY, 1, 1)


async def test_a_refusal_is_a_sign_of_life(nursery: trio.Nursery, autojump_clock: MockClock) -> None:
    async def refuse(_params: Json) -> Json:
        raise Refusal(-32601, "no such method")

    life = await watched(nursery, FakeBackend(answers={"ping": refuse}))
    await trio.sleep(600)
    assert life.state() is BackendState.READY


def failing(failure: LinkFailed) -> Callable[[Json], Awaitable[Json]]:
    async def fail(_params: Json) -> Json:
        await trio.lowlevel.checkpoint()
        raise failure

    return fail


@pytest.mark.parametrize(
    ("failure", "state"),
    [
        (HttpRefused(429, "the server answered HTTP 429"), BackendState.READY),
        (HttpRefused(400, "the server answered HTTP 400"), BackendState.DOWN),
        (HttpRefused(410, "the server answered HTTP 410"), BackendState.DOWN),
        (HttpRefused(404, "the server answered HTTP 404"), BackendState.DOWN),
        (HttpRefused(401, "the server wants authentication"), BackendState.DOWN),
        (HttpRefused(502, "the server answered HTTP 502"), BackendState.DOWN),
        (LinkFailed("cannot connect", never_ran=True), BackendState.DOWN),
    ],
)
async def test_an_http_refusal_counts_as_what_every_call_would_meet(
    failure: LinkFailed, state: BackendState, nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    spec = HttpBackend(name="web", url="http://127.0.0.1/mcp", health=SPEC.health, restart=Restart(initial=30, max=30))
    life = await watched(nursery, FakeBackend(), spec)
    life.backend.answers = {"ping": failing(failure), "tools/list": failing(failure)}
    life.backend.open_failures = [failure] * 9
    await trio.sleep(55)
    assert life.state() is state
    assert state is BackendState.READY or life.reason == failure.reason


async def test_a_ping_alone_that_is_refused_is_a_method_that_is_not_known(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    spec = HttpBackend(name="web", url="http://127.0.0.1/mcp", health=SPEC.health)
    life = await watched(nursery, FakeBackend(), spec)
    life.backend.answers = {"ping": failing(HttpRefused(400, "no"))}
    await trio.sleep(600)
    assert (life.state(), len(life.backend.links), life.count("ping")) == (BackendState.READY, 1, 1)


async def test_probes_that_are_refused_weigh_nothing_against_calls_that_are_answered(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    spec = HttpBackend(name="web", url="http://127.0.0.1/mcp", health=Probing(interval=2, timeout=10, failures=3))
    life = await watched(nursery, FakeBackend(), spec)
    refused = failing(HttpRefused(400, "no"))
    life.backend.answers = {"ping": refused, "tools/list": refused}
    for _ in range(20):
        await life.call()
        await trio.sleep(30)
    assert (life.state(), len(life.backend.links)) == (BackendState.READY, 1)
    life.backend.answers["tools/call"] = refused
    life.backend.open_failures = [LinkFailed("away")] * 9
    with pytest.raises(BackendUnavailable):
        await life.call()
    await trio.sleep(7)
    assert life.state() is BackendState.DOWN, "a refusal takes no time: three of them are three intervals"


async def test_a_server_that_asks_to_be_left_alone_is_not_probed_before(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    life = await watched(nursery, FakeBackend())
    life.backend.answers = {"ping": failing(HttpRefused(429, "busy", retry_after=300))}
    await trio.sleep(299)
    assert life.count("ping") == 1
    await trio.sleep(100)
    assert life.count("ping") == 2
    assert life.state() is BackendState.READY


async def test_a_modern_server_that_has_become_a_legacy_one_is_greeted_as_such(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    life = await watched(nursery, FakeBackend(era=Era.MODERN))
    life.backend.era = Era.LEGACY
    await trio.sleep(200)
    connection = life.scope.shared.connection
    assert connection is not None
    assert (life.state(), connection.handshake.era) == (BackendState.READY, Era.LEGACY)


async def test_a_call_that_cannot_be_sent_makes_the_scope_look_at_once_and_says_when_to_come_again(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    life = await watched(nursery, FakeBackend())
    refused = failing(LinkFailed("cannot connect: Connection refused", never_ran=True))
    life.backend.answers = {"ping": refused, "tools/call": refused}
    life.backend.open_failures = [LinkFailed("cannot connect: Connection refused")] * 9
    with pytest.raises(BackendUnavailable, match="Connection refused") as caught:
        await life.call()
    assert caught.value.retry_after == 4
    await wait_all_tasks_blocked()
    assert life.state() is BackendState.DOWN
    with pytest.raises(BackendUnavailable, match="Connection refused") as caught:
        await life.call()
    assert caught.value.retry_after is not None
    assert 0 < caught.value.retry_after <= 4


async def test_an_own_connection_that_falls_silent_is_replaced_at_its_next_call(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    abilities = Abilities(sampling=True)
    life = await watched(nursery, FakeBackend())
    await life.call(abilities=abilities)
    own = life.backend.links[-1]
    life.backend.answers = {"ping": never, "tools/list": never}
    await trio.sleep(65)
    assert not own.is_open
    life.backend.answers = {}
    await trio.sleep(80)  # longer than a breaker stays open
    await life.call(abilities=abilities)
    assert life.backend.links[-1] is not own
    assert life.backend.links[-1].is_open


async def test_a_backends_own_error_is_no_reason_to_look(nursery: trio.Nursery, autojump_clock: MockClock) -> None:
    async def refuse(_params: Json) -> Json:
        raise Refusal(-32602, "no")

    life = await watched(nursery, FakeBackend(answers={"tools/call": refuse}))
    for _ in range(10):
        with pytest.raises(BackendError):
            await life.call()
    await wait_all_tasks_blocked()
    assert life.count("ping") == 0
