"""The gateway that `doctor` runs for a moment: the one of `serve`, of which nothing is heard."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog

from argus_trio.app import run_gateway
from argus_trio.config.model.config import Config
from argus_trio.core.log_level import CurrentLevel
from argus_trio.core.redaction import Redactor
from argus_trio.doctor.backends.trial import OnListening
from argus_trio.logs.setup import set_up_logs

_OF_MANAGER: Final = (
    "NOTIFY_SOCKET",
    "WATCHDOG_USEC",
    "WATCHDOG_PID",
    "LISTEN_FDS",
    "LISTEN_PID",
    "LISTEN_FDNAMES",
    "LISTEN_PIDFDID",
)
"""What a service manager tells the gateway that it starts: a trial is none of its business."""


@contextmanager
def untold() -> Iterator[None]:
    """Have nothing logged meanwhile."""
    set_up_logs("json", CurrentLevel("error"), Redactor(), _nowhere, colours=False)
    try:
        yield
    finally:
        structlog.reset_defaults()


async def start_quietly(config: Config, *, on_listening: OnListening) -> None:
    """Run a gateway until it is told to stop. Raises what `run_gateway` raises."""
    for name in _OF_MANAGER:
        os.environ.pop(name, None)
    await run_gateway(config, on_listening=on_listening, redact=Redactor(config.secrets))


def _nowhere(_: str) -> None: ...
