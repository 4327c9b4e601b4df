"""Listing again what a backend says has changed: never too often, never too late, and told to clients only if true."""

from __future__ import annotations

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from argus_trio.core.catalog.remarks import WORTH
from argus_trio.core.catalog.storm import LONGEST_CALM_SECONDS, LONGEST_SECONDS, LONGEST_VAIN_SECONDS
from tests.backends.support.fakes import FakeBackend, Json
from tests.backends.support.supervised import Supervised, named, spec, supervised

CHANGED = "notifications/tools/list_changed"


def lists(backend: FakeBackend) -> int:
    return sum(method == "tools/list" for method, _ in backend.seen)


async def storm(backend: FakeBackend, seconds: float, every: float = 0.01) -> None:
    """The backend says again and again that its tools have changed."""
    with trio.move_on_after(seconds):
        while True:
            await backend.links[-1].says(CHANGED, {})
            await trio.sleep(every)


def events(logs: list[dict[str, object]], name: str) -> list[dict[str, object]]:
    return [entry for entry in logs if entry["event"] == name]


async def begun(at: Supervised) -> None:
    await at.supervisor.current.settle()
    at.told.clear()


async def test_a_storm_is_listed_at_a_bounded_pace_and_told_once(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=named("a"))
    async with supervised({"files": backend}) as at:
        await begun(at)
        before = lists(backend)
        with capture_logs() as logs:
            await storm(backend, 60)
            assert 10 < lists(backend) - before < 25
            await trio.sleep(30)
        (told,) = events(list(map(dict, logs)), "backend_list_storm")
        (over,) = events(list(map(dict, logs)), "backend_list_storm_over")
        assert told["backend"] == "files"
        assert isinstance(over["heard"], int)
        assert over["heard"] > 5000
        assert at.told == [CHANGED], "what is said is passed on once"


async def test_the_last_change_of_a_storm_is_not_missed(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=named("a"))
    async with supervised({"files": backend}) as at:
        await begun(at)
        await storm(backend, 20)
        backend.tools += named("last")
        await backend.links[0].says(CHANGED, {})
        await trio.sleep(LONGEST_SECONDS + 0.1)
        assert await at.names() == ["files__a", "files__last"]
        assert at.told == [CHANGED] * 2


async def test_a_change_that_leaves_the_list_as_it_was_is_passed_on(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=named("a"))
    async with supervised({"files": backend}) as at:
        await begun(at)
        for times in range(1, 4):
            await backend.links[0].says(CHANGED, {})
            await trio.sleep(LONGEST_SECONDS)
            assert at.told == [CHANGED] * times


async def test_a_change_while_it_is_being_listed_is_not_missed(autojump_clock: MockClock) -> None:
    async def slow(_params: Json) -> Json:
        found: Json = {"tools": list(backend.tools)}
        await trio.sleep(3)
        return found

    backend = FakeBackend(tools=named("a"), answers={"tools/list": slow})
    async with supervised({"files": backend}) as at:
        await begun(at)
        await backend.links[0].says(CHANGED, {})
        await trio.sleep(1)
        backend.tools += named("b")
        await backend.links[0].says(CHANGED, {})
        await trio.sleep(10)
        assert await at.names() == ["files__a", "files__b"]


async def test_after_a_storm_a_change_is_seen_at_once_again(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=named("a"))
    async with supervised({"files": backend}) as at:
        await begun(at)
        await storm(backend, 20)
        await trio.sleep(2 * LONGEST_SECONDS)
        backend.tools += named("b")
        await backend.links[0].says(CHANGED, {})
        await trio.sleep(0.1)
        assert await at.names() == ["files__a", "files__b"]


async def test_a_list_that_did_not_come_in_time_is_asked_for_again(autojump_clock: MockClock) -> None:
    stuck = False

    async def listed(_params: Json) -> Json:
        if stuck:
            await trio.sleep_forever()
        return {"tools": list(backend.tools)}

    backend = FakeBackend(tools=named("a"), answers={"tools/list": listed})
    async with supervised({"files": backend}) as at:
        await begun(at)
        stuck = True
        backend.tools += named("b")
        with capture_logs() as logs:
            await backend.links[0].says(CHANGED, {})
            await trio.sleep(31)
            stuck = False
            await trio.sleep(31)
        assert [entry["event"] for entry in logs] == ["backend_relist_late"] * 2
        assert await at.names() == ["files__a", "files__b"]


async def test_a_list_that_is_late_again_and_again_is_told_once_and_is_no_storm(autojump_clock: MockClock) -> None:
    asked = 0

    async def listed(_params: Json) -> Json:
        nonlocal asked
        asked += 1
        if asked > 1:
            await trio.sleep_forever()
        return {"tools": named("a")}

    backend = FakeBackend(declares={"tools": {}}, answers={"tools/list": listed})
    async with supervised({"files": backend}) as at:
        await begun(at)
        with capture_logs() as logs:
            at.supervisor.scopes["files"].shared.lists.look_again()
            await trio.sleep(1000)
    late = [entry["log_level"] for entry in logs if entry["event"] == "backend_relist_late"]
    assert late[0] == "warning"
    assert set(late[1:]) == {"debug"}
    assert 8 < asked < 30
    assert not [entry for entry in logs if "storm" in str(entry["event"])]


async def test_clients_hear_of_as_many_changes_as_there_are(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=named("a"))
    async with supervised({"files": backend}) as at:
        await begun(at)
        for number in range(3):
            backend.tools += named(f"t{number}")
            await storm(backend, 10)
        await trio.sleep(LONGEST_SECONDS + 1)
        assert at.told == [CHANGED] * 3


@pytest.mark.parametrize(("before", "after"), [(WORTH * 2, 3), (WORTH, WORTH * 3)])
async def test_a_list_that_is_halved_or_doubled_is_reported(autojump_clock: MockClock, before: int, after: int) -> None:
    backend = FakeBackend(tools=named(*(f"t{number}" for number in range(before))))
    async with supervised({"files": backend}) as at:
        await begun(at)
        with capture_logs() as logs:
            backend.tools = named(*(f"t{number}" for number in range(after)))
            await backend.links[0].says(CHANGED, {})
            await trio.sleep(1)
        (entry,) = logs
        assert (entry["event"], entry["kind"]) == ("backend_list_upheaval", "tools")
        assert (entry["before"], entry["after"]) == (before, after)


async def test_one_that_comes_back_with_half_its_list_is_reported(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=named(*(f"t{number}" for number in range(WORTH))))
    async with supervised({"files": backend}) as at:
        await begun(at)
        with capture_logs() as logs:
            backend.tools = named("t0")
            backend.links[0].die("gone")
            await trio.sleep(5)
        (entry,) = events(list(map(dict, logs)), "backend_list_upheaval")
        assert (entry["before"], entry["after"]) == (WORTH, 1)


async def test_a_backend_that_flaps_is_told_of_once_and_clients_hear_nothing(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=named("a"), resources=[{"uri": "u"}])
    async with supervised({"files": backend}, [spec("files")]) as at:
        await begun(at)
        with capture_logs() as logs:
            for _ in range(8):
                backend.links[-1].die("gone")
                await trio.sleep(65)  # longer than the backoff ever is
        assert len(events(list(map(dict, logs)), "backend_flapping")) == 1
        assert len(backend.links) == 9
        assert at.told == []


def at_each_request(backend: FakeBackend) -> None:
    """Let the backend say at each request that its tools have changed, as a server does that is started for each."""

    async def listed(_params: Json) -> Json:
        await backend.links[-1].says(CHANGED, {})
        return {"tools": list(backend.tools)}

    async def pong(_params: Json) -> Json:
        await backend.links[-1].says(CHANGED, {})
        return {}

    backend.answers.update({"tools/list": listed, "ping": pong})


async def test_a_backend_that_says_so_at_each_request_is_soon_listed_less_than_once_a_minute(
    autojump_clock: MockClock,
) -> None:
    backend = FakeBackend(tools=named("a"))
    at_each_request(backend)
    async with supervised({"files": backend}) as at:
        await begun(at)
        with capture_logs() as logs:
            counts = []
            for _ in range(30):
                before = lists(backend)
                await trio.sleep(60)
                counts.append(lists(backend) - before)
        assert counts[0] <= 15
        assert sum(counts[:3]) < 20
        assert max(counts[3:]) <= 1
        assert sum(counts[3:]) <= 8
        (slowed,) = events(list(map(dict, logs)), "backend_list_storm_slowed")
        assert (slowed["backend"], slowed["longest_wait"]) == ("files", 300)
        assert events(list(map(dict, logs)), "backend_list_storm_over") == []
        assert at.told == [CHANGED], "what is said is passed on once"


async def test_a_list_that_does_change_is_listed_soon_again_and_the_end_is_told(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=named("a"))
    at_each_request(backend)
    async with supervised({"files": backend}) as at:
        await begun(at)
        await trio.sleep(1000)
        with capture_logs() as logs:
            backend.tools += named("b")
            await trio.sleep(LONGEST_VAIN_SECONDS)
            assert await at.names() == ["files__a", "files__b"]
            before = lists(backend)
            await trio.sleep(3 * LONGEST_SECONDS)
            assert lists(backend) - before >= 2
            del backend.answers["tools/list"], backend.answers["ping"]
            await trio.sleep(LONGEST_VAIN_SECONDS + LONGEST_CALM_SECONDS)
        said = [entry["event"] for entry in logs if "storm" in entry["event"]]
        assert said[0] == "backend_list_storm_resumed"
        assert said[-1] == "backend_list_storm_over"
