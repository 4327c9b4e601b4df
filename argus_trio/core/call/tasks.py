"""Tasks that backends run for clients: which id of ours means which task of which backend, and whose it is.

Ids are per hop, as all ids are: ours cannot be guessed, and mean nothing to anybody but the owner. What a task is
doing is not kept here; its backend knows.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Final

import attrs

from argus_trio.core.call.exchange import ClientSession

MAX_TASKS: Final = 10_000
MAX_TASKS_OF_ONE: Final = 1000
"""Bounds in all and for one owner; past them the oldest is forgotten, which its backend does not notice."""

MAX_LIFE_S: Final = 7 * 86400.0
"""A task that says no end of its life, or a later one, is forgotten after this."""

GRACE_S: Final = 60.0
"""A task is known for so much longer than it says: that it is gone, its backend tells best."""

SWEEP_EVERY_S: Final = 60.0


@attrs.frozen(kw_only=True)
class Owner:
    """Whose a task is: the principal's, and in the legacy era this session's alone (compared by identity)."""

    principal: str
    client: ClientSession | None = attrs.field(default=None, eq=id)


@attrs.frozen(kw_only=True)
class Task:
    """One task: `id` is what its owner knows it by, `key` what its backend does; `number` grows from task to task."""

    id: str
    backend: str
    key: str
    owner: Owner
    number: int
    since: float
    until: float


class TaskTable:
    """The tasks under way. `new_id` makes ids that nobody can guess; times are seconds of any one clock."""

    def __init__(
        self, new_id: Callable[[], str], *, limit: int = MAX_TASKS, limit_of_one: int = MAX_TASKS_OF_ONE
    ) -> None:
        self._new_id = new_id
        self._limit = limit
        self._limit_of_one = limit_of_one
        self._numbers = count()
        self._tasks: dict[str, Task] = {}
        self._by_owner: dict[Owner, dict[tuple[str, str], str]] = {}
        self._by_key: dict[tuple[str, str], dict[Owner, str]] = {}
        self._swept = 0.0

    def __len__(self) -> int:
        return len(self._tasks)

    def enter(self, owner: Owner, backend: str, key: str, *, now: float, ttl: float | None = None) -> Task:
        """The task `key` of `backend`, new or known. `ttl` is its life from its beginning, in seconds, where known."""
        self._sweep(now)
        known = self._by_owner.get(owner, {}).get((backend, key))
        task = None if known is None else self._tasks[known]
        if task is not None and task.until <= now:
            self.forget(task)
            task = None
        if task is None:
            task = self._added(owner, backend, key, now)
        if ttl is not None:
            end = task.since + min(max(ttl, 0.0), MAX_LIFE_S)
            task = attrs.evolve(task, until=max(end, now) + GRACE_S)
        self._tasks[task.id] = task
        return task

    def find(self, owner: Owner, task_id: str, now: float) -> Task | None:
        """The owner's task by its id; nobody else's, and none whose time is over."""
        task = self._tasks.get(task_id)
        return task if task is not None and task.owner == owner and now < task.until else None

    def running(self, backend: str, key: str, now: float, *, client: ClientSession | None = None) -> Task | None:
        """The task by its backend's key, of this session where one is given, if that is one only.

        Two processes of one backend may agree in a key, so whoever alone uses one of them should say so.
        """
        owners = self._by_key.get((backend, key), {})
        ids = [task_id for owner, task_id in owners.items() if client is None or owner.client is client]
        return self.find(self._tasks[ids[0]].owner, ids[0], now) if len(ids) == 1 else None

    def of(self, owner: Owner, now: float) -> list[Task]:
        """The owner's tasks, the oldest first."""
        ids = self._by_owner.get(owner, {}).values()
        return [task for task in map(self._tasks.__getitem__, ids) if now < task.until]

    def forget(self, task: Task) -> None:
        """Know this task no more; a second time does nothing."""
        if self._tasks.pop(task.id, None) is None:
            return
        place = (task.backend, task.key)
        self._by_owner[task.owner].pop(place)
        self._by_key[place].pop(task.owner)
        if not self._by_owner[task.owner]:
            del self._by_owner[task.owner]
        if not self._by_key[place]:
            del self._by_key[place]

    def forget_client(self, client: ClientSession) -> None:
        """Know no task of this session any more: it has ended."""
        for owner in [owner for owner in self._by_owner if owner.client is client]:
            for task_id in list(self._by_owner[owner].values()):
                self.forget(self._tasks[task_id])

    def _added(self, owner: Owner, backend: str, key: str, now: float) -> Task:
        own = self._by_owner.get(owner, {})
        if len(own) >= self._limit_of_one:
            self.forget(self._tasks[next(iter(own.values()))])
        elif len(self._tasks) >= self._limit:
            self.forget(next(iter(self._tasks.values())))
        task = Task(
            id=self._new_id(),
            backend=backend,
            key=key,
            owner=owner,
            number=next(self._numbers),
            since=now,
            until=now + MAX_LIFE_S,
        )
        self._by_owner.setdefault(owner, {})[backend, key] = task.id
        self._by_key.setdefault((backend, key), {})[owner] = task.id
        return task

    def _sweep(self, now: float) -> None:
        if now - self._swept < SWEEP_EVERY_S:
            return
        self._swept = now
        for task in [task for task in self._tasks.values() if task.until <= now]:
            self.forget(task)
