"""What one legacy session is subscribed to, as far as its bounds are concerned; sans I/O.

Who is told of what is the business of those behind; here it is only counted, for a session may last for long.
"""

from __future__ import annotations

from typing import Final

import attrs

from argus_trio.core.call.exchange import Exchange, Handler
from argus_trio.core.memory import Memory
from argus_trio.errors import Overloaded
from argus_trio.wire.members import string_member

SUBSCRIBING: Final = ("resources/subscribe", "resources/unsubscribe")
"""The methods that `count_subscription` is for."""

MAX_SUBSCRIPTIONS: Final = 1024
"""Resources that one session may be subscribed to at a time: as many as one `subscriptions/listen` may ask for."""
MAX_SUBSCRIPTION_BYTES: Final = 1024 * 1024
"""The bytes of their URIs: those of a thousand long ones."""
_EACH_BYTES: Final = 1024
"""What a subscription takes in all, besides the URI, about: it is in several tables."""


@attrs.define(eq=False, repr=False)
class SubscriptionQuota:
    """The URIs that a session is subscribed to, or asks to be."""

    _memory: Memory
    _uris: set[bytes] = attrs.field(factory=set, init=False)
    _size: int = attrs.field(default=0, init=False)

    def __len__(self) -> int:
        return len(self._uris)

    def begin(self, uri: bytes) -> bool:
        """Count a URI in; whether it is a new one.

        Raises:
            Overloaded: the session is subscribed to too much, or the gateway holds too much.
        """
        if uri in self._uris:
            return False
        if len(self._uris) >= MAX_SUBSCRIPTIONS or self._size + len(uri) > MAX_SUBSCRIPTION_BYTES:
            raise Overloaded(
                f"this session is subscribed to {len(self._uris)} resources, whose URIs take {self._size} bytes; "
                f"{MAX_SUBSCRIPTIONS} and {MAX_SUBSCRIPTION_BYTES} are the most: end some with resources/unsubscribe"
            )
        self._memory.require_room()
        self._uris.add(uri)
        self._size += len(uri)
        self._memory.hold(self, len(uri) + _EACH_BYTES)
        return True

    def end(self, uri: bytes) -> None:
        """Count a URI out. Idempotent."""
        if uri in self._uris:
            self._uris.discard(uri)
            self._size -= len(uri)
            self._memory.hold(self, -len(uri) - _EACH_BYTES)

    def clear(self) -> None:
        """The session is over."""
        if self._uris:
            self._uris.clear()
            self._size = 0
            self._memory.release(self)

    def spare(self, wanted: int) -> None:
        """Nothing of it can go; see `MemoryHolder`."""


async def count_subscription(handler: Handler, quota: SubscriptionQuota, exchange: Exchange) -> bytes:
    """Have `handler` serve a subscription, or its end, which counts towards what the session may have.

    Raises:
        RpcError: as the handler; `Overloaded` as well, as `SubscriptionQuota.begin`.
    """
    uri = (string_member(exchange.call.params, "uri") or "").encode()
    if exchange.call.method != "resources/subscribe":
        result = await handler(exchange)
        quota.end(uri)
        return result
    is_new = quota.begin(uri)
    try:
        return await handler(exchange)
    except BaseException:
        if is_new:
            quota.end(uri)
        raise
