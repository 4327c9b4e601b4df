"""Changes one at a time, in order, whoever still waits for them."""

from __future__ import annotations

from functools import partial

import attrs
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.runtime.changes.turns import MOST_TURNS, ChangeTurn, Turns


@attrs.define(eq=False)
class Noted:
    """Turns, and what was done in them."""

    turns: Turns = attrs.field(factory=Turns)
    done: list[str] = attrs.field(factory=list)
    stop: trio.Event = attrs.field(factory=trio.Event)

    def turn(self, name: str) -> ChangeTurn[str]:
        return self.turns.add(ChangeTurn(partial(self.work, name), lambda: f"{name} cut"))

    async def work(self, name: str) -> str:
        self.done.append(f"{name} begins")
        await trio.sleep(1)
        self.done.append(f"{name} ends")
        return name


async def test_changes_are_made_one_after_another_in_the_order_they_were_asked_for(autojump_clock: MockClock) -> None:
    noted = Noted()
    async with trio.open_nursery() as nursery:
        await nursery.start(noted.turns.run, noted.stop)
        first, second = noted.turn("a"), noted.turn("b")
        assert (await second.wait(), await first.wait()) == ("b", "a")
        assert noted.done == ["a begins", "a ends", "b begins", "b ends"]
        assert await noted.turn("c").wait() == "c"
        noted.stop.set()


async def test_cancelling_who_asked_ends_the_waiting_and_not_the_change(autojump_clock: MockClock) -> None:
    noted = Noted()
    async with trio.open_nursery() as nursery:
        await nursery.start(noted.turns.run, noted.stop)
        with trio.move_on_after(0.5) as scope:
            await noted.turn("a").wait()
        assert scope.cancelled_caught
        await trio.sleep(1)
        assert noted.done == ["a begins", "a ends"]
        noted.stop.set()


async def test_the_stop_cuts_what_is_under_way_what_waits_and_what_comes_later(autojump_clock: MockClock) -> None:
    noted = Noted()
    async with trio.open_nursery() as nursery:
        await nursery.start(noted.turns.run, noted.stop)
        turns = [noted.turn("a"), noted.turn("b")]
        await wait_all_tasks_blocked()
        noted.stop.set()
        assert [await turn.wait() for turn in turns] == ["a cut", "b cut"]
    assert await noted.turn("c").wait() == "c cut"
    assert noted.done == ["a begins"]


async def test_so_many_may_wait_and_no_more() -> None:
    noted = Noted()
    for number in range(MOST_TURNS):
        assert not noted.turns.is_full
        noted.turn(str(number))
    assert noted.turns.is_full
