"""What legacy sessions subscribed to over connections of theirs that are gone, until each has a connection again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set

import attrs

from argus_trio.core.call.abilities import Abilities
from argus_trio.core.call.exchange import ClientSession


@attrs.define(eq=False, repr=False)
class LostSubscriptions:
    """The sessions that lost subscriptions, with the abilities that their connection needs and the URIs."""

    _by_client: dict[ClientSession, tuple[Abilities, Set[str]]] = attrs.field(factory=dict)

    def __len__(self) -> int:
        return len(self._by_client)

    def __iter__(self) -> Iterator[tuple[ClientSession, Abilities]]:
        """The sessions that lost something, each with the abilities that its connection needs."""
        return iter([(client, abilities) for client, (abilities, _) in self._by_client.items()])

    def add(self, client: ClientSession, abilities: Abilities, uris: Iterable[str]) -> None:
        """Note that the session has lost its subscriptions to these URIs, beside what it had lost before."""
        known = self._by_client.get(client)
        self._by_client[client] = (abilities, set(uris) | (known[1] if known is not None else set()))

    def take(self, client: ClientSession) -> Set[str]:
        """Remove and return the URIs that the session has lost, for a connection that subscribes to them."""
        return self._by_client.pop(client, (None, frozenset[str]()))[1]

    def take_over(self, old: LostSubscriptions) -> None:
        """Add what is in `old`, for sessions that have lost nothing here."""
        for client, lost in old._by_client.items():
            self._by_client.setdefault(client, lost)
