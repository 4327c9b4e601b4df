"""Words for what calls wait for and how they ended: each word of the management API has some."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import attrs
import pytest

from argus_trio.core.call.record import Cut, Wait
from argus_trio.tui.pages.traffic_words import OUTCOMES, WAITS, WAITS_SHORTLY, entry_facts, said_state, shortly
from tests.tui.drawn import EXCHANGES, OVER


def test_everything_that_a_call_can_wait_for_has_words() -> None:
    assert {*WAITS} == {*WAITS_SHORTLY} == {*get_args(Wait)}


def test_every_end_of_a_call_has_words() -> None:
    assert {*OUTCOMES} == {"ok", "tool_error", "error", *get_args(Cut)}


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (EXCHANGES[0], "waits for its client's answer"),
        (OVER[0], "ok"),
        (OVER[1], "an error -31017"),
        (attrs.evolve(OVER[0], outcome="something_new"), "something new"),
        (attrs.evolve(EXCHANGES[0], waits_for=None), "waits for nothing that is known"),
    ],
)
def test_a_call_says_how_it_stands(entry: object, said: str) -> None:
    assert said_state(entry) == said  # type: ignore[arg-type]


def test_how_often_a_client_was_asked_is_told_where_it_was() -> None:
    facts = [dict(entry_facts(attrs.evolve(EXCHANGES[0], asks=count), 1.0))["asked"] for count in (0, 1, 3)]
    assert facts == ["", "its client, once", "its client, 3 times"]


@pytest.mark.parametrize(
    ("timestamp", "said"),
    [
        ("2026-01-02T03:00:00.000Z", "03:00:00"),
        ("2026-01-01T23:59:59.000Z", "01-01 23:59"),
        ("2025-12-31T00:00:00.000Z", "12-31 00:00"),
    ],
)
def test_a_moment_of_another_day_says_which(timestamp: str, said: str) -> None:
    assert shortly(timestamp, datetime(2026, 1, 2, 4, tzinfo=UTC)) == said
