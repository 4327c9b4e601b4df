"""Whether a program that has not answered yet is at work or silent, judged by samples of what it does; sans I/O.

An `npx` that installs packages, a Python that imports for long: those are busy, and to be waited for. A server that
reads a request and says nothing is silent.
"""

from __future__ import annotations

from typing import Final

import attrs

from argus_trio import Value

WORK_SECONDS: Final = 0.05
"""Processor time since the last sample that counts as work: a server that only waits uses a hundredth of it."""


@attrs.frozen(kw_only=True)
class Activity(Value):
    """What a program has done so far. All of it only grows."""

    messages: int
    """Messages that it has sent."""
    output_bytes: int
    """Bytes that it has written to stdout and stderr."""
    processor_seconds: float
    """Processor time that it and its descendants have used, as far as they are still to be seen."""


@attrs.define(eq=False, repr=False)
class ActivityMonitor:
    """What samples of one start say. `started_at` is when the first was taken; times are of the caller's clock."""

    first: Activity
    started_at: float
    _last: Activity = attrs.field(init=False)
    _busy_at: float = attrs.field(init=False)
    _busy_seconds: float = attrs.field(default=0.0, init=False)
    _sampled_at: float = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._last, self._busy_at, self._sampled_at = self.first, self.started_at, self.started_at

    def sample(self, activity: Activity, now: float) -> None:
        """Take what the program has done until now."""
        last, self._last = self._last, activity
        worked = abs(activity.processor_seconds - last.processor_seconds) >= WORK_SECONDS
        if worked or activity.output_bytes != last.output_bytes or activity.messages != last.messages:
            self._busy_seconds += now - self._sampled_at
            self._busy_at = now
        self._sampled_at = now

    @property
    def has_spoken(self) -> bool:
        """Whether the program has sent a message."""
        return self._last.messages > 0

    @property
    def busy_seconds(self) -> float:
        """How long the program has been at work before its first message, in seconds."""
        return self._busy_seconds

    def silent_seconds(self, now: float) -> float:
        """How long nothing has moved, in seconds."""
        return now - self._busy_at
