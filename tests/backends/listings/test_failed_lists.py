"""A list that fails is asked for again: what came is shown meanwhile, the backend is degraded, and it heals."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from argus_trio.backends.listings.listing import METHODS
from argus_trio.core.catalog.catalog import KINDS, LIST_KEYS
from argus_trio.core.health.lifecycle import BackendState
from argus_trio.errors import HttpRefused, LinkFailed
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import Answer, FakeBackend, Json, Refusal
from tests.backends.support.supervised import Supervised, named, supervised

ERAS = pytest.mark.parametrize("era", list(Era))
CHANGED = "notifications/tools/list_changed"


def closed() -> LinkFailed:
    return LinkFailed("the connection was closed")


def refused(status: int, retry_after: float | None = None) -> LinkFailed:
    failure = HttpRefused(status, f"HTTP {status}")
    failure.retry_after = retry_after
    return failure


FAILURES: dict[str, Callable[[], Exception]] = {
    "closed": closed,
    "503": lambda: refused(503),
    "429": lambda: refused(429),
    "-32603": lambda: Refusal(-32603, "not today"),
}


@attrs.define(eq=False)
class Failing:
    """Answers a list as `backend` has it, but fails as often as there are `failures`."""

    backend: FakeBackend
    kind: str = "tools"
    failures: list[Exception] = attrs.field(factory=list)
    asked_at: list[float] = attrs.field(factory=list)

    async def answer(self, params: Json) -> Json:
        self.asked_at.append(trio.current_time())
        if self.failures:
            raise self.failures.pop(0)
        answered = self.backend.answers.pop(METHODS[self.kind])
        try:
            return await self.backend.answer(METHODS[self.kind], params)
        finally:
            self.backend.answers[METHODS[self.kind]] = answered


def failing(backend: FakeBackend, *failures: Exception, kind: str = "tools") -> Failing:
    made = Failing(backend, kind, list(failures))
    backend.answers[METHODS[kind]] = made.answer
    return made


def state(at: Supervised) -> BackendState:
    return at.supervisor.scopes["files"].state


def reason(at: Supervised) -> str:
    return at.supervisor.scopes["files"].recovery.standing.reason


@ERAS
@pytest.mark.parametrize("failure", FAILURES)
async def test_a_list_that_fails_once_is_there_soon_and_the_backend_is_degraded_meanwhile(
    era: Era, failure: str, autojump_clock: MockClock
) -> None:
    backend = FakeBackend(era=era, tools=named("a"), prompts=named("p"))
    failing(backend, FAILURES[failure]())
    async with supervised({"files": backend}) as at:
        await at.supervisor.current.settle()
        assert await at.names() == []
        assert await at.names("prompts") == ["files__p"]
        assert state(at) is BackendState.DEGRADED
        assert reason(at).startswith("tools/list failed: ")
        (status,) = at.supervisor.overview().backends
        assert [(each.kind, each.next_attempt > trio.current_time()) for each in status.lists.failed] == [
            ("tools", True)
        ]
        at.told.clear()
        await trio.sleep(2)
        assert await at.names() == ["files__a"]
        assert at.told == [CHANGED]
        assert state(at) is BackendState.READY
        (status,) = at.supervisor.overview().backends
        assert status.lists.failed == ()


async def test_a_list_that_goes_on_failing_is_asked_for_ever_later_told_once_and_heals(
    autojump_clock: MockClock,
) -> None:
    backend = FakeBackend(tools=named("a"))
    tools = failing(backend, *(refused(503) for _ in range(12)))
    with capture_logs() as logs:
        async with supervised({"files": backend}) as at:
            await trio.sleep(400)
            assert await at.names() == ["files__a"]
    waits = [after - before for before, after in zip(tools.asked_at[:12], tools.asked_at[1:13], strict=True)]
    assert max(waits[:3]) <= 4
    assert max(waits) <= 30
    assert len(tools.asked_at) == 13
    warned = [entry for entry in logs if entry["log_level"] == "warning"]
    assert [(entry["event"], entry["kind"], entry["reason"]) for entry in warned] == [
        ("backend_list_failed", "tools", "HTTP 503")
    ]
    assert [entry["count"] for entry in logs if entry["event"] == "backend_list_came"] == [1]


async def test_a_backend_that_says_how_long_to_leave_it_alone_is_left_alone_so_long(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=named("a"))
    tools = failing(backend, refused(429, retry_after=70))
    async with supervised({"files": backend}) as at:
        await trio.sleep(71)
        assert await at.names() == ["files__a"]
    assert tools.asked_at[1] - tools.asked_at[0] == pytest.approx(70, abs=0.1)


@ERAS
async def test_the_pages_that_came_are_shown_and_the_rest_is_read_on_from_there(
    era: Era, autojump_clock: MockClock
) -> None:
    backend = FakeBackend(era=era, tools=named("a", "b", "c"), page_size=1)
    tools = failing(backend)
    answer = tools.answer

    async def at_the_second_page(params: Json) -> Json:
        if params.get("cursor") == "2" and len(tools.asked_at) == 2:
            tools.failures.append(refused(429))
        return await answer(params)

    backend.answers["tools/list"] = at_the_second_page
    async with supervised({"files": backend}) as at:
        await at.supervisor.current.settle()
        assert await at.names() == ["files__a", "files__b"]
        await trio.sleep(2)
        assert await at.names() == ["files__a", "files__b", "files__c"]
    assert [params.get("cursor") for method, params in backend.seen if method == "tools/list"] == [
        None, "1", "2", "2",
    ]  # fmt: skip


async def test_a_backend_that_does_not_know_its_cursor_any_more_is_read_from_the_beginning(
    autojump_clock: MockClock,
) -> None:
    answers: list[Json | Exception] = [
        {"tools": named("old"), "nextCursor": "one"},
        refused(503),
        Refusal(-32602, "unknown cursor"),
        {"tools": named("a", "b")},
    ]

    async def listed(_params: Json) -> Json:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    backend = FakeBackend(declares={"tools": {"listChanged": True}}, answers={"tools/list": listed})
    async with supervised({"files": backend}) as at:
        await at.supervisor.current.settle()
        assert await at.names() == ["files__old"]
        await trio.sleep(2)
        assert await at.names() == ["files__a", "files__b"]


@pytest.mark.parametrize("refusal", [HttpRefused(400, "invalid cursor"), LinkFailed("no list"), None])
async def test_a_cursor_that_leads_nowhere_is_given_up_however_that_is_said(
    refusal: Exception | None, autojump_clock: MockClock
) -> None:
    generation = 0

    async def listed(params: Json) -> Json:
        nonlocal generation
        if "cursor" not in params:
            generation += 1
            return {"tools": named("a"), "nextCursor": str(generation)}
        if generation == 1 and refusal is None:
            await trio.sleep_forever()
        if generation == 1:
            raise refusal or AssertionError
        return {"tools": named("b")}

    backend = FakeBackend(declares={"tools": {"listChanged": True}}, answers={"tools/list": listed})
    async with supervised({"files": backend}) as at:
        await at.supervisor.current.settle()
        await trio.sleep(200)
        assert await at.names() == ["files__a", "files__b"]
        assert state(at) is BackendState.READY


@ERAS
@pytest.mark.parametrize("is_reconnecting", [False, True])
async def test_the_list_from_before_stays_while_the_next_one_does_not_come(
    era: Era, is_reconnecting: bool, autojump_clock: MockClock
) -> None:
    backend = FakeBackend(era=era, tools=named("a", "b"))
    tools = failing(backend)
    async with supervised({"files": backend}) as at:
        await at.supervisor.current.settle()
        at.told.clear()
        tools.failures += [refused(503) for _ in range(3)]
        if is_reconnecting:
            backend.links[0].die("gone")
        else:
            backend.tools = named("a", "b", "c")
            await backend.links[0].says(CHANGED, {})
        await trio.sleep(0.5 if not is_reconnecting else 1.1)
        assert await at.names() == ["files__a", "files__b"]
        await trio.sleep(15)
        assert await at.names() == [f"files__{tool['name']}" for tool in backend.tools]
        assert at.told == ([] if is_reconnecting else [CHANGED])
        assert state(at) is BackendState.READY


@ERAS
async def test_one_list_that_never_comes_takes_the_others_away_no_longer_than_a_start_may_last(
    era: Era, autojump_clock: MockClock
) -> None:
    is_stuck = True

    async def stuck(_params: Json) -> Json:
        if is_stuck:
            await trio.sleep_forever()
        return {"prompts": named("p")}

    backend = FakeBackend(era=era, tools=named("a"), prompts=named("p"), answers={"prompts/list": stuck})
    async with supervised({"files": backend}) as at:
        await trio.sleep(31)
        assert await at.names() == ["files__a"]
        assert state(at) is BackendState.DEGRADED
        assert reason(at) == "prompts/list failed: it did not answer prompts/list within 30 s"
        is_stuck = False
        await trio.sleep(65)
        assert await at.names("prompts") == ["files__p"]
        assert state(at) is BackendState.READY


@ERAS
@pytest.mark.parametrize("kind", KINDS)
async def test_that_a_list_is_not_known_is_an_answer(era: Era, kind: str, autojump_clock: MockClock) -> None:
    backend = FakeBackend(era=era, tools=named("a"), declares={"prompts": {}, "resources": {}})
    listed = failing(backend, *(Refusal(-32601, "no such method") for _ in range(9)), kind=kind)
    with capture_logs() as logs:
        async with supervised({"files": backend}) as at:
            await trio.sleep(100)
            assert state(at) is BackendState.READY
            assert len(listed.asked_at) == 1
    assert [entry for entry in logs if entry["log_level"] == "warning"] == []


def declaring(era: Era, capabilities: Json, lists: dict[str, Answer]) -> FakeBackend:
    async def greet(_params: Json) -> Json:
        return {"protocolVersion": "2025-11-25", "supportedVersions": ["2026-07-28"], "capabilities": capabilities}

    async def no_such(_params: Json) -> Json:
        raise Refusal(-32601, "no such method")

    answers = {METHODS[kind]: lists.get(kind, no_such) for kind in KINDS}
    hello = "initialize" if era is Era.LEGACY else "server/discover"
    return FakeBackend(era=era, answers={**answers, hello: greet})


def asked(backend: FakeBackend) -> set[str]:
    return {method for method, _ in backend.seen if method.endswith("/list")}


def listing(kind: str, *entries: Json) -> Answer:
    async def answer(_params: Json) -> Json:
        return {LIST_KEYS[kind]: list(entries)}

    return answer


@ERAS
async def test_a_server_that_declares_nothing_is_asked_once_and_shows_what_it_lists(
    era: Era, autojump_clock: MockClock
) -> None:
    resource: Json = {"uri": "a:b", "name": "r"}
    backend = declaring(era, {}, {"tools": listing("tools", *named("x")), "resources": listing("resources", resource)})
    async with supervised({"files": backend}) as at:
        await at.supervisor.current.settle()
        assert await at.names() == ["files__x"]
        assert await at.names("resources") == ["a:b"]
        assert (await at.ask("resources/read", uri="a:other"))["asked"] == "resources/read"
        assert state(at) is BackendState.READY
        await trio.sleep(20)
        assert sum(method == "prompts/list" for method, _ in backend.seen) == 1
    assert asked(backend) == set(METHODS.values())


@ERAS
async def test_a_server_that_declares_some_lists_is_believed_about_the_others(
    era: Era, autojump_clock: MockClock
) -> None:
    backend = declaring(era, {"prompts": {"listChanged": True}}, {"tools": listing("tools", *named("x"))})
    async with supervised({"files": backend}) as at:
        await at.supervisor.current.settle()
        assert await at.names() == []
    assert asked(backend) == {"prompts/list"}


@pytest.mark.parametrize("failure", [Refusal(-32600, "who asks?"), refused(404), refused(400)])
async def test_whatever_refuses_a_list_that_was_not_declared_is_an_answer(
    failure: Exception, autojump_clock: MockClock
) -> None:
    async def refuse(_params: Json) -> Json:
        raise failure

    backend = declaring(Era.LEGACY, {}, {"tools": refuse, "prompts": listing("prompts", *named("p"))})
    async with supervised({"files": backend}) as at:
        await trio.sleep(30)
        assert state(at) is BackendState.READY
        assert await at.names("prompts") == ["files__p"]
    assert sum(method == "tools/list" for method, _ in backend.seen) == 1


@pytest.mark.parametrize("failure", [Refusal(-32600, "not now"), refused(400), None])
async def test_a_list_that_was_found_undeclared_stays_when_it_is_not_had_again(
    failure: Exception | None, autojump_clock: MockClock
) -> None:
    is_failing = False

    async def listed(_params: Json) -> Json:
        if is_failing and failure is None:
            await trio.sleep(10)
        elif is_failing and failure is not None:
            raise failure
        return {"tools": named("x")}

    backend = declaring(Era.LEGACY, {}, {"tools": listed})
    async with supervised({"files": backend}) as at:
        await trio.sleep(5)
        is_failing = True
        at.supervisor.look_again()
        await trio.sleep(5)
        assert await at.names() == ["files__x"]
        assert state(at) is (BackendState.READY if failure is None else BackendState.DEGRADED)
        is_failing = False
        await trio.sleep(60)
        assert state(at) is BackendState.READY


async def test_a_change_that_is_heard_while_the_first_list_is_on_its_way_is_not_missed(
    autojump_clock: MockClock,
) -> None:
    async def slow(_params: Json) -> Json:
        found: Json = {"tools": list(backend.tools)}
        await trio.sleep(1)
        return found

    backend = FakeBackend(tools=named("a"), answers={"tools/list": slow})
    async with supervised({"files": backend}) as at:
        await trio.sleep(0.5)
        backend.tools = named("b")
        await backend.links[0].says(CHANGED, {})
        await trio.sleep(3)
        assert await at.names() == ["files__b"]


async def test_a_server_that_declares_nothing_and_never_answers_lists_is_ready_all_the_same(
    autojump_clock: MockClock,
) -> None:
    async def silent(_params: Json) -> Json:
        await trio.sleep_forever()
        raise AssertionError

    backend = declaring(Era.LEGACY, {}, dict.fromkeys(("tools", "prompts", "resources"), silent))
    async with supervised({"files": backend}) as at:
        await trio.sleep(6)
        assert state(at) is BackendState.READY
