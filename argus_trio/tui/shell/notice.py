"""What is told in the last line but one, for a while."""

from __future__ import annotations

from typing import Final

import attrs

from argus_trio import Value
from argus_trio.tui.effect import Tell

NOTICE_SECONDS: Final = 8.0
"""How long it stays."""
FAULT_SECONDS: Final = 20.0
"""How long one stays that tells of a fault: it is longer, and not looked for."""
NOTICES_KEPT: Final = 100
"""How many of what was told can be read again."""
_WEIGHTS: Final = {"info": 0, "good": 0, "warning": 1, "error": 2}


@attrs.frozen(kw_only=True)
class Notice(Value):
    """A line for the user, and until when it is shown."""

    told: Tell
    until: float
    at: float
    """When it was told."""
    others: int = 0
    """How many were told since it is here, and are not shown: they weigh less."""


@attrs.frozen
class PastNotice(Value):
    """What was told, and when."""

    told: Tell
    at: float


def told_now(shown: Notice | None, told: Tell, now: float) -> Notice:
    """What is shown after something more was told: a fault is not hidden by what weighs less while it stays."""
    if shown and shown.until >= now and _WEIGHTS[shown.told.kind] > _WEIGHTS[told.kind]:
        return attrs.evolve(shown, others=shown.others + 1)
    seconds = FAULT_SECONDS if _WEIGHTS[told.kind] else NOTICE_SECONDS
    return Notice(told=told, until=now + seconds, at=now)
