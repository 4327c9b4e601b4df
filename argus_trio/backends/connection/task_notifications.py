"""Task notifications: what a backend says of a task outside any call, and the queue to whoever knows whose the task is.

They are delivered in order for each task, and those of one task do not wait for those of another.
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
"""The methods by which a backend says how a task stands: of 2025-11-25, and of `io.modelcontextprotocol/tasks`."""

CAPACITY: Final = 64
"""Task notifications that wait for one task; past that the oldest are dropped: a later status replaces them."""

MAX_TASKS: Final = 256
"""Tasks of one connection whose notifications may wait at a time; those of further tasks are dropped, so that a backend
cannot fill the memory with ids that it made up."""


@attrs.frozen(kw_only=True)
class TaskNotification:
    """What a backend said of a task."""

    backend: str
    """The name of the backend."""
    key: str
    """The id of the task that the backend gave it."""
    method: str
    params: Params
    client: ClientSession | None
    """The session whose own connection it came on; None on a connection that belongs to none."""


OnTask = Callable[[TaskNotification], Awaitable[None]]
"""Takes a task notification, and delivers it."""


async def ignore_task(_notification: TaskNotification) -> None:
    """Drop a task notification: the `OnTask` where nobody follows tasks."""


@attrs.define(eq=False)
class TaskNotificationQueue:
    """The task notifications of one connection that have not been delivered yet. They are delivered in `nursery`."""

    nursery: trio.Nursery
    on_task: OnTask
    _waiting: dict[str, deque[TaskNotification]] = attrs.field(factory=dict, init=False)

    def put(self, notification: TaskNotification) -> None:
        """Take a notification to be delivered by `on_task`; returns at once."""
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
