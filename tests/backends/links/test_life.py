"""The life of a link to a remote server."""

from __future__ import annotations

import pytest

from argus_trio.backends.links.life import Life, LoopFound, loop_in
from argus_trio.errors import HttpRefused, LinkFailed


async def test_a_life_ends_once() -> None:
    life = Life()
    life.check()
    assert life.end(LinkFailed("first")).reason == "first"
    assert life.end(LinkFailed("second")).reason == "first"
    assert life.is_over
    assert (await life.wait_failed()).reason == "first"
    with pytest.raises(LinkFailed, match="first"):
        life.check()


def test_a_loop_is_told_in_words_of_this_gateway_and_another_servers_word_is_kept() -> None:
    ours = loop_in(HttpRefused(508, 'the server answered HTTP 508: {"error":"loop","message":"m"}'))
    assert ours is not None
    assert "this gateway is its own backend" in ours.reason
    other = loop_in(HttpRefused(508, "the server answered HTTP 508: Infinite"))
    assert other is not None
    assert other.reason == "the server answered HTTP 508: Infinite"
    assert loop_in(HttpRefused(500, '{"error":"loop"}')) is None


def test_a_life_that_a_loop_ended_says_so_to_all() -> None:
    life = Life()
    assert isinstance(life.end(LoopFound("round")), LoopFound)
    with pytest.raises(LoopFound, match="round") as caught:
        life.check()
    assert caught.value.never_ran
