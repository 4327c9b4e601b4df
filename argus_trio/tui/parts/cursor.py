"""A place in a list, moved by keys: arrows, vi's, pages, both ends. Pure."""

from __future__ import annotations

from typing import Final

import attrs

from argus_trio import Value

_BY_ONE: Final = {"down": 1, "j": 1, "up": -1, "k": -1}
_BY_PAGE: Final = {"page down": 1, "ctrl f": 1, "page up": -1, "ctrl b": -1}
_ENDS: Final = {"home": 0, "g": 0, "end": -1, "G": -1}


@attrs.frozen
class Cursor(Value):
    """The entry of a list that is meant."""

    at: int = 0

    def moved(self, key: str, count: int, page: int) -> Cursor | None:
        """Where a key leads in a list of `count` entries, of which a page shows so many; None for any other key."""
        if key in _BY_ONE:
            at = self.at + _BY_ONE[key]
        elif key in _BY_PAGE:
            at = self.at + _BY_PAGE[key] * max(page - 1, 1)
        elif key in _ENDS:
            at = count - 1 if _ENDS[key] else 0
        else:
            return None
        return Cursor(max(0, min(at, count - 1)))

    def within(self, count: int) -> Cursor:
        """The same in a list that may have become shorter."""
        return self if self.at < max(count, 1) else Cursor(max(count - 1, 0))

    def top(self, count: int, rows: int) -> int:
        """The entry that is shown first where so many rows are: the cursor keeps to the middle."""
        return max(0, min(self.at - rows // 2, count - rows))
