"""Tells the service manager how the gateway stands: sd_notify(3), as plain datagrams to `$NOTIFY_SOCKET`.

Without that variable nothing is told. Telling never waits and never fails: what the service manager does not take is
logged. It knows nothing of what is told.
"""

from __future__ import annotations

import os
import socket
import time
from collections import deque
from collections.abc import Callable, MutableMapping
from typing import Final

import attrs
import structlog
import trio

log = structlog.get_logger()

MAX_STATUS: Final = 200
"""Characters of a status line."""
MAX_OWED: Final = 8
"""Turns of the gateway's life that are kept while the service manager's queue is full."""

SendDatagram = Callable[[bytes], None]
"""Sends one datagram without waiting, or raises `OSError`."""


@attrs.define(eq=False)
class Notifier:
    """The line to the service manager. Its methods may be called from any task, at any time."""

    _send: SendDatagram | None = None
    watchdog_seconds: float | None = None
    """How long the service manager waits for a sign of life, in seconds; None: it does not wait."""
    _owed: deque[bytes] = attrs.field(factory=lambda: deque(maxlen=MAX_OWED), init=False)
    _told: str = attrs.field(default="", init=False)
    _is_stopping: bool = attrs.field(default=False, init=False)
    _has_failed: bool = attrs.field(default=False, init=False)

    @classmethod
    def of(cls, environ: MutableMapping[str, str]) -> Notifier:
        """The line that `environ` names. Its variables are taken out, so that no child can speak for the gateway."""
        address = environ.pop("NOTIFY_SOCKET", "")
        watchdog_usec = environ.pop("WATCHDOG_USEC", "")
        watchdog_pid = environ.pop("WATCHDOG_PID", "")
        if not address:
            return cls()
        if address[0] not in "/@":
            log.warning("notify_socket_unusable", address=address, reason="neither a path nor an abstract name")
            return cls()
        is_watched = watchdog_usec.isdecimal() and watchdog_pid in ("", str(os.getpid()))
        return cls(_sender(address), (int(watchdog_usec) / 1e6 or None) if is_watched else None)

    @property
    def is_active(self) -> bool:
        """Whether there is a service manager to tell."""
        return self._send is not None

    def ready(self, status: str) -> None:
        """The start, or the reload, is over. Unheard once the gateway is stopping."""
        self._turn("READY=1", status=status)

    def reloading(self) -> None:
        """A reload begins; `ready` must follow, whatever its outcome. Unheard once the gateway is stopping."""
        self._turn("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The stop has begun."""
        self._turn("STOPPING=1", status="stopping")
        self._is_stopping = True

    def status(self, text: str) -> None:
        """How the gateway stands, in one line for people; told if it has changed."""
        field = _status(f"stopping: {text}" if self._is_stopping else text)
        if self._pay() and field != self._told and self._deliver(field.encode()):
            self._told = field

    async def run_watchdog(self) -> None:
        """Give signs of life, two in the time that the service manager waits for one; until cancelled.

        A task of the event loop that serves clients does it: when that loop is stuck, so is this.
        """
        if self.watchdog_seconds is None:
            return
        while True:
            if self._pay():
                self._deliver(b"WATCHDOG=1")
            await trio.sleep(self.watchdog_seconds / 2)

    def _turn(self, *fields: str, status: str = "") -> None:
        """Tell what must not get lost: it is told again, in order, with whatever is told next."""
        if self._send is None or self._is_stopping:
            return
        if status:
            self._told = _status(status)
            fields = (*fields, self._told)
        self._owed.append("\n".join(fields).encode())
        self._pay()

    def _pay(self) -> bool:
        """Whether nothing is owed any more."""
        while self._owed:
            if not self._deliver(self._owed[0]):
                return False
            self._owed.popleft()
        return True

    def _deliver(self, told: bytes) -> bool:
        """Whether it need not be told again: it was taken, or never will be."""
        if self._send is None:
            return True
        try:
            self._send(told)
        except BlockingIOError:
            return False
        except OSError as error:
            if not self._has_failed:
                self._has_failed = True
                log.warning("notify_failed", reason=error.strerror or str(error))
        return True


def _status(text: str) -> str:
    return f"STATUS={' '.join(text.split())[:MAX_STATUS]}"


def _sender(address: str) -> SendDatagram:
    name = f"\0{address[1:]}" if address.startswith("@") else address

    def send(told: bytes) -> None:
        # A socket for each: one that is kept would be a descriptor for months, for a datagram now and then.
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC) as line:
            line.sendto(told, name)

    return send
