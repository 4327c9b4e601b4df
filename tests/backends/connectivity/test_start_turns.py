"""Turns to start: a bounded number at once, in the order of arrival, one of each command."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.backends.connectivity.start_turns import REMOTE_AT_ONCE, REMOTE_PER_SECOND, StartTurns
from argus_trio.config.model.backend import BackendSpec, HttpBackend, StdioBackend


def program(name: str, *args: str) -> StdioBackend:
    return StdioBackend(name=name, command="npx", args=args or (name,))


async def starting(turns: StartTurns, specs: list[BackendSpec], seconds: float = 10) -> list[tuple[str, float]]:
    """When each of `specs` got its turn, if each takes `seconds` to start and asks in this order."""
    began: list[tuple[str, float]] = []

    async def start(spec: BackendSpec) -> None:
        async with turns.turn(spec):
            began.append((spec.name, trio.current_time()))
            await trio.sleep(seconds)

    async with trio.open_nursery() as nursery:
        for spec in specs:
            nursery.start_soon(start, spec)
            await wait_all_tasks_blocked()
    return began


async def test_no_more_start_at_once_than_the_limit_and_the_others_in_their_order(autojump_clock: MockClock) -> None:
    began = await starting(StartTurns(lambda: 2), [program(name) for name in "abcde"])
    assert began == [("a", 0), ("b", 0), ("c", 10), ("d", 10), ("e", 20)]


async def test_one_command_is_started_once_at_a_time_and_holds_up_nothing_else(autojump_clock: MockClock) -> None:
    same = [program("a", "-y", "x"), program("b", "-y", "x"), program("c", "-y", "z")]
    began = await starting(StartTurns(lambda: 2), list(same))
    assert began == [("a", 0), ("c", 0), ("b", 10)]


async def test_one_package_of_npx_is_started_once_at_a_time_whatever_its_arguments(autojump_clock: MockClock) -> None:
    same = [program("a", "-y", "files", "/a"), program("b", "files", "/b"), program("c", "-y", "-p", "time", "x")]
    began = await starting(StartTurns(lambda: 3), list(same))
    assert began == [("a", 0), ("c", 0), ("b", 10)]


async def test_programs_that_differ_in_their_arguments_alone_start_at_once(autojump_clock: MockClock) -> None:
    specs: list[BackendSpec] = [
        StdioBackend(name="a", command="uvx", args=("files", "/a")),
        StdioBackend(name="b", command="uvx", args=("files", "/b")),
        StdioBackend(name="c", command="npx", args=("--help",)),
    ]
    assert await starting(StartTurns(lambda: 3), specs) == [("a", 0), ("b", 0), ("c", 0)]


async def test_a_remote_server_needs_no_turn(autojump_clock: MockClock) -> None:
    remote = HttpBackend(name="r", url="http://127.0.0.1/mcp")
    began = await starting(StartTurns(lambda: 1), [program("a"), remote])
    assert began == [("a", 0), ("r", 0)]


async def test_remote_servers_begin_together_up_to_a_number_and_at_a_pace_beyond(autojump_clock: MockClock) -> None:
    remote: list[BackendSpec] = [HttpBackend(name="r", url="http://127.0.0.1/mcp")] * (REMOTE_AT_ONCE + 100)
    began = [when for _, when in await starting(StartTurns(lambda: 1), remote, seconds=0)]
    assert began[REMOTE_AT_ONCE - 1] == pytest.approx(0)
    assert began[-1] == pytest.approx(100 / REMOTE_PER_SECOND)
    assert began == sorted(began)


async def test_a_limit_that_a_reload_raised_counts_from_the_next_turn_on(autojump_clock: MockClock) -> None:
    limit = 1
    turns = StartTurns(lambda: limit)
    began: list[float] = []

    async def start(name: str) -> None:
        async with turns.turn(program(name)):
            began.append(trio.current_time())
            await trio.sleep(10)

    async with trio.open_nursery() as nursery:
        for name in "abc":
            nursery.start_soon(start, name)
            await wait_all_tasks_blocked()
        limit = 2
    assert began == [0, 10, 10]


async def test_a_turn_that_is_ended_early_is_the_next_ones_and_is_given_back_once(autojump_clock: MockClock) -> None:
    turns = StartTurns(lambda: 1)
    began: list[tuple[str, float]] = []

    async def start(name: str) -> None:
        async with turns.turn(program(name)) as turn:
            began.append((name, trio.current_time()))
            await trio.sleep(1)
            turn.end()
            await trio.sleep(9)

    async with trio.open_nursery() as nursery:
        for name in "abc":
            nursery.start_soon(start, name)
            await wait_all_tasks_blocked()
    assert began == [("a", 0), ("b", 1), ("c", 2)]


async def test_one_that_only_waits_makes_room_for_others_but_not_for_its_like(autojump_clock: MockClock) -> None:
    turns = StartTurns(lambda: 1)
    began: list[tuple[str, float]] = []

    async def start(name: str, *args: str) -> None:
        async with turns.turn(program(name, *args)) as turn:
            began.append((name, trio.current_time()))
            await trio.sleep(1)
            turn.rest()
            turn.rest()
            await trio.sleep(9)

    async with trio.open_nursery() as nursery:
        for name, package in (("a", "x"), ("b", "x"), ("c", "y"), ("d", "z")):
            nursery.start_soon(start, name, package)
            await wait_all_tasks_blocked()
    assert began == [("a", 0), ("c", 1), ("d", 2), ("b", 10)]


async def test_the_order_is_that_of_the_tickets_whoever_comes_first(autojump_clock: MockClock) -> None:
    turns = StartTurns(lambda: 2)
    began: list[str] = []

    async def start(name: str, ticket: int) -> None:
        async with turns.turn(program(name), ticket):
            began.append(name)
            await trio.sleep(10)

    async with trio.open_nursery() as nursery:
        for name, ticket in [(name, turns.ticket()) for name in "abcdef"][::-1]:
            nursery.start_soon(start, name, ticket)
    assert "".join(sorted(began[:2])) + "".join(sorted(began[2:4])) + "".join(sorted(began[4:])) == "abcdef"


async def test_who_stops_waiting_is_in_nobodys_way(autojump_clock: MockClock) -> None:
    turns = StartTurns(lambda: 1)
    impatient = trio.CancelScope()

    async def wait() -> None:
        with impatient:
            async with turns.turn(program("b")):
                pytest.fail("it was not its turn")

    async with trio.open_nursery() as nursery:
        async with turns.turn(program("a")):
            nursery.start_soon(wait)
            await wait_all_tasks_blocked()
            impatient.cancel()
            await wait_all_tasks_blocked()
        with trio.fail_after(1):
            async with turns.turn(program("c")):
                pass


async def test_a_start_that_fails_gives_its_turn_back(autojump_clock: MockClock) -> None:
    turns = StartTurns(lambda: 1)
    with pytest.raises(ZeroDivisionError):
        async with turns.turn(program("a")):
            raise ZeroDivisionError
    with trio.fail_after(1):
        async with turns.turn(program("a")):
            pass


async def test_what_shares_nothing_with_its_like_lets_them_start(autojump_clock: MockClock) -> None:
    turns, began = StartTurns(lambda: 2), list[tuple[str, float]]()

    async def start(spec: BackendSpec) -> None:
        async with turns.turn(spec) as turn:
            began.append((spec.name, trio.current_time()))
            await trio.sleep(1)
            turn.share_nothing()
            turn.share_nothing()
            await trio.sleep(10)

    async with trio.open_nursery() as nursery:
        for name in "abc":
            nursery.start_soon(start, program(name, "files"))
            await wait_all_tasks_blocked()
    assert began == [("a", 0), ("b", 1), ("c", 11)]
