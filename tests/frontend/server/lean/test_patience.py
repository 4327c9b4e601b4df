"""One clock for all that wait: each is looked at often enough, and nobody wakes up where nothing waits."""

from __future__ import annotations

from math import inf

import attrs
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.config.model.server import Server
from argus_trio.frontend.http.limits import Limits
from argus_trio.frontend.http.served_settings import CurrentSettings, ServedSettings
from argus_trio.frontend.server.lean.patience import LOOKS_SECONDS, Patience


@attrs.define(eq=False)
class Waiting:
    """A connection that remembers when it was looked at, and by which limits."""

    looks: list[tuple[float, Limits]] = attrs.field(factory=list)

    def look(self, now: float, limits: Limits) -> None:
        self.looks.append((now, limits))


@attrs.define(eq=False)
class Leaving(Waiting):
    """One that leaves, and lets another one leave, once it is looked at."""

    patience: Patience | None = None
    other: Waiting | None = None

    def look(self, now: float, limits: Limits) -> None:
        super().look(now, limits)
        if self.patience is not None and self.other is not None:
            self.patience.leave(self)
            self.patience.leave(self.other)


def settings_of(limits: Limits) -> CurrentSettings:
    return CurrentSettings(ServedSettings.of(Server(port=0), limits))


USUAL = Limits(body_bytes=1)


async def test_all_that_wait_are_looked_at_once_a_second(autojump_clock: MockClock, nursery: trio.Nursery) -> None:
    patience, one, two = Patience(settings_of(USUAL)), Waiting(), Waiting()
    nursery.start_soon(patience.run)
    begun = trio.current_time()
    patience.enter(one)
    patience.enter(one)
    patience.enter(two)
    await trio.sleep(5.5 * LOOKS_SECONDS)
    assert one.looks == two.looks
    assert [round(now - begun) for now, _ in one.looks] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("limits", [attrs.evolve(USUAL, head=0.8), attrs.evolve(USUAL, keep_alive=0.8)])
async def test_what_is_short_is_late_by_an_eighth_at_most(
    autojump_clock: MockClock, nursery: trio.Nursery, limits: Limits
) -> None:
    patience, one = Patience(settings_of(limits)), Waiting()
    nursery.start_soon(patience.run)
    patience.enter(one)
    begun = trio.current_time()
    await trio.sleep(1)
    assert min(now - begun for now, _ in one.looks if now - begun >= 0.8 - 1e-9) <= 0.9


async def test_limits_are_those_of_the_moment(autojump_clock: MockClock, nursery: trio.Nursery) -> None:
    settings = settings_of(USUAL)
    patience, one = Patience(settings), Waiting()
    nursery.start_soon(patience.run)
    patience.enter(one)
    await trio.sleep(1.5)
    settings.now = ServedSettings.of(Server(port=0), attrs.evolve(USUAL, keep_alive=40.0))
    await trio.sleep(1)
    assert [limits.keep_alive for _, limits in one.looks] == [65.0, 40.0]


async def test_nobody_wakes_up_where_nothing_waits(autojump_clock: MockClock, nursery: trio.Nursery) -> None:
    patience, one = Patience(settings_of(USUAL)), Waiting()
    nursery.start_soon(patience.run)
    await wait_all_tasks_blocked()
    assert trio.lowlevel.current_statistics().seconds_to_next_deadline == inf
    for _ in range(2):
        patience.enter(one)
        await wait_all_tasks_blocked()
        assert trio.lowlevel.current_statistics().seconds_to_next_deadline <= LOOKS_SECONDS
        patience.leave(one)
        patience.leave(one)
        await trio.sleep(1.5)
        assert trio.lowlevel.current_statistics().seconds_to_next_deadline == inf
    assert one.looks == []


async def test_who_leaves_while_others_are_looked_at_harms_nobody(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    patience, other = Patience(settings_of(USUAL)), Waiting()
    leaving = Leaving(patience=patience, other=other)
    nursery.start_soon(patience.run)
    patience.enter(leaving)
    patience.enter(other)
    await trio.sleep(3.5)
    assert len(leaving.looks) == 1
    assert len(other.looks) <= 1
