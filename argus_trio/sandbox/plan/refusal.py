"""How a plan comes to an early end: what cannot be isolated, and what is not done at all. Both end in `plan.py`."""

from __future__ import annotations


class NotIsolated(Exception):
    """A backend cannot be isolated, and may run bare; the text is one sentence, with the way out."""


class PlanRefused(Exception):
    """A backend is not run as it is configured; the text is one sentence, with what to write."""
