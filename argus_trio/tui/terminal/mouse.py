"""What a mouse does, as messages: a click by the zone it meets, the wheel by lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import attrs

from argus_trio.tui.kit.zone import ZoneHit
from argus_trio.tui.message import Clicked, Key, Wheeled
from argus_trio.tui.terminal.keys import MouseInput

DOUBLE_SECONDS: Final = 0.4
"""How soon the second click of two has to follow."""
WHEEL_LINES: Final = 3
"""How many lines one turn of the wheel is."""
_LEFT, _UP, _DOWN = 1, 4, 5


@attrs.define(eq=False, repr=False)
class Mouse:
    """Remembers the last click, so that two of them are known as one."""

    _zone_at: Callable[[int, int], ZoneHit | None]
    _last: ZoneHit | None = attrs.field(default=None, init=False)
    _last_at: float = attrs.field(default=0.0, init=False)

    def told(self, did: MouseInput, now: float) -> tuple[Clicked | Wheeled | Key, ...]:
        """What it means. A double click on a row is Enter as well."""
        if not did.event.endswith("mouse press"):
            return ()
        if did.button in (_UP, _DOWN):
            return (Wheeled(WHEEL_LINES if did.button == _DOWN else -WHEEL_LINES),)
        hit = self._zone_at(did.column, did.row) if did.button == _LEFT else None
        if hit is None:
            return ()
        is_double = hit == self._last and now - self._last_at <= DOUBLE_SECONDS
        self._last, self._last_at = None if is_double else hit, now
        click = Clicked(zone=hit.zone, at=hit.at, is_double=is_double)
        return (click, Key("enter")) if is_double and hit.zone == "rows" else (click,)
