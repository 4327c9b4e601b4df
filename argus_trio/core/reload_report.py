"""What became of one reload: a value for the log, the API and the status line. It holds no secret."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import attrs

from argus_trio.errors import Problem

Trigger = Literal["start", "file", "signal", "request"]
"""What asked for it: the start of the gateway, a changed file, SIGHUP, `POST /manage/v1/reload`."""


@attrs.frozen(kw_only=True)
class AppliedConfig:
    """The backends by name, each in exactly one of the first five; in the order of the files, the new one first."""

    generation: int
    """The number of the configuration that is in effect now; the first is 1."""
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    """Another link: a new connection took over."""
    adjusted: tuple[str, ...] = ()
    """The same link, with other filters, names, timeouts or limits."""
    untouched: tuple[str, ...] = ()
    not_ready: tuple[str, ...] = ()
    """Those of `added` and `changed` that could not be reached in time: in effect all the same, down and healing."""


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
