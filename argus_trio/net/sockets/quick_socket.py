"""A plain socket as a stream, read and written with as few calls as its use allows. It opens none."""

from __future__ import annotations

import os

import attrs
import trio


@attrs.define(eq=False, repr=False)
class QuickSocket(trio.abc.Stream):
    """The socket of `stream`, which this object owns. One task reads, and one writes, at a time.

    Unlike a stream of trio's, it lets others have their turn only at every second read, and at no write that fits.
    """

    stream: trio.SocketStream
    _may_hold_more: bool = attrs.field(default=False, init=False)
    """Whether the last read took all that was asked for, after a wait."""

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """See `trio.abc.ReceiveStream`."""
        size = max_bytes or 65536
        if self._may_hold_more:
            self._may_hold_more = False
            await trio.lowlevel.checkpoint_if_cancelled()
            try:
                return self._read(size)
            except BlockingIOError:
                pass
        while True:
            await trio.lowlevel.wait_readable(self._fd())  # who has asked waits: to try first is mostly in vain
            try:
                data = self._read(size)
            except BlockingIOError:
                continue
            self._may_hold_more = len(data) == size
            return data

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """See `trio.abc.SendStream`. Cancelled before it began, it sends nothing."""
        await trio.lowlevel.checkpoint_if_cancelled()
        written = self._write(data)
        if written < len(data):
            with memoryview(data) as view:
                while written < len(view):
                    await trio.lowlevel.wait_writable(self._fd())
                    written += self._write(view[written:])

    async def wait_send_all_might_not_block(self) -> None:
        """See `trio.abc.SendStream`."""
        await self.stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        """See `trio.abc.AsyncResource`."""
        await self.stream.aclose()

    def _fd(self) -> int:
        fd = self.stream.socket.fileno()
        if fd < 0:
            raise trio.ClosedResourceError("the socket was closed")
        return fd

    def _read(self, size: int) -> bytes:
        try:
            return os.read(self._fd(), size)
        except BlockingIOError:
            raise
        except OSError as error:
            raise trio.BrokenResourceError("the socket broke") from error

    def _write(self, data: bytes | bytearray | memoryview) -> int:
        try:
            return os.write(self._fd(), data)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise trio.BrokenResourceError("the socket broke") from error
