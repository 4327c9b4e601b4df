"""The connections of single clients to one backend that are open, or about to be: which is whose, and how many of them
one client may use.

How large a share is stands in `core/call/payer.py`. It opens and closes none: that is done in `client_connections.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import attrs
import structlog
import trio

from argus_trio.backends.connection.open import BackendAddress
from argus_trio.backends.connectivity.client_connection import ClientConnection
from argus_trio.core.call.abilities import Abilities
from argus_trio.core.call.exchange import Call, ClientSession
from argus_trio.core.call.payer import Payer, may_take
from argus_trio.core.call.session_policy import ConnectionOwner, chosen
from argus_trio.core.refusals import Refusals
from argus_trio.errors import BackendUnavailable

log = structlog.get_logger()

RETRY_AFTER_SECONDS: Final = 5.0
"""How long a client that found no connection should wait: the calls of most clients are over by then."""

WAITING_EACH: Final = 64
"""How many calls of one account may wait for a connection to one backend: each holds its request, and nothing else."""


@attrs.define(eq=False, repr=False)
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

        One that is nobody's, else one whose client has been shown nothing else so far: that used last, which carries
        the next call of its kind too.
        """
        free = self.taken_by(ConnectionOwner.nobody(abilities))
        if free is not None:
            return free
        fitting = (e for e in reversed(self._open) if e.owner.abilities == abilities)
        return next((e for e in fitting if e.is_usable and not e.has_own_lists), None)

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

    def payers(self, now: float) -> tuple[Payer, ...]:
        """Who pays for the connections that cannot make room at `now`, once for each."""
        return tuple(each.owner.payer for each in self._open if each.is_taken(now))

    def least_needed(self, now: float) -> ClientConnection | None:
        """The connection unused for the longest time that no running task keeps open at `now`, if there is one."""
        return next((each for each in self._open if each.is_idle and each.runs_until <= now), None)

    def subscribed_alone(self, now: float) -> ClientConnection | None:
        """As `least_needed`, of those that a session's subscriptions keep open, and nothing else."""
        return next(
            (each for each in self._open if not each.users and each.client is not None and each.runs_until <= now), None
        )


@attrs.define(eq=False, repr=False)
class ConnectionShares:
    """The shares of one backend's clients, and who waits for one."""

    address: BackendAddress
    table: ClientConnectionTable
    refusals: Refusals = attrs.field(factory=Refusals, init=False)
    """Those of calls that got no connection."""
    _waiting: Counter[object] = attrs.field(factory=Counter, init=False)

    def permit(self, owner: ConnectionOwner) -> bool:
        """Whether a call of `owner` may use a connection now, as far as others want some too.

        What only stays open counts on nobody's share: it makes room, or closes, when another needs it.
        """
        now = trio.current_time()
        own = None if owner.client is None else self.table.of(owner.client)
        if own is not None and own.is_taken(now):
            return True
        return may_take(owner.payer, self.table.payers(now), self.address.spec.max_sessions)

    @contextmanager
    def waiting(self, owner: ConnectionOwner) -> Iterator[None]:
        """Wait for a connection within the block, as one of at most `WAITING_EACH` calls of the account.

        Raises:
            BackendUnavailable: so many wait already.
        """
        account = owner.payer.account
        if self._waiting[account] >= WAITING_EACH:
            raise self.refusal(owner)
        self._waiting[account] += 1
        try:
            yield
        finally:
            self._waiting[account] -= 1
            if not self._waiting[account]:
                del self._waiting[account]

    def refusal(self, owner: ConnectionOwner) -> BackendUnavailable:
        """What a call of `owner` is told that gets no connection; the first of a crowd is logged."""
        now, spec = trio.current_time(), self.address.spec
        taken = self.table.payers(now)
        held = sum(each.account == owner.payer.account for each in taken)
        if len(taken) >= spec.max_sessions or not held:
            reason = f"all {spec.max_sessions} connections for single clients are taken (max_sessions)"
        else:
            reason = (
                f"this client, or others of its address, have {held} of {spec.max_sessions} connections for single "
                "clients (max_sessions); the rest is kept for other clients"
            )
        if self.refusals.is_news(now):
            facts = {"taken": len(taken), "by_this_client": held, "max_sessions": spec.max_sessions}
            log.warning("client_connections_full", backend=spec.name, **facts, retry_after=RETRY_AFTER_SECONDS)
        return BackendUnavailable(spec.name, reason, retry_after=RETRY_AFTER_SECONDS)
