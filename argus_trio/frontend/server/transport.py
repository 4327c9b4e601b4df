"""One client's byte stream with every wait bounded: reading, writing and ending.

What can be done at once is done without a scope and without a lock, straight on the descriptor.
"""

from __future__ import annotations

import os
from contextlib import suppress
from math import inf
from typing import Final

import attrs
import trio

ClientStream = trio.SocketStream | trio.SSLStream[trio.SocketStream]

WRITE_BYTES: Final = 256 * 1024
"""As much as a client must read within its time: a part that the slowest line in use takes in it."""
READ_BYTES: Final = 64 * 1024
HANDSHAKE_SECONDS: Final = 15.0
"""How long a TLS handshake may take: some round trips on the slowest line, as long as a request's head may."""
CLOSE_SECONDS: Final = 0.5
"""How long an orderly end may take: the answer has gone out already, and a stop waits for this."""


@attrs.define(eq=False, repr=False)
class Transport:
    """A stream, plain or TLS. One task reads; any task writes or ends it.

    `write_limit` is how many seconds the client may take to read the next `WRITE_BYTES`.
    """

    _stream: ClientStream
    _write_limit: float = attrs.field(kw_only=True)
    read_bytes: int = attrs.field(default=READ_BYTES, init=False)
    """How much is read at once."""
    is_secure: bool = attrs.field(init=False)
    """Whether it is TLS."""
    _lock: trio.Lock = attrs.field(factory=trio.Lock, init=False)
    _waiting: trio.CancelScope = attrs.field(factory=trio.CancelScope, init=False)
    _returned: list[bytes] = attrs.field(factory=list, init=False)
    """What was given back, the next part last."""

    @is_secure.default
    def _is_tls(self) -> bool:
        return isinstance(self._stream, trio.SSLStream)

    @property
    def socket(self) -> trio.socket.SocketType:
        """The socket at the bottom."""
        if isinstance(self._stream, trio.SSLStream):
            return self._stream.transport_stream.socket
        return self._stream.socket

    async def handshake(self) -> bool:
        """Whether the stream is ready for use within `HANDSHAKE_SECONDS`."""
        if not isinstance(self._stream, trio.SSLStream):
            return True
        with trio.CancelScope(deadline=trio.current_time() + HANDSHAKE_SECONDS) as self._waiting:
            try:
                await self._stream.do_handshake()
            except trio.BrokenResourceError:
                return False
        return not self._waiting.cancelled_caught

    async def read(self, deadline: float) -> bytes | None:
        """What came, empty at the end of it; None when the deadline passed or `stop_waiting` was called."""
        with trio.CancelScope(deadline=deadline) as self._waiting:
            try:
                return bytes(await self._stream.receive_some(self.read_bytes))
            except (trio.ClosedResourceError, trio.BrokenResourceError):
                return b""
        return None

    def set_deadline(self, deadline: float) -> None:
        """Move the deadline of the read that is waiting."""
        self._waiting.deadline = deadline

    def stop_waiting(self) -> None:
        """End the read, or the handshake, that is waiting."""
        self._waiting.deadline = -inf

    async def receive(self) -> bytes | None:
        """What came, however long that takes, empty at the end of it; None when `stop_waiting` was called."""
        return self._returned.pop() if self._returned else await self.read(inf)

    def receive_now(self) -> bytes | None:
        """What is there already; None if nothing is, or nobody can tell."""
        return self._returned.pop() if self._returned else None

    def give_back(self, data: bytes) -> None:
        """Have what was read too early received again, in parts: who takes a little of one copies the rest of it."""
        parts = [data[begin : begin + READ_BYTES] for begin in range(0, len(data), READ_BYTES)]
        self._returned += reversed(parts)

    def write_now(self, data: bytes) -> int:  # noqa: ARG002 - a plain socket looks at it
        """How much of it the socket took at once, without waiting; the rest is for `write`."""
        return 0

    async def write(self, data: bytes | memoryview) -> bool:
        """Whether the client took all of it in time. A cancelled write leaves half a message, so it ends the stream."""
        try:
            self._lock.acquire_nowait()
        except trio.WouldBlock:
            await self._lock.acquire()
        try:
            with memoryview(data) as view:
                for begin in range(0, len(data), WRITE_BYTES):
                    with trio.fail_after(self._write_limit):
                        await self._stream.send_all(view[begin : begin + WRITE_BYTES])
        except trio.Cancelled:
            await self.abort()
            raise
        except (trio.BrokenResourceError, trio.ClosedResourceError, trio.TooSlowError):
            return False
        finally:
            self._lock.release()
        return True

    async def write_both(self, head: bytes, body: bytes) -> bool:
        """Write a head and its body; see `write`."""
        return await self.write(head + body)

    async def close(self) -> None:
        """End in order within `CLOSE_SECONDS`, else by force."""
        try:
            with trio.move_on_after(CLOSE_SECONDS):
                if isinstance(self._stream, trio.SocketStream):
                    await self._stream.send_eof()
                await self._stream.aclose()
        except (trio.BrokenResourceError, trio.ClosedResourceError, trio.BusyResourceError):
            pass  # the client is gone already, or a write was cut short
        await self.abort()

    async def abort(self) -> None:
        """End by force, without waiting."""
        await trio.aclose_forcefully(self._stream)


@attrs.define(eq=False, repr=False)
class PlainTransport(Transport):
    """A plain socket, for a server whose own clock ends what waits too long: `receive` has no deadline of its own."""

    _fd: int = attrs.field(init=False)
    """The descriptor; -1 once it is closed, for another connection may have the number then."""
    _is_told_to_stop: bool = attrs.field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._fd = self.socket.fileno()

    async def receive(self) -> bytes | None:
        """See `Transport.receive`."""
        if self._returned:
            return self._returned.pop()
        self._is_told_to_stop = False
        while True:
            try:
                await trio.lowlevel.wait_readable(self._fd)
                return os.read(self._fd, self.read_bytes)
            except BlockingIOError:
                continue
            except trio.ClosedResourceError:
                return None if self._is_told_to_stop else b""
            except OSError:
                return b""

    def receive_now(self) -> bytes | None:
        """See `Transport.receive_now`."""
        if self._returned:
            return self._returned.pop()
        try:
            return os.read(self._fd, self.read_bytes)
        except BlockingIOError:
            return None
        except OSError:
            return b""

    def stop_waiting(self) -> None:
        """End the read that is waiting. Nothing may be written meanwhile."""
        if self._fd >= 0:
            self._is_told_to_stop = True
            trio.lowlevel.notify_closing(self._fd)

    def write_now(self, data: bytes) -> int:
        """See `Transport.write_now`."""
        if self._lock.locked():
            return 0
        try:
            return os.write(self._fd, data)
        except OSError:
            return 0

    async def write(self, data: bytes | memoryview) -> bool:
        """See `Transport.write`: at once as far as the socket takes it, and then as any other."""
        if self._lock.locked():
            return await super().write(data)
        try:
            written = os.write(self._fd, data)
        except BlockingIOError:
            written = 0
        except OSError:
            return False
        if written == len(data):
            return True
        return await super().write(memoryview(data)[written:])

    async def write_both(self, head: bytes, body: bytes) -> bool:
        """Write a head and its body as one, without making one of them first."""
        if self._lock.locked():
            return await super().write(head + body)
        try:
            written = os.writev(self._fd, (head, body))
        except BlockingIOError:
            written = 0
        except OSError:
            return False
        if written == len(head) + len(body):
            return True
        if written < len(head):
            return await super().write(head[written:] + body)
        return await super().write(memoryview(body)[written - len(head) :])

    async def close(self) -> None:
        """End in order. What the client is still sending is read and dropped for `CLOSE_SECONDS`: a connection that is
        closed over unread bytes is reset, and a reset takes the answer with it (RFC 9112, 9.6)."""
        if self._fd >= 0:
            self._returned.clear()
            with suppress(OSError):  # the client is gone already
                self.socket.shutdown(trio.socket.SHUT_WR)
            if self.receive_now():
                with trio.move_on_after(CLOSE_SECONDS):
                    while await self.receive():
                        pass
        await self.abort()

    async def abort(self) -> None:
        """End by force, without waiting."""
        self._fd = -1
        self.socket.close()
