"""What a look at one backend comes to."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class Diagnosis:
    """Why something fails, and what to do."""

    what: str
    advice: str
