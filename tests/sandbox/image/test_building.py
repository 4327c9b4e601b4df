"""Images ahead of time: one order for what several need, a few at once, and no failure that ends another."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import attrs
import pytest
import trio

from argus_trio.core.health.health import PreparingWord
from argus_trio.sandbox.image.building import BuildOrder, BuildOutcome, build_all, orders_of
from argus_trio.sandbox.image.images import open_images
from argus_trio.sandbox.plan.network import NetworkPolicy
from argus_trio.sandbox.plan.outcome import (
    Bare,
    Contained,
    GivenImage,
    ImagePlan,
    InstalledImage,
    Plan,
    Refused,
    ResourceLimits,
)
from tests.sandbox.image.played_engine import PlayedEngine, PlayedStarts, installer

TOOL = InstalledImage(base="python:3.13-slim", kind="python", packages=("tool",))


def contained(backend: str, image: ImagePlan) -> Contained:
    return Contained(
        backend=backend,
        image=image,
        argv=("tool",),
        network=NetworkPolicy(),
        limits=ResourceLimits(memory=1, cpus=1, pids=1),
        home=Path("/home"),
    )


def order(image: ImagePlan, *backends: str, seconds: float = 60) -> BuildOrder:
    return BuildOrder(image=image, backends=backends, seconds=seconds)


@attrs.define(eq=False)
class Told:
    """What was told."""

    lines: list[str] = attrs.field(factory=list)
    outcomes: list[BuildOutcome] = attrs.field(factory=list)

    def hears(self, order: BuildOrder, what: PreparingWord, line: str) -> None:
        self.lines.append(f"{order.backends[0]} {what} {line}")

    def ended(self, outcome: BuildOutcome) -> None:
        self.outcomes.append(outcome)


def test_what_several_need_is_one_order_with_the_longest_time_and_what_is_not_contained_needs_none() -> None:
    plans: dict[str, Plan] = {
        "a": contained("a", TOOL),
        "b": contained("b", GivenImage(reference="x")),
        "c": contained("c", attrs.evolve(TOOL)),
        "d": Bare(why="so"),
        "e": Refused(why="so"),
    }
    assert orders_of(plans, dict.fromkeys("abde", 60.0) | {"c": 90.0}) == (
        order(TOOL, "a", "c", seconds=90),
        order(GivenImage(reference="x"), "b"),
    )


async def test_what_is_there_is_told_as_there_and_what_fails_ends_no_other() -> None:
    engine, starts, told = PlayedEngine(), PlayedStarts(), Told()
    starts.may_end.set()
    orders = [order(GivenImage(reference="no:such"), "absent"), order(TOOL, "tool")]
    async with open_images(installer(engine, starts)) as images:
        await build_all(images, orders, told, updates=False)
        again = await build_all(images, orders[1:], told, updates=False)
    first = {outcome.order.backends[0]: outcome for outcome in told.outcomes[:2]}
    assert first["absent"].failure is not None
    assert (first["tool"].word, first["tool"].failure) == ("made", None)
    assert first["tool"].name.startswith("argus-trio/tool:")
    assert [outcome.word for outcome in again] == ["there"]
    assert "tool building Collecting tool" in told.lines


async def test_an_update_says_what_has_another_version_or_that_nothing_has() -> None:
    starts = PlayedStarts(answers=[f'{{"versions": {{"tool": "{number}"}}}}'.encode() for number in (1, 2, 2)])
    starts.may_end.set()
    async with open_images(installer(PlayedEngine(), starts)) as images:
        outcomes = [
            outcome
            for updates in (False, True, True)
            for outcome in await build_all(images, [order(TOOL, "tool")], Told(), updates=updates)
        ]
    assert [(outcome.word, outcome.changes) for outcome in outcomes] == [
        ("made", ()),
        ("made", ("tool 1 -> 2",)),
        ("same", ()),
    ]


async def test_one_that_takes_too_long_is_given_up_and_told_with_the_key(
    autojump_clock: trio.testing.MockClock,
) -> None:
    starts, told = PlayedStarts(), Told()
    async with open_images(installer(PlayedEngine(), starts)) as images:
        await build_all(images, [order(TOOL, "tool", seconds=5)], told, updates=False)
        await trio.testing.wait_all_tasks_blocked()
        assert starts.under_way == 0
    (outcome,) = told.outcomes
    assert outcome.failure is not None
    assert outcome.failure.reason == "its image was not there within 5 s (timeouts.prepare)"


@pytest.mark.parametrize("count", [1, 5])
async def test_two_are_made_at_once_and_no_more(count: int) -> None:
    starts = PlayedStarts()
    orders = [order(attrs.evolve(TOOL, packages=(f"tool{number}",)), str(number)) for number in range(count)]
    async with open_images(installer(PlayedEngine(), starts)) as images, trio.open_nursery() as nursery:
        nursery.start_soon(partial(build_all, images, orders, Told(), updates=False))
        await trio.testing.wait_all_tasks_blocked()
        assert starts.under_way == min(count, 2)
        starts.may_end.set()
    assert len(starts.launches) == count
