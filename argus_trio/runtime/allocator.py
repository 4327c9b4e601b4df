"""What the C library's allocator keeps of memory that is free; the one place that says so to it."""

from __future__ import annotations

import ctypes
from typing import Final

import trio

from argus_trio.core.memory import Memory

LARGE_BYTES: Final = 1024 * 1024
"""From this size on a block is the system's own, and goes back to it when it is free. Where nothing is said the bound
grows with the blocks that are freed, up to 32 MiB: after one large answer all others share the heap with small blocks,
which keep it from shrinking."""
FLOOD_BYTES: Final = 16 * 1024 * 1024
"""After so much has gone again the heap is looked through for free pages, which takes some milliseconds."""
SETTLED_SECONDS: Final = (2.0, 4.0, 4.0, 10.0)
"""When that is done, each after the one before: what clients and backends still had open goes later."""

KEPT_BYTES: Final = 8 * 1024 * 1024
"""What stays of free memory at the heap's end. Once the bound above is set, the library would give back all beyond 128
KiB at once, and have it made anew for the next message of that size: page by page, at ten times the cost of a copy."""

_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3


async def give_back_after_floods(memory: Memory) -> None:
    """Have free memory given back to the system, as long as this runs: large blocks at once, small ones after a flood
    by the accounts of `memory`. Returns where the C library does not know how, as musl's, which keeps little."""
    try:
        library = ctypes.CDLL(None)
        set_option, trim = library.mallopt, library.malloc_trim
    except (OSError, AttributeError):
        return
    set_option(_M_MMAP_THRESHOLD, LARGE_BYTES)
    set_option(_M_TRIM_THRESHOLD, KEPT_BYTES)
    while True:
        gone = trio.Event()
        memory.once_less(gone.set)
        await gone.wait()
        await trio.sleep(SETTLED_SECONDS[0])
        if memory.peak - memory.size < FLOOD_BYTES:
            continue
        memory.peak = memory.size
        trim(0)
        for seconds in SETTLED_SECONDS[1:]:
            await trio.sleep(seconds)
            trim(0)
