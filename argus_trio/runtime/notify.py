"""Tells the service manager how the gateway stands: sd_notify(3), as plain datagrams to `$NOTIFY_SOCKET`.

Without that variable nothing is told. Telling never waits and never fails: what the service manager does not take is
logged. What the gateway does is not known here, only how to tell of it.
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
"""The longest status line, in characters."""
MAX_UNSENT: Final = 8
"""The number of state changes that wait while the service manager's queue is full, the latest ones."""

SendDatagram = Callable[[bytes], None]
"""Sends one datagram without waiting, or raises `OSError`."""


@attrs.define(eq=False, repr=False)
class Notifier:
    """Tells the service manager how the gateway stands. Its methods may be called from any task, at any time."""

    _send: SendDatagram | None = None
    watchdog_seconds: float | None = None
    """How long the service manager waits for a sign of life, in seconds; None if it does not wait for any."""
    _unsent: deque[bytes] = attrs.field(factory=lambda: deque(maxlen=MAX_UNSENT), init=False)
    _last_status: str = attrs.field(default="", init=False)
    _is_stopping: bool = attrs.field(default=False, init=False)
    _has_failed: bool = attrs.field(default=False, init=False)

    @classmethod
    def of(cls, environ: MutableMapping[str, str]) -> Notifier:
        """The notifier of the socket that `environ` names.

        The variables are taken out of `environ`, so that no child process can speak for the gateway.
        """
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
        """Tell that the start, or a reload, is over; not once the gateway is stopping."""
        self._change("READY=1", status=status)

    def reloading(self) -> None:
        """Tell that a reload begins; not once the gateway is stopping. `ready` must follow, whatever its outcome."""
        self._change("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """Tell that the stop has begun."""
        self._change("STOPPING=1", status="stopping")
        self._is_stopping = True

    def status(self, text: str) -> None:
        """Tell how the gateway stands, in one line for people, if that line has changed."""
        field = _status(f"stopping: {text}" if self._is_stopping else text)
        if self._send_unsent() and field != self._last_status and self._deliver(field.encode()):
            self._last_status = field

    async def run_watchdog(self) -> None:
        """Give signs of life, two in the time that the service manager waits for one; until cancelled.

        The task runs in the event loop that serves clients: when that loop is stuck, there are no signs of life.
        """
        if self.watchdog_seconds is None:
            return
        while True:
            if self._send_unsent():
                self._deliver(b"WATCHDOG=1")
            await trio.sleep(self.watchdog_seconds / 2)

    def _change(self, *fields: str, status: str = "") -> None:
        """Tell a change that must not get lost: it waits until the service manager takes it, in order."""
        if self._send is None or self._is_stopping:
            return
        if status:
            self._last_status = _status(status)
            fields = (*fields, self._last_status)
        self._unsent.append("\n".join(fields).encode())
        self._send_unsent()

    def _send_unsent(self) -> bool:
        """Tell the changes that wait; False if some still do."""
        while self._unsent:
            if not self._deliver(self._unsent[0]):
                return False
            self._unsent.popleft()
        return True

    def _deliver(self, datagram: bytes) -> bool:
        """Send a datagram; False if it is to be sent again: it was not taken, and may be later."""
        if self._send is None:
            return True
        try:
            self._send(datagram)
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

    def send(datagram: bytes) -> None:
        # A socket for each datagram: one that stays open would be a descriptor for months, for a datagram now and then.
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC) as sender:
            sender.sendto(datagram, name)

    return send
