"""What a backend writes to its stderr: the last lines, kept and logged. It reads nothing itself; bytes are pushed in."""

from __future__ import annotations

import re
from collections import deque
from typing import Final

import attrs
import structlog

log = structlog.get_logger()

MAX_LINES: Final = 200
MAX_LINE_BYTES: Final = 4096
LOGGED_PER_SECOND: Final = 50
"""Lines of one backend that are logged in a second; the rest are kept in the ring, and counted."""

_ESCAPES: Final = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours, cursor movements
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"  # titles, links and other strings
    r"|\x1b[ -/]*[0-~]?"
)
_CONTROLS: Final = {code: None for code in (*range(0x20), *range(0x7F, 0xA0)) if code != 0x09} | {0x09: " "}
# Characters that make a terminal or an editor show text in another order than it is stored, or break lines.
_CONTROLS.update(dict.fromkeys((*range(0x200E, 0x2010), *range(0x2028, 0x202F), *range(0x2066, 0x206A))))


def plain(line: bytes) -> str:
    """`line` as text that is safe to print: no escape sequences, no control characters; not UTF-8 becomes U+FFFD."""
    return _ESCAPES.sub("", line.decode("utf-8", "replace")).translate(_CONTROLS).rstrip()


@attrs.define(eq=False)
class StderrRing:
    """The last lines of one backend's stderr, over all its connections. Blank lines are left out.

    Bounded whatever comes: `MAX_LINES` lines, each cut at `MAX_LINE_BYTES`, and one line that has not ended yet.
    """

    backend: str
    """The backend's name, for the log."""
    _lines: deque[str] = attrs.field(factory=lambda: deque(maxlen=MAX_LINES), init=False)
    _partial: bytearray = attrs.field(factory=bytearray, init=False)
    _second: int = attrs.field(default=-1, init=False)
    _logged: int = attrs.field(default=0, init=False)
    _unlogged: int = attrs.field(default=0, init=False)

    def push(self, chunk: bytes, now: float) -> None:
        """Take what was read, at `now` (seconds of any steady clock)."""
        *ended, rest = chunk.split(b"\n")
        for piece in ended:
            self._extend(piece)
            self._end_line(now)
        self._extend(rest)

    def end(self, now: float) -> None:
        """The stream has ended: what stands without a line end is the last line."""
        if self._partial:
            self._end_line(now)
        self._report_unlogged()

    def tail(self, count: int) -> tuple[str, ...]:
        """The last `count` lines, oldest first."""
        return tuple(self._lines)[-count:]

    def _extend(self, piece: bytes) -> None:
        self._partial += piece[: MAX_LINE_BYTES - len(self._partial)]

    def _end_line(self, now: float) -> None:
        line = plain(bytes(self._partial))
        self._partial.clear()
        if not line:
            return
        self._lines.append(line)
        if int(now) != self._second:
            self._report_unlogged()
            self._second, self._logged = int(now), 0
        if self._logged < LOGGED_PER_SECOND:
            self._logged += 1
            log.info("backend_stderr", backend=self.backend, line=line)
        else:
            self._unlogged += 1

    def _report_unlogged(self) -> None:
        if self._unlogged:
            log.warning("backend_stderr_overflow", backend=self.backend, lines_not_logged=self._unlogged)
            self._unlogged = 0
