"""A burst of what a backend says outside calls reaches the SDK's client whole, through the real gateway.

The order is tested where it can be seen (`frontend/sessions/test_order.py`): the SDK's client hears each notification
in a task of its own, and so in any order.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import trio

from tests.e2e import gateway
from tests.e2e.clients import Edge, connected
from tests.e2e.gateway import Gateway

COUNT = 1000
LIMIT_SECONDS = 30.0


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with gateway.running({"backends": {"c": gateway.stdio("chatty.py")}}, tmp_path_factory.mktemp("order")) as found:
        yield found


@pytest.mark.parametrize("edge", ["legacy", "sse"])
async def test_of_a_thousand_log_messages_behind_the_answer_of_a_call_none_is_lost(
    running: Gateway, edge: Edge
) -> None:
    heard: list[int] = []
    is_over = trio.Event()

    async def hear(params: Any) -> None:
        heard.append(params.data)
        if len(heard) == COUNT:
            is_over.set()

    async def sample(*_: object) -> Any:
        raise AssertionError("nobody asks")

    async with connected(edge, running.url, logging_callback=hear, sampling_callback=sample) as client:
        await client.call_tool("c__chat", {"count": COUNT})
        with trio.move_on_after(LIMIT_SECONDS):
            await is_over.wait()
    assert sorted(heard) == list(range(COUNT))
    (backend,) = running.get("/manage/v1/backends")[1]["backends"]
    assert backend["notifications"] == {"dropped": 0}
