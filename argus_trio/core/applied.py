"""What became of a configuration that took effect: values only, for the log, the API and the status line."""

from __future__ import annotations

import attrs


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
