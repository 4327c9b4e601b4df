"""What is there of a session's streams, counted."""

from __future__ import annotations

from argus_trio.frontend.sessions.streams import Streams


def counts(streams: Streams) -> tuple[int, int, int]:
    """How many connections carry streams, how many streams of calls are open, how many streams are known."""
    return len(streams._feeds), len(streams._calls), streams._store.streams
