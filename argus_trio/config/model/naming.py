"""How names of different backends stay apart, and what names are made of."""

from __future__ import annotations

import attrs

from argus_trio import Value
from argus_trio.config.model.about import about
from argus_trio.core.catalog.names import Strategy

BACKEND_NAME = "[A-Za-z0-9][A-Za-z0-9_.-]{0,31}"
"""The pattern of a backend's name."""
NAME_PART = "[A-Za-z0-9_./-]"
"""The pattern of one character of a separator or prefix: those that the protocol wants tool names to be made of."""


@attrs.frozen(kw_only=True)
class ConflictResolution(Value):
    """How names of different backends stay apart."""

    strategy: Strategy = attrs.field(default="prefix", metadata=about("what happens to names that two backends share"))
    separator: str = attrs.field(
        default="__", metadata=about("what stands between a prefix and a name", pattern=f"^{NAME_PART}+$")
    )
    order: tuple[str, ...] = attrs.field(
        default=(), metadata=about("backend names, the first to win; those left out follow in file order")
    )
