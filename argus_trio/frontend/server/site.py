"""What all connections of the server share: the application, the settings, and what looks after the connections."""

from __future__ import annotations

import sys
from time import time
from typing import Final, Protocol

import attrs
import trio
from hypercorn.config import Config

from argus_trio.core.memory import Bodies
from argus_trio.frontend.http.request import AsgiApplication
from argus_trio.frontend.http.served_settings import CurrentSettings
from argus_trio.frontend.server.lean.departures import Departures
from argus_trio.frontend.server.lean.patience import Patience

MAX_HEAD_BYTES: Final = 32 * 1024
"""The largest head of a request."""


class HypercornSettings(Config):
    """Hypercorn's settings. Its logs are off: ours tell what it would."""

    accesslog = None
    errorlog = None
    include_server_header = False
    h11_max_incomplete_size = MAX_HEAD_BYTES
    keep_alive_max_requests = sys.maxsize
    _dated = (0, [(b"date", b"")])

    def response_headers(self, protocol: str) -> list[tuple[bytes, bytes]]:
        """What every response carries, made once a second."""
        second, headers = self._dated
        if second != int(time()):
            headers = super().response_headers(protocol)
            self._dated = (int(time()), headers)
        return headers


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
    config: HypercornSettings = attrs.field(factory=HypercornSettings, init=False)
    connections: set[Idling] = attrs.field(factory=set, init=False)
    patience: Patience = attrs.field(init=False)
    departures: Departures = attrs.field(factory=Departures, init=False)
    is_stopping: bool = attrs.field(default=False, init=False)
    """Whether nothing new begins: each connection ends with the answer to its request."""
    _dated: tuple[int, bytes] = attrs.field(default=(0, b""), init=False)

    def __attrs_post_init__(self) -> None:
        self.patience = Patience(self.settings)

    def dated_line(self) -> bytes:
        """The lines that every answer's head has, made once a second."""
        second, line = self._dated
        if second != int(time()):
            line = b"".join(b"%b: %b\r\n" % header for header in self.config.response_headers("h11"))
            self._dated = (int(time()), line)
        return line
