"""What the front end is given by the rest of the house: the seam, and nothing behind it."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from argus_trio.core.exchange import Handler
from argus_trio.core.health import Health
from argus_trio.core.identity import Identity


@attrs.frozen(kw_only=True)
class Gateway:
    """The gateway behind the front end. Identity and health are asked for anew each time."""

    handler: Handler
    identity: Callable[[], Identity]
    health: Callable[[], Health]
