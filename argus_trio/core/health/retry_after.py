"""Refusals for now: what a server says in `Retry-After`, seconds or an HTTP date (RFC 9110, section 10.2.3); sans I/O.

They say nothing of what was asked, so that it may be asked again.
"""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

from argus_trio.errors import HttpRefused, LinkFailed

LONGEST_SECONDS: Final = 24 * 3600.0
"""The longest wait that is believed: a date that is further away is a mistake, or a clock that is wrong."""

PATIENCE_SECONDS: Final = 5.0
"""The longest wait that is kept within one attempt: a sixth of `timeouts.connect`. A backend that wants longer is left,
and tried again when it wants it."""
PAUSE_SECONDS: Final = 1.0
"""The wait where a server does not say how long: many allow so many requests a second."""
LEAST_PAUSE_SECONDS: Final = 0.1
"""The wait where a server says none: it is not asked again at once."""

_TOO_MANY: Final = 429
_NOT_KNOWN: Final = frozenset({400, 404, 405, 406, 415, 422, 501})
_NUMBER: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")


def retry_after_seconds(value: str | None, date: str | None, now: float) -> float | None:
    """The wait that the server asks for, in seconds; None where it asks for none, or says it in no known way.

    `date` is when the server answered, by its own clock; without it a date is compared with `now`, in Unix time.
    """
    if value is None:
        return None
    if _NUMBER.fullmatch(value.strip()):
        return min(float(value), LONGEST_SECONDS)
    then = _moment(value)
    if then is None:
        return None
    answered = None if date is None else _moment(date)
    seconds = then.timestamp() - (now if answered is None else answered.timestamp())
    return round(min(max(seconds, 0.0), LONGEST_SECONDS), 3)


def is_for_now(failure: LinkFailed) -> bool:
    """Whether a refusal says nothing but that this is not the time: the same request may be answered later."""
    return failure.retry_after is not None or (isinstance(failure, HttpRefused) and failure.status == _TOO_MANY)


def is_unknown_method(failure: LinkFailed) -> bool:
    """Whether an HTTP status says that a server does not know what it was asked, and not some other reason."""
    return isinstance(failure, HttpRefused) and failure.status in _NOT_KNOWN


def short_pause(failure: LinkFailed) -> float | None:
    """The pause after which one who waits may ask the same again; None where there is none, or a longer one."""
    wait = PAUSE_SECONDS if failure.retry_after is None else failure.retry_after
    return max(wait, LEAST_PAUSE_SECONDS) if is_for_now(failure) and wait <= PATIENCE_SECONDS else None


def _moment(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text.strip())
    except (ValueError, OverflowError):
        return None
