"""`subscriptions/listen` of 2026-07-28: one long answer that tells of changes, each marked with the request's id."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Final

import attrs
import msgspec
import trio

from argus_trio import Value
from argus_trio.core.call.abilities import Audience
from argus_trio.core.call.aims import MAX_URIS
from argus_trio.core.call.exchange import Call, Deliver
from argus_trio.core.call.task_ids import EXTENSION
from argus_trio.errors import CapabilityMissing, InvalidParams
from argus_trio.frontend.http.event_stream import write_stream
from argus_trio.frontend.http.request import IncomingRequest
from argus_trio.frontend.notifications.announcer import PROMPTS, RESOURCES, TOOLS, Announcer
from argus_trio.frontend.notifications.outbox import Outbox
from argus_trio.wire.envelope import (
    Params,
    Raw,
    decode_array,
    decode_object,
    decode_string,
    encode_notification,
    encode_raw,
    encode_response,
)
from argus_trio.wire.event_stream import encode_event
from argus_trio.wire.members import MAX_NAME_BYTES, has_member
from argus_trio.wire.request_meta import SUBSCRIPTION_ID
from argus_trio.wire.results import RESERVED

_EACH_BYTES: Final = 1024
"""What each of them takes besides its name, about: it is in several tables."""

_KINDS: Final = {"toolsListChanged": TOOLS, "promptsListChanged": PROMPTS, "resourcesListChanged": RESOURCES}
"""What a client may ask for, and the notification that it means."""

_ACKNOWLEDGED: Final = "notifications/subscriptions/acknowledged"
_URIS: Final = "resourceSubscriptions"
_TASKS: Final = "taskIds"
"""Of the extension `io.modelcontextprotocol/tasks` (SEP-2663, Task Status Notifications)."""


@attrs.frozen(kw_only=True)
class SubscriptionFilter(Value):
    """What a client wants to be told, as far as there is such a thing here."""

    kinds: tuple[str, ...]
    uris: tuple[str, ...]
    tasks: tuple[str, ...]


def asked_of(call: Call) -> SubscriptionFilter:
    """What `subscriptions/listen` asks for.

    Raises:
        InvalidParams: there is no object of kinds, or the resources or tasks are no array of strings.
        CapabilityMissing: it asks for tasks, and the client did not declare that it knows them.
    """
    try:
        asked = decode_object(call.params.get("notifications", b"0"))
    except msgspec.DecodeError:
        raise InvalidParams('subscriptions/listen needs an object "notifications"') from None
    tasks = _strings(asked, _TASKS)
    if tasks and not has_member(call.capabilities.get("extensions"), EXTENSION):
        raise CapabilityMissing(f'"{_TASKS}" needs the extension {EXTENSION}', {"extensions": {EXTENSION: {}}})
    kinds = tuple(kind for kind in _KINDS if bytes(asked.get(kind, b"")) == b"true")
    return SubscriptionFilter(kinds=kinds, uris=_strings(asked, _URIS), tasks=tasks)


def _strings(asked: Params, name: str) -> tuple[str, ...]:
    listed = asked.get(name, Raw(b"null"))
    if bytes(listed) == b"null":
        return ()
    try:
        raw = decode_array(listed)
        longest = max(map(len, raw), default=0)
        if longest > MAX_NAME_BYTES:
            raise InvalidParams(f'one of "{name}" is {longest} bytes long; {MAX_NAME_BYTES} are the most')
        return tuple(dict.fromkeys(map(decode_string, raw)))[:MAX_URIS]
    except msgspec.DecodeError:
        raise InvalidParams(f'"{name}" must be an array of strings') from None


WatchNamed = Callable[[Sequence[str], Deliver], AbstractAsyncContextManager[tuple[str, ...]]]
"""A `WatchFunction` of the gateway's for the call that listens."""


@attrs.frozen
class WatchFunctions(Value):
    """How updates of single resources and tasks are subscribed to, for one call."""

    audience: Audience
    """The client, as far as it depends on it what it is shown."""
    resources: WatchNamed
    tasks: WatchNamed


async def listen(
    http: IncomingRequest,
    message_id: bytes,
    asked: SubscriptionFilter,
    *,
    outbox: Outbox,
    announcer: Announcer,
    watches: WatchFunctions,
) -> None:
    """Acknowledge, tell of changes, and end with a result when the gateway stops; until the client goes."""
    events = _events(message_id, asked.kinds)
    announcer.add(outbox, events, lambda: watches.audience)  # from here on changes wait behind the acknowledgment
    try:
        if asked.uris or asked.tasks:
            await _write_watched(http, message_id, asked, outbox=outbox, watches=watches)
        else:  # as most do, each for hours: it waits in as few frames as can be
            await write_stream(http, outbox, first=_acknowledged(message_id, asked.kinds, {}), last=_ended(message_id))
    finally:
        outbox.discard()
        announcer.remove(outbox)


async def _write_watched(
    http: IncomingRequest, message_id: bytes, asked: SubscriptionFilter, *, outbox: Outbox, watches: WatchFunctions
) -> None:
    """The same with updates of single resources and tasks, whose subscriptions end with the stream."""

    def tell(method: str, params: Params) -> None:
        tagged = {**params, "_meta": _tagged(params.get("_meta"), message_id)}
        subject = params.get("uri", params.get("taskId", b""))  # of a task, too, only the latest state counts
        outbox.offer(f"{method} {bytes(subject).decode()}", encode_event(encode_notification(method, tagged)))

    with trio.CancelScope() as scope:
        http.disconnects.on_disconnect(scope.cancel)
        async with AsyncExitStack() as watched:
            outbox.keep(sum(len(each) + _EACH_BYTES for each in (*asked.uris, *asked.tasks)))
            granted: dict[str, object] = {}
            for name, wanted, watch in ((_URIS, asked.uris, watches.resources), (_TASKS, asked.tasks, watches.tasks)):
                if wanted and (honoured := await watched.enter_async_context(watch(wanted, tell))):
                    granted[name] = honoured
            first = _acknowledged(message_id, asked.kinds, granted)
            await write_stream(http, outbox, first=first, last=_ended(message_id))


def _events(message_id: bytes, kinds: Sequence[str]) -> dict[str, bytes]:
    """What the client is sent of each kind of change."""
    params: Params = {"_meta": encode_raw({SUBSCRIPTION_ID: Raw(message_id)})}
    return {_KINDS[kind]: encode_event(encode_notification(_KINDS[kind], params)) for kind in kinds}


def _acknowledged(message_id: bytes, kinds: Sequence[str], granted: Mapping[str, object]) -> bytes:
    """The event that says what the client will be told of."""
    told = encode_raw({**dict.fromkeys(kinds, True), **granted})
    params: Params = {"_meta": encode_raw({SUBSCRIPTION_ID: Raw(message_id)}), "notifications": told}
    return encode_event(encode_notification(_ACKNOWLEDGED, params))


def _ended(message_id: bytes) -> bytes:
    """The event that ends the stream."""
    tag = encode_raw({SUBSCRIPTION_ID: Raw(message_id)})
    return encode_event(encode_response(message_id, b'{"resultType":"complete","_meta":%b}' % bytes(tag)))


def _tagged(meta: Raw | None, message_id: bytes) -> Raw:
    """A notification's raw `_meta` with the subscription's id in place of the hop's own keys."""
    try:
        members = {} if meta is None else decode_object(meta)
    except msgspec.DecodeError:
        members = {}
    left = {key: value for key, value in members.items() if not key.startswith(RESERVED)}
    return encode_raw({**left, SUBSCRIPTION_ID: Raw(message_id)})
