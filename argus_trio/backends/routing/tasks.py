"""Tasks: calls that are answered with a task, and what their clients ask about it later.

Both kinds are in one table: the tasks of 2025-11-25, which a client asks for, and those of the extension
`io.modelcontextprotocol/tasks`, which a modern backend decides on. Which connection a task was begun on is known in
`connection/running_tasks.py`.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Final

import attrs
import msgspec
import structlog
import trio

from argus_trio.backends.connection.task_notifications import TASK_STATUS, TaskNotification
from argus_trio.backends.generation import Generation
from argus_trio.backends.routing.era_translation import call_in_backend_era
from argus_trio.backends.routing.params import string_param
from argus_trio.backends.routing.task_exchange import TaskExchange
from argus_trio.backends.scope.lease import Lease
from argus_trio.backends.scope.scope import Scope
from argus_trio.core.call.exchange import Call, ClientSession, Deliver, Exchange
from argus_trio.core.call.task_ids import renamed_related, renamed_result
from argus_trio.core.call.tasks import Owner, Task, TaskTable
from argus_trio.core.call.unknown_targets import unknown_method
from argus_trio.core.catalog.paging import Cursors
from argus_trio.errors import BackendError, DeadlineExceeded, InvalidParams, RpcError
from argus_trio.wire.envelope import Params, Raw, decode_object, encode, encode_raw
from argus_trio.wire.error_objects import INVALID_PARAMS, code_of
from argus_trio.wire.headers import Headers
from argus_trio.wire.revisions import Era

log = structlog.get_logger()

METHODS: Final = {
    Era.LEGACY: frozenset(("tasks/get", "tasks/result", "tasks/cancel", "tasks/list", "tasks/update")),
    Era.MODERN: frozenset(("tasks/get", "tasks/update", "tasks/cancel")),
}
"""The methods about tasks of each era; a legacy client may have agreed on the extension too."""

LIST_PAGE: Final = 50
"""Tasks on one page of `tasks/list`: each is a request to its backend."""

_MAX_AT_ONCE: Final = 8
"""Requests to backends that one `tasks/list` makes at once: it must not take every place of a bulkhead."""

KNOWN_WITHIN_SECONDS: Final = 2.0
"""How long a notification waits for its task to become known: it may be read before the answer that creates the task
has been dealt with, which takes no more than a moment."""

_CURSOR_KIND: Final = "tasks"


def _new_id() -> str:
    return secrets.token_urlsafe(24)


@attrs.define(eq=False, repr=False)
class Tasks:
    """The tasks of all backends, each accessible to its owner alone, by an id that only the owner was given."""

    cursors: Cursors
    """Seals and opens the cursors of `tasks/list`."""
    table: TaskTable = attrs.field(factory=lambda: TaskTable(_new_id), init=False)
    """The tasks, with their owners and ids."""
    _listening: dict[str, dict[object, Deliver]] = attrs.field(factory=dict, init=False)
    """The listen streams of modern clients that follow a task, by our id of it and the key of the stream."""
    _entered: trio.Event = attrs.field(factory=trio.Event, init=False)
    """Set, and replaced, whenever a call may have brought a new task."""

    async def call(self, scope: Scope, exchange: Exchange, params: Params, headers: Headers = ()) -> bytes:
        """Perform an exchange at a backend that runs tasks; the raw JSON of the result, with our ids of tasks.

        A task that it creates becomes known here.

        Raises:
            RpcError: as `call_in_backend_era`.
        """
        renamer = _TaskIds(self.table, owner_of(exchange.call), scope.spec.name)
        result = await call_in_backend_era(scope, TaskExchange(exchange, exchange.call, renamer), params, headers)
        shown = renamed_result(result, renamer.for_client, is_task=False, augmented="task" in params)
        self._entered.set()
        self._entered = trio.Event()
        return shown

    async def request(self, exchange: Exchange, generation: Generation) -> bytes:
        """Serve one of `METHODS`, accepted by this generation; the raw JSON of the result.

        Raises:
            MethodUnknown: no backend runs tasks, or the method is not of the client's era.
            InvalidParams: the task is unknown, or another client's; or the cursor is.
            RpcError: as `BackendCalls.call`.
        """
        call = exchange.call
        if call.method not in METHODS[call.era] or not _are_served(generation.scopes):
            raise unknown_method(call)
        if call.method == "tasks/list":
            return await self._list(exchange, generation)
        task_id = string_param(call, "taskId")
        task = self.known(call, task_id, generation)
        if task is None:
            raise InvalidParams(f"unknown task: {task_id[:200]}")
        scope = generation.scopes[task.backend]
        with Lease(scope.leases, generation):
            return await self._ask(exchange, call, task, scope)

    def known(self, call: Call, task_id: str, generation: Generation) -> Task | None:
        """The task of this call's client by our id; None if there is none, or it is shown nothing of its backend."""
        task = self.table.find(owner_of(call), task_id, trio.current_time())
        return task if task is not None and _is_there(task, call, generation) else None

    async def deliver(self, notification: TaskNotification) -> None:
        """Send a task notification to the session that owns the task, or to the streams that follow it; an `OnTask`.

        Dropped if the task does not become known within `KNOWN_WITHIN_SECONDS`.
        """
        task = self._running(notification)
        with trio.move_on_after(KNOWN_WITHIN_SECONDS):
            while task is None:
                await self._entered.wait()
                task = self._running(notification)
        if task is None:
            return
        renamer = _TaskIds(self.table, task.owner, task.backend)
        params = renamed_related(notification.params, renamer.for_client)
        if notification.method in TASK_STATUS:
            params = {**params, "taskId": encode_raw(task.id)}
        if task.owner.client is not None:
            await task.owner.client.notify(notification.method, params)
        elif notification.method in TASK_STATUS:
            for deliver in list(self._listening.get(task.id, {}).values()):
                deliver(notification.method, params)

    def listen(self, task: Task, key: object, deliver: Deliver) -> None:
        """Deliver notifications of how a task stands to `deliver`, until `unlisten` with the same key."""
        self._listening.setdefault(task.id, {})[key] = deliver

    def unlisten(self, task: Task, key: object) -> None:
        """Deliver no more notifications of a task to the stream that `key` stands for."""
        streams = self._listening.get(task.id, {})
        streams.pop(key, None)
        if not streams:
            self._listening.pop(task.id, None)

    def _running(self, notification: TaskNotification) -> Task | None:
        return self.table.running(
            notification.backend, notification.key, trio.current_time(), client=notification.client
        )

    def forget(self, client: ClientSession) -> None:
        """Forget the tasks of a session that has ended."""
        self.table.forget_client(client)

    async def _ask(self, exchange: Exchange, call: Call, task: Task, scope: Scope) -> bytes:
        """Perform `call` about `task`, which is at `scope`, for the exchange's client; the raw result, with our ids."""
        renamer = _TaskIds(self.table, task.owner, task.backend)
        params = {**call.params, "taskId": encode_raw(task.key)}
        give_up_at = trio.current_time() + scope.spec.timeouts.call_max
        while True:
            try:
                # No `call_in_backend_era`: an update's `inputResponses` are for the task, whatever the era.
                result = await scope.calls.call(TaskExchange(exchange, call, renamer), params)
                break
            except DeadlineExceeded:
                # Only this one has to wait for the end of the task (2025-11-25, Tasks, Result Retrieval).
                if call.method != "tasks/result" or trio.current_time() >= give_up_at:
                    raise
        if b'"uri"' in result:
            scope.shared.given.note_result(result)
        return renamed_result(result, renamer.for_client, is_task=call.method != "tasks/result", augmented=False)

    async def _list(self, exchange: Exchange, generation: Generation) -> bytes:
        """Serve `tasks/list`: the client's own tasks, each asked for at its backend, for others have tasks there
        too."""
        call = exchange.call
        cursor = call.params.get("cursor")
        after = -1 if cursor is None else int(self.cursors.open(_CURSOR_KIND, string_param(call, "cursor")))
        owned = self.table.of(owner_of(call), trio.current_time())
        behind = [task for task in owned if task.number > after and _is_there(task, call, generation)]
        page, found = behind[:LIST_PAGE], dict[int, Raw]()
        at_once = trio.CapacityLimiter(_MAX_AT_ONCE)

        async def fetch(task: Task) -> None:
            async with at_once:
                state = await self._state(exchange, task, generation.scopes[task.backend])
            if state is not None:
                found[task.number] = state

        async with trio.open_nursery() as nursery:
            for task in page:
                nursery.start_soon(fetch, task)
        result: dict[str, object] = {"tasks": [found[task.number] for task in page if task.number in found]}
        if len(behind) > LIST_PAGE:
            result["nextCursor"] = self.cursors.seal(_CURSOR_KIND, str(page[-1].number))
        return encode(result)

    async def _state(self, exchange: Exchange, task: Task, scope: Scope) -> Raw | None:
        """How a task stands, as its backend says; None without an answer. A task that is unknown there is forgotten."""
        call = msgspec.structs.replace(exchange.call, method="tasks/get", params={"taskId": encode_raw(task.id)})
        try:
            fields = decode_object(await self._ask(exchange, call, task, scope))
        except RpcError as error:
            if isinstance(error, BackendError) and code_of(error.encoded) == INVALID_PARAMS:
                self.table.forget(task)
            log.debug("task_unlisted", backend=task.backend, error=type(error).__name__)
            return None
        except msgspec.DecodeError:
            return None
        return encode_raw({name: value for name, value in fields.items() if name != "_meta"})


def _is_there(task: Task, call: Call, generation: Generation) -> bool:
    return task.backend in generation.scopes and generation.sees(call, task.backend)


def _are_served(scopes: Mapping[str, Scope]) -> bool:
    return any(scope.shared.runs_tasks for scope in scopes.values())


def owner_of(call: Call) -> Owner:
    """The owner of the tasks that this call creates."""
    return Owner(principal=call.principal.name, endpoint=call.endpoint, client=call.client)


@attrs.frozen(eq=False, repr=False)
class _TaskIds:
    """Replaces ids of one backend's tasks by ours and back, for one owner; a task that is new becomes known."""

    table: TaskTable
    owner: Owner
    backend: str

    def for_client(self, key: str, life: float | None) -> str:
        return self.table.enter(self.owner, self.backend, key, now=trio.current_time(), ttl=life).id

    def for_backend(self, task_id: str, _life: float | None) -> str:
        task = self.table.find(self.owner, task_id, trio.current_time())
        return task_id if task is None or task.backend != self.backend else task.key
