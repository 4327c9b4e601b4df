"""The level of the log, which can be changed while the gateway runs; sans I/O."""

from __future__ import annotations

from typing import Final, Literal, get_args

import attrs

LogLevel = Literal["debug", "info", "warning", "error"]
LEVELS: Final[tuple[LogLevel, ...]] = get_args(LogLevel)
"""The levels that a log can be limited to, from the most verbose to the gravest."""
_NUMBERS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}


@attrs.define(eq=False, repr=False)
class CurrentLevel:
    """The level that holds now: who logs looks at `number` each time."""

    name: LogLevel = "info"
    number: int = attrs.field(init=False)
    """As the standard library numbers levels."""

    def __attrs_post_init__(self) -> None:
        self.number = _NUMBERS[self.name]

    def change(self, name: LogLevel) -> None:
        """Let another level hold from now on."""
        self.name, self.number = name, _NUMBERS[name]
