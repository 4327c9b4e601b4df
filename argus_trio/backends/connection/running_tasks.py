"""The tasks that were begun on one connection: until when each may run, and the progress token of each.

What is known here is what went over the connection. Whose a task is, and by which id its owner knows it, is the
business of `routing/tasks.py`.
"""

from __future__ import annotations

from math import inf
from typing import Final

import attrs
import msgspec

from argus_trio import Value
from argus_trio.core.call.task_ids import life_of, task_id_of
from argus_trio.core.call.tasks import MAX_LIFE_SECONDS
from argus_trio.wire.envelope import Params
from argus_trio.wire.members import int_member, object_member, object_or_none, string_member
from argus_trio.wire.passing.known_result import own_words

MAX_RUNNING: Final = 1000
"""Tasks known of one connection; past that the oldest is forgotten, so that no backend fills the memory."""

UNLIMITED_SECONDS: Final = 3600.0
"""How long a task without a `ttl` counts as running after the backend last mentioned it: its connection stays open as
long, and an hour is more than a client leaves a task without a look."""

_TERMINAL: Final = frozenset(("completed", "failed", "cancelled"))


@attrs.frozen(kw_only=True)
class RunningTask(Value):
    """One task. Times are seconds of the clock of its `RunningTasks`."""

    key: str
    """The id of the task that the backend gave it."""
    since: float
    """When it began."""
    until: float
    """When it no longer counts as running; in the past once it has ended."""
    request: int
    """The id of the request that began it, which is also our progress token for it."""
    token: msgspec.Raw | None
    """The progress token that the client chose; it is valid until the task has ended (2025-11-25, Progress)."""


@attrs.define(eq=False, repr=False)
class RunningTasks:
    """The tasks that were begun on one connection. Times are seconds of any one clock."""

    _by_key: dict[str, RunningTask] = attrs.field(factory=dict, init=False)
    _by_request: dict[int, str] = attrs.field(factory=dict, init=False)

    def __contains__(self, key: str) -> bool:
        """Whether the task of this id, the backend's, was begun on the connection, ended or not."""
        return key in self._by_key

    @property
    def until(self) -> float:
        """When the last of the tasks no longer counts as running; minus infinity if there is none."""
        return max((task.until for task in self._by_key.values()), default=-inf)

    def begun(self, result: bytes, now: float, *, request: int, token: msgspec.Raw | None) -> None:
        """Note that `request` was answered with `result`: if that is a task, it runs from now on. `token` is the
        client's progress token."""
        fields = _created(result)
        key = None if fields is None else task_id_of(fields)
        if fields is None or key is None:
            return
        self._forget(key)
        if len(self._by_key) >= MAX_RUNNING:
            self._forget(next(iter(self._by_key)))
        task = RunningTask(key=key, since=now, until=now, request=request, token=token)
        self._by_key[key] = attrs.evolve(task, until=_end_of(task, fields, now))
        if token is not None:
            self._by_request[request] = key

    def answered(self, method: str, params: Params, result: bytes, now: float) -> None:
        """Note what the result of a request of `method`, about a task, says of it."""
        if method == "tasks/result":
            self.ended(task_id_of(params) or "", now)
        elif b'"status"' in result and (fields := object_or_none(result)) is not None:
            self.heard(fields, now)

    def heard(self, fields: Params, now: float) -> bool:
        """Note how a task stands, by a result or a notification of the backend; whether a running one has ended."""
        key = task_id_of(fields)
        task = None if key is None else self._by_key.get(key)
        if task is None:
            return False
        changed = attrs.evolve(task, until=_end_of(task, fields, now))
        self._by_key[task.key] = changed
        return task.until > now and changed.until <= now

    def ended(self, key: str, now: float) -> None:
        """Note that the final result of a task was given."""
        if key in self._by_key:
            self._by_key[key] = attrs.evolve(self._by_key[key], until=now)

    def of_token(self, params: Params, now: float) -> RunningTask | None:
        """The running task that the progress token in these params, one of ours, belongs to."""
        token = int_member(params, "progressToken")
        key = None if token is None else self._by_request.get(token)
        task = None if key is None else self._by_key[key]
        return task if task is not None and now < task.until else None

    def _forget(self, key: str) -> None:
        task = self._by_key.pop(key, None)
        if task is not None:
            self._by_request.pop(task.request, None)


def _created(result: bytes) -> Params | None:
    """The members of the task that a result, of either era, says was created; None if it says no such thing."""
    if b'"taskId"' not in own_words(result):
        return None
    fields = object_or_none(result)
    if fields is None or bytes(fields.get("resultType", b"")) == b'"task"':
        return fields
    return object_member(fields, "task")


def _end_of(task: RunningTask, fields: Params, now: float) -> float:
    status = string_member(fields, "status")
    if status is None:
        return task.until
    if status in _TERMINAL:
        return now
    life = life_of(fields)
    return now + UNLIMITED_SECONDS if life is None else task.since + min(max(life, 0.0), MAX_LIFE_SECONDS)
