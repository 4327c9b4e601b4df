"""Notices that clients go, whatever bytes they left behind, without a task that waits for each.

One epoll of its own for all connections: the kernel says of each, once, that its client sends no more, or is gone.
Bytes that wait unread do not hide it. It stands beside trio's own, which knows what is readable and not what has ended.
"""

from __future__ import annotations

import select
from contextlib import suppress
from typing import Final, Protocol

import attrs
import trio

_GOING: Final = select.EPOLLRDHUP | select.EPOLLET
_BEHIND: Final = _GOING | select.EPOLLIN
_TAKEN: Final = 256
"""How many are told of in one go."""


class Departing(Protocol):
    """A connection whose client may go."""

    def depart(self) -> None:
        """The client sends no more. Must not raise or block."""

    def come_behind(self) -> None:
        """The client has sent something behind its request. Must not raise or block."""


@attrs.define(eq=False, repr=False)
class Departures:
    """The connections that are watched, by their descriptors."""

    _epoll: select.epoll = attrs.field(factory=select.epoll, init=False)
    _watched: dict[int, Departing] = attrs.field(factory=dict, init=False)

    def enter(self, fd: int, connection: Departing) -> None:
        """Have `connection` told when its client goes; at once if it has gone."""
        self._watched[fd] = connection
        self._epoll.register(fd, _GOING)

    def watch_behind(self, fd: int, connection: Departing, *, is_wanted: bool) -> None:
        """Have a connection that is entered told of what comes behind its request as well, or no more. Nothing if its
        descriptor is closed, or another one's by now."""
        if self._watched.get(fd) is connection:
            with suppress(OSError):  # it was closed, by which it has left
                self._epoll.modify(fd, _BEHIND if is_wanted else _GOING)

    def leave(self, fd: int, connection: Departing) -> None:
        """Watch `connection` no longer. Idempotent, also if its descriptor is closed, or another one's by now."""
        if self._watched.get(fd) is connection:
            del self._watched[fd]
            with suppress(OSError):  # it was closed, by which it has left
                self._epoll.unregister(fd)

    async def run(self) -> None:
        """Tell the connections, until cancelled."""
        try:
            while True:
                await trio.lowlevel.wait_readable(self._epoll.fileno())
                for fd, events in self._epoll.poll(0, _TAKEN):
                    connection = self._watched.get(fd)
                    if connection is None:
                        continue  # it left while this was on its way
                    if events & ~select.EPOLLIN:
                        connection.depart()
                    else:
                        connection.come_behind()
        finally:
            self._watched.clear()
            self._epoll.close()
