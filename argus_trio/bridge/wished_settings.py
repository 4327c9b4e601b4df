"""What a legacy client has asked of its session for as long as it lasts: a log level, and resources to hear of.

A session that is opened again is asked for it again; here it is only remembered.
"""

from __future__ import annotations

from itertools import count

import attrs

from argus_trio import Value
from argus_trio.wire.envelope import Params, Request, encode_request

SET_LEVEL = "logging/setLevel"
SUBSCRIBE = "resources/subscribe"
UNSUBSCRIBE = "resources/unsubscribe"


@attrs.frozen(kw_only=True)
class WishedSetting(Value):
    """One setting, as a request in words of our own under an `id` (raw JSON) that no client uses."""

    id: bytes
    body: bytes


@attrs.define(eq=False, repr=False)
class WishedSettings:
    """The settings of one session that were granted and still hold."""

    level: WishedSetting | None = attrs.field(default=None, init=False)
    """How the log level is asked for, if one was."""
    _subscriptions: dict[bytes, WishedSetting] = attrs.field(factory=dict, init=False)
    _numbers: count[int] = attrs.field(factory=count, init=False)

    @property
    def subscriptions(self) -> list[WishedSetting]:
        """How each resource is subscribed to, in the order in which the resources were."""
        return list(self._subscriptions.values())

    def granted(self, request: Request) -> None:
        """Note that the gateway answered this request of the client with a result."""
        level, uri = request.params.get("level"), request.params.get("uri")
        if request.method == SET_LEVEL and level is not None:
            self.level = self._setting(SET_LEVEL, {"level": level})
        elif request.method == SUBSCRIBE and uri is not None:
            self._subscriptions.setdefault(bytes(uri), self._setting(SUBSCRIBE, {"uri": uri}))
        elif request.method == UNSUBSCRIBE and uri is not None:
            self._subscriptions.pop(bytes(uri), None)

    def holds(self, setting: WishedSetting) -> bool:
        """Whether the client still wants the setting."""
        return setting == self.level or setting in self.subscriptions

    def _setting(self, method: str, params: Params) -> WishedSetting:
        request_id = b'"argus-trio-again-%d"' % next(self._numbers)
        return WishedSetting(id=request_id, body=encode_request(request_id, method, params))
