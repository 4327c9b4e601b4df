"""urwid's screen, which draws what differs: it asks the terminal nothing, handles no signals, and starts no program."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Final, cast

import attrs
import urwid
from urwid.display.raw import Screen

from argus_trio import Value
from argus_trio.tui.parts.look import PaletteName
from argus_trio.tui.terminal.output import TerminalOutput
from argus_trio.tui.terminal.palettes import PALETTES

USUAL_SIZE: Final = (80, 24)
"""The size of a terminal that does not know its own."""

_PaintedRow = list[tuple[object, object, bytes]]


@attrs.frozen
class Painting(Value):
    """A canvas as rows, made once: to be compared with the one before, and to be drawn."""

    painted: list[_PaintedRow]
    cursor: tuple[int, int] | None

    def rows(self) -> int:
        """How many there are."""
        return len(self.painted)

    def content(self) -> Iterator[_PaintedRow]:
        """See urwid."""
        yield from self.painted


class TerminalScreen(Screen):
    """The screen. What it writes is gathered by `TerminalOutput`; what is typed is read by `KeyReader`."""

    def __init__(self, output: TerminalOutput) -> None:
        # a mode that a terminal does not know it leaves alone, so nothing has to be asked first: an answer that comes
        # late would be taken for what somebody types, here or in the shell
        super().__init__(sys.stdin, output, bracketed_paste_mode=True, focus_reporting=False)
        self.modes.synchronized_output = True
        self._named: PaletteName | None = None
        self._shown: Painting | None = None

    def use(self, palette: PaletteName) -> None:
        """Draw in that palette from now on."""
        if palette != self._named:
            self._named = palette
            self.register_palette(PALETTES[palette])
            self.clear()

    def paint(self, size: tuple[int, int], canvas: urwid.Canvas) -> None:
        """Draw what differs from what is seen. Nothing is written where nothing does."""
        painting = Painting([list(row) for row in canvas.content()], canvas.cursor)
        if painting == self._shown:
            return
        self.draw_screen(size, cast("urwid.Canvas", painting))
        self._shown = painting

    def clear(self) -> None:
        """See urwid."""
        self._shown = None
        super().clear()

    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        columns, rows = self.get_cols_rows()
        return (columns, rows) if columns > 0 and rows > 0 else USUAL_SIZE

    def signal_init(self) -> None:
        """Signals are heard by `Display`."""

    def signal_restore(self) -> None:
        """Signals are heard by `Display`."""

    def _detect_terminal_modes(self) -> None:
        """Nothing is asked."""

    def _start_gpm_tracking(self) -> None:
        """No program is started for the mouse of a console."""
