"""The protocol revisions of MCP and what belongs to each; tables only."""

from __future__ import annotations

from enum import Enum
from typing import Final


class Era(Enum):
    """The era in which a peer speaks: legacy (`initialize`, sessions) or modern (stateless, `server/discover`)."""

    LEGACY = "legacy"
    MODERN = "modern"


LEGACY_REVISIONS: Final = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
MODERN_REVISIONS: Final = ("2026-07-28",)
REVISIONS: Final = LEGACY_REVISIONS + MODERN_REVISIONS
"""Every revision that the gateway speaks, oldest first."""

LATEST_LEGACY: Final = LEGACY_REVISIONS[-1]
LATEST_MODERN: Final = MODERN_REVISIONS[-1]

BATCH_REVISION: Final = "2025-03-26"
"""The one revision with JSON-RPC batches (removed again in 2025-06-18)."""


def era_of(revision: str) -> Era | None:
    """The era of a revision; None if the gateway does not speak it."""
    if revision in MODERN_REVISIONS:
        return Era.MODERN
    return Era.LEGACY if revision in LEGACY_REVISIONS else None
