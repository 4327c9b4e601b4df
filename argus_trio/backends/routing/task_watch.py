"""Task statuses for a modern client, which names its tasks when it opens a listen stream (`subscriptions/listen`).

(Extension `io.modelcontextprotocol/tasks`, Task Status Notifications.)
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import attrs
import trio

from argus_trio.backends.routing.tasks import Tasks
from argus_trio.backends.supervisor import Supervisor
from argus_trio.core.call.exchange import Call, Deliver
from argus_trio.core.call.tasks import Task


@attrs.define(eq=False, repr=False)
class TaskWatch:
    """Follows tasks at their backends, for the length of a block."""

    supervisor: Supervisor
    tasks: Tasks

    @asynccontextmanager
    async def __call__(self, call: Call, task_ids: Sequence[str], deliver: Deliver) -> AsyncIterator[tuple[str, ...]]:
        """Deliver how these tasks of the call's client stand, within the block; gives the ids that a backend agreed to.

        A task of another client counts as unknown, and a backend need not agree.
        """
        key, followed, scopes = object(), list[Task](), self.supervisor.scopes
        current = self.supervisor.current
        known = (self.tasks.known(call, task_id, current) for task_id in dict.fromkeys(task_ids))
        wanted = [task for task in known if task is not None]

        async def begin(task: Task) -> None:
            self.tasks.listen(task, key, deliver)
            if await scopes[task.backend].subscriptions.follow(task.key):
                followed.append(task)

        try:
            async with trio.open_nursery() as nursery:
                for task in wanted:
                    nursery.start_soon(begin, task)
            yield tuple(task.id for task in wanted if task in followed)
        finally:
            for task in wanted:
                self.tasks.unlisten(task, key)
            for task in followed:
                if task.backend in self.supervisor.scopes:  # a reload may have replaced or removed it
                    self.supervisor.scopes[task.backend].subscriptions.unfollow(task.key)
