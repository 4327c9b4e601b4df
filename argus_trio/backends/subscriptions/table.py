"""Who wants to hear of which resource of one backend: one subscription upstream for each URI, however many want it."""

from __future__ import annotations

import attrs

from argus_trio.core.call.exchange import Deliver
from argus_trio.wire.envelope import Params
from argus_trio.wire.members import string_member

UPDATED = "notifications/resources/updated"


@attrs.define(eq=False)
class SubscriptionTable:
    """The table. Subscribers are told apart by any key of theirs."""

    _by_uri: dict[str, dict[object, Deliver]] = attrs.field(factory=dict, init=False)

    @property
    def uris(self) -> list[str]:
        """Every URI that somebody wants, in a stable order."""
        return list(self._by_uri)

    def uris_of(self, key: object) -> list[str]:
        """Every URI that this subscriber wants, in a stable order."""
        return [uri for uri, subscribers in self._by_uri.items() if key in subscribers]

    def add(self, uri: str, key: object, deliver: Deliver) -> bool:
        """Subscribe; whether nobody had wanted this URI before."""
        is_first = uri not in self._by_uri
        self._by_uri.setdefault(uri, {})[key] = deliver
        return is_first

    def remove(self, uri: str, key: object) -> bool:
        """Unsubscribe; whether nobody wants this URI any more, who did before."""
        subscribers = self._by_uri.get(uri)
        if subscribers is None or subscribers.pop(key, None) is None or subscribers:
            return False
        del self._by_uri[uri]
        return True

    def take_over(self, old: SubscriptionTable) -> list[str]:
        """Go on for everyone in `old`, where nobody is left; the URIs that nobody had wanted here."""
        subscribed = [(uri, key, deliver) for uri, keys in old._by_uri.items() for key, deliver in keys.items()]
        old._by_uri.clear()
        return [uri for uri, key, deliver in subscribed if self.add(uri, key, deliver)]

    def forget(self, key: object) -> list[str]:
        """Unsubscribe from everything; the URIs that nobody wants any more."""
        return [uri for uri in self.uris if self.remove(uri, key)]

    def updated(self, params: Params) -> None:
        """Tell everyone who wants to hear of this resource."""
        uri = string_member(params, "uri")
        for deliver in () if uri is None else list(self._by_uri.get(uri, {}).values()):
            deliver(UPDATED, params)
