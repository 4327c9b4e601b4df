"""What a look at one backend comes to."""

from __future__ import annotations

import attrs

from argus_trio import Value


@attrs.frozen(kw_only=True)
class Diagnosis(Value):
    """Why something fails, and what to do."""

    what: str
    advice: str
