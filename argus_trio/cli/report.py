"""How commands that load the gateway complain: problems of the configuration, and doors that stay shut."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from argus_trio.config.check.report import render_problems
from argus_trio.errors import ConfigInvalid, LinkFailed, ListenFailed

STDERR: Final = 2
"""The descriptor of the log and of complaints: written to directly, for `sys.stderr` is None where it was closed."""


def reported(work: Callable[[], int | None]) -> int:
    """Do something; its exit code, or 1 with what is wrong on stderr."""
    try:
        return work() or 0
    except ConfigInvalid as invalid:
        complain(render_problems(invalid))
        return 1
    except (ListenFailed, LinkFailed) as failure:
        complain(f"argus-trio: {failure}")
        return 1


def complain(text: str) -> None:
    """Say what is wrong."""
    with suppress(OSError):  # a stderr that is closed or full must not change the exit code
        os.write(STDERR, text.encode("utf-8", "backslashreplace") + b"\n")
