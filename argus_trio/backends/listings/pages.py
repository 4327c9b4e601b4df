"""One list of a backend as its pages come in: bounded in pages, entries and bytes, whatever the backend sends.

The bounds are far above what a sensible server lists: they are there for one that is broken or hostile.
"""

from __future__ import annotations

from typing import Final

import attrs
import msgspec

from argus_trio.backends.listings.listing import ListPage
from argus_trio.wire.envelope import Params

MAX_PAGES: Final = 200
"""Pages of one list that are fetched; each costs the backend's start a round trip. The rest is logged and left out."""

MAX_ENTRIES: Final = 10_000
"""Entries of one list that are held; a client could not use more."""

MAX_LIST_BYTES: Final = 32 * 1024 * 1024
"""Bytes of one list that are held, all pages together: there are four kinds, perhaps for several abilities."""


@attrs.define(eq=False, repr=False)
class ListPages:
    """The pages of one list so far."""

    entries: list[tuple[str, Params]] = attrs.field(factory=list, init=False)
    """Key and members of each entry, in the backend's order."""
    pages: int = attrs.field(default=0, init=False)
    """How many pages came in."""
    cut: str = attrs.field(default="", init=False)
    """Why the rest of the list is left out; empty as long as it is not."""
    invalid: int = attrs.field(default=0, init=False)
    """How many entries were left out because nothing identifies them."""
    cursor: msgspec.Raw | None = attrs.field(default=None, init=False)
    """The cursor of the next page; None before the first and after the last one."""
    _bytes: int = attrs.field(default=0, init=False)
    _seen: set[bytes] = attrs.field(factory=set, init=False)

    def add(self, page: ListPage, size: int) -> bool:
        """Take the next page, which came as `size` bytes; whether another one is to be fetched."""
        self.pages += 1
        self.invalid += page.invalid
        self.cursor = page.next_cursor
        fitting = page.entries[: MAX_ENTRIES - len(self.entries)]
        if len(fitting) < len(page.entries):
            self.cut = f"it has more than {MAX_ENTRIES} entries"
        if self._bytes + size > MAX_LIST_BYTES:
            fitting = self._light(fitting)
            self.cut = f"it is larger than {MAX_LIST_BYTES} bytes"
        self._bytes += size
        self.entries += fitting
        if page.next_cursor is None or self.cut:
            return False
        cursor = bytes(page.next_cursor)
        if cursor in self._seen:
            self.cut = "its pages go round in a circle"
        elif self.pages == MAX_PAGES:
            self.cut = f"it has more than {MAX_PAGES} pages"
        self._seen.add(cursor)
        return not self.cut

    def _light(self, entries: tuple[tuple[str, Params], ...]) -> tuple[tuple[str, Params], ...]:
        room = MAX_LIST_BYTES - self._bytes
        for index, (_, fields) in enumerate(entries):
            room -= sum(len(name) + len(bytes(value)) for name, value in fields.items())
            if room < 0:
                return entries[:index]
        return entries
