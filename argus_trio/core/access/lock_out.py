"""The lock-out of an address that brings wrong credentials: its refusals are held back, and no right one."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Final

import attrs

MOST_WRONG: Final = 10
"""How many wrong credentials one address may bring in `WINDOW_SECONDS` before its refusals are held back: more than a
person mistypes, and than a client that is set up wrongly tries before it gives up."""
WINDOW_SECONDS: Final = 60.0
FIRST_HOLD_SECONDS: Final = 0.0625
LONGEST_HOLD_SECONDS: Final = 1.0
"""How long a refusal is held back at most: guessing gets slow, and no connection is held for long."""
MOST_ADDRESSES: Final = 4096
"""How many addresses are remembered; the one that was wrong the longest ago is forgotten first."""


@attrs.define(eq=False, repr=False)
class _WrongOnes:
    """What is remembered of one address."""

    times: deque[float] = attrs.field(factory=lambda: deque(maxlen=MOST_WRONG))
    held: int = 0
    """How many refusals in a row were held back."""


@attrs.define(eq=False, repr=False)
class LockOut:
    """Counts wrong credentials by address."""

    _addresses: OrderedDict[str, _WrongOnes] = attrs.field(factory=OrderedDict, init=False)

    def note(self, network: str, now: float) -> float:
        """Take note of a wrong credential from there; the seconds for which its refusal is to be held back."""
        wrong = self._addresses.setdefault(network, _WrongOnes())
        self._addresses.move_to_end(network)
        if len(self._addresses) > MOST_ADDRESSES:
            self._addresses.popitem(last=False)
        is_locked = len(wrong.times) == MOST_WRONG and now - wrong.times[0] <= WINDOW_SECONDS
        wrong.times.append(now)
        wrong.held = wrong.held + 1 if is_locked else 0
        return min(FIRST_HOLD_SECONDS * 2 ** min(wrong.held - 1, 8), LONGEST_HOLD_SECONDS) if is_locked else 0.0
