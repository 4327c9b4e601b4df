"""A place in a long text that is shown wrapped. Pure. The place is a number of characters, so nothing is made of the
whole text: only what is in sight is ever wrapped, whether it is ten lines or one of fifty megabytes."""

from __future__ import annotations

from typing import Final

import attrs

from argus_trio import Value
from argus_trio.manage_client.clean import clean, width

PIECE_CHARACTERS: Final = 1 << 20
"""How much of a text is searched at once: what takes a copy of it takes no more than that."""
_BACK_ROWS: Final = 64
"""How many rows of a line without end are looked at before a place, to find the row before it."""
_TAB: Final = "    "


@attrs.frozen(kw_only=True)
class WrappedRow(Value):
    """A row of a text: from which character to which, and what is seen of it."""

    start: int
    end: int
    text: str
    next: int
    """Where the next one begins: behind the end of the line, if that is what ends it."""


def row_at(text: str, start: int, columns: int) -> WrappedRow:
    """The row that begins there."""
    limit = min(len(text), start + 4 * columns + 1)
    end_of_line = text.find("\n", start, limit)
    stop = limit if end_of_line < 0 else end_of_line
    piece = text[start:stop]
    if len(piece) <= columns and piece.isascii() and piece.isprintable():
        return WrappedRow(start=start, end=stop, text=piece, next=stop + 1 if end_of_line >= 0 else stop)
    shown: list[str] = []
    taken, at, blank = 0, start, 0
    for character in piece:
        seen = _TAB if character == "\t" else clean(character)
        taken += width(seen)
        if taken > columns and at > start:
            return _broken(start, at, "".join(shown), blank)
        shown.append(seen)
        at += 1
        if character == " ":
            blank = at
    return WrappedRow(start=start, end=at, text="".join(shown), next=at + 1 if at == end_of_line else at)


def _broken(start: int, at: int, shown: str, blank: int) -> WrappedRow:
    """A row that is full: broken after its last blank, unless that would leave much of it empty."""
    if blank > start + (at - start) // 2 and shown.isascii() and len(shown) == at - start:
        return WrappedRow(start=start, end=blank, text=shown[: blank - start], next=blank)
    return WrappedRow(start=start, end=at, text=shown, next=at)


def rows_from(text: str, start: int, columns: int, count: int) -> list[WrappedRow]:
    """So many rows from there on, or as many as there are."""
    found: list[WrappedRow] = []
    at = start
    while len(found) < count and at < len(text):
        found.append(row := row_at(text, at, columns))
        at = row.next
    return found


def rows_before(text: str, before: int, columns: int, count: int) -> int:
    """Where a row begins that is so many rows before another, or the first of all."""
    at = before
    while count > 0 and at > 0:
        starts = _starts_before(text, at, columns)
        if count <= len(starts):
            return starts[-count]
        count -= len(starts)
        at = starts[0]
    return at


def _starts_before(text: str, at: int, columns: int) -> list[int]:
    """Where the rows begin that the line before a place has, or as many of them as are looked at."""
    first = max(at - _BACK_ROWS * columns, 0)
    start = text.rfind("\n", first, at - 1) + 1 or first
    starts = []
    while start < at:
        starts.append(start)
        start = row_at(text, start, columns).next
    return starts


@attrs.frozen
class ScrollPlace(Value):
    """Which character of a text is the first that is shown."""

    at: int = 0

    def moved(self, key: str, text: str, columns: int, rows: int) -> ScrollPlace | None:
        """Where a key leads where so many columns and rows are seen; None for any other key."""
        if key in ("down", "j", "enter"):
            return self.by(1, text, columns, rows)
        if key in ("up", "k"):
            return self.by(-1, text, columns, rows)
        if key in ("page down", "ctrl f", " "):
            return self.by(max(rows - 1, 1), text, columns, rows)
        if key in ("page up", "ctrl b"):
            return self.by(1 - max(rows, 2), text, columns, rows)
        if key in ("home", "g"):
            return ScrollPlace()
        if key in ("end", "G"):
            return ScrollPlace(rows_before(text, len(text), columns, rows))
        return None

    def by(self, count: int, text: str, columns: int, rows: int) -> ScrollPlace:
        """So many rows further, or back where it is negative; the last page stays full."""
        if count < 0:
            return ScrollPlace(rows_before(text, self.at, columns, -count))
        seen = rows_from(text, self.at, columns, count + rows)
        count = max(min(count, len(seen) - rows), 0)
        return ScrollPlace(seen[count].start) if count else self

    def within(self, text: str) -> ScrollPlace:
        """The same in a text that may have become shorter."""
        return self if self.at <= len(text) else ScrollPlace()

    def percent(self, text: str, columns: int, rows: int) -> int:
        """How much of the text stands above the last row that is seen."""
        seen = rows_from(text, self.at, columns, rows)
        return 100 * (seen[-1].next if seen else len(text)) // len(text) if text else 100

    def found(self, wanted: str, text: str, columns: int, *, is_back: bool = False) -> ScrollPlace | None:
        """The row of the next place, or the one before, where something is found; small letters match large ones."""
        at = found_before(text, wanted, self.at) if is_back else found_after(text, wanted, self._next(text, columns))
        return None if at < 0 else ScrollPlace(row_of(text, at, columns))

    def _next(self, text: str, columns: int) -> int:
        return row_at(text, self.at, columns).next if text else 0


def row_of(text: str, at: int, columns: int) -> int:
    """Where the row begins in which a character stands."""
    return rows_before(text, at + 1, columns, 1)


def found_after(text: str, wanted: str, start: int) -> int:
    """Where something is found from there on; -1 where it is not."""
    if not wanted or _is_exact(wanted):
        return text.find(wanted, start) if wanted else -1
    for piece in range(start, len(text), PIECE_CHARACTERS):
        part = _small(text[piece : piece + PIECE_CHARACTERS + len(wanted)])
        if (at := part.find(wanted)) >= 0:
            return piece + at
    return -1


def found_before(text: str, wanted: str, end: int) -> int:
    """Where something is found that begins before that place; -1 where it is not."""
    if not wanted or _is_exact(wanted):
        return text.rfind(wanted, 0, max(end + len(wanted) - 1, 0)) if wanted else -1
    for stop in range(end, 0, -PIECE_CHARACTERS):
        piece = max(stop - PIECE_CHARACTERS, 0)
        part = _small(text[piece : stop + len(wanted) - 1])
        if (at := part.rfind(wanted)) >= 0:
            return piece + at
    return -1


def _is_exact(wanted: str) -> bool:
    return wanted != wanted.lower()


def _small(text: str) -> str:
    small = text.lower()
    # a few letters become two: places would shift, so each of those stays as it is
    return (
        small
        if len(small) == len(text)
        else "".join(one if len(one := character.lower()) == 1 else character for character in text)
    )
