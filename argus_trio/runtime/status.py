"""The line that says how the gateway stands, for `systemctl status` and the like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import trio

from argus_trio.core.health.health import Health
from argus_trio.runtime.notify import Notifier

REFRESH_SECONDS: Final = 1.0
"""The shortest time between two status lines: as fresh as people need it, and cheap however fast calls come and go."""


def status_line(health: Health, calls: int) -> str:
    """The status line, such as "3 of 4 backends ready, 2 calls under way"."""
    counts = {"starting": health.starting, "preparing": health.preparing}
    others = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    starting = f" ({others})" if others else ""
    backends = "backend" if health.total == 1 else "backends"
    return (
        f"{health.healthy} of {health.total} {backends} ready{starting}, "
        f"{calls} call{'' if calls == 1 else 's'} under way"
    )


async def keep_status(notifier: Notifier, line: Callable[[], str]) -> None:
    """Tell `line()` whenever it has changed, at most every `REFRESH_SECONDS`; until cancelled."""
    while notifier.is_active:
        notifier.status(line())
        await trio.sleep(REFRESH_SECONDS)
