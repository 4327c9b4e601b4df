"""A scope: one backend's life in virtual time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.backends.scope.scope import Scope
from argus_trio.config.model.backend import HttpBackend, StdioBackend
from argus_trio.config.model.operation import Restart, Timeouts
from argus_trio.core.call.abilities import NONE
from argus_trio.core.catalog.catalog import Published
from argus_trio.core.health.lifecycle import BackendState
from argus_trio.core.redaction import HIDDEN
from argus_trio.errors import BackendUnavailable, LinkFailed
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import FakeBackend, FakeExchange, Json, raw
from tests.backends.support.scopes import scope_of

RESTART = Restart(initial=4, max=4)
SPEC = StdioBackend(name="files", command="unused", timeouts=Timeouts(connect=20, call=10), restart=RESTART)


@attrs.define(eq=False)
class Life:
    """A running scope, its backend, and everything it published."""

    scope: Scope
    backend: FakeBackend
    published: list[Published]

    def state(self) -> BackendState:
        return self.scope.state

    def tools(self) -> list[str]:
        return [entry.key for entry in self.published[-1].tools]


@asynccontextmanager
async def living(backend: FakeBackend, spec: StdioBackend | HttpBackend = SPEC) -> AsyncIterator[Life]:
    published: list[Published] = []

    def note() -> None:
        shown = scope.published(NONE)
        assert shown is not None
        published.append(shown)

    scope = scope_of(spec, backend.open, on_published=note, secrets=["hunter2"])
    async with trio.open_nursery() as nursery:
        nursery.start_soon(scope.run)
        yield Life(scope, backend, published)
        nursery.cancel_scope.cancel()


def named(*names: str) -> list[Json]:
    return [{"name": name} for name in names]


async def test_a_backend_becomes_ready_and_publishes_what_it_shows(autojump_clock: MockClock) -> None:
    async with living(FakeBackend(tools=named("a"), prompts=named("p"))) as life:
        await life.scope.shared.settled.wait()
        assert life.state() is BackendState.READY
        assert life.tools() == ["a"]
        assert [entry.key for entry in life.published[-1].prompts] == ["p"]
        assert life.backend.links[0].listening == [(("mcp-protocol-version", "2025-11-25"),)]
    assert life.state() is BackendState.STOPPED
    assert not life.backend.links[0].is_open


async def test_only_declared_kinds_are_listed(autojump_clock: MockClock) -> None:
    async with living(FakeBackend(tools=named("a"))) as life:
        await life.scope.shared.settled.wait()
        assert {method for method, _ in life.backend.seen if method.endswith("/list")} == {"tools/list"}


async def test_a_call_waits_for_a_backend_that_is_starting(autojump_clock: MockClock) -> None:
    async def slow(_params: Json) -> Json:
        await trio.sleep(5)
        return {"protocolVersion": "2025-06-18", "capabilities": {}}

    async with living(FakeBackend(answers={"initialize": slow})) as life:
        await life.scope.calls.call(FakeExchange("tools/call"), raw({"name": "a"}))
        assert trio.current_time() == pytest.approx(5, abs=0.1)


async def test_a_backend_that_does_not_start_refuses_calls_with_its_reason(autojump_clock: MockClock) -> None:
    backend = FakeBackend(open_failures=[LinkFailed("exited with code 1", details=("no hunter2 here",))] * 99)
    async with living(backend) as life:
        with pytest.raises(BackendUnavailable) as caught:
            await life.scope.calls.call(FakeExchange("tools/call"), {})
        assert life.state() is BackendState.DOWN
    assert isinstance(caught.value.data, dict)
    assert 0 < caught.value.data.pop("retryAfter") <= 4
    assert caught.value.data == {
        "backend": "files",
        "reason": "exited with code 1",
        "details": [f"no {HIDDEN} here"],
    }


async def test_a_backend_that_never_answers_is_given_up_at_its_deadline(autojump_clock: MockClock) -> None:
    async def never(_params: Json) -> Json:
        await trio.sleep_forever()
        raise AssertionError

    async with living(FakeBackend(answers={"initialize": never, "server/discover": never})) as life:
        await life.scope.shared.settled.wait()
        # Silent after the first question, it is started once more and asked the other one alone.
        assert trio.current_time() == pytest.approx(25, abs=1.1)
        assert life.scope.recovery.standing.reason == (
            "it was not ready within 20 s (timeouts.connect); before that: it was silent, and did nothing"
        )
        assert [method for method, _ in life.backend.seen] == ["server/discover", "initialize"]
        assert not life.backend.links[0].is_open


async def test_a_lost_backend_comes_back_and_its_names_stay_meanwhile(autojump_clock: MockClock) -> None:
    async with living(FakeBackend(tools=named("a"))) as life:
        await life.scope.shared.settled.wait()
        life.backend.links[0].die("was killed by SIGKILL")
        await wait_all_tasks_blocked()
        assert life.state() is BackendState.DOWN
        with pytest.raises(BackendUnavailable, match="SIGKILL"):
            await life.scope.calls.call(FakeExchange("tools/call"), {})
        await trio.sleep(5)
        assert life.state() is BackendState.READY
        assert len(life.backend.links) == 2
        assert life.tools() == ["a"]


async def test_a_backend_that_leaves_at_discovery_is_started_again_as_legacy_at_once(autojump_clock: MockClock) -> None:
    async def leave(_params: Json) -> Json:
        backend.links[-1].die("exited with code 1")
        await trio.sleep_forever()
        raise AssertionError

    backend = FakeBackend(tools=named("a"), answers={"server/discover": leave})
    async with living(backend) as life:
        await life.scope.shared.settled.wait()
        assert life.state() is BackendState.READY
        assert trio.current_time() < 0.1
        assert [m for m, _ in backend.seen].count("server/discover") == 1


async def test_a_backend_that_was_taken_for_legacy_and_is_not_is_asked_again(autojump_clock: MockClock) -> None:
    async def leave(_params: Json) -> Json:
        backend.links[-1].die("exited with code 1")
        await trio.sleep_forever()
        raise AssertionError

    backend = FakeBackend(era=Era.MODERN, tools=named("a"), answers={"server/discover": leave})
    async with living(backend) as life:
        await life.scope.shared.settled.wait()
        assert life.state() is BackendState.DOWN
        del backend.answers["server/discover"]
        await trio.sleep(60)
        assert life.state() is BackendState.READY
        assert life.scope.shared.handshake is not None
        assert life.scope.shared.handshake.era is Era.MODERN


async def test_changes_are_listed_again_and_a_storm_of_them_once(autojump_clock: MockClock) -> None:
    async with living(FakeBackend(tools=named("a"))) as life:
        await life.scope.shared.settled.wait()
        life.backend.tools.append({"name": "b"})
        for _ in range(100):
            await life.backend.links[0].says("notifications/tools/list_changed", {})
        await trio.sleep(1)
        assert life.tools() == ["a", "b"]
        assert [m for m, _ in life.backend.seen].count("tools/list") == 2


async def test_a_list_that_is_refused_leaves_the_other_kinds(autojump_clock: MockClock) -> None:
    async def odd(_params: Json) -> Json:
        return {"tools": "none"}

    backend = FakeBackend(tools=named("a"), prompts=named("p"), answers={"tools/list": odd})
    async with living(backend) as life:
        await life.scope.shared.settled.wait()
        assert life.state() is BackendState.DEGRADED
        assert "tools/list failed: its answer to tools/list is no list" in life.scope.recovery.standing.reason
        assert life.tools() == []
        assert [entry.key for entry in life.published[-1].prompts] == ["p"]


async def test_a_fault_of_our_own_ends_at_the_scope_and_is_tried_again(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=named("a"), open_failures=[ZeroDivisionError("ours")])  # type: ignore[list-item]
    async with living(backend) as life:
        await life.scope.shared.settled.wait()
        assert life.state() is BackendState.DOWN
        assert "ZeroDivisionError" in life.scope.recovery.standing.reason
        await trio.sleep(5)
        assert life.state() is BackendState.READY


@pytest.mark.parametrize(("era", "notices"), [(Era.LEGACY, 1), (Era.MODERN, 0)])
async def test_on_modern_http_no_notice_of_a_cancellation_is_sent(
    era: Era, notices: int, autojump_clock: MockClock
) -> None:
    async def never(_params: Json) -> Json:
        await trio.sleep_forever()
        raise AssertionError

    backend = FakeBackend(era=era, answers={"tools/call": never})
    async with living(backend, HttpBackend(name="web", url="http://127.0.0.1/mcp")) as life:
        await life.scope.shared.settled.wait()
        with trio.move_on_after(1):
            await life.scope.calls.call(FakeExchange("tools/call"), {})
        assert [m for m, _ in backend.seen].count("notifications/cancelled") == notices
