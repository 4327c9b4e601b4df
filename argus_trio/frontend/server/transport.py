"""One client's byte stream with every wait bounded: reading, writing and ending."""

from __future__ import annotations

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


@attrs.define(eq=False)
class Transport:
    """A stream, plain or TLS. One task reads; any task writes or ends it.

    `write_limit` is how many seconds the client may take to read the next `WRITE_BYTES`.
    """

    _stream: ClientStream
    _write_limit: float = attrs.field(kw_only=True)
    _lock: trio.Lock = attrs.field(factory=trio.Lock, init=False)
    _waiting: trio.CancelScope = attrs.field(factory=trio.CancelScope, init=False)

    @property
    def is_secure(self) -> bool:
        """Whether it is TLS."""
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
                return bytes(await self._stream.receive_some(READ_BYTES))
            except (trio.ClosedResourceError, trio.BrokenResourceError):
                return b""
        return None

    def set_deadline(self, deadline: float) -> None:
        """Move the deadline of the read that is waiting."""
        self._waiting.deadline = deadline

    def stop_waiting(self) -> None:
        """End the read, or the handshake, that is waiting."""
        self._waiting.deadline = -inf

    async def write(self, data: bytes) -> bool:
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
