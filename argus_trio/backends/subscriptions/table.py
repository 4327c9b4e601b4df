"""Who subscribed to which resource of one backend: it is asked once for each URI, however many subscribed.

Nothing is sent to the backend from here: what a change means for it is said by the methods' results.
"""

from __future__ import annotations

import attrs

from argus_trio.core.call.exchange import Deliver
from argus_trio.core.catalog.uris import comparable
from argus_trio.wire.envelope import Params
from argus_trio.wire.members import string_member

UPDATED = "notifications/resources/updated"
"""The method of the notification of an update, in every era."""


@attrs.define(eq=False, repr=False)
class _Subscribed:
    """One URI that somebody subscribed to."""

    uri: str
    """The URI as the first subscription spelled it: the backend is asked with it."""
    subscribers: dict[object, Deliver] = attrs.field(factory=dict)


@attrs.define(eq=False, repr=False)
class SubscriptionTable:
    """The subscribers of each URI of one backend, distinguished by any hashable key.

    Spellings of a URI that mean the same are one: a backend may tell of an update in another one than it was asked in.
    """

    _by_uri: dict[str, _Subscribed] = attrs.field(factory=dict, init=False)
    """By the comparable form of the URI."""
    _by_key: dict[object, dict[str, None]] = attrs.field(factory=dict, init=False)
    """The comparable forms of what each subscribed to."""

    @property
    def uris(self) -> list[str]:
        """Every URI that somebody subscribed to, in the order of the first subscription."""
        return [subscribed.uri for subscribed in self._by_uri.values()]

    def uris_of(self, key: object) -> list[str]:
        """Every URI that the subscriber `key` subscribed to, in the order of its subscriptions."""
        return [self._by_uri[compared].uri for compared in self._by_key.get(key, ())]

    def add(self, uri: str, key: object, deliver: Deliver) -> bool:
        """Subscribe `key` to a URI; whether nobody had subscribed to it before."""
        compared = comparable(uri)
        is_first = compared not in self._by_uri
        self._by_uri.setdefault(compared, _Subscribed(uri)).subscribers[key] = deliver
        self._by_key.setdefault(key, {})[compared] = None
        return is_first

    def remove(self, uri: str, key: object) -> bool:
        """Unsubscribe `key` from a URI; whether it was the last to be subscribed."""
        compared = comparable(uri)
        known = self._by_uri.get(compared)
        if known is None or known.subscribers.pop(key, None) is None:
            return False
        self._by_key[key].pop(compared)
        if not self._by_key[key]:
            del self._by_key[key]
        if known.subscribers:
            return False
        del self._by_uri[compared]
        return True

    def take_over(self, old: SubscriptionTable) -> list[str]:
        """Move every subscriber of `old` here; the URIs that nobody had subscribed to here before."""
        subscribed = [
            (known.uri, key, deliver) for known in old._by_uri.values() for key, deliver in known.subscribers.items()
        ]
        old._by_uri.clear()
        old._by_key.clear()
        return [uri for uri, key, deliver in subscribed if self.add(uri, key, deliver)]

    def forget(self, key: object) -> list[str]:
        """Unsubscribe `key` from everything; the URIs that nobody is subscribed to any more."""
        return [uri for uri in self.uris_of(key) if self.remove(uri, key)]

    def updated(self, params: Params) -> None:
        """Deliver an update, by the params of its notification, to everyone who subscribed to its URI."""
        uri = string_member(params, "uri")
        known = None if uri is None else self._by_uri.get(comparable(uri))
        for deliver in () if known is None else list(known.subscribers.values()):
            deliver(UPDATED, params)
