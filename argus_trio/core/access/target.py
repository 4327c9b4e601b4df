"""What a call is aimed at, by the names that rules go by."""

from __future__ import annotations

from typing import Literal

import attrs

from argus_trio import Value

TargetKind = Literal["tool", "prompt", "resource", "method", "manage"]


@attrs.frozen(kw_only=True, eq=True, unsafe_hash=True)  # each decision looks it up
class Target(Value):
    """One tool, prompt or resource; a method that has none of them; or a right of the management API."""

    kind: TargetKind
    shown: str
    """The name or URI by which clients know it."""
    backend: str | None = None
    """Whose it is, where that is known."""
    own: str = ""
    """The name or URI by which the backend knows it."""
    spellings: tuple[str, ...] = ()
    """More spellings of a URI that mean the same; a rule that matches one of them speaks of it."""
