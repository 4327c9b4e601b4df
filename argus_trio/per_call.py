"""What each call makes anew, in C: it costs a tenth of an attrs class whose fields are given by name.

Neither equals anything but itself, and neither shows what it holds. Fields that nobody gives begin with an underscore,
or say so.
"""

from __future__ import annotations

import msgspec


class PerCall(msgspec.Struct, eq=False, weakref=True):
    """What derives from this lives as long as a call or a request, and changes meanwhile."""

    __repr__ = object.__repr__


class PerCallValue(msgspec.Struct, eq=False, frozen=True):
    """What derives from this is made for a call or a request, and stays as it is."""

    __repr__ = object.__repr__
