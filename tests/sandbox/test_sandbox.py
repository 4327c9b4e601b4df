"""The sandbox over played rooms: when an engine is looked for and used, what follows its failures, what is told."""

from __future__ import annotations

import attrs
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.config.model.backend import BackendSpec, HttpBackend
from argus_trio.core.health.health import PreparingWord
from argus_trio.core.journal import Journal
from argus_trio.errors import LinkFailed
from argus_trio.sandbox.engine.look import LOOK_AGAIN_SECONDS, LOOK_SECONDS, WATCH_SECONDS
from argus_trio.sandbox.plan.outcome import Bare, Contained, Refused
from tests.sandbox.rooms import DOCKER, NOBODY, PlayedEngine, PlayedRooms, contained, sandbox_of, stdio


def nothing(_what: PreparingWord, _line: str) -> None:
    """Hear nothing."""


def told(journal: Journal) -> list[tuple[str, str]]:
    return [(event.severity, event.message) for event in journal.since(1)[0]]


async def test_without_a_backend_that_may_be_isolated_no_engine_is_looked_for() -> None:
    rooms = PlayedRooms()
    backends: dict[str, BackendSpec] = {
        "far": HttpBackend(name="far", url="http://127.0.0.1/mcp"),
        "off": stdio("off", isolation="off"),
    }
    async with sandbox_of(rooms, lambda: backends) as sandbox:
        await wait_all_tasks_blocked()
        assert isinstance(await sandbox.plan(stdio("off", isolation="off")), Bare)
        assert sandbox.isolation(backends["far"]) is None
    assert rooms.looks == 0


async def test_one_look_serves_all_who_plan(autojump_clock: MockClock) -> None:
    rooms = PlayedRooms(find_seconds=1)
    async with sandbox_of(rooms) as sandbox, trio.open_nursery() as nursery:
        for name in "abc":
            nursery.start_soon(sandbox.plan, stdio(name))
    assert rooms.looks == 1
    assert trio.current_time() == pytest.approx(1)


async def test_a_look_has_an_end(autojump_clock: MockClock) -> None:
    rooms = PlayedRooms(find_seconds=1000)
    async with sandbox_of(rooms) as sandbox:
        plan = await sandbox.plan(stdio("a"))
    assert plan == Bare(why=f"none answered within {LOOK_SECONDS:g} s")


async def test_who_stops_planning_leaves_the_look_to_the_others(autojump_clock: MockClock) -> None:
    rooms = PlayedRooms(find_seconds=1)
    async with sandbox_of(rooms) as sandbox:
        with trio.move_on_after(0.5):
            await sandbox.plan(stdio("a"))
        assert isinstance(await sandbox.plan(stdio("a")), Contained)
    assert rooms.looks == 1


async def test_the_control_of_an_engine_is_opened_at_its_first_use_and_once() -> None:
    rooms = PlayedRooms()
    backends: dict[str, BackendSpec] = {name: stdio(name) for name in "ab"}
    async with sandbox_of(rooms, lambda: backends) as sandbox:
        await wait_all_tasks_blocked()
        assert rooms.used == []
        for spec in backends.values():
            await sandbox.prepare(spec, nothing)
            async with sandbox.start(contained(spec)) as program:  # type: ignore[arg-type]
                assert program == spec.name
        assert rooms.used == [DOCKER]
        assert rooms.engine.asked.count("reap") == 1
        assert rooms.open_now == 1
    assert rooms.open_now == 0


async def test_the_sandbox_stays_when_everything_is_cancelled_until_it_is_ended() -> None:
    rooms = PlayedRooms()
    spec = stdio("a")
    async with trio.open_nursery() as nursery, sandbox_of(rooms) as sandbox:
        await sandbox.prepare(spec, nothing)
        nursery.cancel_scope.cancel()
        with trio.CancelScope(shield=True):
            async with sandbox.start(contained(spec)):
                pass
        assert rooms.open_now == 1
    assert rooms.engine.asked[-1] == "end a"
    assert rooms.open_now == 0


async def test_a_refused_backend_is_not_prepared_and_the_reason_is_told() -> None:
    async with sandbox_of(PlayedRooms()) as sandbox:
        with pytest.raises(LinkFailed, match="write something else"):
            await sandbox.prepare(stdio("a", "bad"), nothing)


async def test_a_fault_in_planning_refuses_that_backend_alone() -> None:
    async with sandbox_of(PlayedRooms()) as sandbox:
        plan = await sandbox.plan(stdio("a", "odd"))
        assert isinstance(plan, Refused)
        assert "failed at planning" in plan.why
        assert isinstance(await sandbox.plan(stdio("b")), Contained)


async def test_an_engine_that_failed_is_looked_for_again_and_what_was_contained_never_runs_bare() -> None:
    rooms = PlayedRooms()
    async with sandbox_of(rooms) as sandbox:
        await sandbox.prepare(stdio("a"), nothing)
        rooms.found = NOBODY
        rooms.engine.failures = [LinkFailed("docker does not answer any more")] * 2
        for _ in range(2):
            with pytest.raises(LinkFailed, match="does not answer any more"):
                await sandbox.prepare(stdio("a"), nothing)
        assert isinstance(await sandbox.plan(stdio("a")), Contained)
        rooms.found = DOCKER
        await sandbox.prepare(stdio("a"), nothing)


async def test_an_engine_that_is_back_at_another_socket_is_the_one_that_is_used() -> None:
    rooms = PlayedRooms()
    async with sandbox_of(rooms) as sandbox:
        await sandbox.prepare(stdio("a"), nothing)
        rooms.found = other = type(DOCKER)(kind="podman", version="5", api_version="1.41", socket=DOCKER.socket)
        rooms.engine.failures = [LinkFailed("it is gone")]
        with pytest.raises(LinkFailed):
            await sandbox.prepare(stdio("a"), nothing)
        await sandbox.prepare(stdio("a"), nothing)
        assert rooms.used == [DOCKER, other]


async def test_a_control_that_cannot_be_opened_is_a_failure_of_those_who_wait_and_is_tried_again() -> None:
    rooms = PlayedRooms(use_failures=[LinkFailed("no thread"), ValueError("a fault")])
    async with sandbox_of(rooms) as sandbox:
        with pytest.raises(LinkFailed, match="no thread"):
            await sandbox.prepare(stdio("a"), nothing)
        with pytest.raises(LinkFailed, match="the gateway failed at using docker"):
            await sandbox.prepare(stdio("a"), nothing)
        await sandbox.prepare(stdio("a"), nothing)


async def test_leftovers_that_cannot_be_removed_delay_and_harm_nobody() -> None:
    rooms = PlayedRooms()
    rooms.engine.failures = []
    async with sandbox_of(rooms) as sandbox:
        await sandbox.prepare(stdio("a"), nothing)
        await wait_all_tasks_blocked()
        assert "reap" in rooms.engine.asked
        await sandbox.prepare(stdio("a"), nothing)


async def test_the_lines_of_a_build_are_told_at_a_pace_the_last_one_always(autojump_clock: MockClock) -> None:
    heard: list[tuple[float, str]] = []
    rooms = PlayedRooms(engine=PlayedEngine(seconds=5, lines=tuple(map(str, range(1000)))))
    async with sandbox_of(rooms) as sandbox:
        await sandbox.prepare(stdio("a"), lambda what, line: heard.append((trio.current_time(), f"{what} {line}")))
    assert len(heard) <= 2
    assert heard[-1][1] == "building 999"


async def test_at_the_start_it_is_told_once_what_is_contained_bare_or_refused_and_why() -> None:
    journal = Journal()
    backends: dict[str, BackendSpec] = {
        each.name: each for each in (stdio("a"), stdio("b", "own"), stdio("c", "bad"), stdio("d", isolation="off"))
    }
    async with sandbox_of(PlayedRooms(), lambda: backends, journal) as sandbox:
        await wait_all_tasks_blocked(0.05)
        assert told(journal) == [
            ("warning", "of 4 stdio backends 1 contained, 2 bare, 1 refused; docker 28.0.0"),
        ]
        (event,) = journal.since(1)[0]
        assert event.details["bare_because"] == {"b": "a program of the user's own", "d": "isolation: off"}
        assert event.details["refused_because"] == {"c": "write something else"}
        await sandbox.prepare(backends["a"], nothing)
        sandbox.reconfigured()
        await wait_all_tasks_blocked(0.05)
        assert len(told(journal)) == 1


async def test_what_there_is_to_say_of_one_that_is_contained_is_in_the_log() -> None:
    journal = Journal()
    backends: dict[str, BackendSpec] = {"a": stdio("a"), "noted": stdio("noted")}
    async with sandbox_of(PlayedRooms(), lambda: backends, journal):
        await wait_all_tasks_blocked(0.05)
        (event,) = journal.since(1)[0]
        assert event.severity == "info"
        assert event.details["contained_notes"] == {"noted": "args[0] names /srv/data, which it sees read-only"}


async def test_after_a_reload_what_changed_is_told_and_no_more() -> None:
    journal, backends = Journal(), dict[str, BackendSpec](a=stdio("a"), b=stdio("b", "own"))
    async with sandbox_of(PlayedRooms(), lambda: backends, journal) as sandbox:
        await wait_all_tasks_blocked(0.05)
        backends["c"] = stdio("c")
        del backends["b"]
        sandbox.reconfigured()
        await wait_all_tasks_blocked(0.05)
    assert told(journal)[1:] == [("info", "of 1 stdio backends 1 contained; docker 28.0.0")]
    assert journal.since(1)[0][-1].details["changed"] == ["c"]


async def test_with_isolation_off_one_line_says_so_and_warns_of_nothing() -> None:
    journal, rooms = Journal(), PlayedRooms()
    backends: dict[str, BackendSpec] = {"a": stdio("a", isolation="off")}
    async with sandbox_of(rooms, lambda: backends, journal):
        await wait_all_tasks_blocked(0.05)
    assert told(journal) == [("info", "of 1 stdio backends 1 bare; no container engine: isolation: off")]
    assert rooms.looks == 0


async def test_bare_for_want_of_an_engine_is_a_warning() -> None:
    journal = Journal()
    backends: dict[str, BackendSpec] = {"a": stdio("a")}
    async with sandbox_of(PlayedRooms(found=NOBODY), lambda: backends, journal):
        await wait_all_tasks_blocked(0.05)
    assert told(journal) == [
        ("warning", "of 1 stdio backends 1 bare; no container engine: neither Docker nor Podman answers")
    ]
    (event,) = journal.since(1)[0]
    assert "bare_because" not in event.details, "why is told once, and not of each"
    assert str(event.details["hint"]).startswith("start Docker or Podman")


async def test_an_engine_that_comes_later_is_told_and_contains_what_is_started_from_then_on(
    autojump_clock: MockClock,
) -> None:
    journal, rooms = Journal(), PlayedRooms(found=NOBODY)
    backends: dict[str, BackendSpec] = {"a": stdio("a")}
    async with sandbox_of(rooms, lambda: backends, journal) as sandbox:
        await sandbox.prepare(backends["a"], nothing)
        await trio.sleep(1)
        rooms.found = DOCKER
        await trio.sleep(WATCH_SECONDS + LOOK_AGAIN_SECONDS)
        assert told(journal)[1:] == [("warning", "docker 28.0.0 answers now; a stay bare until they are restarted")]
        shown = sandbox.isolation(backends["a"])
        assert shown is not None
        assert shown.plan == "bare"
        await sandbox.prepare(backends["a"], nothing)
        shown = sandbox.isolation(backends["a"])
        assert shown is not None
        assert (shown.plan, shown.engine, shown.digest) == ("contained", "docker 28.0.0", "sha256:a")
        await trio.sleep(10 * WATCH_SECONDS)
    assert told(journal)[2:] == [("info", "of 1 stdio backends 1 contained; docker 28.0.0")]


async def test_a_plan_is_shown_before_a_backend_starts_and_nothing_before_the_engine_is_known(
    autojump_clock: MockClock,
) -> None:
    rooms = PlayedRooms(find_seconds=1)
    spec = stdio("a")
    async with sandbox_of(rooms, lambda: {"a": spec}) as sandbox:
        await wait_all_tasks_blocked()
        assert sandbox.isolation(spec) is None
        await trio.sleep(2)
        shown = sandbox.isolation(spec)
        assert shown is not None
        assert (shown.plan, shown.digest, shown.network) == ("contained", None, "public")


async def test_a_container_whose_plan_is_not_known_is_not_started() -> None:
    async with sandbox_of(PlayedRooms()) as sandbox:
        with pytest.raises(LinkFailed, match="there is no container engine"):
            async with sandbox.start(contained(stdio("a"))):
                pass


async def test_who_asks_how_a_backend_is_isolated_does_not_wait_for_files() -> None:
    rooms = PlayedRooms()
    backends: dict[str, BackendSpec] = {"idle": attrs.evolve(stdio("idle"), enabled=False), "on": stdio("on")}
    async with sandbox_of(rooms, lambda: backends) as sandbox:
        await wait_all_tasks_blocked()
        assert set(rooms.planned_in_loop) == set()
        changed = attrs.evolve(stdio("idle"), args=("other",))
        assert sandbox.isolation(changed) is None
        await wait_all_tasks_blocked()
        assert sandbox.isolation(changed) is not None
        assert sandbox.isolation(stdio("on")) is not None
    assert set(rooms.planned_in_loop) == set()
