"""What a legacy client has asked of its session for as long as it lasts: a log level, and resources to hear of.

It is asked again when the session is opened again; here it is only remembered.
"""

from __future__ import annotations

from itertools import count

import attrs

from argus_trio.wire.envelope import Params, Request, encode_request

SET_LEVEL = "logging/setLevel"
SUBSCRIBE = "resources/subscribe"
UNSUBSCRIBE = "resources/unsubscribe"


@attrs.frozen
class WishedSetting:
    """One request in words of our own, under an `id` (raw JSON) that no client uses."""

    id: bytes
    body: bytes


@attrs.define(eq=False)
class WishedSettings:
    """What was granted and still holds."""

    level: WishedSetting | None = None
    """How the log level is asked for, if one was."""
    _subscriptions: dict[bytes, WishedSetting] = attrs.field(factory=dict)
    _numbers: count[int] = attrs.field(factory=count)

    @property
    def subscriptions(self) -> list[WishedSetting]:
        """How each resource is subscribed to, in the order in which they were."""
        return list(self._subscriptions.values())

    def granted(self, request: Request) -> None:
        """The gateway answered this request of the client with a result."""
        level, uri = request.params.get("level"), request.params.get("uri")
        if request.method == SET_LEVEL and level is not None:
            self.level = self._wish(SET_LEVEL, {"level": level})
        elif request.method == SUBSCRIBE and uri is not None:
            self._subscriptions.setdefault(bytes(uri), self._wish(SUBSCRIBE, {"uri": uri}))
        elif request.method == UNSUBSCRIBE and uri is not None:
            self._subscriptions.pop(bytes(uri), None)

    def hold(self, wish: WishedSetting) -> bool:
        """Whether the client still wants this."""
        return wish == self.level or wish in self.subscriptions

    def _wish(self, method: str, params: Params) -> WishedSetting:
        wish_id = b'"argus-trio-again-%d"' % next(self._numbers)
        return WishedSetting(wish_id, encode_request(wish_id, method, params))
