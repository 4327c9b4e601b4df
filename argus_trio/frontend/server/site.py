"""What all connections of the server share: the application, the settings, and what looks after the connections."""

from __future__ import annotations

from collections.abc import Callable
from time import gmtime, time
from typing import Final, Protocol

import attrs
import trio

from argus_trio.clock import running_clock
from argus_trio.core.memory import Bodies
from argus_trio.frontend.http.request import AsgiApplication
from argus_trio.frontend.http.served_settings import CurrentSettings
from argus_trio.frontend.server.lean.departures import Departures
from argus_trio.frontend.server.lean.patience import Patience

MAX_HEAD_BYTES: Final = 32 * 1024
"""The largest head of a request."""
_DAYS: Final = b"Mon Tue Wed Thu Fri Sat Sun".split()
_MONTHS: Final = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


class Idling(Protocol):
    """A connection, as far as it can be ended for others."""

    @property
    def idle_since(self) -> float | None:
        """Since when it has had no request; None while it has one."""

    def end_if_idle(self) -> None:
        """End it unless a request is in flight."""


@attrs.define(eq=False, repr=False)
class Site:
    """The application, its settings, and the connections that are open. `nursery` is theirs."""

    application: AsgiApplication
    settings: CurrentSettings
    nursery: trio.Nursery
    bodies: Bodies = attrs.field(kw_only=True)
    connections: set[Idling] = attrs.field(factory=set, init=False)
    patience: Patience = attrs.field(init=False)
    departures: Departures = attrs.field(factory=Departures, init=False)
    now: Callable[[], float] = attrs.field(factory=running_clock, init=False)
    """Tells the time, on trio's clock."""
    is_stopping: bool = attrs.field(default=False, init=False)
    """Whether nothing new begins: each connection ends with the answer to its request."""
    _dated: tuple[int, bytes] = attrs.field(default=(0, b""), init=False)

    def __attrs_post_init__(self) -> None:
        self.patience = Patience(self.settings)

    def dated_line(self) -> bytes:
        """The line that every answer's head has, made once a second."""
        second, line = self._dated
        if second != int(time()):
            second = int(time())
            line = b"date: %b\r\n" % http_date(second)
            self._dated = (second, line)
        return line


def http_date(second: int) -> bytes:
    """A second since 1970, as HTTP writes it (RFC 9110, section 5.6.7), whatever the locale."""
    at = gmtime(second)
    day = b"%b, %02d %b %04d" % (_DAYS[at.tm_wday], at.tm_mday, _MONTHS[at.tm_mon - 1], at.tm_year)
    return b"%b %02d:%02d:%02d GMT" % (day, at.tm_hour, at.tm_min, at.tm_sec)
