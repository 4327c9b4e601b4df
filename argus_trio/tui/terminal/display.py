"""The terminal while the dashboard runs: what is typed becomes messages, the latest model becomes what is seen."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from math import inf
from typing import Final

import trio
import urwid

from argus_trio.tui.kit.zone import ZoneHit, zone_at
from argus_trio.tui.message import DashboardMessage, Done, Resized
from argus_trio.tui.screens.shell import shell
from argus_trio.tui.shell.model import Model
from argus_trio.tui.terminal.encoding import send
from argus_trio.tui.terminal.keys import READ_BYTES, KeyReader, MouseInput, PasteCut, TypedInput
from argus_trio.tui.terminal.mouse import Mouse
from argus_trio.tui.terminal.output import open_terminal
from argus_trio.tui.terminal.screen import TerminalScreen
from argus_trio.tui.terminal.signals import TerminalSignals

FRAME_SECONDS: Final = 0.05
"""The shortest time between two drawings: nobody reads faster, and a slow line is not to be filled."""
CALM_SECONDS: Final = 0.95
"""How long figures that have changed wait to be drawn together with all else: drawing costs more than all else here."""
STILL_SECONDS: Final = 1.95
"""The same of the clock, where nothing else has changed."""
STALL_SECONDS: Final = 3.0
"""How long a terminal may take no drawing before all of it is drawn anew: who knows what it shows by then."""


class Display:
    """Shows the latest model, and tells what is typed."""

    def __init__(self, model: Callable[[], Model], tell: Callable[[DashboardMessage], None]) -> None:
        self._model, self._tell = model, tell
        send(is_unicode=model().world.look.is_unicode)
        self._changed = trio.Event()
        self._sooner = trio.Event()
        self._within = inf
        self._scope = trio.CancelScope()
        self._file = sys.stdin.fileno()
        self._output = open_terminal(sys.stdout.fileno(), self.leave)
        self._screen = TerminalScreen(self._output)
        self._signals = TerminalSignals(self)
        self._reader = KeyReader()
        self._mouse = Mouse(self._zone_at)
        self._events = urwid.TrioEventLoop()
        self._watch: trio.CancelScope | None = None
        self._rest: trio.CancelScope | None = None
        self._size = (0, 0)
        self._drawn_at = 0.0
        self._seen: urwid.Widget = urwid.SolidFill()

    @property
    def left_by(self) -> int | None:
        """The signal that ended it; None where its user left."""
        return self._signals.ended_by

    def show(self, *, within: float = 0.0) -> None:
        """The model has changed: it is drawn soon, or with what else has changed within so many seconds of the last
        drawing."""
        self._changed.set()
        if within < self._within:
            self._within = within
            self._sooner.set()

    def leave(self) -> None:
        """End `run`."""
        self._scope.cancel()

    def told(self, message: DashboardMessage) -> None:
        """Tell a message that comes from outside the keyboard."""
        self._tell(message)

    def write(self, text: str) -> None:
        """Write what is no drawing, such as a text for the clipboard."""
        self._output.write(text)
        self._output.flush()

    async def run(self) -> None:
        """Show the dashboard until `leave`, or cancelled. The terminal is left as it was found, whatever ends it."""
        with self._scope:
            try:
                async with trio.open_nursery() as nursery:
                    await nursery.start(self._signals.run)
                    self.enter()
                    nursery.start_soon(self._output.run)
                    nursery.start_soon(self._draw)
                    await self._events.run_async()
            finally:
                self.give_back()
                self._output.close()

    def enter(self) -> None:
        """Take the terminal."""
        if self._screen.started:
            return
        self._screen.start()
        self._screen.set_mouse_tracking()
        self._watch = self._events.watch_file(self._file, self._readable)
        self.resized()

    def give_back(self) -> None:
        """Leave the terminal as it was found, for good or until `enter`. It takes no longer than `LEAVE_SECONDS`."""
        if not self._screen.started:
            return
        if self._watch is not None:
            self._events.remove_watch_file(self._watch)
        self._screen.stop()
        self._output.finish()

    def resized(self) -> None:
        """The terminal may have another size, or show something else: all of it is drawn anew."""
        self._size = columns, rows = self._screen.size()
        self._screen.clear()
        self._tell(Resized(columns=columns, rows=rows))
        self.show()

    async def _draw(self) -> None:
        while True:
            await self._changed.wait()
            while (due := self._drawn_at + self._within) > trio.current_time():
                self._sooner = trio.Event()
                with trio.move_on_at(due):
                    await self._sooner.wait()
            since = trio.current_time()
            await self._output.drained()
            if trio.current_time() - since > STALL_SECONDS:
                self._screen.clear()
            self._changed, self._within = trio.Event(), inf
            self._paint()
            self._drawn_at = trio.current_time()
            await trio.sleep(FRAME_SECONDS)

    def _paint(self) -> None:
        if not self._screen.started:
            return
        model = self._model()
        self._screen.use(model.world.look.palette)
        self._seen = shell(model)
        self._screen.paint(self._size, self._seen.render(self._size, focus=True))

    def _readable(self) -> None:
        try:
            raw = os.read(self._file, READ_BYTES)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            raw = b""
        if not raw:  # nobody types here any more
            self.leave()
            return
        self._typed(self._reader.fed(raw))

    def _typed(self, inputs: list[TypedInput]) -> None:
        if self._rest is not None:
            self._events.remove_alarm(self._rest)
            self._rest = None
        for typed in inputs:
            if isinstance(typed, MouseInput):
                for message in self._mouse.told(typed, trio.current_time()):
                    self._tell(message)
            elif isinstance(typed, PasteCut):
                self._tell(Done(what="failed", text="what was pasted is too long: only its first 1 MiB was taken"))
            else:
                self._tell(typed)
        if (patience := self._reader.patience) is not None:
            self._rest = self._events.alarm(patience, self._rested)

    def _rested(self) -> None:
        self._rest = None
        self._typed(self._reader.ended())

    def _zone_at(self, column: int, row: int) -> ZoneHit | None:
        columns, rows = self._size
        return zone_at(self._seen, self._size, column, row) if column < columns and row < rows else None
