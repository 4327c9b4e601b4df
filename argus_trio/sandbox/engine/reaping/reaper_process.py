"""The gateway's side of the reaper: it runs as long as the engine is in use, and is told whether anything is left."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import attrs
import structlog
import trio

from argus_trio.net.ending.last_moment import farewell
from argus_trio.net.service_nursery import ServiceNursery
from argus_trio.sandbox.engine.control import EngineControl
from argus_trio.sandbox.engine.failure import EngineFailed
from argus_trio.sandbox.engine.reaping.reaper import DONE, LAST
from argus_trio.sandbox.plan.launch import INSTANCE_LABEL

log = structlog.get_logger()

REAPER: Final = Path(__file__).with_name("reaper.py")
REAPER_AGAIN_SECONDS: Final = 1.0
"""The pause before another reaper is started for one that was killed."""
LAST_LOOK_SECONDS: Final = 1.0
"""How long a stop waits for the engine to say whether anything is left; if it does not, the reaper looks."""
REAPER_END_SECONDS: Final = 1.0
"""How long a reaper may take to leave once nothing is left, or to remove what is; it goes on by itself after that."""
_LEFT: Final = "the engine has not removed them in time: the reaper goes on after the gateway has ended"


@attrs.define(eq=False, repr=False)
class _Reaper:
    socket: socket.socket
    process: trio.Process

    async def leave(self, *, is_clean: bool) -> None:
        """Let it go: with nothing to do, or with what is left."""
        with self.socket, contextlib.suppress(OSError):  # it was killed just now
            self.socket.send(DONE if is_clean else LAST)
        await self.process.wait()


@attrs.define(eq=False, repr=False)
class _Reapers:
    """The reaper of an engine, and the one after it should it be killed."""

    engine: Path
    instance: str
    current: _Reaper | None = None

    async def run(self, *, task_status: trio.TaskStatus[None]) -> None:
        self.current = await self._started()
        task_status.started()
        while True:
            if self.current is not None:
                code = await self.current.process.wait()
                self.current.socket.close()
                self.current = None
                log.warning("container_reaper_lost", exit_code=code, hint="another one is started")
            await trio.sleep(REAPER_AGAIN_SECONDS)
            self.current = await self._started()

    async def _started(self) -> _Reaper | None:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = await trio.lowlevel.open_process(
                    [sys.executable, "-I", "-S", str(REAPER), str(theirs.fileno()), str(self.engine), self.instance],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env={},
                    cwd="/",
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,
                )
            except OSError as error:
                ours.close()
                log.warning("container_reaper_failed", reason=error.strerror, hint="it is tried again")
                return None
            except BaseException:
                ours.close()
                raise
        return _Reaper(ours, process)


@asynccontextmanager
async def reaping(control: EngineControl, instance: str) -> AsyncIterator[None]:
    """A block whose containers are removed even if the gateway is killed in it: those with the label of `instance`."""
    reapers = _Reapers(control.facts.socket, instance)
    try:
        async with ServiceNursery() as nursery:
            await nursery.start(reapers.run)
            yield
    finally:
        if reapers.current is not None:
            is_clean = False
            with farewell(LAST_LOOK_SECONDS):
                is_clean = await _is_clean(control, instance)
            with farewell(REAPER_END_SECONDS):
                await reapers.current.leave(is_clean=is_clean)


async def _is_clean(control: EngineControl, instance: str) -> bool:
    try:
        left = await control.containers(f"{INSTANCE_LABEL}={instance}")
    except EngineFailed:
        return False
    if left:
        log.warning("containers_left_to_reaper", containers=len(left), hint=_LEFT)
    return not left
