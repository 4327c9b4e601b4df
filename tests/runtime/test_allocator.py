"""Free memory goes back to the system after a flood."""

from __future__ import annotations

import attrs
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.core.memory import Memory
from argus_trio.runtime.allocator import FLOOD_BYTES, SETTLED_SECONDS, give_back_after_floods


@attrs.define(eq=False)
class Holder:
    def spare(self, wanted: int) -> None:
        """Nothing can go."""


async def test_after_a_flood_the_accounts_begin_anew_and_after_little_they_do_not(autojump_clock: MockClock) -> None:
    memory, holder = Memory(), Holder()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(give_back_after_floods, memory)
        await wait_all_tasks_blocked()
        for size, peak in ((FLOOD_BYTES - 1, FLOOD_BYTES - 1), (FLOOD_BYTES, 0)):
            memory.hold(holder, size)
            memory.release(holder)
            await trio.sleep(sum(SETTLED_SECONDS) + 1)
            assert memory.peak == peak
        nursery.cancel_scope.cancel()
