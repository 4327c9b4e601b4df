"""The terminal while the dashboard runs: urwid's loop, keys to messages, at most so many drawings a second."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import trio
import urwid

from argus_trio.tui.message import DashboardMessage, Key, Resized
from argus_trio.tui.screens.shell import shell
from argus_trio.tui.shell.model import Model
from argus_trio.tui.terminal.palettes import PALETTES

FRAME_SECONDS: Final = 0.05
"""The shortest time between two drawings: nobody reads faster, and a slow line is not to be filled."""


class Display:
    """Shows the latest model, and tells what is pressed."""

    def __init__(self, model: Callable[[], Model], tell: Callable[[DashboardMessage], None]) -> None:
        self._model, self._tell = model, tell
        self._changed = trio.Event()
        self._top = urwid.WidgetPlaceholder[urwid.Widget](urwid.SolidFill())
        self._events = urwid.TrioEventLoop()
        self._screen = urwid.raw_display.Screen()
        self._loop = urwid.MainLoop(
            self._top,
            PALETTES["dark"],
            screen=self._screen,
            event_loop=self._events,
            input_filter=self._input,
            handle_mouse=False,
        )

    def show(self) -> None:
        """The model has changed: it is drawn soon."""
        self._changed.set()

    def leave(self) -> None:
        """End `run`."""
        self._scope.cancel()

    async def run(self) -> None:
        """Show the dashboard until `leave`, or cancelled."""
        with trio.CancelScope() as self._scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._draw)
                with self._loop.start():
                    columns, rows = self._screen.get_cols_rows()
                    self._tell(Resized(columns=columns, rows=rows))
                    await self._events.run_async()

    async def _draw(self) -> None:
        while True:
            await self._changed.wait()
            self._changed = trio.Event()
            self._top.original_widget = shell(self._model())
            await trio.sleep(FRAME_SECONDS)

    def _input(
        self, keys: list[str | tuple[str, int, int, int]], _: list[int]
    ) -> list[str | tuple[str, int, int, int]]:
        for key in keys:
            if key == "window resize":
                columns, rows = self._screen.get_cols_rows()
                self._tell(Resized(columns=columns, rows=rows))
            elif isinstance(key, str):
                self._tell(Key(key))
        return []
