"""The pipelines that live: the one in effect, and those before it until their last calls have ended."""

from __future__ import annotations

from typing import Final

import attrs
import structlog
import trio

from argus_trio.errors import ConfigInvalid, Problem
from argus_trio.pipeline.pipeline import Pipeline

log = structlog.get_logger()

ENTER_SECONDS: Final = 10.0
"""How long what the stages hold may take to be entered: a file or a connection opens sooner, and a reload waits."""


@attrs.define(eq=False)
class Pipelines:
    """Keeps pipelines alive, each in a task of its own."""

    current: Pipeline
    """The pipeline that new calls pass."""
    _past: list[Pipeline] = attrs.field(factory=list, init=False)
    _nursery: trio.Nursery | None = attrs.field(default=None, init=False)

    @property
    def under_way(self) -> int:
        """How many calls are in the middle of one of them."""
        return self.current.under_way.count + sum(each.under_way.count for each in self._past)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Keep them alive until cancelled. Raises `ConfigInvalid` if the first one cannot be entered."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            await self.enter(self.current)
            task_status.started()
            await trio.sleep_forever()

    async def enter(self, pipeline: Pipeline) -> None:
        """Enter what the stages of a pipeline hold.

        Raises:
            ConfigInvalid: one of them cannot be entered, or not within `ENTER_SECONDS`; those before it were left.
        """
        if self._nursery is None:
            raise AssertionError("pipelines that do not run")
        message = f"it was not ready within {ENTER_SECONDS:g} s"
        with trio.move_on_after(ENTER_SECONDS):
            try:
                await self._nursery.start(self._live, pipeline)
            except Exception as error:  # the boundary: whatever a middleware of its user's own raises as it is entered
                log.exception("middleware_not_entered")
                message = f"it cannot be entered: {type(error).__name__}: {error}"
            else:
                return
        raise ConfigInvalid("middleware", (Problem(path="middleware", message=message),))

    def install(self, pipeline: Pipeline) -> None:
        """Let new calls pass a pipeline that was entered. The one before it ends with its last call. No checkpoint."""
        if pipeline is not self.current:
            last, self.current = self.current, pipeline
            self._past.append(last)
            last.retire()

    async def _live(self, pipeline: Pipeline, *, task_status: trio.TaskStatus[None]) -> None:
        try:
            await pipeline.run(task_status=task_status)
        finally:
            if pipeline in self._past:
                self._past.remove(pipeline)
