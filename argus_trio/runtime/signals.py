"""What signals ask for: the stop of the gateway, and reloads."""

from __future__ import annotations

import signal

import structlog
import trio

from argus_trio.runtime.changes.reload import ReloadSupervisor
from argus_trio.runtime.stopping import Stopping

log = structlog.get_logger()


async def stop_on_signals(
    stopping: Stopping, everything: trio.CancelScope, *, task_status: trio.TaskStatus[None]
) -> None:
    """Begin the stop at the first TERM or INT, and cancel `everything` at a second one; until cancelled."""
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        task_status.started()
        async for number in signals:
            if stopping.event.is_set():
                log.warning("stopping_at_once", signal=signal.Signals(number).name)
                stopping.cut(everything)
            else:
                stopping.begin(signal.Signals(number).name)


async def reload_on_signals(reloads: ReloadSupervisor, *, task_status: trio.TaskStatus[None]) -> None:
    """Ask for a reload at each HUP; until cancelled, for one that comes during the stop must not end the process."""
    with trio.open_signal_receiver(signal.SIGHUP) as signals:
        task_status.started()
        async for _ in signals:
            reloads.ask("signal")
