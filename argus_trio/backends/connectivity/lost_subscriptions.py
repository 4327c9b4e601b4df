"""What legacy sessions subscribed to over connections of theirs that are gone, until each has a connection again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set

import attrs

from argus_trio.core.call.abilities import Abilities
from argus_trio.core.call.exchange import ClientSession


@attrs.define(eq=False)
class LostSubscriptions:
    """The sessions, with the abilities that their connection needs and the URIs that they subscribed to."""

    _by_client: dict[ClientSession, tuple[Abilities, Set[str]]] = attrs.field(factory=dict)

    def __len__(self) -> int:
        return len(self._by_client)

    def __iter__(self) -> Iterator[tuple[ClientSession, Abilities]]:
        """The sessions that wait for a connection, and with which abilities."""
        return iter([(client, abilities) for client, (abilities, _) in self._by_client.items()])

    def add(self, client: ClientSession, abilities: Abilities, uris: Iterable[str]) -> None:
        """The session has lost these, beside what it had lost before."""
        known = self._by_client.get(client)
        self._by_client[client] = (abilities, set(uris) | (known[1] if known is not None else set()))

    def take(self, client: ClientSession) -> Set[str]:
        """What the session has lost, for a connection that subscribes to it; from now on it has lost nothing."""
        return self._by_client.pop(client, (None, frozenset[str]()))[1]

    def take_over(self, old: LostSubscriptions) -> None:
        """Go on for the sessions that have lost something in `old`, and nothing here."""
        for client, lost in old._by_client.items():
            self._by_client.setdefault(client, lost)
