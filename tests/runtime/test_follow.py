"""What the configuration file's changes lead to."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

import attrs
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.config.file import ConfigFile
from argus_trio.config.read.sources import Stamps
from argus_trio.runtime.follow import follow
from tests.runtime.support.reloading import FIRST, Surroundings, bodies, running


@attrs.define(eq=False)
class Disk:
    """Files that change when the test says so."""

    waited: list[Stamps] = attrs.field(factory=list)
    change: trio.Event = attrs.field(factory=trio.Event)

    async def wait_for_change(self, stamps: Stamps) -> None:
        self.waited.append(stamps)
        await self.change.wait()
        self.change = trio.Event()


async def test_a_change_is_one_reload_and_then_it_waits_for_the_next(autojump_clock: MockClock) -> None:
    around, disk, file = Surroundings(text=bodies(1)), Disk(), ConfigFile(path=Path("/c"), environ={})
    async with running(around) as supervisor, trio.open_nursery() as nursery:
        nursery.start_soon(follow, file, supervisor, disk.wait_for_change)
        await wait_all_tasks_blocked()
        disk.change.set()
        await supervisor.ended()
        await wait_all_tasks_blocked()
        assert supervisor.last.triggers == ("file",)
        assert len(disk.waited) == 2
        nursery.cancel_scope.cancel()


async def test_a_change_that_was_read_already_is_no_reload(autojump_clock: MockClock) -> None:
    around, disk, file = Surroundings(text=bodies(1)), Disk(), ConfigFile(path=Path("/c"), environ={})
    async with running(around) as supervisor, trio.open_nursery() as nursery:
        nursery.start_soon(follow, file, supervisor, disk.wait_for_change)
        await wait_all_tasks_blocked()
        file.stamps = MappingProxyType({})  # as after SIGHUP
        disk.change.set()
        await wait_all_tasks_blocked()
        assert disk.waited == [{}, {}]
        assert disk.waited[1] is file.stamps
        nursery.cancel_scope.cancel()
    assert around.applied == []


async def test_watching_is_switched_by_a_reload(autojump_clock: MockClock) -> None:
    deaf = attrs.evolve(FIRST, server=attrs.evolve(FIRST.server, watch=False))
    around, disk, file = Surroundings(text=deaf), Disk(), ConfigFile(path=Path("/c"), environ={})
    async with running(around) as supervisor, trio.open_nursery() as nursery:
        nursery.start_soon(follow, file, supervisor, disk.wait_for_change)
        await wait_all_tasks_blocked()
        disk.change.set()
        await supervisor.ended()
        await wait_all_tasks_blocked()
        assert len(disk.waited) == 1
        around.text = FIRST
        await supervisor.reload()
        await wait_all_tasks_blocked()
        assert len(disk.waited) == 2
        nursery.cancel_scope.cancel()
