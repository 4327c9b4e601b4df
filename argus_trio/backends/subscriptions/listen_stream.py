"""Hearing of changes from a modern backend: one `subscriptions/listen` on a connection, kept up to date."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import attrs
import msgspec
import structlog
import trio

from argus_trio.backends.connection.connection import Connection
from argus_trio.backends.connection.handshake import modern_meta
from argus_trio.backends.subscriptions.table import SubscriptionTable
from argus_trio.core.call.task_ids import EXTENSION, serves_tasks
from argus_trio.core.catalog.catalog import KINDS
from argus_trio.core.redaction import Redactor
from argus_trio.errors import LinkFailed, RequestRefused
from argus_trio.wire.envelope import Params, decode_array, decode_object, decode_string, encode_raw
from argus_trio.wire.error_objects import METHOD_UNKNOWN

log = structlog.get_logger()

QUIET: Final = 0.02
"""Seconds in which further changes of what is wanted count as the same one."""
ACKNOWLEDGED: Final = 2.0
"""Seconds in which a stream should be acknowledged; one that is not counts as open all the same."""
AGAIN: Final = (1.0, 60.0)
"""Seconds before a stream that ended is opened anew: at first, and at most."""

_TASKS: Final = "taskIds"
_FILTERS: Final = {"tools": "toolsListChanged", "prompts": "promptsListChanged", "resources": "resourcesListChanged"}


@attrs.define(eq=False)
class _ListenRequest:
    """One `subscriptions/listen`."""

    scope: trio.CancelScope = attrs.field(factory=trio.CancelScope, init=False)
    opened: trio.Event = attrs.field(factory=trio.Event, init=False)
    """Set when it is acknowledged, or has ended: whichever comes first."""
    has_ended: bool = attrs.field(default=False, init=False)
    is_refused: bool = attrs.field(default=False, init=False)
    """Whether the backend knows no such request, so that no other will do better."""
    agreed: frozenset[str] = attrs.field(default=frozenset(), init=False)
    """The tasks that the backend agreed to tell of."""


@attrs.define(eq=False, kw_only=True)
class ListenStream:
    """The stream of one connection. When something else is wanted than before, the next stream is open before the last
    one is closed, so that nothing is lost in between; what both say is said twice."""

    connection: Connection
    table: SubscriptionTable
    redact: Redactor
    followed: Collection[str] = ()
    """The ids of the tasks that somebody wants to hear of; changes as that does."""
    hears_lists: bool = True
    """Whether it asks for changes of lists too; without, there is no stream as long as nothing else is wanted."""
    _opening: _ListenRequest | None = attrs.field(default=None, init=False)
    _wake: trio.Event = attrs.field(factory=trio.Event, init=False)
    _renewals: list[trio.Event] = attrs.field(factory=list, init=False)
    _is_over: bool = attrs.field(default=False, init=False)
    _tells_of_no_task: bool = attrs.field(default=False, init=False)
    """Whether the backend refused a stream for the tasks that it was asked for."""

    def tells_of(self, task: str) -> bool:
        """Whether the backend agreed to tell of this task on the latest stream."""
        return self._opening is not None and not self._opening.has_ended and task in self._opening.agreed

    def wanted_changed(self) -> trio.Event:
        """`table` has other URIs than before, or `followed` other tasks; the event is set once the backend has
        been told."""
        renewed = trio.Event()
        if self._is_over:
            renewed.set()
        self._renewals.append(renewed)
        self._wake.set()
        return renewed

    async def run(self) -> None:
        """Keep the stream open until cancelled, or until the backend refuses it for good."""
        try:
            await self._keep_open()
        finally:  # its connection is lost, if not refused: whoever waits for it learns nothing more here
            self._is_over = True
            for renewed in self._renewals:
                renewed.set()

    async def _keep_open(self) -> None:
        delay = AGAIN[0]
        async with trio.open_nursery() as nursery:
            current: _ListenRequest | None = None
            while current is None or not current.is_refused:
                renewals, self._renewals, self._wake = self._renewals, [], trio.Event()
                began = trio.current_time()
                was_lost = current is not None and current.has_ended
                try:
                    current = await self._replaced(current, nursery)
                finally:
                    for renewed in renewals:
                        renewed.set()
                if was_lost and self.hears_lists:  # nobody heard what changed meanwhile
                    self.connection.listener.lists_changed(KINDS)
                await self._wake.wait()
                if current is not None and current.has_ended and not current.is_refused:
                    delay = AGAIN[0] if trio.current_time() - began > AGAIN[1] else min(2 * delay, AGAIN[1])
                    await self._pause(delay)
                await trio.sleep(QUIET)

    async def _pause(self, seconds: float) -> None:
        self._wake = trio.Event()
        if not self._renewals:
            with trio.move_on_after(seconds):
                await self._wake.wait()

    def acknowledged(self, params: Params) -> None:
        """The backend has acknowledged the latest stream, with what it says of that."""
        if self._opening is not None:
            self._opening.agreed = _agreed(params)
            self._opening.opened.set()

    def _wanted(self) -> dict[str, object]:
        declared = self.connection.handshake.capabilities
        kinds = _FILTERS if self.hears_lists else {}
        wanted: dict[str, object] = {name: True for kind, name in kinds.items() if kind in declared}
        if self.table.uris:
            wanted["resourceSubscriptions"] = self.table.uris
        if self.followed and serves_tasks(declared) and not self._tells_of_no_task:
            wanted[_TASKS] = list(self.followed)
        return wanted

    async def _replaced(self, last: _ListenRequest | None, nursery: trio.Nursery) -> _ListenRequest | None:
        """A stream for what is wanted now, None if that is nothing; then `last` is closed."""
        wanted = self._wanted()
        fresh = self._opening = _ListenRequest() if wanted else None
        if fresh is not None:
            nursery.start_soon(self._listen, wanted, fresh)
            with trio.move_on_after(ACKNOWLEDGED):
                await fresh.opened.wait()
        if last is not None:
            last.scope.cancel()
        return fresh

    async def _listen(self, wanted: dict[str, object], stream: _ListenRequest) -> None:
        with stream.scope:
            try:
                await self.connection.ask("subscriptions/listen", self._request(wanted))
            except LinkFailed as failure:
                self._tells_of_no_task = _TASKS in wanted and not stream.opened.is_set()
                reason = self.redact(failure.reason)
                log.info("backend_changes_unheard", backend=self.connection.backend, reason=reason)
                stream.is_refused = isinstance(failure, RequestRefused) and failure.code == METHOD_UNKNOWN
            stream.has_ended = True
            stream.opened.set()
            self._wake.set()

    def _request(self, wanted: dict[str, object]) -> Params:
        params: Params = {"notifications": encode_raw(wanted)}
        if _TASKS in wanted:  # only a client of the extension may ask for that
            declared = encode_raw({"extensions": {EXTENSION: {}}})
            params["_meta"] = encode_raw(modern_meta(self.connection.handshake.revision, declared))
        return params


def _agreed(params: Params) -> frozenset[str]:
    """The tasks that an acknowledgment names."""
    try:
        return frozenset(map(decode_string, decode_array(decode_object(params["notifications"])[_TASKS])))
    except (KeyError, msgspec.DecodeError):
        return frozenset()
