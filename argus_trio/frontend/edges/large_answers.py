"""Large answers while they are written: to clients that read slowly, many of them would take much.

What a client takes at once is not accounted, and most answers are no larger.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import attrs
import structlog

from argus_trio.core.memory import Memory
from argus_trio.frontend.sessions.unkept import unkept

log = structlog.get_logger()

LARGE_BYTES: Final = 256 * 1024
"""The size from which an answer is accounted: as much as a client must read in one go (`transport.WRITE_BYTES`)."""


COPIES: Final = 2
"""How often an answer is there while it is written: as it was made, and as HTTP frames it."""


@attrs.define(eq=False)
class LargeAnswer:
    """An answer that is being written."""

    def spare(self, wanted: int) -> None:
        """Nothing of it can go; see `MemoryHolder`."""


@contextmanager
def written_large(memory: Memory, answer: bytes) -> Iterator[bytes]:
    """Account for an encoded answer within the block, in which it is written; an error in its place where the gateway
    has no room for it."""
    kept = answer
    if not memory.has_room(COPIES * len(answer)):
        log.warning("answer_not_kept", bytes=len(answer), reason="server.limits.memory is reached")
        kept = unkept(answer, "the gateway holds too much for its clients (server.limits.memory)") or answer
    holder = LargeAnswer()
    memory.hold(holder, COPIES * len(kept))
    try:
        yield kept
    finally:
        memory.release(holder)
