"""A dashboard without a gateway, as a program of its own: it tells on stderr what it is told, and does what keys
say."""

from __future__ import annotations

import os
import sys
from typing import cast

import attrs
import trio

from argus_trio.tui.effect import Tell
from argus_trio.tui.message import DashboardMessage, Key, Resized
from argus_trio.tui.pages.page import DashboardPage
from argus_trio.tui.shell.model import Model
from argus_trio.tui.shell.notice import PastNotice, told_now
from argus_trio.tui.shell.update import first
from argus_trio.tui.state.world import World
from argus_trio.tui.terminal.appearance import appearance
from argus_trio.tui.terminal.clipboard import copied
from argus_trio.tui.terminal.display import Display
from argus_trio.tui.terminal.signals import suspend


class Program:
    """`q` leaves, `X` crashes, `V` makes the view crash, `B` changes all the time, `S` stops as Ctrl-Z, `C` copies."""

    def __init__(self) -> None:
        self.model: Model = first(World(shown="nowhere", look=appearance(os.environ))).value
        self.display = Display(lambda: self.model, self.tell)

    def tell(self, message: DashboardMessage) -> None:
        print(message, file=sys.stderr, flush=True)
        if isinstance(message, Resized):
            world = attrs.evolve(self.model.world, columns=message.columns, rows=message.rows)
            self.model = attrs.evolve(self.model, world=world)
        if isinstance(message, Key):
            self.notice(f"pressed {message.name}")
            self.do(message.name)
        self.display.show()

    def do(self, key: str) -> None:
        if key in ("q", "ctrl c"):
            self.display.leave()
        elif key == "X":
            raise ValueError("the update broke")
        elif key == "V":
            self.model = attrs.evolve(self.model, stacks={"1": (cast("DashboardPage", object()),)})
        elif key == "B":
            self.nursery.start_soon(self.busy)
        elif key == "S":
            suspend()
        elif key == "C":
            self.display.write(copied("what is copied", os.environ))

    def notice(self, text: str) -> None:
        told = Tell(text=text)
        self.model = attrs.evolve(
            self.model, notice=told_now(self.model.notice, told, 0.0), told=(PastNotice(told, 0.0),)
        )

    async def busy(self) -> None:
        for count in range(1_000_000):
            self.notice(f"{count} " * 40)
            self.display.show()
            await trio.sleep(0.002)

    async def run(self) -> int:
        async with trio.open_nursery() as self.nursery:
            await self.display.run()
            self.nursery.cancel_scope.cancel()
        return 128 + self.display.left_by if self.display.left_by else 0


if __name__ == "__main__":
    sys.exit(trio.run(Program().run))
