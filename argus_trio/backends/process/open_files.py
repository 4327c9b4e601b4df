"""How many files the gateway may have open, and what its backends get of that.

A gateway takes as many as it is allowed. A program behind it gets the soft limit that the gateway was started with:
some use select(), which fails beyond 1024, and some close every descriptor up to the limit when they start another.
"""

from __future__ import annotations

import resource
from typing import Final

import structlog

log = structlog.get_logger()

SOFT_LIMIT_AT_START: Final = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
"""The soft limit that this process was started with: taken when this is loaded, before anything raises it."""


def raise_open_files() -> None:
    """Raise the soft limit of this process to the hard one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == hard:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError) as refused:  # a hard limit above what the kernel gives now
        log.debug("open_files_not_raised", soft=soft, hard=hard, reason=str(refused))
        return
    log.debug("open_files_raised", limit=hard, before=soft, backends_get=SOFT_LIMIT_AT_START)
