"""Both ends of what one process wrote to its stderr: what explains its end, for an error and for one line of the log.

What is wrong stands at either end: Node says it first and lets the way there follow, Python says it last. Lines that
say nothing on their own do not push it out.
"""

from __future__ import annotations

import re
from collections import deque
from typing import Final

import attrs

FIRST_LINES: Final = 4
"""Lines that are kept from the beginning: Node shows the place in the source in two lines before the error itself."""
LAST_LINES: Final = 6
"""Lines that are kept from the end: a Python error, its message in several lines, and the call that it came from."""

_MARKS_ONLY: Final = re.compile(r"[\s^~]*")
_FRAME: Final = re.compile(r"\s+at \S")


@attrs.define(eq=False, repr=False)
class _Kept:
    """A line, and how many frames of the same stack followed it."""

    text: str
    frames: int = 0

    def __str__(self) -> str:
        return f"{self.text} … {self.frames} more" if self.frames else self.text


@attrs.define(eq=False, repr=False)
class StderrExcerpt:
    """The first `FIRST_LINES` and the last `LAST_LINES` lines of one process, without those that only mark a place.

    Of the frames of a stack that stand one under another, as Node and Java write them, the first one is kept.
    """

    _first: list[_Kept] = attrs.field(factory=list, init=False)
    _last: deque[_Kept] = attrs.field(factory=lambda: deque(maxlen=LAST_LINES), init=False)
    _latest: _Kept | None = attrs.field(default=None, init=False)
    _left_out: int = attrs.field(default=0, init=False)

    def add(self, line: str) -> None:
        """Take the next line."""
        if _MARKS_ONLY.fullmatch(line):
            return
        if self._latest is not None and _FRAME.match(line) and _FRAME.match(self._latest.text):
            self._latest.frames += 1
            return
        self._latest = _Kept(line)
        if len(self._first) < FIRST_LINES:
            self._first.append(self._latest)
            return
        if len(self._last) == LAST_LINES:
            self._left_out += 1 + self._last[0].frames
        self._last.append(self._latest)

    def skip(self, count: int) -> None:
        """Note that so many lines came that nobody looked at."""
        self._left_out += count

    def lines(self, unended: str = "") -> tuple[str, ...]:
        """What is kept, oldest first, with a mark where something is left out; `unended` is a line that is not over."""
        last, left_out = [str(kept) for kept in self._last], self._left_out
        if unended:
            last.append(unended)
        if len(last) > LAST_LINES:
            left_out += 1 + self._last[0].frames
            del last[0]
        mark = [f"… {left_out} line{'' if left_out == 1 else 's'} left out …"] if left_out else []
        return (*map(str, self._first), *mark, *last)
