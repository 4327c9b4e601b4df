"""The connection that clients share: what waits for it, what hears of it, and what is known of the backend."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.backends.connection.handshake import Handshake
from argus_trio.backends.connection.open import BackendAddress
from argus_trio.backends.connectivity.recovery import Recovery, breaker_of
from argus_trio.backends.connectivity.shared_connection import SharedConnection
from argus_trio.backends.connectivity.start_turns import PREPARING_SECONDS, StartTurns
from argus_trio.backends.listings.rounds import ListOutcome
from argus_trio.backends.subscriptions.hub import SubscriptionHub
from argus_trio.config.model.backend import BackendSpec, HttpBackend, ProtocolSetting, StdioBackend
from argus_trio.config.model.operation import Timeouts
from argus_trio.core.health.lifecycle import BackendState
from argus_trio.core.redaction import HIDDEN, Redactor
from argus_trio.errors import BackendUnavailable, LinkFailed, SessionLost
from argus_trio.wire.envelope import Params
from argus_trio.wire.revisions import LATEST_LEGACY, LATEST_MODERN, Era
from tests.backends.support.fakes import FakeBackend, Json, Refusal, raw
from tests.backends.support.supervised import named

CONNECT_SECONDS, CALL_SECONDS = 20.0, 10.0
TIMEOUTS = Timeouts(connect=CONNECT_SECONDS, call=CALL_SECONDS)
STDIO = StdioBackend(name="files", command="unused", timeouts=TIMEOUTS)
HTTP = HttpBackend(name="files", url="http://127.0.0.1/mcp", timeouts=TIMEOUTS)


def greeting(era: Era) -> Handshake:
    revision = LATEST_LEGACY if era is Era.LEGACY else LATEST_MODERN
    return Handshake(era=era, revision=revision, capabilities={}, server_info={}, instructions=None)


@attrs.define(eq=False)
class Heard:
    """What the shared connection told of: how many entries of each kind were listed, and how it stood then."""

    opened: list[tuple[dict[str, int], bool, bool]] = attrs.field(factory=list)
    """The kinds, whether the connection was there, whether it counted as settled."""
    relisted: list[dict[str, int]] = attrs.field(factory=list)


@attrs.define(eq=False)
class Keeping:
    """A shared connection that is being kept open."""

    shared: SharedConnection
    backend: FakeBackend
    heard: Heard


def counted(listed: ListOutcome) -> dict[str, int]:
    return {kind: len(entries) for kind, entries in listed.lists.items()}


def shared_at(backend: FakeBackend, spec: BackendSpec = STDIO) -> Keeping:
    """One that nobody keeps open yet."""
    heard = Heard()
    address = BackendAddress(spec=spec, open_link=backend.open, redact=Redactor(["hunter2"]))

    def opened(listing: ListOutcome) -> None:
        heard.opened.append((counted(listing), shared.connection is not None, shared.settled.is_set()))

    shared = SharedConnection(
        address=address,
        turns=StartTurns(lambda: 4),
        recovery=Recovery(spec.name, address.redact, breaker_of(spec)),
        subscriptions=SubscriptionHub(address),
        on_open=opened,
        on_relisted=lambda listing: heard.relisted.append(counted(listing)),
    )
    shared.recovery.begin()
    return Keeping(shared, backend, heard)


@asynccontextmanager
async def keeping(backend: FakeBackend, spec: BackendSpec = STDIO) -> AsyncIterator[Keeping]:
    made = shared_at(backend, spec)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(made.shared.run)
        yield made
        nursery.cancel_scope.cancel()


def slow_to_greet(seconds: float) -> FakeBackend:
    async def greet(_params: Json) -> Json:
        await trio.sleep(seconds)
        return {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}}

    return FakeBackend(tools=named("x"), answers={"initialize": greet})


async def test_who_wants_the_connection_waits_for_the_first_attempt(autojump_clock: MockClock) -> None:
    async with keeping(slow_to_greet(5)) as k:
        connection = await k.shared.connected()
        assert trio.current_time() >= 5
        assert connection is k.shared.connection


async def test_it_is_waited_for_no_longer_than_a_call_may_take(autojump_clock: MockClock) -> None:
    async with keeping(slow_to_greet(15)) as k:
        with pytest.raises(BackendUnavailable, match="still starting"):
            await k.shared.connected()
        assert trio.current_time() == pytest.approx(CALL_SECONDS)


async def test_who_finds_none_is_told_why_without_secrets(autojump_clock: MockClock) -> None:
    async with keeping(FakeBackend(open_failures=[LinkFailed("no hunter2")] * 99)) as k:
        with pytest.raises(BackendUnavailable, match="no") as caught:
            await k.shared.connected()
        assert caught.value.reason == f"no {HIDDEN}"
        assert k.shared.settled.is_set()


async def test_what_was_listed_is_told_once_the_connection_is_there_and_before_calls_are_let_through(
    autojump_clock: MockClock,
) -> None:
    async with keeping(FakeBackend(tools=named("x", "y"), prompts=named("p"))) as k:
        await k.shared.connected()
        assert k.heard.opened == [({"tools": 2, "prompts": 1}, True, False)]
        assert k.shared.settled.is_set()


async def test_what_a_backend_says_has_changed_is_listed_again_and_nothing_else(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=named("x"), prompts=named("p"))
    async with keeping(backend) as k:
        await k.shared.connected()
        backend.tools += named("y")
        k.shared.lists_changed(("tools",))
        await trio.sleep(5)
        assert k.heard.relisted == [{"tools": 2}]
        assert len(k.heard.opened) == 1


async def test_a_backend_that_is_not_ready_in_time_has_failed(autojump_clock: MockClock) -> None:
    async with keeping(slow_to_greet(1e6)) as k:
        await k.shared.settled.wait()
        assert trio.current_time() == pytest.approx(CONNECT_SECONDS)
        with pytest.raises(BackendUnavailable, match="it was not ready within 20 s"):
            await k.shared.connected()


def installing(until: float, era: Era = Era.LEGACY) -> FakeBackend:
    """A program that works until then, and answers only afterwards."""

    async def answer_late(_params: Json) -> Json:
        await trio.sleep_until(until)
        if era is Era.MODERN:
            return {"supportedVersions": [LATEST_MODERN], "capabilities": {"tools": {}}}
        raise Refusal(-32601, "what is that")

    return FakeBackend(
        era=era,
        tools=named("x"),
        answers={"server/discover": answer_late},
        processor_seconds=lambda: min(trio.current_time(), until),
    )


@pytest.mark.parametrize("era", list(Era))
async def test_a_program_that_works_before_its_first_message_is_preparing_and_may_take_longer_than_connect(
    autojump_clock: MockClock, era: Era
) -> None:
    backend = installing(120, era)
    async with keeping(backend) as k:
        await k.shared.settled.wait()
        assert trio.current_time() == pytest.approx(PREPARING_SECONDS, abs=2)
        assert k.shared.recovery.standing.state is BackendState.PREPARING
        assert k.shared.recovery.standing.what == "installing"
        with pytest.raises(BackendUnavailable, match="it is preparing, installing most likely"):
            await k.shared.connected()
        await k.shared.tried.wait()
        assert trio.current_time() == pytest.approx(120, abs=2)
        assert await k.shared.connected() is k.shared.connection
        assert k.shared.recovery.standing.what == ""
    assert len(backend.links) == 1


async def test_what_a_preparing_program_wrote_last_is_told_without_secrets(autojump_clock: MockClock) -> None:
    async with keeping(installing(120)) as k:
        k.shared.address.stderr.add("added 12 of 90 with hunter2", 0)
        await k.shared.settled.wait()
        assert k.shared.recovery.standing.reason.endswith(f"it says: added 12 of 90 with {HIDDEN}")


async def test_preparing_has_an_end(autojump_clock: MockClock) -> None:
    spec = attrs.evolve(STDIO, timeouts=attrs.evolve(TIMEOUTS, prepare=60))
    async with keeping(installing(1e9), spec) as k:
        await k.shared.tried.wait()
        assert trio.current_time() == pytest.approx(CONNECT_SECONDS + 60, abs=2)
        assert k.shared.recovery.standing.state is BackendState.DOWN
        assert "not prepared within 60 s (timeouts.prepare)" in k.shared.recovery.standing.reason


async def test_a_program_that_spoke_is_preparing_no_more_however_much_it_works(autojump_clock: MockClock) -> None:
    async def never(_params: Json) -> Json:
        await trio.sleep(3600)
        return {}

    backend = FakeBackend(
        tools=named("x"), answers={"tools/list": never}, processor_seconds=lambda: trio.current_time()
    )
    async with keeping(backend) as k:
        await k.shared.tried.wait()
        assert trio.current_time() == pytest.approx(CONNECT_SECONDS)
        assert "not ready within 20 s" in k.shared.recovery.standing.reason


async def test_a_start_waits_for_its_turn_and_its_time_begins_with_that(autojump_clock: MockClock) -> None:
    turns = StartTurns(lambda: 1)
    second = shared_at(slow_to_greet(15))
    second.shared.turns = turns
    busy = turns.turn(attrs.evolve(STDIO, args=("busy",)))
    async with trio.open_nursery() as nursery:
        async with busy:
            nursery.start_soon(second.shared.run)
            await wait_all_tasks_blocked()
            assert "its turn to start (server.concurrent_starts)" in second.shared.recovery.standing.reason
            await trio.sleep(100)
        await second.shared.tried.wait()
        assert trio.current_time() == pytest.approx(115)
        assert second.shared.recovery.standing.state is BackendState.READY
        nursery.cancel_scope.cancel()


async def test_a_program_that_only_waits_gives_its_turn_to_the_next(autojump_clock: MockClock) -> None:
    turns = StartTurns(lambda: 1)
    silent, other = shared_at(slow_to_greet(1e6)), shared_at(FakeBackend(), attrs.evolve(STDIO, args=("b",)))
    silent.shared.turns = other.shared.turns = turns
    async with trio.open_nursery() as nursery:
        nursery.start_soon(silent.shared.run)
        await wait_all_tasks_blocked()
        nursery.start_soon(other.shared.run)
        await other.shared.tried.wait()
        assert trio.current_time() <= 5
        nursery.cancel_scope.cancel()


async def test_a_lost_connection_is_there_no_more_and_the_next_one_is_listed_anew(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=named("x"))
    async with keeping(backend) as k:
        first = await k.shared.connected()
        backend.links[0].die("exited with code 9")
        await wait_all_tasks_blocked()
        assert first.lost is not None
        assert first.lost.reason == "exited with code 9"
        with pytest.raises(BackendUnavailable, match="exited with code 9"):
            await k.shared.connected()
        await trio.sleep(60)
        assert await k.shared.connected() is not first
        assert len(k.heard.opened) == 2


async def test_who_wants_it_while_a_forgotten_session_is_begun_anew_waits_for_the_next_one(
    autojump_clock: MockClock,
) -> None:
    backend = slow_to_greet(3)
    async with keeping(backend) as k:
        first = await k.shared.connected()
        await trio.sleep(60)
        backend.links[0].failure = SessionLost("forgotten")
        backend.links[0]._failed.set()
        first.lost = SessionLost("forgotten")  # a call has met it, and `run` is about to know
        began = trio.current_time()
        again = await k.shared.connected()
        assert again is not first
        assert again.lost is None
        assert trio.current_time() - began >= 3


async def test_when_it_is_stopped_its_connection_is_at_its_end(autojump_clock: MockClock) -> None:
    async with keeping(FakeBackend()) as k:
        connection = await k.shared.connected()
    assert connection.gone.is_set()
    assert connection.lost is not None
    assert connection.lost.reason == "it was stopped"
    assert k.shared.connection is None


async def test_a_fault_of_our_own_is_a_failed_attempt(autojump_clock: MockClock) -> None:
    backend = FakeBackend()
    made = shared_at(backend)
    broken = True

    def on_open(_listing: ListOutcome) -> None:
        if broken:
            raise ZeroDivisionError

    made.shared.on_open = on_open
    async with trio.open_nursery() as nursery:
        nursery.start_soon(made.shared.run)
        with pytest.raises(BackendUnavailable, match="the gateway failed at it: ZeroDivisionError"):
            await made.shared.connected()
        broken = False
        await trio.sleep(60)
        assert (await made.shared.connected()).lost is None
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("setting", ["auto", "legacy", "modern"])
async def test_what_is_configured_says_how_the_backend_is_greeted(
    setting: ProtocolSetting, autojump_clock: MockClock
) -> None:
    made = shared_at(FakeBackend(), attrs.evolve(STDIO, protocol=setting))
    assert made.shared.order() == setting


@pytest.mark.parametrize(("era", "protocol"), [(Era.LEGACY, "legacy"), (Era.MODERN, "modern")])
async def test_while_it_is_there_further_connections_are_greeted_in_its_era(
    era: Era, protocol: str, autojump_clock: MockClock
) -> None:
    async with keeping(FakeBackend(era=era)) as k:
        assert k.shared.order() == "auto"
        await k.shared.connected()
        assert k.shared.order() == protocol


async def test_a_backend_that_dies_of_the_probe_is_greeted_as_legacy_at_once(autojump_clock: MockClock) -> None:
    async def die(_params: Json) -> Json:
        raise LinkFailed("exited with code 1")

    async def greet(params: Json) -> Json:
        return await die(params) if len(backend.links) == 1 else {"protocolVersion": "2025-11-25", "capabilities": {}}

    backend = FakeBackend(answers={"server/discover": die, "initialize": greet})
    async with keeping(backend) as k:
        await k.shared.connected()
        assert trio.current_time() < 1
    assert [method for method, _ in backend.seen].count("server/discover") == 1
    assert k.shared.recovery.breaker.failures == 0


async def test_one_that_is_asked_otherwise_keeps_its_place_before_all_that_wait(autojump_clock: MockClock) -> None:
    async def die(_params: Json) -> Json:
        await trio.sleep(1)
        raise LinkFailed("exited with code 1")

    async def greet(params: Json) -> Json:
        return await die(params) if len(probed.links) == 1 else {"protocolVersion": "2025-11-25", "capabilities": {}}

    turns = StartTurns(lambda: 1)
    probed = FakeBackend(answers={"server/discover": die, "initialize": greet})
    first, second = shared_at(probed), shared_at(slow_to_greet(15), attrs.evolve(STDIO, args=("b",)))
    first.shared.turns = second.shared.turns = turns
    first.shared._ticket, second.shared._ticket = turns.ticket(), turns.ticket()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(first.shared.run)
        nursery.start_soon(second.shared.run)
        await first.shared.connected()
        assert trio.current_time() < 5
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("era", list(Era))
async def test_what_a_predecessor_knew_holds_until_the_backend_has_been_asked(
    era: Era, autojump_clock: MockClock
) -> None:
    backend = slow_to_greet(5)
    async with keeping(backend) as k:
        k.shared.adopt(None)
        assert not k.shared.sharing.is_legacy
        k.shared.adopt(greeting(era))
        assert k.shared.sharing.is_legacy is (era is Era.LEGACY)
        k.shared.adopt(greeting(Era.MODERN))
        assert k.shared.sharing.is_legacy is (era is Era.LEGACY), "the first one is known"
        await k.shared.connected()
        assert k.shared.sharing.is_legacy


@pytest.mark.parametrize(("spec", "assigns"), [(STDIO, False), (HTTP, True)])
async def test_only_streamable_http_says_whose_call_a_log_message_belongs_to(
    spec: BackendSpec, assigns: bool, autojump_clock: MockClock
) -> None:
    sharing = shared_at(FakeBackend(), spec).shared.sharing
    assert (sharing.assigns_logs, sharing.setting) == (assigns, "auto")


async def test_what_the_backend_writes_while_it_starts_counts_as_of_an_attempt(autojump_clock: MockClock) -> None:
    backend = FakeBackend()
    async with keeping(backend) as k:
        await wait_all_tasks_blocked()
        await k.shared.connected()
        assert not k.shared.address.stderr.is_probed
        backend.open_failures = [LinkFailed("gone")] * 99
        backend.links[0].die("gone")
        await trio.sleep(10)
        assert k.shared.address.stderr.is_probed


async def test_what_it_hears_of_resources_is_told_to_those_who_subscribed(autojump_clock: MockClock) -> None:
    told: list[Params] = []
    async with keeping(FakeBackend()) as k:
        k.shared.subscriptions.table.add("a:1", "key", lambda _method, params: told.append(params))
        for uri in ("a:1", "a:2"):
            k.shared.resource_updated(raw({"uri": uri}))
        assert len(told) == 1
        assert k.shared.client is None


async def test_whether_calls_may_be_answered_with_a_task_is_what_the_backend_declares(
    autojump_clock: MockClock,
) -> None:
    declares: Json = {"tasks": {"requests": {"tools": {"call": {}}}}}
    for backend, runs_tasks in ((FakeBackend(declares=declares), True), (FakeBackend(), False)):
        async with keeping(backend) as k:
            assert not k.shared.runs_tasks
            await k.shared.connected()
            assert k.shared.runs_tasks is runs_tasks
