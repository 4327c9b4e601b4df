"""What is in effect in the running gateway: what the file says, and what operators decided besides."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from argus_trio.config.model.config import Config
from argus_trio.core.control import Hold


@attrs.define(eq=False, repr=False, kw_only=True)
class InEffect:
    """What is in effect; changed by one change at a time."""

    config: Config
    """The configuration, without what operators decided."""
    holds: Mapping[str, Hold] = attrs.field(factory=dict)
    """What they decided, by the names of backends."""
    generation: int = 1
    """The number of the generation that came of both."""
    is_known: bool = True
    """False once a change failed in its middle: then what is in effect may be a part of it."""
