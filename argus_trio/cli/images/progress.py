"""How far images are, on stderr: a bar that is written anew at a terminal, else plain lines."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from typing import Final

import attrs
import trio

from argus_trio.core.health.health import PreparingWord
from argus_trio.sandbox.image.building import BuildOrder, BuildOutcome

REDRAW_SECONDS: Final = 0.1
"""The least time from one drawing of the bar to the next: pip writes faster than a slow terminal reads."""
BAR_CELLS: Final = 20
_CLEAR: Final = "\r\x1b[K"


@attrs.define(eq=False, repr=False, kw_only=True)
class PlainLines:
    """Each line as it comes, behind who needs the image."""

    say: Callable[[str], None]

    def hears(self, order: BuildOrder, what: PreparingWord, line: str) -> None:  # noqa: ARG002
        """See `Listener`."""
        self.say(f"{order.backends[0]}: {line}\n")

    def ended(self, outcome: BuildOutcome) -> None:
        """See `Listener`."""

    def clear(self) -> None:
        """Nothing is to be taken back."""


@attrs.define(eq=False, repr=False, kw_only=True)
class Bar:
    """One line: how many are done, and the latest line of those that are not."""

    say: Callable[[str], None]
    total: int
    columns: Callable[[], int] = lambda: shutil.get_terminal_size().columns
    _done: int = attrs.field(default=0, init=False)
    _drawn_at: float = attrs.field(default=float("-inf"), init=False)

    def hears(self, order: BuildOrder, what: PreparingWord, line: str) -> None:  # noqa: ARG002
        """See `Listener`."""
        now = trio.current_time()
        if now - self._drawn_at >= REDRAW_SECONDS:
            self._drawn_at = now
            self._draw(f"{order.backends[0]}: {line}")

    def ended(self, outcome: BuildOutcome) -> None:
        """See `Listener`."""
        self._done += 1
        self._draw(f"{outcome.order.backends[0]}: {'failed' if outcome.failure else 'done'}")

    def clear(self) -> None:
        """Take the bar back, so that something else can be written."""
        self.say(_CLEAR)

    def _draw(self, text: str) -> None:
        cells = BAR_CELLS * self._done // max(self.total, 1)
        line = f"[{'#' * cells}{'-' * (BAR_CELLS - cells)}] {self._done}/{self.total} {text}"
        self.say(_CLEAR + line[: max(self.columns() - 1, 10)])


def write_stderr(text: str) -> None:
    """Write to stderr at once; one that is closed or full changes nothing."""
    try:
        os.write(2, text.encode("utf-8", "backslashreplace"))
    except OSError:
        return
