"""Task notifications: what a backend says of a task outside any call, and the queue to whoever knows whose the task is.

They are delivered in order for each task, and those of one task do not wait for those of another.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

import attrs
import trio

from argus_trio import Value
from argus_trio.backends.connection.notification_queue import Losses, size_of
from argus_trio.core.call.exchange import ClientSession
from argus_trio.wire.envelope import Params

TASK_STATUS: Final = frozenset(("notifications/tasks/status", "notifications/tasks"))
"""The methods by which a backend says how a task stands: of 2025-11-25, and of `io.modelcontextprotocol/tasks`."""

CAPACITY: Final = 64
"""Task notifications that wait for one task; past that the oldest are dropped: a later status replaces them."""

CAPACITY_BYTES: Final = 4 * 1024 * 1024
"""Bytes of task notifications that wait on one connection; past that the oldest of the same task are dropped, and where
there are none, the new one. Small enough that a backend cannot fill the memory with the tasks of its clients."""

MAX_TASKS: Final = 256
"""Tasks of one connection whose notifications may wait at a time; those of further tasks are dropped, so that a backend
cannot fill the memory with ids that it made up."""


@attrs.frozen(kw_only=True)
class TaskNotification(Value):
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


@attrs.define(eq=False, repr=False)
class TaskNotificationQueue:
    """The task notifications of one connection that have not been delivered yet. They are delivered in `nursery`, by
    one task for each task of the backend that something waits of."""

    nursery: trio.Nursery
    on_task: OnTask
    losses: Losses = attrs.field(factory=Losses)
    _waiting: dict[str, deque[TaskNotification]] = attrs.field(factory=dict, init=False)
    _size: int = attrs.field(default=0, init=False)
    _untold: int = attrs.field(default=0, init=False)
    """How many were dropped that the log does not know of."""

    def put(self, notification: TaskNotification) -> None:
        """Take a notification to be delivered by `on_task`; returns at once."""
        queue = self._waiting.get(notification.key)
        if queue is None and len(self._waiting) >= MAX_TASKS:
            self._drop()
            return
        size = size_of(notification.method, notification.params)
        while queue and (len(queue) == CAPACITY or self._size + size > CAPACITY_BYTES):
            self._take(queue)
            self._drop()
        if self._size and self._size + size > CAPACITY_BYTES:
            self._drop()
            return
        if queue is None:
            queue = self._waiting[notification.key] = deque()
            self.nursery.start_soon(self._deliver, notification.key, queue)
        queue.append(notification)
        self._count(size)

    async def _deliver(self, key: str, queue: deque[TaskNotification]) -> None:
        try:
            while queue:
                await self.on_task(self._take(queue))
        finally:
            for left in queue:
                self._count(-size_of(left.method, left.params))
            del self._waiting[key]
            if self._untold and not self._waiting:
                self.losses.tell(self._untold, "client")
                self._untold = 0

    def _take(self, queue: deque[TaskNotification]) -> TaskNotification:
        notification = queue.popleft()
        self._count(-size_of(notification.method, notification.params))
        return notification

    def _count(self, size: int) -> None:
        self._size += size
        self.losses.count(size)

    def _drop(self) -> None:
        self._untold += 1
        self.losses.dropped += 1
