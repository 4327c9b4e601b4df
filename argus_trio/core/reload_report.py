"""What became of one reload: a value for the log, the API and the status line. It holds no secret."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import attrs

from argus_trio.core.applied import AppliedConfig
from argus_trio.errors import Problem

Trigger = Literal["start", "file", "signal", "request"]
"""What asked for it: the start of the gateway, a changed file, SIGHUP, `POST /manage/v1/reload`."""


@attrs.frozen(kw_only=True)
class ReloadReport:
    """The report of one reload. `applied` tells what is in effect since, also where nothing was changed."""

    at: datetime
    """When it began."""
    duration: float
    """In seconds."""
    triggers: tuple[Trigger, ...]
    """Several where requests were taken together."""
    applied: AppliedConfig
    is_applied: bool
    """Whether what the file says is in effect."""
    is_unchanged: bool = False
    """Whether the file says the same as before."""
    problems: tuple[Problem, ...] = ()
    """Why it is not, all at once and in file order."""
    needs_restart: tuple[str, ...] = ()
    """Settings whose new value waits for the next start, such as `server.port`."""
    error_id: str | None = None
    """Under which the log tells of a fault of the gateway itself, where that is why."""
    is_stopping: bool = False
    """Whether it was cut by the stop of the gateway."""
