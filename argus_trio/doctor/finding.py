"""What the doctor finds."""

from __future__ import annotations

from typing import Literal

import attrs

from argus_trio import Value

FindingSeverity = Literal["problem", "warning"]
"""A problem keeps something from working, and makes the exit code 1; a warning may."""


@attrs.frozen(kw_only=True)
class DoctorFinding(Value):
    """Something that is wrong, and what to do."""

    severity: FindingSeverity
    about: str
    """What it is about, as the user knows it: a backend's name, `config.yaml`, `port 9000`, a client's file."""
    what: str
    """What is wrong."""
    advice: str
    """What to do: a command, or what to write where."""
