"""When an event stream that ended is opened again, and when no more: pace and patience, sans I/O.

It opens nothing and reads no clock: who keeps a stream open tells how each one ended, and waits as long as it is told.
"""

from __future__ import annotations

from math import inf

import attrs

from argus_trio import Value
from argus_trio.errors import HttpRefused, LinkFailed


@attrs.frozen(kw_only=True)
class ReconnectPace(Value):
    """How fast, and how often, one kind of stream is opened again. Waits are in seconds."""

    first_seconds: float
    """The wait after a stream that brought something, where the server did not say."""
    longest_seconds: float
    """What the wait doubles up to while streams bring nothing; equal to the first one, it stays the same."""
    least_seconds: float
    """What a server that asks to be called again at once is given instead."""
    tries: float = inf
    """How many streams in a row may bring nothing before it is given up."""
    slows_down_retry: bool = False
    """Whether the wait grows beyond what the server asked for while streams bring nothing."""


@attrs.define(eq=False, repr=False)
class Reconnect:
    """One stream that is kept open. It begins with a stream that has just broken off, after it brought something."""

    _pace: ReconnectPace
    _empty: int = attrs.field(default=0, init=False)
    """Streams in a row that brought nothing."""
    _grown_seconds: float = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._grown_seconds = self._pace.first_seconds / 2

    @property
    def is_given_up(self) -> bool:
        """Whether enough streams have brought nothing."""
        return self._empty >= self._pace.tries

    def ended(self, *, has_brought: bool) -> None:
        """Note that a stream has ended, or was not to be had, and whether it brought anything."""
        if has_brought:
            self._empty, self._grown_seconds = 0, self._pace.first_seconds
        else:
            self._empty += 1
            self._grown_seconds = min(self._grown_seconds * 2, self._pace.longest_seconds)

    def wait_seconds(self, retry: int | None = None) -> float:
        """How long to wait before the next stream; `retry` is what the server asked for, in milliseconds."""
        grown = self._grown_seconds if self._empty else 0.0
        if retry is None:
            return grown or self._pace.first_seconds
        asked = max(retry / 1000, self._pace.least_seconds)
        return max(asked, grown) if self._pace.slows_down_retry else asked


def is_final(failure: LinkFailed) -> bool:
    """Whether the server would answer the same the next time: it refused, and not because of its own trouble."""
    return isinstance(failure, HttpRefused) and failure.status < 500
