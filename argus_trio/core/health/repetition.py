"""The same thing, again and again: when it is worth a line of the log. Sans I/O."""

from __future__ import annotations

from collections.abc import Hashable

import attrs


@attrs.define(eq=False, repr=False)
class Repetition:
    """How often the same has happened in a row."""

    times: int = attrs.field(default=0, init=False)
    """How often, by now."""
    _what: Hashable = attrs.field(default=None, init=False)

    def happened(self, what: Hashable) -> bool:
        """Note that `what` has happened; whether it is something else than the last time, or the first since `end`."""
        is_new = not self.times or what != self._what
        self.times, self._what = 1 if is_new else self.times + 1, what
        return is_new

    @property
    def is_worth_telling(self) -> bool:
        """Whether the number of times is one to be told: 1, 2, 4, 8 and so on, ever more rarely, and never the last."""
        return self.times.bit_count() == 1

    def end(self) -> None:
        """Note that something else came in between."""
        self.times = 0
