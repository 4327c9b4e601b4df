"""What a call is aimed at, by the names that rules go by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import attrs

from argus_trio.core.call.exchange import Call

TargetKind = Literal["tool", "prompt", "resource", "method", "manage"]


@attrs.frozen(kw_only=True)
class Target:
    """One tool, prompt or resource, or a method that has none of them."""

    kind: TargetKind
    shown: str
    """The name or URI by which clients know it."""
    backend: str | None = None
    own: str = ""
    """The name or URI by which the backend knows it."""


Resolve = Callable[[Call], Target | None]
"""What a call is aimed at; None if what it names does not exist, or nobody has said yet whether it does."""
