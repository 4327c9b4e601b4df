"""Large answers to MCP while they are written: to clients that read slowly, many of them would take much."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from argus_trio.core.memory import Memory
from argus_trio.frontend.sessions.unkept import unkept

log = structlog.get_logger()


@contextmanager
def written_large(memory: Memory, answer: bytes) -> Iterator[bytes]:
    """Account for an encoded answer within the block, in which it is written; an error in its place where the gateway
    has no room for it."""
    kept = answer
    if not memory.may_write(len(answer)):
        log.warning("answer_not_kept", bytes=len(answer), reason="server.limits.memory is reached")
        kept = unkept(answer, "the gateway holds too much for its clients (server.limits.memory)") or answer
    with memory.written(len(kept)):
        yield kept
