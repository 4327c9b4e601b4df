"""What can be clicked: a view puts a zone around it, and a click finds the innermost. A zone does nothing itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

import attrs
import urwid

from argus_trio import Value

WidgetSize = tuple[()] | tuple[int] | tuple[int, int]
"""As urwid gives it to a widget."""
_FOUND: Final[ContextVar[list[ZoneHit] | None]] = ContextVar("found_zones", default=None)


@attrs.frozen
class ZoneHit(Value):
    """What was clicked, by the name that its view gave it, and a number where there are several."""

    zone: str
    at: int = 0


class Zone(urwid.AttrMap[urwid.Widget]):
    """A widget that can be clicked."""

    def __init__(self, widget: urwid.Widget, zone: str, at: int = 0) -> None:
        super().__init__(widget, {})
        self._hit = ZoneHit(zone, at)

    def mouse_event(self, size: WidgetSize, event: str, button: int, col: int, row: int, focus: bool) -> bool | None:
        """See urwid."""
        super().mouse_event(size, event, button, col, row, focus)
        return found(self._hit)


def found(hit: ZoneHit) -> bool:
    """Tell who looks what is here; the innermost one has told it first and stays."""
    hits = _FOUND.get()
    if hits is not None:
        hits.append(hit)
    return True


def zone_at(shown: urwid.Widget, size: tuple[int, int], column: int, row: int) -> ZoneHit | None:
    """The innermost zone at a place of what is shown."""
    with _looking() as hits:
        shown.mouse_event(size, "mouse press", 1, column, row, True)
        return hits[0] if hits else None


@contextmanager
def _looking() -> Iterator[list[ZoneHit]]:
    hits: list[ZoneHit] = []
    token = _FOUND.set(hits)
    try:
        yield hits
    finally:
        _FOUND.reset(token)
