"""Sparklines and bars, as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_UNICODE: Final = " ▁▂▃▄▅▆▇█"
_ASCII: Final = " .:-=+*#@"


def sparkline(values: Sequence[float], columns: int, *, is_unicode: bool) -> str:
    """The latest values as one line, the highest of them as high as can be; 0 is empty."""
    latest = values[-columns:]
    highest = max(latest, default=0.0)
    signs = _UNICODE if is_unicode else _ASCII
    steps = len(signs) - 1
    drawn = "".join(signs[min(steps, -int(-value / highest * steps // 1))] if highest else " " for value in latest)
    return drawn.rjust(columns)
