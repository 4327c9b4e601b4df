"""What pipelines hold: entered before their first call, left after their last one, shared where rules are equal."""

from __future__ import annotations

from types import TracebackType

import attrs
import pytest
import trio
import trio.lowlevel
import trio.testing

from argus_trio.core.access.target import Target
from argus_trio.core.call.exchange import Call, Exchange
from argus_trio.errors import ConfigInvalid
from argus_trio.pipeline.lifetime import LEAVE_SECONDS, Lifetime
from argus_trio.pipeline.pipeline import Pipeline
from argus_trio.pipeline.stage import Stage
from argus_trio.runtime.pipelines import ENTER_SECONDS, Pipelines
from tests.pipeline.support.exchanges import PlainExchange


@attrs.define(eq=False)
class Held:
    """A context that notes by whom it is entered and left."""

    fails: bool = False
    hangs: bool = False
    hangs_at_the_end: bool = False
    notes: list[str] = attrs.field(factory=list)
    tasks: set[trio.lowlevel.Task] = attrs.field(factory=set)

    async def __aenter__(self) -> None:
        self.tasks.add(trio.lowlevel.current_task())
        if self.fails:
            raise OSError("the file is locked")
        if self.hangs:
            await trio.sleep_forever()
        self.notes.append("entered")

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.tasks.add(trio.lowlevel.current_task())
        if self.hangs_at_the_end:
            await trio.sleep_forever()
        await trio.lowlevel.checkpoint()
        self.notes.append("left")


def holding(*lifetimes: Lifetime) -> Pipeline:
    return Pipeline(stages=tuple(Stage(lifetime=each) for each in lifetimes))


def resolve(_: Call) -> Target | None:
    return None


async def test_what_is_held_is_entered_before_calls_and_left_after_the_last_one_by_one_task(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    held, go_on = Held(), trio.Event()
    first = holding(Lifetime(held))
    pipelines = Pipelines(first)
    await nursery.start(pipelines.run)
    assert held.notes == ["entered"]

    async def end(_: Exchange) -> bytes:
        await go_on.wait()
        return b"{}"

    nursery.start_soon(first.handler(end, resolve), PlainExchange())
    await trio.testing.wait_all_tasks_blocked()
    second = Pipeline()
    await pipelines.enter(second)
    pipelines.install(second)
    await trio.sleep(60)
    assert held.notes == ["entered"]
    assert pipelines.under_way == 1
    go_on.set()
    await trio.testing.wait_all_tasks_blocked()
    assert held.notes == ["entered", "left"]
    assert len(held.tasks) == 1
    assert pipelines.under_way == 0


async def test_two_pipelines_share_what_equal_rules_hold(nursery: trio.Nursery) -> None:
    held = Held()
    lifetime = Lifetime(held)
    pipelines = Pipelines(holding(lifetime))
    await nursery.start(pipelines.run)
    for _ in range(3):
        following = holding(lifetime)
        await pipelines.enter(following)
        pipelines.install(following)
        await trio.testing.wait_all_tasks_blocked()
    assert held.notes == ["entered"]
    last = Pipeline()
    await pipelines.enter(last)
    pipelines.install(last)
    await trio.testing.wait_all_tasks_blocked()
    assert held.notes == ["entered", "left"]


@pytest.mark.parametrize("how", ["fails", "hangs"])
async def test_what_cannot_be_entered_is_a_problem_and_what_was_entered_before_it_is_left(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock, how: str
) -> None:
    pipelines = Pipelines(Pipeline())
    await nursery.start(pipelines.run)
    good, bad = Held(), Held(fails=how == "fails", hangs=how == "hangs")
    began = trio.current_time()
    with pytest.raises(ConfigInvalid) as caught:
        await pipelines.enter(holding(Lifetime(good), Lifetime(bad)))
    assert trio.current_time() - began == (ENTER_SECONDS if how == "hangs" else 0)
    said = caught.value.problems[0].message
    assert ("OSError: the file is locked" in said) if how == "fails" else ("not ready within 10 s" in said)
    await trio.testing.wait_all_tasks_blocked()
    assert good.notes == ["entered", "left"]
    await pipelines.enter(holding(Lifetime(Held())))


async def test_a_stop_leaves_what_is_held_and_waits_a_second_at_most(autojump_clock: trio.testing.MockClock) -> None:
    quick, stuck = Held(), Held(hangs_at_the_end=True)
    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        await nursery.start(Pipelines(holding(Lifetime(quick), Lifetime(stuck))).run)
        nursery.cancel_scope.cancel()
    assert quick.notes == ["entered", "left"]
    assert trio.current_time() - began == LEAVE_SECONDS
