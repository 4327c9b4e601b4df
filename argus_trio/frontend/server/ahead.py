"""What a client sends behind a request that is not answered yet: kept until the answer, within bounds; sans I/O."""

from __future__ import annotations

import attrs

from argus_trio.core.memory import SMALL_BYTES, Bodies, Body
from argus_trio.errors import Overloaded


@attrs.define(eq=False, repr=False)
class Ahead:
    """Bytes that wait for their turn, at most `limit`; they are entered in `bodies` from a certain size on."""

    _bodies: Bodies
    _limit: int
    is_too_much: bool = attrs.field(default=False, init=False)
    """Whether more came than is kept: then nothing of it is."""
    _data: bytearray = attrs.field(factory=bytearray, init=False)
    _entered: Body = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._entered = Body(self._bodies)

    def add(self, data: bytes) -> None:
        """Keep what came. It is given up, with all that came before, beyond the limit and where there is no room."""
        if self.is_too_much:
            return
        self._data += data
        try:
            if len(self._data) > SMALL_BYTES:
                self._entered.take(len(data))
        except Overloaded:
            self.is_too_much = True
        if self.is_too_much or len(self._data) > self._limit:
            self.is_too_much = True
            self.close()

    def take(self) -> bytes:
        """All that is kept."""
        return bytes(self._data)

    def close(self) -> None:
        """Keep nothing any more. Idempotent."""
        self._data.clear()
        self._entered.release()
