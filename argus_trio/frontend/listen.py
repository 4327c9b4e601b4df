"""`subscriptions/listen` of 2026-07-28: one long answer that tells of changes, each marked with the request's id."""

from __future__ import annotations

from typing import Final

import msgspec

from argus_trio.errors import InvalidParams
from argus_trio.frontend.announcer import PROMPTS, RESOURCES, TOOLS, Announcer
from argus_trio.frontend.outbox import Outbox
from argus_trio.frontend.request import Request
from argus_trio.frontend.stream import write_stream
from argus_trio.wire.envelope import Params, Raw, decode_object, encode_notification, encode_raw, encode_response
from argus_trio.wire.results import RESERVED
from argus_trio.wire.sse import encode_event

_KINDS: Final = {"toolsListChanged": TOOLS, "promptsListChanged": PROMPTS, "resourcesListChanged": RESOURCES}
"""What a client may ask for, and the notification that it means."""

_ACKNOWLEDGED: Final = "notifications/subscriptions/acknowledged"


def honoured(params: Params) -> tuple[str, ...]:
    """The kinds asked for that are served here.

    Raises:
        InvalidParams: there is no object of kinds.
    """
    try:
        asked = decode_object(params.get("notifications", b"0"))
    except msgspec.DecodeError:
        raise InvalidParams('subscriptions/listen needs an object "notifications"') from None
    return tuple(kind for kind in _KINDS if bytes(asked.get(kind, b"")) == b"true")


async def listen(http: Request, message_id: bytes, kinds: tuple[str, ...], announcer: Announcer) -> None:
    """Acknowledge, tell of changes, and end with a result when the gateway stops; until the client goes."""
    tag = encode_raw({f"{RESERVED}subscriptionId": Raw(message_id)})
    events = {_KINDS[kind]: encode_event(encode_notification(_KINDS[kind], {"_meta": tag})) for kind in kinds}
    acknowledgment: Params = {"_meta": tag, "notifications": encode_raw(dict.fromkeys(kinds, True))}
    ended = encode_response(message_id, b'{"resultType":"complete","_meta":%b}' % bytes(tag))
    outbox = Outbox()
    with announcer.listening(outbox, events):
        await write_stream(
            http,
            outbox,
            first=encode_event(encode_notification(_ACKNOWLEDGED, acknowledgment)),
            last=encode_event(ended),
        )
