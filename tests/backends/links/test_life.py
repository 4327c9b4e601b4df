"""The life of a link to a remote server."""

from __future__ import annotations

import pytest

from argus_trio.backends.links.life import Life
from argus_trio.errors import LinkFailed


async def test_a_life_ends_once() -> None:
    life = Life()
    life.check()
    assert life.end(LinkFailed("first")).reason == "first"
    assert life.end(LinkFailed("second")).reason == "first"
    assert life.is_over
    assert (await life.wait_failed()).reason == "first"
    with pytest.raises(LinkFailed, match="first"):
        life.check()
