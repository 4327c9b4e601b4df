"""The levels of the log: nothing but their names, so that help costs no import."""

from __future__ import annotations

from typing import Final

LEVELS: Final = ("debug", "info", "warning", "error")
"""The levels that a log can be limited to, from the most verbose to the gravest."""
