"""What is told in the last line but one, for a while."""

from __future__ import annotations

from typing import Final

import attrs

from argus_trio.tui.effect import Tell

NOTICE_SECONDS: Final = 8.0
"""How long it stays."""


@attrs.frozen
class Notice:
    """A line for the user, and until when it is shown."""

    told: Tell
    until: float
