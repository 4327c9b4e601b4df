"""What a connection has for the application."""

from __future__ import annotations

import trio
from trio.testing import wait_all_tasks_blocked

from argus_trio.frontend.http.receive_queue import DISCONNECT, MAX_WAITING, ReceiveQueue


async def test_messages_come_in_order_and_the_disconnect_last_and_for_ever() -> None:
    queue = ReceiveQueue()
    await queue.put({"type": "http.request", "body": b"1"})
    await queue.put({"type": "http.disconnect"})
    assert (await queue.receive())["body"] == b"1"
    assert await queue.receive() is DISCONNECT
    assert await queue.receive() is DISCONNECT


async def test_the_connection_waits_while_too_much_is_unread(nursery: trio.Nursery) -> None:
    queue = ReceiveQueue()
    for _ in range(MAX_WAITING):
        await queue.put({"type": "http.request", "body": b"x"})
    nursery.start_soon(queue.put, {"type": "http.request", "body": b"last"})
    await wait_all_tasks_blocked()
    received = [(await queue.receive())["body"]]
    await wait_all_tasks_blocked()
    received += [(await queue.receive())["body"] for _ in range(MAX_WAITING)]
    assert received[-1] == b"last"


async def test_a_disconnect_is_heard_at_once_early_or_late() -> None:
    queue = ReceiveQueue()
    heard: list[str] = []
    queue.on_disconnect(lambda: heard.append("early"))
    await queue.put({"type": "http.disconnect"})
    queue.on_disconnect(lambda: heard.append("late"))
    assert heard == ["early", "late"]


async def test_a_callback_can_be_taken_back() -> None:
    queue = ReceiveQueue()
    heard: list[str] = []
    queue.on_disconnect(lambda: heard.append("no"))
    queue.on_disconnect(None)
    await queue.put({"type": "http.disconnect"})
    assert not heard


async def test_after_the_answer_nothing_matters_and_nobody_waits(nursery: trio.Nursery) -> None:
    queue = ReceiveQueue()
    heard: list[str] = []
    for _ in range(MAX_WAITING):
        await queue.put({"type": "http.request", "body": b"x"})
    nursery.start_soon(queue.put, {"type": "http.request", "body": b"x"})
    await wait_all_tasks_blocked()
    queue.on_disconnect(lambda: heard.append("no"))
    queue.close()
    await wait_all_tasks_blocked()
    assert not nursery.child_tasks
    await queue.put({"type": "http.disconnect"})
    assert not heard
