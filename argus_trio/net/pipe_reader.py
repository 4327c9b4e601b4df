"""Bytes off a pipe, as they come. It cuts no lines; what they hold is no business of its."""

from __future__ import annotations

import os
from typing import Final

import attrs
import trio

READ_BYTES: Final = 64 * 1024
"""As much as a pipe holds."""


@attrs.define(eq=False, repr=False)
class PipeReader:
    """The reading end of one pipe, which this object owns. One task reads at a time."""

    _pipe: trio.lowlevel.FdStream

    async def receive(self) -> bytes:
        """The next bytes, empty at the end of the pipe. A checkpoint in every case.

        Raises:
            ClosedResourceError: this side has closed it.
        """
        # Not `receive_some`: that tries to read first, mostly in vain, and this stands on the path of every call.
        fd = self._pipe.fileno()
        if fd < 0:
            raise trio.ClosedResourceError("the pipe was closed")
        await trio.lowlevel.wait_readable(fd)
        return os.read(fd, READ_BYTES)

    def close(self) -> None:
        """Close the pipe; who still reads from it gets `trio.ClosedResourceError`."""
        self._pipe.close()
