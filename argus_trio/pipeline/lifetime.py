"""What a stage holds while it is in use: entered once, left once, by one task, however many pipelines share it."""

from __future__ import annotations

import math
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Final

import attrs
import trio

from argus_trio.pipeline.contained import contained

LEAVE_SECONDS: Final = 1.0
"""How long a context may take to be left before it is cancelled: a stop waits for it."""


class NotEntered(Exception):
    """A context cannot be entered; the first argument says why."""


class EndedEarly(Exception):
    """A context that holds a nursery, or a cancel scope, has cancelled it while it was in use."""


@attrs.define(eq=False, repr=False)
class Lifetime:
    """One context, and how many pipelines need it. Equal rules of two configurations share one, so it outlasts both."""

    context: AbstractAsyncContextManager[object]
    _users: int = attrs.field(default=0, init=False)
    _is_entered: bool = attrs.field(default=False, init=False)
    _unused: trio.Event = attrs.field(factory=trio.Event, init=False)

    def take(self) -> bool:
        """One more pipeline needs it; whether it has to be run first."""
        self._users += 1
        return not self._is_entered

    def give_back(self) -> None:
        """One pipeline needs it no more; without any it is left."""
        self._users -= 1
        if not self._users:
            self._unused.set()

    @property
    def name(self) -> str:
        """What the log calls it."""
        return f"{type(self.context).__module__}.{type(self.context).__qualname__}"

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Enter the context, and leave it when nobody needs it any more, or when this is cancelled.

        Raises:
            NotEntered: it cannot be entered.
            EndedEarly: it was left while it was needed, by what it did itself.
            Exception: any other is of its leaving.
        """
        try:
            await self._hold(task_status)
        except BaseException as error:
            raised = contained(error, self.name)
            # Cancelled where nobody outside has cancelled: it would end whoever runs this.
            if isinstance(raised, trio.Cancelled) and trio.current_effective_deadline() > -math.inf:
                raise EndedEarly(f"{self.name} ended itself") from error
            if raised is error:
                raise
            raise raised from error

    async def _hold(self, task_status: trio.TaskStatus[None]) -> None:
        # The scope stands around all, not around the leaving alone: a context may hold a nursery, which must be left in
        # the very scope of its entering.
        with trio.CancelScope() as scope:
            async with AsyncExitStack() as stack:
                try:
                    await stack.enter_async_context(self.context)
                except trio.Cancelled:
                    raise
                except BaseException as error:
                    raise NotEntered(f"{type(error).__name__}: {error}") from error
                self._is_entered, self._unused = True, trio.Event()
                try:
                    task_status.started()
                    await self._unused.wait()
                finally:
                    self._is_entered = False
                    scope.shield, scope.deadline = True, trio.current_time() + LEAVE_SECONDS
                    await stack.aclose()
