"""What a backend writes to its stderr: the last lines, kept and logged. It reads nothing itself."""

from __future__ import annotations

import re
from collections import deque
from typing import Final

import attrs
import structlog

from argus_trio.backends.links.stderr_excerpt import FIRST_LINES, StderrExcerpt
from argus_trio.core.backend_log import BackendLog

log = structlog.get_logger()

MAX_LINES: Final = 200
"""Lines that are kept of one backend: several tracebacks."""
MAX_LINE_BYTES: Final = 4096
"""Where a line is cut."""
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


@attrs.define(eq=False, repr=False)
class StderrRing:
    """The last `MAX_LINES` lines that one backend wrote, over all its processes, earlier ones and parallel ones."""

    backend: str
    """The backend's name, for the log."""
    log: BackendLog = attrs.field(factory=BackendLog, kw_only=True)
    """Where operators read what the backend's programs write."""
    is_probed: bool = attrs.field(default=False, init=False)
    """While a backend is asked what it is, its complaints about the question go to the log at debug level only; why it
    did not start is told with the failure."""
    _lines: deque[str] = attrs.field(factory=lambda: deque(maxlen=MAX_LINES), init=False)
    _latest: StderrExcerpt = attrs.field(factory=StderrExcerpt, init=False)
    _second: int = attrs.field(default=-1, init=False)
    _logged: int = attrs.field(default=0, init=False)
    _unlogged: int = attrs.field(default=0, init=False)

    def lines(self) -> tuple[str, ...]:
        """What is kept, oldest first."""
        return tuple(self._lines)

    def begin(self, excerpt: StderrExcerpt) -> None:
        """Note that another process of the backend has begun to write, and where both ends of that are kept."""
        self._latest = excerpt

    def excerpt(self) -> tuple[str, ...]:
        """Both ends of what the process wrote that was started last."""
        return self._latest.lines()

    def add(self, line: str, now: float) -> None:
        """Keep and log a line that came at `now`, in seconds of any steady clock."""
        self._lines.append(line)
        self.log.add("stderr", line)
        if self.is_probed:
            log.debug("backend_stderr", backend=self.backend, line=line)
            return
        if int(now) != self._second:
            self.report_unlogged()
            self._second, self._logged = int(now), 0
        if self._logged < LOGGED_PER_SECOND:
            self._logged += 1
            log.info("backend_stderr", backend=self.backend, line=line)
        else:
            self._unlogged += 1

    def skip(self, count: int) -> None:
        """Count lines that are neither kept nor logged."""
        self._unlogged += count
        self.log.add("gateway", f"{count} lines came too fast to be kept")

    def report_unlogged(self) -> None:
        """Log how many lines the log did not get, if there were any."""
        if self._unlogged:
            log.warning("backend_stderr_overflow", backend=self.backend, lines_not_logged=self._unlogged)
            self._unlogged = 0


@attrs.define(eq=False, repr=False)
class StderrStream:
    """One process's stderr on its way into the ring. Lines are cut at `MAX_LINE_BYTES`, blank ones left out."""

    ring: StderrRing
    _partial: bytearray = attrs.field(factory=bytearray, init=False)
    _excerpt: StderrExcerpt = attrs.field(factory=StderrExcerpt, init=False)

    def __attrs_post_init__(self) -> None:
        self.ring.begin(self._excerpt)

    def feed(self, chunk: bytes, now: float) -> None:
        """Take what was read, at `now`."""
        *ended, rest = chunk.split(b"\n")
        if len(ended) > MAX_LINES:
            # A flood: what would be pushed out at once is not worth the time to look at, but how it begins may say why.
            skipped, ended = ended[:-MAX_LINES], ended[-MAX_LINES:]
            for piece in skipped[:FIRST_LINES]:
                self._extend(piece)
                self._end_excerpt_line()
            self.ring.skip(len(skipped))
            self._excerpt.skip(len(skipped[FIRST_LINES:]))
        for piece in ended:
            self._extend(piece)
            self._end_line(now)
        self._extend(rest)

    def end(self, now: float) -> None:
        """The stream has ended: what stands without a line end is the last line."""
        self._end_line(now)
        self.ring.report_unlogged()

    def excerpt(self) -> tuple[str, ...]:
        """Both ends of what this process wrote, oldest line first; an unended one counts."""
        return self._excerpt.lines(plain(bytes(self._partial)))

    def _extend(self, piece: bytes) -> None:
        self._partial += piece[: MAX_LINE_BYTES - len(self._partial)]

    def _end_line(self, now: float) -> None:
        if line := self._end_excerpt_line():
            self.ring.add(line, now)

    def _end_excerpt_line(self) -> str:
        line = plain(bytes(self._partial))
        self._partial.clear()
        if line:
            self._excerpt.add(line)
        return line
