"""What is not known of a gateway is said to be unknown, and never to be nothing."""

from __future__ import annotations

from typing import Literal

import attrs
import pytest

from argus_trio.tui.pages.traffic import TrafficPage
from argus_trio.tui.pages.tree import TreePage
from argus_trio.tui.state.world import GatewayLink
from tests.tui.drawn import NOW, dashboard, drawn


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("refused", "nothing is known of events: the gateway shows you none"),
        ("lost", "nothing is known of events: the gateway is not reached"),
    ],
)
def test_what_is_not_known_is_not_told_to_be_nothing(state: Literal["refused", "lost"], told: str) -> None:
    link = GatewayLink(state=state, why="not for you", since=NOW)
    seen = drawn(dashboard("6", link=link, events=()))
    assert told in seen
    assert "following" not in seen
    assert "0 tasks" not in drawn(attrs.evolve(dashboard("5", link=link), stacks={"5": (TreePage(),)}, tab="5"))
    assert "0 ready" not in drawn(dashboard("1", link=link, status=None, backends={}))


def test_traffic_says_that_it_is_of_who_looks_alone() -> None:
    own = drawn(attrs.evolve(dashboard("3", rights=frozenset()), stacks={"3": (TrafficPage(),)}, tab="3"))
    assert "yours alone" in own
    assert "nothing is under way" not in own
    assert "yours alone" not in drawn(dashboard("3"))
