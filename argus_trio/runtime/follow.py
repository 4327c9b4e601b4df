"""Follows the configuration file: a change of it, or of a file that it names, is a reload."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from argus_trio.config.file import ConfigFile
from argus_trio.config.read.sources import Stamps
from argus_trio.runtime.changes.reload import ReloadSupervisor

WaitForChange = Callable[[Stamps], Awaitable[None]]
"""Waits until one of these files is there and has changed, and then for a quiet moment."""


async def follow(file: ConfigFile, reloads: ReloadSupervisor, wait_for_change: WaitForChange) -> None:
    """Ask for a reload at each change, for as long as `server.watch` says so; until cancelled."""
    while True:
        if not reloads.config.server.watch:
            await reloads.ended()
            continue
        stamps = file.stamps
        await wait_for_change(stamps)
        if file.stamps is stamps:  # else it was read for another reason in the meantime
            await reloads.reload("file")
