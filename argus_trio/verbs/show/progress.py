"""How far a call is: one line on stderr that is written over, on a terminal alone."""

from __future__ import annotations

from typing import Final

import attrs

from argus_trio.manage_client.clean import cut, one_line
from argus_trio.verbs.show.terminal import USUAL_WIDTH, Terminal

BAR_COLUMNS: Final = 24
"""How wide the bar itself is."""
_ERASED: Final = "\r\x1b[K"


@attrs.define(eq=False, repr=False, kw_only=True)
class ProgressBar:
    """The line; `hide` takes it away before anything else is written."""

    terminal: Terminal
    _is_drawn: bool = attrs.field(default=False, init=False)

    def show(self, progress: object, total: object, message: object) -> None:
        """Draw it anew."""
        if self.terminal.err.isatty() and not self.terminal.is_dumb:
            text = progress_line(progress, total, message)
            self.terminal.err.write(_ERASED + cut(text, (self.terminal.width or USUAL_WIDTH) - 1))
            self.terminal.err.flush()
            self._is_drawn = True

    def hide(self) -> None:
        """Take it away."""
        if self._is_drawn:
            self.terminal.err.write(_ERASED)
            self.terminal.err.flush()
            self._is_drawn = False


def progress_line(progress: object, total: object, message: object) -> str:
    """How far it is, as text."""
    parts = []
    if isinstance(progress, int | float):
        if isinstance(total, int | float) and total > 0:
            share = _share(progress, total)
            filled = round(share * BAR_COLUMNS)
            parts.append(
                f"[{'#' * filled}{'.' * (BAR_COLUMNS - filled)}] {share:4.0%} {_number(progress)}/{_number(total)}"
            )
        else:
            parts.append(_number(progress))
    if isinstance(message, str):
        parts.append(one_line(message))
    return " ".join(parts)


def _share(progress: float, total: float) -> float:
    try:
        return min(max(progress / total, 0.0), 1.0)
    except OverflowError:  # of numbers that no machine number holds
        return 1.0 if progress >= total else 0.0


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:g}"
