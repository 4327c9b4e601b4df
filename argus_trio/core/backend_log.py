"""What there is to read about one backend: what its programs wrote, how they ended; sans I/O."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection
from typing import Final, Literal

import attrs

from argus_trio import Value

LINES_KEPT: Final = 1000
"""Lines that are kept of one backend."""
BYTES_KEPT: Final = 512 * 1024
"""Bytes of them that are kept."""

LineSource = Literal["stderr", "stdout", "exit", "gateway"]
"""Its stderr, what on its stdout is no message, the end of a process, the gateway's own line on it."""


@attrs.frozen(kw_only=True)
class LogLine(Value):
    """One line."""

    number: int
    at: float
    """When it came, in seconds of Unix time."""
    source: LineSource
    text: str


def _nobody() -> None:
    """Wake nobody."""


def _stands_still() -> float:
    """The time where nobody wants to know when a line came."""
    return 0.0


@attrs.define(eq=False, repr=False, kw_only=True)
class BackendLog:
    """The latest lines about one backend, over all its processes and reloads."""

    now: Callable[[], float] = _stands_still
    redact: Callable[[str], str] = str
    on_added: Callable[[], None] = _nobody
    """Wakes who follows; must not block."""
    _lines: deque[LogLine] = attrs.field(factory=lambda: deque(maxlen=LINES_KEPT), init=False)
    _size: int = attrs.field(default=0, init=False)
    _count: int = attrs.field(default=0, init=False)

    def add(self, source: LineSource, text: str) -> None:
        """Keep a line. Does not block."""
        self._count += 1
        line = LogLine(number=self._count, at=self.now(), source=source, text=text)
        if len(self._lines) == LINES_KEPT:
            self._size -= len(self._lines[0].text)
        self._lines.append(line)
        self._size += len(line.text)
        while self._size > BYTES_KEPT and len(self._lines) > 1:
            self._size -= len(self._lines.popleft().text)
        self.on_added()

    def since(self, number: int) -> tuple[tuple[LogLine, ...], bool]:
        """The lines from this number on, and whether some of them are gone. Secrets are taken out here, so that those
        that were learned later are too."""
        first = self._lines[0].number if self._lines else self._count + 1
        start = max(0, number - first)
        lines = (self._lines[index] for index in range(start, len(self._lines)))
        return tuple(attrs.evolve(line, text=self.redact(line.text)) for line in lines), number < first

    @property
    def position(self) -> int:
        """The number that the next line will have."""
        return self._count + 1


@attrs.define(eq=False, repr=False, kw_only=True)
class BackendLogs:
    """The logs of all backends, by their names, over reloads."""

    now: Callable[[], float] = _stands_still
    redact: Callable[[str], str] = str
    on_added: Callable[[], None] = _nobody
    _logs: dict[str, BackendLog] = attrs.field(factory=dict, init=False)

    def of(self, backend: str) -> BackendLog:
        """The log of a backend, made at need."""
        found = self._logs.get(backend)
        if found is None:
            found = BackendLog(now=self.now, redact=self.redact, on_added=self.on_added)
            self._logs[backend] = found
        return found

    def keep_backends(self, names: Collection[str]) -> None:
        """Forget the logs of all other backends: a reload has removed them."""
        for name in [name for name in self._logs if name not in names]:
            del self._logs[name]
