"""Who subscribed to which resource of one backend: it is asked once for each URI, however many subscribed.

Nothing is sent to the backend from here: what a change means for it is said by the methods' results.
"""

from __future__ import annotations

import attrs

from argus_trio.core.call.exchange import Deliver
from argus_trio.wire.envelope import Params
from argus_trio.wire.members import string_member

UPDATED = "notifications/resources/updated"
"""The method of the notification of an update, in every era."""


@attrs.define(eq=False)
class SubscriptionTable:
    """The subscribers of each URI of one backend, distinguished by any hashable key."""

    _by_uri: dict[str, dict[object, Deliver]] = attrs.field(factory=dict, init=False)

    @property
    def uris(self) -> list[str]:
        """Every URI that somebody subscribed to, in the order of the first subscription."""
        return list(self._by_uri)

    def uris_of(self, key: object) -> list[str]:
        """Every URI that the subscriber `key` subscribed to, in the same order as `uris`."""
        return [uri for uri, subscribers in self._by_uri.items() if key in subscribers]

    def add(self, uri: str, key: object, deliver: Deliver) -> bool:
        """Subscribe `key` to a URI; whether nobody had subscribed to it before."""
        is_first = uri not in self._by_uri
        self._by_uri.setdefault(uri, {})[key] = deliver
        return is_first

    def remove(self, uri: str, key: object) -> bool:
        """Unsubscribe `key` from a URI; whether it was the last to be subscribed."""
        subscribers = self._by_uri.get(uri)
        if subscribers is None or subscribers.pop(key, None) is None or subscribers:
            return False
        del self._by_uri[uri]
        return True

    def take_over(self, old: SubscriptionTable) -> list[str]:
        """Move every subscriber of `old` here; the URIs that nobody had subscribed to here before."""
        subscribed = [(uri, key, deliver) for uri, keys in old._by_uri.items() for key, deliver in keys.items()]
        old._by_uri.clear()
        return [uri for uri, key, deliver in subscribed if self.add(uri, key, deliver)]

    def forget(self, key: object) -> list[str]:
        """Unsubscribe `key` from everything; the URIs that nobody is subscribed to any more."""
        return [uri for uri in self.uris if self.remove(uri, key)]

    def updated(self, params: Params) -> None:
        """Deliver an update, by the params of its notification, to everyone who subscribed to its URI."""
        uri = string_member(params, "uri")
        for deliver in () if uri is None else list(self._by_uri.get(uri, {}).values()):
            deliver(UPDATED, params)
