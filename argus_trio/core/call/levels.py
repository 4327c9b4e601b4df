"""The levels of log messages (RFC 5424, as 2025-11-25, Logging, takes them over)."""

from __future__ import annotations

from typing import Final

LEVELS: Final = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")
"""The levels, from the most verbose to the gravest."""

_RANK: Final = {level: rank for rank, level in enumerate(LEVELS)}


def passes_level(message_level: str, asked: str) -> bool:
    """Whether a message of `message_level` is for a client that asked for `asked` and graver; unknown levels pass."""
    return _RANK.get(message_level, len(LEVELS)) >= _RANK.get(asked, 0)


def most_verbose(levels: list[str]) -> str | None:
    """The most verbose of these levels, which lets through what any of them does; None if none is known."""
    known = [level for level in levels if level in _RANK]
    return min(known, key=_RANK.__getitem__) if known else None
