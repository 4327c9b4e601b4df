"""When a stream that ended is opened again."""

from __future__ import annotations

import attrs
import pytest

from argus_trio.errors import HttpRefused, LinkFailed
from argus_trio.net.reconnect import Reconnect, ReconnectPace, is_final

PACE = ReconnectPace(first_seconds=1.0, longest_seconds=5.0, least_seconds=0.1)


def waits(pace: ReconnectPace, streams: str, retry: int | None = None) -> list[float]:
    """The wait after each stream: `+` is one that brought something, `-` one that brought nothing."""
    reconnect = Reconnect(pace)
    found: list[float] = []
    for each in streams:
        reconnect.ended(has_brought=each == "+")
        found.append(reconnect.wait_seconds(retry))
    return found


def test_the_wait_doubles_while_streams_bring_nothing_and_begins_anew_after_one_that_did() -> None:
    assert waits(PACE, "----+--") == [1, 2, 4, 5, 1, 2, 4]


def test_before_any_stream_has_ended_the_first_wait_holds() -> None:
    assert Reconnect(PACE).wait_seconds() == 1
    assert Reconnect(PACE).wait_seconds(300) == 0.3


def test_the_wait_stays_where_the_longest_is_the_first() -> None:
    assert waits(attrs.evolve(PACE, longest_seconds=1.0), "---+-") == [1] * 5


@pytest.mark.parametrize(("retry", "seconds"), [(0, 0.1), (99, 0.1), (2500, 2.5), (60_000, 60.0)])
def test_what_the_server_asked_for_holds_but_is_never_at_once(retry: int, seconds: float) -> None:
    assert waits(PACE, "+--+", retry) == [seconds] * 4


def test_a_pace_may_slow_down_a_server_that_asks_to_be_called_too_often() -> None:
    pace = attrs.evolve(PACE, slows_down_retry=True)
    assert waits(pace, "---+-", 1500) == [1.5, 2, 4, 1.5, 2]


def test_a_pace_of_no_wait_at_all_waits_for_nothing() -> None:
    assert waits(attrs.evolve(PACE, first_seconds=0.0), "-+-") == [0, 0, 0]


def test_it_is_given_up_after_so_many_streams_in_a_row_without_anything() -> None:
    reconnect = Reconnect(attrs.evolve(PACE, tries=2))
    seen = []
    for has_brought in (False, True, False, False):
        reconnect.ended(has_brought=has_brought)
        seen.append(reconnect.is_given_up)
    assert seen == [False, False, False, True]


def test_without_a_number_of_tries_it_is_never_given_up() -> None:
    reconnect = Reconnect(PACE)
    for _ in range(1000):
        reconnect.ended(has_brought=False)
    assert not reconnect.is_given_up


def test_a_refusal_is_final_unless_the_server_is_in_trouble() -> None:
    assert [is_final(HttpRefused(status, "no")) for status in (400, 405, 499, 500, 503)] == [True] * 3 + [False] * 2
    assert not is_final(LinkFailed("the connection broke"))
