"""`subscriptions/listen` of 2026-07-28: one long answer that tells of changes, each marked with the request's id."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final

import attrs
import msgspec
import trio

from argus_trio.core.abilities import Abilities
from argus_trio.errors import InvalidParams
from argus_trio.frontend.announcer import PROMPTS, RESOURCES, TOOLS, Announcer
from argus_trio.frontend.gateway import Deliver
from argus_trio.frontend.outbox import Outbox
from argus_trio.frontend.request import Request
from argus_trio.frontend.stream import write_stream
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
from argus_trio.wire.results import RESERVED
from argus_trio.wire.sse import encode_event

MAX_URIS: Final = 1024
"""Resources that one request may subscribe to; those beyond are not honoured."""

_KINDS: Final = {"toolsListChanged": TOOLS, "promptsListChanged": PROMPTS, "resourcesListChanged": RESOURCES}
"""What a client may ask for, and the notification that it means."""

_ACKNOWLEDGED: Final = "notifications/subscriptions/acknowledged"
_URIS: Final = "resourceSubscriptions"
_TAG: Final = f"{RESERVED}subscriptionId"


@attrs.frozen(kw_only=True)
class Filter:
    """What a client wants to hear of, as far as there is such a thing here."""

    kinds: tuple[str, ...]
    uris: tuple[str, ...]


def asked_of(params: Params) -> Filter:
    """What `subscriptions/listen` with these params asks for.

    Raises:
        InvalidParams: there is no object of kinds, or the resources are no array of strings.
    """
    try:
        asked = decode_object(params.get("notifications", b"0"))
    except msgspec.DecodeError:
        raise InvalidParams('subscriptions/listen needs an object "notifications"') from None
    try:
        uris = dict.fromkeys(decode_string(uri) for uri in decode_array(asked.get(_URIS, b"[]")))
    except msgspec.DecodeError:
        raise InvalidParams(f'"{_URIS}" must be an array of strings') from None
    kinds = tuple(kind for kind in _KINDS if bytes(asked.get(kind, b"")) == b"true")
    return Filter(kinds=kinds, uris=tuple(uris)[:MAX_URIS])


Watching = Callable[[Sequence[str], Deliver], AbstractAsyncContextManager[tuple[str, ...]]]
"""The gateway's `Watch` for the call that listens."""


async def listen(
    http: Request, message_id: bytes, asked: Filter, abilities: Abilities, announcer: Announcer, watch: Watching
) -> None:
    """Acknowledge, tell of changes, and end with a result when the gateway stops; until the client goes."""
    outbox = Outbox()
    tag = encode_raw({_TAG: Raw(message_id)})
    events = {_KINDS[kind]: encode_event(encode_notification(_KINDS[kind], {"_meta": tag})) for kind in asked.kinds}

    def tell(method: str, params: Params) -> None:
        tagged = {**params, "_meta": _tagged(params.get("_meta"), message_id)}
        key = f"{method} {bytes(params.get('uri', b'')).decode()}"
        outbox.offer(key, encode_event(encode_notification(method, tagged)))

    with announcer.listening(outbox, events, lambda: abilities), trio.CancelScope() as scope:
        http.disconnects.on_disconnect(scope.cancel)  # from here on news wait in the outbox, behind the acknowledgment
        if not asked.uris:
            await _write(http, outbox, tag, message_id, dict.fromkeys(asked.kinds, True))
            return
        async with watch(asked.uris, tell) as uris:
            granted: dict[str, object] = {**dict.fromkeys(asked.kinds, True)}
            if uris:
                granted[_URIS] = uris
            await _write(http, outbox, tag, message_id, granted)


async def _write(http: Request, outbox: Outbox, tag: Raw, message_id: bytes, granted: dict[str, object]) -> None:
    acknowledgment: Params = {"_meta": tag, "notifications": encode_raw(granted)}
    ended = encode_response(message_id, b'{"resultType":"complete","_meta":%b}' % bytes(tag))
    await write_stream(
        http,
        outbox,
        first=encode_event(encode_notification(_ACKNOWLEDGED, acknowledgment)),
        last=encode_event(ended),
    )


def _tagged(meta: Raw | None, message_id: bytes) -> Raw:
    """A notification's raw `_meta` with the subscription's id in place of the hop's own keys."""
    try:
        members = {} if meta is None else decode_object(meta)
    except msgspec.DecodeError:
        members = {}
    kept = {key: value for key, value in members.items() if not key.startswith(RESERVED)}
    return encode_raw({**kept, _TAG: Raw(message_id)})
