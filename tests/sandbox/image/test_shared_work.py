"""Work that several wait for: done once, heard by all, ended by the last one who goes."""

from __future__ import annotations

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from argus_trio.core.health.health import PreparingWord
from argus_trio.errors import LinkFailed
from argus_trio.sandbox.image.shared_work import Hear, SharedWork, hear_nothing


class Job:
    """Work whose end is decided from outside."""

    def __init__(self) -> None:
        self.starts = 0
        self.cancelled = 0
        self.may_end = trio.Event()
        self.failure: LinkFailed | None = None
        self.hear: Hear = hear_nothing

    async def __call__(self, hear: Hear) -> str:
        self.starts += 1
        self.hear = hear
        try:
            await self.may_end.wait()
        except trio.Cancelled:
            self.cancelled += 1
            raise
        if self.failure is not None:
            raise self.failure
        return "made"


async def test_ten_that_wait_for_the_same_have_it_made_once_and_all_hear_how_far_it_is() -> None:
    job, heard, outcomes = Job(), list[str](), list[str]()

    def listener(name: str) -> Hear:
        def hear(what: PreparingWord, line: str) -> None:
            heard.append(f"{name} {what} {line}")

        return hear

    async with trio.open_nursery() as nursery:
        shared = SharedWork[str](nursery)

        async def wait(name: str) -> None:
            outcomes.append(await shared.outcome("key", job, listener(name)))

        for number in range(10):
            nursery.start_soon(wait, str(number))
        await wait_all_tasks_blocked()
        job.hear("building", "line")
        assert sorted(heard) == [f"{number} building line" for number in range(10)]
        heard.clear()
        nursery.start_soon(wait, "late")
        await wait_all_tasks_blocked()
        assert heard == ["late building line"]
        job.may_end.set()
    assert (job.starts, outcomes) == (1, ["made"] * 11)


async def test_one_who_goes_ends_nothing_and_the_last_one_who_goes_ends_the_work() -> None:
    job = Job()
    async with trio.open_nursery() as nursery:
        shared = SharedWork[str](nursery)
        scopes = [trio.CancelScope(), trio.CancelScope()]

        async def wait(scope: trio.CancelScope) -> None:
            with scope:
                await shared.outcome("key", job, hear_nothing)

        for scope in scopes:
            nursery.start_soon(wait, scope)
        await wait_all_tasks_blocked()
        scopes[0].cancel()
        await wait_all_tasks_blocked()
        assert job.cancelled == 0
        scopes[1].cancel()
        await wait_all_tasks_blocked()
        assert (job.starts, job.cancelled) == (1, 1)


async def test_who_comes_while_abandoned_work_still_ends_has_it_begun_anew() -> None:
    job, may_leave = Job(), trio.Event()

    async def slow_to_end(hear: Hear) -> str:
        try:
            return await job(hear)
        finally:
            with trio.CancelScope(shield=True):
                await may_leave.wait()

    async with trio.open_nursery() as nursery:
        shared = SharedWork[str](nursery)
        with trio.move_on_after(0):
            await shared.outcome("key", slow_to_end, hear_nothing)
        job.may_end.set()
        with trio.fail_after(5):
            assert await shared.outcome("key", job, hear_nothing) == "made"
        may_leave.set()
    assert job.starts >= 1


async def test_a_failure_is_told_to_each_as_an_error_of_its_own() -> None:
    job, failures = Job(), list[LinkFailed]()
    job.failure = LinkFailed("no", details=("tail",))
    job.may_end.set()
    async with trio.open_nursery() as nursery:
        shared = SharedWork[str](nursery)

        async def wait() -> None:
            with pytest.raises(LinkFailed) as failed:
                await shared.outcome("key", job, hear_nothing)
            failures.append(failed.value)

        nursery.start_soon(wait)
        nursery.start_soon(wait)
    assert [(each.reason, each.details) for each in failures] == [("no", ("tail",))] * 2
    assert len(set(map(id, failures))) == 2
    assert job.starts == 1


async def test_who_waits_when_the_gateway_stops_is_told_so() -> None:
    job = Job()
    async with trio.open_nursery() as outer:
        inner = trio.CancelScope()
        ready = trio.Event()
        works: list[SharedWork[str]] = []

        async def keep() -> None:
            with inner:
                async with trio.open_nursery() as nursery:
                    works.append(SharedWork[str](nursery))
                    ready.set()
                    await trio.sleep_forever()

        async def wait() -> None:
            with pytest.raises(LinkFailed, match="the gateway stops"):
                await works[0].outcome("key", job, hear_nothing)

        outer.start_soon(keep)
        await ready.wait()
        outer.start_soon(wait)
        await wait_all_tasks_blocked()
        inner.cancel()
