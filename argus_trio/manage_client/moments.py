"""Times and durations in the words of people. Sans I/O, but for `now`."""

from __future__ import annotations

from datetime import datetime
from typing import Final

_UNITS: Final = (("d", 86400), ("h", 3600), ("min", 60))


def now() -> datetime:
    """The present, in the zone of who looks."""
    return datetime.now().astimezone()


def duration(seconds: float) -> str:
    """How long something has taken, to two places."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    for at, (name, size) in enumerate(_UNITS):
        if seconds >= size:
            whole, rest = divmod(int(seconds), size)
            smaller, smaller_size = (*_UNITS, ("s", 1))[at + 1]
            return f"{whole} {name} {rest // smaller_size} {smaller}" if rest // smaller_size else f"{whole} {name}"
    return ""


def moment(timestamp: str | None, now: datetime) -> str:
    """A time of the contract as the clock on the wall says it, with its day if that is another."""
    if timestamp is None:
        return ""
    try:
        local = datetime.fromisoformat(timestamp).astimezone(now.tzinfo)
    except (ValueError, OverflowError):
        return timestamp
    return local.strftime("%H:%M:%S" if local.date() == now.date() else "%Y-%m-%d %H:%M:%S")


def seconds_of(timestamp: str | None) -> float | None:
    """A time of the contract in seconds since 1970; None for none, and for what is no time."""
    try:
        return None if timestamp is None else datetime.fromisoformat(timestamp).timestamp()
    except (ValueError, OverflowError):
        return None


def size(count: int) -> str:
    """So many bytes."""
    if count < 1024:
        return "1 byte" if count == 1 else f"{count} bytes"
    return f"{count / 1024:.1f} KiB" if count < 1024 * 1024 else f"{count / 1024 / 1024:.1f} MiB"
