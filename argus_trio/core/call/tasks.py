"""Tasks that backends run for clients: which id of the gateway means which task of which backend, and whose it is.

Task ids are per hop, as all ids are: the gateway's cannot be guessed, and mean nothing to anybody but the owner. What a
task is doing only its backend knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.core.call.exchange import ClientSession

MAX_TASKS: Final = 10_000
"""The bound on all tasks together; past it the oldest is forgotten, which its backend does not notice."""
MAX_TASKS_OF_ONE: Final = 1000
"""The bound on one owner's tasks, so that one client cannot push out those of all others."""

MAX_LIFE_SECONDS: Final = 7 * 86400.0
"""The longest life of a task, also where it says none: a week outlasts what anybody still asks for, and bounds what the
gateway remembers of tasks that never end."""

GRACE_SECONDS: Final = 60.0
"""How much longer a task is known than it says: a client that asks a little late gets the backend's answer, which says
more than that there is no such task."""

SWEEP_EVERY_SECONDS: Final = 60.0
"""The shortest time between two sweeps of ended tasks: a sweep looks at all, and a minute's leftovers cost little."""


@attrs.frozen(kw_only=True, eq=True, unsafe_hash=True)
class Owner(Value):
    """The owner of tasks: a principal at one endpoint, and in the legacy era one session of it alone (compared by
    identity)."""

    principal: str
    endpoint: str = ""
    """The view whose endpoint it used; empty for the one that shows all."""
    client: ClientSession | None = attrs.field(default=None, eq=id)


@attrs.frozen(kw_only=True)
class Task(Value):
    """One task that a backend runs for a client."""

    id: str
    """The id by which the owner knows the task."""
    backend: str
    key: str
    """The id by which the backend knows the task."""
    owner: Owner
    number: int
    """The place of the task in the order of all: it grows from task to task."""
    since: float
    """When the task was first heard of."""
    until: float
    """When the task is forgotten."""


@attrs.define(eq=False, repr=False)
class TaskTable:
    """The tasks that backends run. Times are seconds of any one clock."""

    _new_id: Callable[[], str]
    """Makes ids that nobody can guess."""
    _limit: int = attrs.field(default=MAX_TASKS, kw_only=True)
    _limit_of_one: int = attrs.field(default=MAX_TASKS_OF_ONE, kw_only=True)
    _numbers: Iterator[int] = attrs.field(factory=count, init=False)
    _tasks: dict[str, Task] = attrs.field(factory=dict, init=False)
    _by_owner: dict[Owner, dict[tuple[str, str], str]] = attrs.field(factory=dict, init=False)
    """The ids of each owner's tasks, by backend and key."""
    _by_key: dict[tuple[str, str], dict[Owner, str]] = attrs.field(factory=dict, init=False)
    """The ids of the tasks with the same backend and key, by owner."""
    _swept_at: float = attrs.field(default=0.0, init=False)

    def __len__(self) -> int:
        return len(self._tasks)

    def enter(self, owner: Owner, backend: str, key: str, *, now: float, ttl: float | None = None) -> Task:
        """The owner's task `key` of `backend`, entered if it is new. `ttl` is its life since it began, in seconds."""
        self._sweep(now)
        known = self._by_owner.get(owner, {}).get((backend, key))
        task = None if known is None else self._tasks[known]
        if task is not None and task.until <= now:
            self.forget(task)
            task = None
        if task is None:
            task = self._added(owner, backend, key, now)
        if ttl is not None:
            end = task.since + min(max(ttl, 0.0), MAX_LIFE_SECONDS)
            task = attrs.evolve(task, until=max(end, now) + GRACE_SECONDS)
        self._tasks[task.id] = task
        return task

    def find(self, owner: Owner, task_id: str, now: float) -> Task | None:
        """The owner's task with this id; None if it is somebody else's, unknown, or its time is over."""
        task = self._tasks.get(task_id)
        return task if task is not None and task.owner == owner and now < task.until else None

    def running(self, backend: str, key: str, now: float, *, client: ClientSession | None = None) -> Task | None:
        """The task by its backend's key, among those of `client` where one is given; None unless it is exactly one.

        Two processes of one backend may use the same key, so whoever alone uses one of them gives its `client`.
        """
        owners = self._by_key.get((backend, key), {})
        ids = [task_id for owner, task_id in owners.items() if client is None or owner.client is client]
        return self.find(self._tasks[ids[0]].owner, ids[0], now) if len(ids) == 1 else None

    def of(self, owner: Owner, now: float) -> list[Task]:
        """The owner's tasks whose time is not over, the oldest first."""
        ids = self._by_owner.get(owner, {}).values()
        return [task for task in map(self._tasks.__getitem__, ids) if now < task.until]

    def forget(self, task: Task) -> None:
        """Forget this task; a second time does nothing."""
        if self._tasks.pop(task.id, None) is None:
            return
        backend_key = (task.backend, task.key)
        self._by_owner[task.owner].pop(backend_key)
        self._by_key[backend_key].pop(task.owner)
        if not self._by_owner[task.owner]:
            del self._by_owner[task.owner]
        if not self._by_key[backend_key]:
            del self._by_key[backend_key]

    def forget_client(self, client: ClientSession) -> None:
        """Forget every task of this session, which has ended."""
        for owner in [owner for owner in self._by_owner if owner.client is client]:
            for task_id in list(self._by_owner[owner].values()):
                self.forget(self._tasks[task_id])

    def _added(self, owner: Owner, backend: str, key: str, now: float) -> Task:
        ids = self._by_owner.get(owner, {})
        if len(ids) >= self._limit_of_one:
            self.forget(self._tasks[next(iter(ids.values()))])
        elif len(self._tasks) >= self._limit:
            self.forget(next(iter(self._tasks.values())))
        task = Task(
            id=self._new_id(),
            backend=backend,
            key=key,
            owner=owner,
            number=next(self._numbers),
            since=now,
            until=now + MAX_LIFE_SECONDS,
        )
        self._by_owner.setdefault(owner, {})[backend, key] = task.id
        self._by_key.setdefault((backend, key), {})[owner] = task.id
        return task

    def _sweep(self, now: float) -> None:
        if now - self._swept_at < SWEEP_EVERY_SECONDS:
            return
        self._swept_at = now
        for task in [task for task in self._tasks.values() if task.until <= now]:
            self.forget(task)
