"""The usual bounds, and how they go together."""

from __future__ import annotations

import attrs

from argus_trio.frontend.http.limits import Limits

LIMITS = Limits(body_bytes=4 * 1024 * 1024)


def test_every_bound_is_a_time_or_a_size_that_lets_something_through() -> None:
    assert all(value > 0 for value in attrs.asdict(LIMITS).values())


def test_a_stall_is_noticed_before_the_whole_time_has_passed() -> None:
    assert LIMITS.body_stall < LIMITS.body_total


def test_a_connection_is_open_longer_than_common_proxies_keep_theirs() -> None:
    assert LIMITS.keep_alive > 60
