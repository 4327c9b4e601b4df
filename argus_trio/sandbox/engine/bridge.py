"""One asyncio loop in one thread, called from trio with real cancellation. It knows nothing of engines.

Nothing of a call to a backend passes here: a hop between the loops costs more than the call.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Final, Generic, TypeVar

import attrs
import structlog
import trio

from argus_trio.errors import LinkFailed
from argus_trio.net.ending.last_moment import farewell

log = structlog.get_logger()

T = TypeVar("T")

CANCEL_SECONDS: Final = 1.0
"""How long a cancelled call is waited for on the other side: closing a socket takes microseconds, and what hangs
longer must hold up neither its caller nor a stop."""
CLOSE_SECONDS: Final = 2.0
"""How long the loop may take to end: a cancelled call each, and its thread. It is abandoned then, and dies with the
process."""


class BridgeClosed(Exception):
    """The loop has ended, or ends: nothing can be called over the bridge any more."""


@attrs.define(eq=False, repr=False, kw_only=True)
class _Crossing(Generic[T]):
    """One call. All but `ended` is touched in the loop's thread alone until that is set."""

    work: Callable[[], Coroutine[object, object, T]]
    token: trio.lowlevel.TrioToken
    ended: trio.Event = attrs.field(factory=trio.Event)
    task: asyncio.Task[T] | None = None
    is_given_up: bool = False

    def begin(self) -> None:
        if self.is_given_up:
            self._tell_ended()
            return
        self.task = asyncio.get_running_loop().create_task(self.work())
        self.task.add_done_callback(self._tell_ended)

    def give_up(self) -> None:
        self.is_given_up = True
        if self.task is not None:
            self.task.cancel()

    def _tell_ended(self, task: asyncio.Task[T] | None = None) -> None:
        if task is not None and not task.cancelled():
            task.exception()  # it has been looked at, so that asyncio does not complain where nobody waits any more
        with contextlib.suppress(trio.RunFinishedError):
            self.token.run_sync_soon(self.ended.set)


@attrs.define(eq=False, repr=False, kw_only=True)
class AsyncioBridge:
    """The way to the loop, for tasks of one trio run. `open_bridge` makes it."""

    _loop: asyncio.AbstractEventLoop
    _token: trio.lowlevel.TrioToken
    _is_closed: bool = False

    async def call(self, work: Callable[[], Coroutine[object, object, T]], *, patience: float = 0.0) -> T:
        """Run a coroutine function in the loop. What it raises arrives as it is.

        Who is cancelled cancels it there, once it has had `patience` seconds to end by itself, and waits until it has
        ended, for `CANCEL_SECONDS` at most.

        Raises:
            BridgeClosed: the loop has ended, or ended meanwhile.
        """
        crossing = _Crossing(work=work, token=self._token)
        self._soon(crossing.begin)
        try:
            await crossing.ended.wait()
        except trio.Cancelled:
            await self._give_up(crossing, patience)
            raise
        if crossing.task is None or crossing.task.cancelled():
            raise BridgeClosed
        return crossing.task.result()

    async def _give_up(self, crossing: _Crossing[T], patience: float) -> None:
        if patience:
            with trio.move_on_after(patience, shield=True):
                await crossing.ended.wait()
        try:
            self._soon(crossing.give_up)
        except BridgeClosed:
            return  # what is left in the loop is cancelled as it ends
        with trio.move_on_after(CANCEL_SECONDS, shield=True) as waiting:
            await crossing.ended.wait()
        if waiting.cancelled_caught:
            log.warning("engine_call_abandoned", seconds=CANCEL_SECONDS)

    def teller(self, tell: Callable[[str], None]) -> Callable[[str], None]:
        """A function for the loop's thread that has `tell` called in trio's, with the latest text alone.

        However fast it is called, one call at most is on its way, so a slow trio side is not flooded.
        """
        latest: list[str] = []

        def pass_on() -> None:
            text = latest[-1]
            latest.clear()
            tell(text)

        def put(text: str) -> None:
            is_on_its_way = bool(latest)
            latest[:] = [text]
            if not is_on_its_way:
                with contextlib.suppress(trio.RunFinishedError):
                    self._token.run_sync_soon(pass_on)

        return put

    def _soon(self, function: Callable[[], None]) -> None:
        if self._is_closed:
            raise BridgeClosed
        try:
            self._loop.call_soon_threadsafe(function)
        except RuntimeError as error:  # the loop's own word for being closed
            raise BridgeClosed from error

    def close(self) -> None:
        """Take no more calls."""
        self._is_closed = True


@asynccontextmanager
async def open_bridge() -> AsyncIterator[AsyncioBridge]:
    """A bridge for the length of the block. Calls that are still under way at its end are cancelled.

    The thread is gone then, or hangs in a call that does not give up and has been abandoned: that is logged.

    Raises:
        LinkFailed: on entering, if the machine has no thread or no descriptors for it.
    """
    token = trio.lowlevel.current_trio_token()
    host = _LoopThread(token=token)
    thread = threading.Thread(target=host.run, name="argus-trio-engine", daemon=True)
    try:
        thread.start()
    except RuntimeError as error:
        raise LinkFailed(f"no container can be started: {error}") from error
    with trio.CancelScope(shield=True):
        await host.started.wait()
    if host.fault is not None:
        raise LinkFailed(f"no container can be started: {host.fault.strerror}") from host.fault
    bridge = AsyncioBridge(loop=host.loop(), token=token)
    try:
        yield bridge
    finally:
        bridge.close()
        host.stop()
        with farewell(CLOSE_SECONDS):
            await host.ended.wait()
        if host.ended.is_set():
            thread.join()  # it has said its last word: there is nothing left to wait for
        else:
            log.warning("engine_thread_abandoned", seconds=CLOSE_SECONDS)


@attrs.define(eq=False, repr=False, kw_only=True)
class _LoopThread:
    token: trio.lowlevel.TrioToken
    started: trio.Event = attrs.field(factory=trio.Event)
    ended: trio.Event = attrs.field(factory=trio.Event)
    fault: OSError | None = None
    """Why it did not start."""
    _stopping: asyncio.Event | None = None
    _loop: asyncio.AbstractEventLoop | None = None

    def run(self) -> None:
        try:
            with asyncio.Runner() as runner:
                runner.get_loop()  # it takes descriptors: a coroutine that is there by then would never be awaited
                runner.run(self._main())
        except OSError as error:
            self.fault = error
        finally:
            self._tell(self.started)
            self._tell(self.ended)

    async def _main(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        self._tell(self.started)
        await self._stopping.wait()

    def loop(self) -> asyncio.AbstractEventLoop:
        assert self._loop is not None  # noqa: S101 - it has started
        return self._loop

    def stop(self) -> None:
        """End the loop, which cancels what is left in it."""
        if self._loop is not None and self._stopping is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._stopping.set)

    def _tell(self, event: trio.Event) -> None:
        with contextlib.suppress(trio.RunFinishedError):
            self.token.run_sync_soon(event.set)
