"""What a backend says on its own: handed to the call, the client or the listener that it concerns, and to no other.

It runs on the link's reader, so nothing here waits for anybody. Answers do not come here: they are the link's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, Protocol

import attrs
import structlog
import trio

from argus_trio.backends.connection.in_flight import InFlightTable, level_of
from argus_trio.backends.connection.notification_queue import Losses, size_of
from argus_trio.backends.connection.running_tasks import RunningTasks
from argus_trio.backends.connection.server_requests import ServerRequests
from argus_trio.backends.connection.task_notifications import (
    TASK_STATUS,
    OnTask,
    TaskNotification,
    TaskNotificationQueue,
)
from argus_trio.core.call.exchange import ClientSession
from argus_trio.core.call.levels import passes_level
from argus_trio.core.call.task_ids import task_id_of
from argus_trio.core.health.probing import ProbeState
from argus_trio.wire.envelope import Notification, Params, Request
from argus_trio.wire.results import without_reserved

log = structlog.get_logger()

MAX_ANSWERING: Final = 256
"""Requests of a backend that are answered at a time on one connection. Four times as many as clients may be asked
(`server_requests.MAX_OPEN`), for pings and refusals take no longer than the backend does to read them."""
MAX_ANSWERING_BYTES: Final = 16 * 1024 * 1024
"""The bytes of them, but for one that is larger alone."""

_LIST_CHANGED: Final = {
    "notifications/tools/list_changed": ("tools",),
    "notifications/prompts/list_changed": ("prompts",),
    "notifications/resources/list_changed": ("resources", "templates"),
}


class BackendListener(Protocol):
    """The owner of a connection: it is given what the backend says outside any call. No method may block."""

    @property
    def client(self) -> ClientSession | None:
        """The legacy session that the connection belongs to at the moment, if it belongs to one."""

    def tell_client(self, method: str, params: Params) -> None:
        """Send a notification to `client`, in order, and in bounds if that one is slow; do nothing without one."""

    def lists_changed(self, kinds: tuple[str, ...]) -> None:
        """Take note that the backend's lists of these kinds have changed."""

    def resource_updated(self, params: Params) -> None:
        """Take note that a resource was updated: the params of `notifications/resources/updated`."""

    def listen_acknowledged(self, params: Params) -> None:
        """Take note that the backend has acknowledged a `subscriptions/listen`: the params of its acknowledgment."""

    def was_asked(self, method: str) -> bool:
        """Take note that the backend sent a request with this method; whether it was not expected to, so that clients
        which can answer it share the connection."""

    def task_ended(self) -> None:
        """Take note that a task that was begun on the connection runs no more."""


@attrs.define(eq=False, repr=False, kw_only=True)
class Inbound:
    """What one connection receives besides answers. `listener` is the owner of the connection."""

    backend: str
    nursery: trio.Nursery
    in_flight: InFlightTable
    server_requests: ServerRequests
    listener: BackendListener
    on_task: OnTask
    probe_state: ProbeState
    losses: Losses = attrs.field(factory=Losses)
    """How many notifications of the backend were dropped."""
    tasks: RunningTasks = attrs.field(factory=RunningTasks)
    """The tasks that were begun on this connection."""
    _task_notifications: TaskNotificationQueue = attrs.field(init=False)
    _answering: int = attrs.field(default=0, init=False)
    """How many requests of the backend are being answered."""
    _answering_bytes: int = attrs.field(default=0, init=False)
    _is_flooded: bool = attrs.field(default=False, init=False)
    """Whether the log was told that requests of the backend are dropped."""

    def __attrs_post_init__(self) -> None:
        self._task_notifications = TaskNotificationQueue(self.nursery, self.on_task, self.losses)

    async def receive(self, message: Request | Notification, within: int | None) -> None:
        """Take what the backend says; the link's `Inbox`. Returns without waiting for anybody.

        `within` is the id of the request on whose stream the message came, None where it came on no request's.
        """
        self.probe_state.heard_at = trio.current_time()
        if isinstance(message, Request):
            self._take_request(message, within)
        else:
            self._take(message.method, message.params, within)

    def reported(self, client: ClientSession, params: Params) -> None:
        """Take the params of a client's `notifications/progress`, and pass them on if they are about a request of this
        backend that the client is answering; dropped otherwise. Returns at once."""
        reports = self.server_requests.report(client, params)
        if reports is not None:
            self.nursery.start_soon(self.server_requests.pass_on, reports)

    def _take_request(self, request: Request, within: int | None) -> None:
        """Have a request of the backend answered, by a task of its own: it may take as long as a client does.

        One too many is dropped: the backend has not read its answers to the `MAX_ANSWERING` before it, or to requests
        of `MAX_ANSWERING_BYTES`.
        """
        size = len(request.id) + size_of(request.method, request.params)
        is_large = self._answering > 0 and self._answering_bytes + size > MAX_ANSWERING_BYTES
        if self._answering >= MAX_ANSWERING or is_large:
            self.losses.dropped += 1
            if not self._is_flooded:
                self._is_flooded = True
                log.warning(
                    "backend_requests_dropped",
                    backend=self.backend,
                    limit=MAX_ANSWERING,
                    limit_bytes=MAX_ANSWERING_BYTES,
                )
            return
        is_surprise = self.listener.was_asked(request.method)
        call_in_flight = self.in_flight.of(within)
        if call_in_flight is None and is_surprise:
            answer = partial(self._answer_for_one_of_all, request)
        else:
            client, is_guess = self.listener.client, within is None
            answer = partial(self.server_requests.answer, request, call_in_flight, client, is_guess=is_guess)
        self._answering += 1
        self._answering_bytes += size
        self.losses.count(size)
        self.nursery.start_soon(self._counted, answer, size)

    async def _counted(self, answer: Callable[[], Awaitable[None]], size: int) -> None:
        try:
            await answer()
        finally:
            self._answering -= 1
            self._answering_bytes -= size
            self.losses.count(-size)

    async def _answer_for_one_of_all(self, request: Request) -> None:
        """Answer a request that is one of the calls' under way, of whichever client, once it is clear whose it is."""
        call_in_flight = await self.in_flight.asking()
        await self.server_requests.answer(request, call_in_flight, self.listener.client, is_guess=True)

    def _take(self, method: str, params: Params, within: int | None) -> None:
        if method == "notifications/progress":
            self._progress(method, params)
        elif method == "notifications/message":
            self._log_message(method, params, within)
        elif method in _LIST_CHANGED:
            self.listener.lists_changed(_LIST_CHANGED[method])
        elif method == "notifications/resources/updated":
            self.listener.resource_updated(_without_reserved(params))
        elif method in TASK_STATUS:
            self._task_status(method, params)
        elif method == "notifications/cancelled":
            self.server_requests.withdraw(params)
        elif method == "notifications/subscriptions/acknowledged":
            self.listener.listen_acknowledged(params)
        else:
            self._pass_on(method, params, within)

    def _progress(self, method: str, params: Params) -> None:
        call_in_flight = self.in_flight.of_token(params)
        if call_in_flight is not None and call_in_flight.token is not None:
            call_in_flight.progressed()
            call_in_flight.tell(method, {**params, "progressToken": call_in_flight.token})
        if call_in_flight is not None:
            return
        task = self.tasks.of_token(params, trio.current_time())
        if task is not None and task.token is not None:
            self._put(task.key, method, {**params, "progressToken": task.token})

    def _task_status(self, method: str, params: Params) -> None:
        key = task_id_of(params)
        if key is None:
            return
        if self.tasks.heard(params, trio.current_time()):
            self.listener.task_ended()
        self._put(key, method, params)

    def _put(self, key: str, method: str, params: Params) -> None:
        notification = TaskNotification(
            backend=self.backend, key=key, method=method, params=params, client=self.listener.client
        )
        self._task_notifications.put(notification)

    def _log_message(self, method: str, params: Params, within: int | None) -> None:
        """Pass a log message on to a client that asked for that level; else to our own log alone."""
        call_in_flight = self.in_flight.of(within)
        if call_in_flight is not None:
            is_wanted = call_in_flight.wants_log(params)
        else:
            asked = None if self.listener.client is None else self.listener.client.log_level
            is_wanted = self.listener.client is not None and (asked is None or passes_level(level_of(params), asked))
        if is_wanted:
            self._pass_on(method, params, within)
        else:
            log.debug("backend_log", backend=self.backend, level=level_of(params)[:20])

    def _pass_on(self, method: str, params: Params, within: int | None) -> None:
        """Pass a notification on to the call on whose stream it came, else to the client of the connection, if any."""
        call_in_flight = self.in_flight.of(within)
        if call_in_flight is not None:
            call_in_flight.tell(method, params)
        elif self.listener.client is not None:
            self.listener.tell_client(method, params)
        else:
            log.debug("backend_notification_dropped", backend=self.backend, method=method[:100])


def _without_reserved(params: Params) -> Params:
    meta = without_reserved(params["_meta"]) if "_meta" in params else None
    return params if meta is None else {**params, "_meta": meta}
