"""The connections of single clients to one backend that are open, or about to be, and which of them is whose."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from argus_trio.backends.connectivity.client_connection import ClientConnection
from argus_trio.core.call.exchange import Call, ClientSession
from argus_trio.core.call.session_policy import ConnectionOwner, chosen


@attrs.define(eq=False)
class ClientConnectionTable:
    """The connections, in the order of their use: the one used last at the end."""

    _open: list[ClientConnection] = attrs.field(factory=list, init=False)

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[ClientConnection]:
        return iter(self._open)

    def add(self, connection: ClientConnection) -> None:
        """Know one more."""
        self._open.append(connection)

    def remove(self, connection: ClientConnection) -> None:
        """Know a connection that has ended no more."""
        self._open.remove(connection)

    def taken_by(self, owner: ConnectionOwner) -> ClientConnection | None:
        """The connection to use for `owner`, whose it is from now on; None if another one is needed."""
        connection = chosen(owner, reversed(self._open))
        if connection is not None:
            connection.owner = owner
            self._open.remove(connection)
            self._open.append(connection)
        return connection

    def of(self, client: ClientSession) -> ClientConnection | None:
        """The session's connection, if it has one."""
        return next((each for each in self._open if each.client is client and each.is_usable), None)

    def with_task(self, call: Call, task: str | None) -> ClientConnection | None:
        """The connection on which the call's client began that task, by its backend's id."""
        if task is None:
            return None
        return next((each for each in self._open if each.began(call, task) and each.is_usable), None)

    def know_task(self, task: str) -> bool:
        """Whether a task of this id was begun on one of them, whosever it is."""
        return any(each.knows_task(task) for each in self._open)

    def least_needed(self, now: float) -> ClientConnection | None:
        """The one unused for the longest time that nothing keeps open, if there is one."""
        return next((each for each in self._open if each.is_idle and each.runs_until <= now), None)
