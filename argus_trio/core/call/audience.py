"""An audience: for whom something is listed, and who is told when that has changed."""

from __future__ import annotations

from typing import Final

import attrs

from argus_trio.core.access.principal import ANONYMOUS, Principal
from argus_trio.core.call.abilities import NONE, Abilities


@attrs.frozen(kw_only=True)
class Audience:
    """One client, as far as it depends on it what it is shown."""

    abilities: Abilities = NONE
    """What it can be asked."""
    principal: Principal = ANONYMOUS
    """Who it is, as far as its last request said."""
    endpoint: str = ""
    """The view whose endpoint it uses; empty for the one that shows all."""


ANYBODY: Final = Audience()
"""A client that is nobody in particular."""
