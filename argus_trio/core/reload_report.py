"""The report of one reload: a value for the log, the API and the status line. It holds no secret."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import attrs

from argus_trio import Value
from argus_trio.errors import Problem

Trigger = Literal["start", "file", "signal", "request"]
"""What asked for a reload: the start of the gateway, a changed file, SIGHUP, `POST /manage/v1/reload`."""


@attrs.frozen(kw_only=True)
class AppliedConfig(Value):
    """What a reload did to each backend: every name is in exactly one of the first five, in the order of the file."""

    generation: int
    """The number of the configuration that is in effect now; the first is 1."""
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    """The backends with another link, where a new connection took over."""
    adjusted: tuple[str, ...] = ()
    """The backends with the same link and other filters, names, timeouts or limits."""
    untouched: tuple[str, ...] = ()
    not_ready: tuple[str, ...] = ()
    """The backends in `added` and `changed` that were not ready when the reload was over: in effect all the same."""
    still_starting: tuple[str, ...] = ()
    """The backends in `not_ready` that had not failed either, added or waited for no longer: they come in as they
    become ready."""


@attrs.frozen(kw_only=True)
class ReloadReport(Value):
    """The report of one reload. `applied` tells what is in effect after it, also where nothing was changed."""

    at: datetime
    """When the reload began."""
    duration: float
    """How long the reload took, in seconds."""
    triggers: tuple[Trigger, ...]
    """What asked for the reload; several where requests were taken together."""
    applied: AppliedConfig
    is_applied: bool
    """Whether what the file says is in effect now."""
    is_unchanged: bool = False
    """Whether the file says the same as before, so that nothing was changed."""
    problems: tuple[Problem, ...] = ()
    """Why the configuration is not applied, all at once and in file order."""
    needs_restart: tuple[str, ...] = ()
    """The settings whose new value waits for the next start, such as `server.port`."""
    error_id: str | None = None
    """The id of the log entry about a fault of the gateway itself, where that is why it is not applied."""
    is_stopping: bool = False
    """Whether the stop of the gateway cut the reload."""
    by: tuple[str, ...] = ()
    """The names of the principals who asked for it over the management API."""
    holds_dropped: tuple[str, ...] = ()
    """The backends that were disabled or drained by an operator and are so no more: their entries changed."""
