"""When lists are looked at that nobody said have changed."""

from __future__ import annotations

from math import inf

import pytest

from argus_trio.core.catalog.looks import DOUBT_SECONDS, EMPTY_SECONDS, LONGEST_RETRY_AFTER_SECONDS, Looks, Why
from argus_trio.core.catalog.storm import LONGEST_VAIN_SECONDS


def came(
    looks: Looks, now: float, *, interval: float = 100.0, is_empty: bool = False, has_changed: bool = False
) -> None:
    looks.came("tools", now, interval, is_empty=is_empty, has_changed=has_changed)


def test_nothing_is_due_before_there_is_a_list() -> None:
    looks = Looks()
    assert looks.due_at == inf
    assert looks.due(1e9) == {}


def test_a_list_is_due_after_its_interval() -> None:
    looks = Looks()
    came(looks, 10)
    assert (looks.due_at, looks.due(109), looks.due(110)) == (110, {}, {"tools": Why.INTERVAL})
    looks.put_off("tools", 200)
    assert looks.next_of("tools") == 200


def test_a_list_that_is_empty_at_first_is_looked_at_soon_and_once_more() -> None:
    looks, now = Looks(), 0.0
    for seconds in EMPTY_SECONDS:
        came(looks, now, is_empty=True)
        now += seconds
        assert looks.due(now) == {"tools": Why.EMPTY}
    came(looks, now, is_empty=True)
    assert looks.due_at == now + 100
    came(looks, now)
    came(looks, now, is_empty=True)  # it had something meanwhile
    assert looks.due_at == now + 100


def test_a_list_that_failed_is_due_after_its_delay_or_when_the_backend_said() -> None:
    looks = Looks()
    looks.failed("tools", 0, 3, None)
    assert (looks.due(3), looks.failures_of("tools")) == ({"tools": Why.FAILED}, 1)
    looks.failed("tools", 10, 3, 20)
    assert (looks.due_at, looks.failures_of("tools")) == (30, 2)
    looks.failed("tools", 40, 3, 1e9)
    assert looks.due_at == 40 + LONGEST_RETRY_AFTER_SECONDS
    came(looks, 50)
    assert looks.failures_of("tools") == 0


def test_doubts_lead_to_looks_that_come_ever_later_while_there_is_nothing_to_them() -> None:
    looks, now = Looks(), 0.0
    came(looks, now, interval=inf)
    waits = []
    for _ in range(14):
        looks.doubted("tools", now)
        looks.doubted("tools", now)
        waits.append(looks.due_at - now)
        now = looks.due_at
        assert looks.due(now) == {"tools": Why.DOUBTED}
        came(looks, now, interval=inf)
    assert waits[:4] == [DOUBT_SECONDS, 2 * DOUBT_SECONDS, 4 * DOUBT_SECONDS, 8 * DOUBT_SECONDS]
    assert waits[-1] == LONGEST_VAIN_SECONDS
    looks.doubted("tools", now)
    came(looks, looks.due_at, interval=inf, has_changed=True)
    looks.doubted("tools", looks.next_of("tools") if looks.due_at < inf else now + 1000)
    assert looks.due(now + 1000) == {"tools": Why.DOUBTED}


@pytest.mark.parametrize("since", [0.0, DOUBT_SECONDS / 2, 50.0])
def test_what_somebody_asks_for_is_looked_at_at_once_but_not_twice_a_second(since: float) -> None:
    looks = Looks()
    came(looks, 0)
    looks.asked("tools", since)
    assert looks.due_at == max(since, DOUBT_SECONDS)
    assert looks.due(looks.due_at) == {"tools": Why.ASKED}


def test_a_doubt_does_not_put_off_what_is_due_before() -> None:
    looks = Looks()
    looks.failed("tools", 0, 0.5, None)
    looks.doubted("tools", 0)
    assert looks.due(0.5) in ({"tools": Why.FAILED}, {"tools": Why.DOUBTED})
