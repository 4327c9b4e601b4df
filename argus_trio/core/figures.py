"""Figures of calls, by backend and tool; sans I/O. Recorded once, at the end of a call."""

from __future__ import annotations

from typing import Final, Literal

import attrs

CallOutcome = Literal["ok", "tool_error", "error", "cancelled"]
"""How a call ended: with a result, with one that says `isError`, with an error, or before its time."""
OTHER: Final = "_other"
"""What stands for names that the catalog does not have: a client may make up any number of them."""


@attrs.define(eq=False, kw_only=True)
class Figures:
    """How often, how long and how well, by backend and tool."""

    def record(self, backend: str, tool: str, outcome: CallOutcome, seconds: float) -> None:
        """Count a call that has ended; `backend` is empty where it went to none, `tool` where it is no tool call."""
