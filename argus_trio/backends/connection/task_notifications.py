"""News of tasks: what a backend says of one outside any call, on its way to whoever knows whose the task is.

In order for each task, and no task's news wait for those of another.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

import attrs
import structlog
import trio

from argus_trio.core.call.exchange import ClientSession
from argus_trio.wire.envelope import Params

log = structlog.get_logger()

TASK_STATUS: Final = frozenset(("notifications/tasks/status", "notifications/tasks"))
"""How a task stands: of 2025-11-25, and of the extension `io.modelcontextprotocol/tasks`."""

CAPACITY: Final = 64
"""News kept for one task; past that the oldest are dropped."""

MAX_TASKS: Final = 256
"""Tasks of one connection of which news may wait at a time; those of others are dropped."""


@attrs.frozen(kw_only=True)
class TaskNotification:
    """What was said of the task `key` of `backend`; `client` is the session whose own connection it came on."""

    backend: str
    key: str
    method: str
    params: Params
    client: ClientSession | None


OnTask = Callable[[TaskNotification], Awaitable[None]]
"""Takes what a backend says of a task."""


async def ignore_task(_news: TaskNotification) -> None:
    """The `OnTask` where nobody follows tasks."""


@attrs.define(eq=False)
class TaskNotificationQueue:
    """Hands the news of one connection on; its tasks run in `nursery`."""

    nursery: trio.Nursery
    on_task: OnTask
    _waiting: dict[str, deque[TaskNotification]] = attrs.field(factory=dict, init=False)

    def put(self, notification: TaskNotification) -> None:
        """Hand it over; returns at once."""
        queue = self._waiting.get(notification.key)
        if queue is None:
            if len(self._waiting) >= MAX_TASKS:
                log.debug("task_news_dropped", backend=notification.backend, method=notification.method)
                return
            queue = self._waiting[notification.key] = deque(maxlen=CAPACITY)
            self.nursery.start_soon(self._deliver, notification.key, queue)
        queue.append(notification)

    async def _deliver(self, key: str, queue: deque[TaskNotification]) -> None:
        try:
            while queue:
                await self.on_task(queue.popleft())
        finally:
            del self._waiting[key]
