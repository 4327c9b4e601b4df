"""The calls that have input requests open: how many they may be, and the tickets they are found by; sans I/O."""

from __future__ import annotations

import secrets
from collections import Counter
from typing import Final, Generic, Protocol, TypeVar

import attrs

from argus_trio.core.refusals import Refusals
from argus_trio.errors import InvalidParams, Overloaded

MAX_PARKED: Final = 512
MAX_PARKED_EACH: Final = 32
"""How many calls may have input requests open at a time: in all, and of one client (`Payer.account`)."""

RETRY_AFTER_SECONDS: Final = 5.0
"""How long a client whose call may not ask should wait: people answer within seconds, or not for minutes."""

_TICKET_BYTES: Final = 24


class OpenCall(Protocol):
    """A call, as far as `OpenCalls` is concerned."""

    ticket: str
    """What the call is found by, once; empty while it is not among the open calls, which alone write it."""

    @property
    def account(self) -> object:
        """Who pays for it; see `Payer`."""


H = TypeVar("H", bound=OpenCall)


@attrs.define(eq=False, repr=False)
class OpenCalls(Generic[H]):
    """The calls that have input requests open, or whose client is away."""

    _max_parked: int = MAX_PARKED
    _max_each: int = MAX_PARKED_EACH
    _held: dict[str, H] = attrs.field(factory=dict, init=False)
    _of: Counter[object] = attrs.field(factory=Counter, init=False)
    refusals: Refusals = attrs.field(factory=Refusals, init=False)

    def __len__(self) -> int:
        return len(self._held)

    def admit(self, call: H) -> None:
        """Take `call` in under a new ticket.

        Raises:
            Overloaded: there are too many, or too many of its client already.
        """
        if len(self._held) >= self._max_parked:
            raise _full(f"{self._max_parked} calls wait for answers of their clients already")
        if self._of[call.account] >= self._max_each:
            raise _full(f"{self._max_each} calls of this client, or of its address, wait for its answers already")
        call.ticket = secrets.token_urlsafe(_TICKET_BYTES)
        self._held[call.ticket] = call
        self._of[call.account] += 1

    def find(self, ticket: str) -> H:
        """The call with this ticket.

        Raises:
            InvalidParams: there is none any more.
        """
        try:
            return self._held[ticket]
        except KeyError:
            raise InvalidParams("requestState has been used already, or its call has ended") from None

    def leave(self, call: H) -> None:
        """Take `call` out, and make its ticket void. Idempotent."""
        if not call.ticket:
            return
        del self._held[call.ticket]
        call.ticket = ""
        self._of[call.account] -= 1
        if not self._of[call.account]:
            del self._of[call.account]


def _full(reason: str) -> Overloaded:
    return Overloaded(reason, data={"retryAfter": RETRY_AFTER_SECONDS})
