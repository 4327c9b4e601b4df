"""The pipelines that live: the one in effect, and those before it until their last calls have ended."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Final

import attrs
import structlog
import trio

from argus_trio.errors import ConfigInvalid, Problem
from argus_trio.pipeline.lifetime import Lifetime, NotEntered
from argus_trio.pipeline.pipeline import Pipeline

log = structlog.get_logger()

ENTER_SECONDS: Final = 10.0
"""How long what the stages hold may take to be entered: a file or a connection opens sooner, and a reload waits."""


@attrs.define(eq=False, repr=False)
class Pipelines:
    """Keeps alive what pipelines hold, each context in a task of its own."""

    current: Pipeline
    """The pipeline that new calls pass."""
    _past: list[Pipeline] = attrs.field(factory=list, init=False)
    _nursery: trio.Nursery | None = attrs.field(default=None, init=False)

    @property
    def under_way(self) -> int:
        """How many calls are in the middle of one of them."""
        return self.current.under_way.count + sum(each.under_way.count for each in self._past)

    def kept(self) -> Mapping[Hashable, object]:
        """What the one in effect keeps over a reload."""
        return self.current.kept

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Keep them alive until cancelled. Raises `ConfigInvalid` if what the first one holds cannot be entered."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            await self.enter(self.current)
            task_status.started()
            await trio.sleep_forever()

    async def enter(self, pipeline: Pipeline) -> None:
        """Enter what the stages of a pipeline hold; what another one holds already is shared with it.

        Raises:
            ConfigInvalid: something cannot be entered, or not within `ENTER_SECONDS`; the rest is left again.
        """
        taken: list[Lifetime] = []
        at = ""
        with trio.CancelScope(deadline=trio.current_time() + ENTER_SECONDS) as scope:
            try:
                for path, lifetime in pipeline.lifetimes_by_path:
                    at = path
                    must_run = lifetime.take()
                    taken.append(lifetime)
                    if must_run:
                        await self._children.start(_live, lifetime)
            except NotEntered as failure:
                _give_back(taken)
                raise _invalid(at, f"it cannot be entered: {failure}") from None
        if scope.cancelled_caught:
            _give_back(taken)
            raise _invalid(at, f"it was not ready within {ENTER_SECONDS:g} s")
        self._children.start_soon(self._follow, pipeline)

    def install(self, pipeline: Pipeline) -> None:
        """Let new calls pass a pipeline that was entered. The one before it ends with its last call. No checkpoint."""
        if pipeline is not self.current:
            last, self.current = self.current, pipeline
            self._past.append(last)
            last.retire()

    @property
    def _children(self) -> trio.Nursery:
        if self._nursery is None:
            raise AssertionError("pipelines that do not run")
        return self._nursery

    async def _follow(self, pipeline: Pipeline) -> None:
        await pipeline.wait_over()
        if pipeline in self._past:
            self._past.remove(pipeline)
        _give_back(pipeline.lifetimes)


async def _live(lifetime: Lifetime, *, task_status: trio.TaskStatus[None]) -> None:
    """Hold one context. What its user's own code raises as it is left is told, and ends nothing else."""
    try:
        await lifetime.run(task_status=task_status)
    except NotEntered:
        log.exception("middleware_not_entered")
        raise
    except Exception:  # the boundary: whatever a middleware of the user's own raises
        log.exception("middleware_left_unexpectedly", middleware=lifetime.name)


def _give_back(lifetimes: Sequence[Lifetime]) -> None:
    for lifetime in reversed(lifetimes):
        lifetime.give_back()


def _invalid(path: str, message: str) -> ConfigInvalid:
    return ConfigInvalid("the configuration", (Problem(path=path, message=message),))
