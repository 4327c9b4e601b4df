"""When Python looks for cyclic garbage: seldom, never among what lasts as long as the gateway, and little at a time.

Nobody is served meanwhile, and a look takes 0.3 µs for each object: a session has 17. So what was made of late is
looked at in parts of some thousands, and all of it together after millions only. Calls leave hardly any cycles, and
sessions none.
"""

from __future__ import annotations

import gc
from typing import Final

THRESHOLDS: Final = (2500, 2, 2000)
"""Objects made for a look at the young, looks at the young for one at the middle-aged, and of those for a full one.
Those that came and went do not count. The first two bound what a look goes through: with (10,000, 20), 200,000 objects
of new sessions, for 30 to 70 ms."""


def look_seldom() -> None:
    """Leave out from now on all that there is, and look seldom at the rest.

    What the start has left is not looked through: that takes 70 to 90 ms, when clients may be there already, and finds
    next to nothing.
    """
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
