"""The program that a client starts to reach the gateway by stdio: this one, by its full path."""

from __future__ import annotations

import os
import sys
from pathlib import Path

NAME = "argus-trio"


def bridge_command() -> tuple[str, ...]:
    """How this program is started, from any folder and with any PATH."""
    started = Path(sys.argv[0])
    if started.name == NAME:
        return (str(started.absolute()),)
    beside = Path(sys.executable).parent / NAME
    if os.access(beside, os.X_OK):
        return (str(beside),)
    return (sys.executable, "-m", "argus_trio")
