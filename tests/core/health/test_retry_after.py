"""`Retry-After` in both of its forms, and the refusals that say nothing but that this is not the time."""

from __future__ import annotations

import pytest

from argus_trio.core.health.retry_after import (
    LEAST_PAUSE_SECONDS,
    LONGEST_SECONDS,
    PAUSE_SECONDS,
    is_for_now,
    is_unknown_method,
    retry_after_seconds,
    short_pause,
)
from argus_trio.errors import HttpRefused, LinkFailed

NOW = 784_111_777.0
"""Sun, 06 Nov 1994 08:49:37 GMT."""


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        (None, None, None),
        ("120", None, 120.0),
        (" 7 ", None, 7.0),
        ("1.5", None, 1.5),
        ("0", None, 0.0),
        ("-1", None, None),
        ("soon", None, None),
        ("", None, None),
        ("999999999", None, LONGEST_SECONDS),
        ("Sun, 06 Nov 1994 08:50:37 GMT", None, 60.0),
        ("Sun, 06 Nov 1994 08:49:00 GMT", None, 0.0),
        ("Sunday, 06-Nov-94 08:50:37 GMT", None, 60.0),
        ("Sun, 06 Nov 1994 08:50:37 GMT", "Sun, 06 Nov 1994 08:50:30 GMT", 7.0),
        ("Sun, 06 Nov 1994 08:50:37 GMT", "yesterday", 60.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", None, LONGEST_SECONDS),
    ],
)
def test_both_forms_are_seconds_from_now(value: str | None, date: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(value, date, NOW) == seconds


@pytest.mark.parametrize(
    ("failure", "pause"),
    [
        (HttpRefused(429, "busy"), PAUSE_SECONDS),
        (HttpRefused(503, "busy", retry_after=2.0), 2.0),
        (HttpRefused(429, "busy", retry_after=0.0), LEAST_PAUSE_SECONDS),
        (HttpRefused(429, "busy", retry_after=60.0), None),
        (HttpRefused(503, "down"), None),
        (LinkFailed("gone"), None),
    ],
)
def test_a_short_pause_is_kept_and_a_long_one_is_not(failure: LinkFailed, pause: float | None) -> None:
    assert short_pause(failure) == pause
    assert is_for_now(failure) is (pause is not None or failure.retry_after is not None)


def test_a_status_says_whether_the_method_was_the_reason() -> None:
    assert is_unknown_method(HttpRefused(400, "no"))
    assert not any(is_unknown_method(failure) for failure in (HttpRefused(401, "no"), HttpRefused(503, "no")))
    assert not is_unknown_method(LinkFailed("gone"))
