"""The listen stream of a connection to a modern backend: one `subscriptions/listen`, renewed as wishes change.

What comes on the stream is delivered by `connection/inbound.py`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import attrs
import msgspec
import structlog
import trio

from argus_trio.backends.connection.connection import Connection
from argus_trio.backends.connection.handshake import modern_meta
from argus_trio.backends.subscriptions.declared import declares_list_changes, may_report_updates
from argus_trio.backends.subscriptions.table import SubscriptionTable
from argus_trio.core.call.task_ids import EXTENSION, serves_tasks
from argus_trio.core.catalog.catalog import KINDS
from argus_trio.core.catalog.looks import LONGEST_RETRY_AFTER_SECONDS
from argus_trio.core.catalog.uris import comparable
from argus_trio.core.health.repetition import Repetition
from argus_trio.core.redaction import Redactor
from argus_trio.errors import HttpRefused, LinkFailed, RequestRefused
from argus_trio.wire.envelope import Params, decode_array, decode_object, decode_string, encode_raw
from argus_trio.wire.error_objects import METHOD_UNKNOWN
from argus_trio.wire.members import int_member, object_member
from argus_trio.wire.request_meta import SUBSCRIPTION_ID
from argus_trio.wire.revisions import Era

log = structlog.get_logger()

QUIET_SECONDS: Final = 0.02
"""How long further changes of what is wanted count as the same one: a client that subscribes to ten resources at once
causes one new stream, and hardly waits for it."""

ACKNOWLEDGE_SECONDS: Final = 2.0
"""How long a stream may take to be acknowledged; after that it counts as open all the same, so that a backend that does
not acknowledge keeps nothing else from being asked for longer than this."""

AGREE_SECONDS: Final = 10.0
"""How long who wants updates of a resource waits for the acknowledgment that says whether the backend agrees: longer
than a slow backend takes, shorter than the patience of clients, whose own stream is acknowledged after that."""

REOPEN_FIRST_SECONDS: Final = 1.0
"""The wait before a stream that had lasted is opened anew, and from which it doubles for one that keeps ending: long
enough for a server that restarts a worker, short enough that clients miss little."""

REOPEN_LONGEST_SECONDS: Final = 60.0
"""The longest wait before a stream that keeps ending is opened anew: each wait is twice the last, and a server that
closes every stream is then asked once a minute. A stream that lasted longer than this counts as a good one again."""

_TASKS: Final = "taskIds"
_URIS: Final = "resourceSubscriptions"
_FILTERS: Final = {"tools": "toolsListChanged", "prompts": "promptsListChanged", "resources": "resourcesListChanged"}


@attrs.define(eq=False, repr=False)
class _ListenRequest:
    """One `subscriptions/listen` request."""

    asks_for_tasks: bool
    scope: trio.CancelScope = attrs.field(factory=trio.CancelScope, init=False)
    id: int | None = attrs.field(default=None, init=False)
    """The id of the request, once it has one."""
    opened: trio.Event = attrs.field(factory=trio.Event, init=False)
    """Set when the stream is acknowledged, has ended or was replaced: whichever comes first."""
    has_ended: bool = attrs.field(default=False, init=False)
    is_refused: bool = attrs.field(default=False, init=False)
    """Whether the backend knows no such request, so that no other will do better."""
    failure: LinkFailed | None = attrs.field(default=None, init=False)
    """Why it has ended, if the backend did not end it with a result."""
    is_acknowledged: bool = attrs.field(default=False, init=False)
    agreed: frozenset[str] = attrs.field(default=frozenset(), init=False)
    """The ids of the tasks that the backend agreed to report."""
    agreed_uris: frozenset[str] | None = attrs.field(default=None, init=False)
    """The resources that it agreed to report, in their comparable form; None if it has not said what it agrees to."""

    def agrees_to(self, uri: str) -> bool:
        """Whether the backend has agreed to report this resource, as far as it has said."""
        return self.agreed_uris is None or comparable(uri) in self.agreed_uris

    def known_as(self, message_id: int) -> None:
        """Take note of the id of the request."""
        self.id = message_id


class NotAgreed(LinkFailed):
    """A backend has not agreed to report the updates of a resource."""


@attrs.define(eq=False, repr=False, kw_only=True)
class ListenStream:
    """The listen stream of one connection.

    When something else is wanted than before, the next stream is open before the last one is closed, so that nothing is
    lost in between; what comes on both is delivered twice.
    """

    connection: Connection
    table: SubscriptionTable
    """Who subscribed to which resource; changes as that does."""
    redact: Redactor
    followed: Collection[str] = ()
    """The backend's ids of the tasks that somebody wants notifications of; changes as that does."""
    listens_for_lists: bool = True
    """Whether it asks for changes of lists too, as far as the backend declares to report them. Without any there is no
    stream as long as nothing else is wanted."""
    _opening: _ListenRequest | None = attrs.field(default=None, init=False)
    """The latest request, acknowledged or not."""
    _wake: trio.Event = attrs.field(factory=trio.Event, init=False)
    _renewals: list[trio.Event] = attrs.field(factory=list, init=False)
    """The events to set once the next stream is open."""
    is_over: bool = attrs.field(default=False, init=False)
    """Whether it has ended for good: the backend does not know the method, or its connection is lost."""
    _refuses_tasks: bool = attrs.field(default=False, init=False)
    """Whether the backend refused a stream for the tasks that it was asked for."""
    _failures: Repetition = attrs.field(factory=Repetition, init=False)
    """Why streams ended, for the log."""

    def agreed_to(self, task: str) -> bool:
        """Whether the backend agreed to report this task, by its own id, on the latest stream."""
        return self._opening is not None and not self._opening.has_ended and task in self._opening.agreed

    async def refusal_of(self, uri: str) -> LinkFailed | None:
        """Have the backend asked for updates of a resource that is new in `table`; why it does not report them.

        None if it agrees to. One that acknowledges, and does not say what it agrees to, agrees to all that it was asked
        for. Waits at most `AGREE_SECONDS` for the acknowledgment once the backend has been asked.
        """
        await self.wanted_changed().wait()
        with trio.move_on_after(AGREE_SECONDS):
            while self._opening is not None and not self._opening.opened.is_set():
                await self._opening.opened.wait()
        stream = self._opening
        if stream is None:
            return NotAgreed("it is not listened to")
        if stream.has_ended and stream.asks_for_tasks and self._refuses_tasks:
            return await self.refusal_of(uri)  # now it is asked for no tasks
        if stream.has_ended:
            return stream.failure or NotAgreed("it ended its answer to subscriptions/listen")
        if not stream.is_acknowledged:
            return NotAgreed("it did not acknowledge subscriptions/listen in time")
        if not stream.agrees_to(uri):
            return NotAgreed("it did not agree to report updates of this resource")
        return None

    def wanted_changed(self) -> trio.Event:
        """Renew the stream, for `table` has other URIs than before, or `followed` other tasks.

        The event is set once the backend has been asked, or the stream is over for good.
        """
        renewed = trio.Event()
        if self.is_over:
            renewed.set()
        self._renewals.append(renewed)
        self._wake.set()
        return renewed

    async def run(self) -> None:
        """Keep the stream open until cancelled, or until the backend does not know the method."""
        try:
            await self._keep_open()
        finally:  # its connection is lost, if not refused: whoever waits for it learns nothing more here
            self.is_over = True
            for renewed in self._renewals:
                renewed.set()

    async def _keep_open(self) -> None:
        delay = 0.0
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
                if was_lost and self.listens_for_lists:  # what changed meanwhile was not reported
                    self.connection.listener.lists_changed(KINDS)
                await self._wake.wait()
                if current is not None and current.has_ended and not current.is_refused:
                    has_lasted = trio.current_time() - began > REOPEN_LONGEST_SECONDS
                    delay = REOPEN_FIRST_SECONDS if has_lasted or not delay else min(2 * delay, REOPEN_LONGEST_SECONDS)
                    asked = 0.0 if current.failure is None else current.failure.retry_after or 0.0
                    await self._pause(max(delay, min(asked, LONGEST_RETRY_AFTER_SECONDS)))
                await trio.sleep(QUIET_SECONDS)

    async def _pause(self, seconds: float) -> None:
        self._wake = trio.Event()
        if not self._renewals:
            with trio.move_on_after(seconds):
                await self._wake.wait()

    def acknowledged(self, params: Params) -> None:
        """Take note that the backend has acknowledged the latest stream: the params of its acknowledgment.

        One that says that it is for another stream, which has been replaced meanwhile, means nothing any more.
        """
        stream = self._opening
        if stream is None or int_member(object_member(params, "_meta") or {}, SUBSCRIPTION_ID) not in (None, stream.id):
            return
        stream.is_acknowledged = True
        stream.agreed = frozenset(_agreed(params, _TASKS) or ())
        uris = _agreed(params, _URIS)
        stream.agreed_uris = None if uris is None else frozenset(map(comparable, uris))
        stream.opened.set()
        left_out = [uri for uri in self.table.uris if not stream.agrees_to(uri)]
        if left_out:  # whoever waits for it is told so; this is for those who had been told yes before
            log.info("backend_updates_not_agreed", backend=self.connection.backend, count=len(left_out))

    def _wanted(self) -> dict[str, object]:
        declared = self.connection.handshake.capabilities
        kinds = _FILTERS if self.listens_for_lists else {}
        wanted: dict[str, object] = {
            name: True for kind, name in kinds.items() if declares_list_changes(declared, kind)
        }
        if self.table.uris and may_report_updates(declared, Era.MODERN):
            wanted[_URIS] = self.table.uris
        if self.followed and serves_tasks(declared) and not self._refuses_tasks:
            wanted[_TASKS] = list(self.followed)
        return wanted

    async def _replaced(self, last: _ListenRequest | None, nursery: trio.Nursery) -> _ListenRequest | None:
        """Open a stream for what is wanted now, then close `last`; None if nothing is wanted."""
        wanted = self._wanted()
        fresh = self._opening = _ListenRequest(_TASKS in wanted) if wanted else None
        if fresh is not None:
            nursery.start_soon(self._listen, wanted, fresh)
            with trio.move_on_after(ACKNOWLEDGE_SECONDS):
                await fresh.opened.wait()
        if last is not None:
            last.scope.cancel()
            last.opened.set()  # whoever waits for it looks at the next one
        return fresh

    async def _listen(self, wanted: dict[str, object], stream: _ListenRequest) -> None:
        with stream.scope:
            try:
                await self.connection.ask("subscriptions/listen", self._request(wanted), on_id=stream.known_as)
            except LinkFailed as failure:
                self._refuses_tasks = _TASKS in wanted and not stream.opened.is_set()
                reason = self.redact(failure.reason)
                tell = log.info if self._failures.happened(reason) else log.debug
                tell("backend_changes_unheard", backend=self.connection.backend, reason=reason)
                stream.failure = failure
                stream.is_refused = _is_final(failure)
            stream.has_ended = True
            stream.opened.set()
            self._wake.set()

    def _request(self, wanted: dict[str, object]) -> Params:
        params: Params = {"notifications": encode_raw(wanted)}
        if _TASKS in wanted:  # only a client of the extension may ask for that
            declared = encode_raw({"extensions": {EXTENSION: {}}})
            params["_meta"] = encode_raw(modern_meta(self.connection.handshake.revision, declared))
        return params


def _is_final(failure: LinkFailed) -> bool:
    """Whether the backend does not know the method, whichever way it says so."""
    if isinstance(failure, RequestRefused):
        return failure.code == METHOD_UNKNOWN
    return isinstance(failure, HttpRefused) and failure.status in (404, 405, 501)


def _agreed(params: Params, name: str) -> list[str] | None:
    """The strings that an acknowledgment names under one kind; None if it does not say what is agreed to."""
    try:
        agreed = decode_object(params["notifications"])
        return list(map(decode_string, decode_array(agreed.get(name, b"[]"))))
    except (KeyError, msgspec.DecodeError):
        return None
