"""News of tasks: in order for each, none waiting for another's, and bounded."""

from __future__ import annotations

import trio
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.backends.connection.notification_queue import Losses
from argus_trio.backends.connection.task_notifications import (
    CAPACITY,
    CAPACITY_BYTES,
    MAX_TASKS,
    TaskNotification,
    TaskNotificationQueue,
)
from argus_trio.core.memory import Memory
from argus_trio.wire.envelope import Raw


def news(key: str, method: str = "m") -> TaskNotification:
    return TaskNotification(backend="a", key=key, method=method, params={}, client=None)


async def test_news_of_one_task_stay_in_order_and_do_not_hold_up_those_of_another(autojump_clock: MockClock) -> None:
    heard: list[tuple[str, str]] = []
    go = trio.Event()

    async def listen(said: TaskNotification) -> None:
        if said.key == "slow":
            await go.wait()
        heard.append((said.key, said.method))

    async with trio.open_nursery() as nursery:
        room = TaskNotificationQueue(nursery, listen)
        for number in range(10):
            room.put(news("slow", str(number)))
        room.put(news("quick"))
        await wait_all_tasks_blocked()
        assert heard == [("quick", "m")]
        go.set()
    assert heard[1:] == [("slow", str(number)) for number in range(10)]


async def test_what_waits_is_bounded_for_one_task_and_in_all(autojump_clock: MockClock) -> None:
    heard: list[TaskNotification] = []
    go = trio.Event()

    async def listen(said: TaskNotification) -> None:
        await go.wait()
        heard.append(said)

    async with trio.open_nursery() as nursery:
        room = TaskNotificationQueue(nursery, listen)
        for number in range(CAPACITY + 10):
            room.put(news("k0", str(number)))
        for number in range(MAX_TASKS + 10):
            room.put(news(f"k{number}"))
        go.set()
    assert len([said for said in heard if said.key == "k0"]) == CAPACITY
    assert len({said.key for said in heard}) == MAX_TASKS


async def test_what_waits_is_bounded_in_bytes_and_the_loss_is_counted_and_told() -> None:
    heard: list[TaskNotification] = []
    go, memory = trio.Event(), Memory()
    losses = Losses("a", memory)

    async def listen(said: TaskNotification) -> None:
        await go.wait()
        heard.append(said)

    third = {"x": Raw(b'"%b"' % (b"x" * (CAPACITY_BYTES // 3)))}
    async with trio.open_nursery() as nursery:
        room = TaskNotificationQueue(nursery, listen, losses)
        for number, key in enumerate("aaaab"):
            said = TaskNotification(backend="a", key=key, method=str(number), params=third, client=None)
            room.put(said)
        assert memory.size == losses.waiting > CAPACITY_BYTES // 2
        with capture_logs() as logs:
            go.set()
            await wait_all_tasks_blocked()
        assert memory.size == losses.waiting == 0
    assert [said.method for said in heard] == ["2", "3"]
    assert losses.dropped == 3
    assert [(entry["event"], entry["count"]) for entry in logs] == [("notifications_dropped", 3)]
