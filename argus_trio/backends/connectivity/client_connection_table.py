"""The connections of single clients to one backend that are open, or about to be, and which of them is whose.

It opens and closes none: that is done in `client_connections.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from argus_trio.backends.connectivity.client_connection import ClientConnection
from argus_trio.core.call.abilities import Abilities
from argus_trio.core.call.exchange import Call, ClientSession
from argus_trio.core.call.session_policy import ConnectionOwner, chosen


@attrs.define(eq=False)
class ClientConnectionTable:
    """The connections of single clients, in the order of their use: the one used last at the end."""

    _open: list[ClientConnection] = attrs.field(factory=list, init=False)

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[ClientConnection]:
        return iter(self._open)

    def add(self, connection: ClientConnection) -> None:
        """Add a connection that is about to open."""
        self._open.append(connection)

    def remove(self, connection: ClientConnection) -> None:
        """Remove a connection that has ended."""
        self._open.remove(connection)

    def taken_by(self, owner: ConnectionOwner) -> ClientConnection | None:
        """The connection to use for `owner`, whose it is from now on; None if another one is needed."""
        connection = chosen(owner, reversed(self._open))
        if connection is not None:
            connection.owner = owner
            self._open.remove(connection)
            self._open.append(connection)
        return connection

    def to_list_over(self, abilities: Abilities) -> ClientConnection | None:
        """The connection to see over what clients with `abilities` are shown; None if another one is needed.

        One that is nobody's, else one whose client has been shown nothing else so far.
        """
        free = self.taken_by(ConnectionOwner.nobody(abilities))
        if free is not None:
            return free
        return next(
            (e for e in self._open if e.owner.abilities == abilities and e.is_usable and not e.has_own_lists), None
        )

    def is_at_hand(self, abilities: Abilities) -> bool:
        """Whether a connection is open over which it can be seen what clients with `abilities` are shown."""
        return any(
            each.owner.abilities == abilities and each.connection is not None and each.is_usable
            for each in self._open
            if not each.has_own_lists
        )

    def of(self, client: ClientSession) -> ClientConnection | None:
        """The usable connection of this session, if it has one."""
        return next((each for each in self._open if each.client is client and each.is_usable), None)

    def with_task(self, call: Call, task: str | None) -> ClientConnection | None:
        """The usable connection on which the call's client began `task`, an id of the backend's; None without one."""
        if task is None:
            return None
        return next((each for each in self._open if each.began(call, task) and each.is_usable), None)

    def know_task(self, task: str) -> bool:
        """Whether `task`, an id of the backend's, was begun on one of the connections, by any client."""
        return any(each.knows_task(task) for each in self._open)

    def least_needed(self, now: float) -> ClientConnection | None:
        """The connection unused for the longest time that no running task keeps open at `now`, if there is one."""
        return next((each for each in self._open if each.is_idle and each.runs_until <= now), None)

    def subscribed_alone(self, now: float) -> ClientConnection | None:
        """As `least_needed`, of those that a session's subscriptions keep open, and nothing else."""
        return next(
            (each for each in self._open if not each.users and each.client is not None and each.runs_until <= now), None
        )
