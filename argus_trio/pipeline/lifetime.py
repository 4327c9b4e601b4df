"""What a stage holds while it is in use: entered once, left once, by one task, however many pipelines share it."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Final

import attrs
import trio

LEAVE_SECONDS: Final = 1.0
"""How long a context may take to be left before it is cancelled: a stop waits for it."""


class NotEntered(Exception):
    """A context cannot be entered; the first argument says why."""


@attrs.define(eq=False)
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

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Enter the context, and leave it when nobody needs it any more, or when this is cancelled.

        Raises:
            NotEntered: it cannot be entered; any other exception is of its leaving.
        """
        # The scope stands around all, not around the leaving alone: a context may hold a nursery, which must be left in
        # the very scope of its entering.
        with trio.CancelScope() as scope:
            async with AsyncExitStack() as stack:
                try:
                    await stack.enter_async_context(self.context)
                except Exception as error:
                    raise NotEntered(f"{type(error).__name__}: {error}") from error
                self._is_entered, self._unused = True, trio.Event()
                try:
                    task_status.started()
                    await self._unused.wait()
                finally:
                    self._is_entered = False
                    scope.shield, scope.deadline = True, trio.current_time() + LEAVE_SECONDS
                    await stack.aclose()
