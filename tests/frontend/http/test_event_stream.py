"""Long-lived streams, on virtual time."""

from __future__ import annotations

from functools import partial

import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.frontend.http.event_stream import write_stream
from argus_trio.frontend.http.reply import KEEP_ALIVE_SECONDS
from argus_trio.frontend.notifications.outbox import Outbox
from argus_trio.wire.event_stream import COMMENT
from tests.frontend.support.fakes import FakeRequest


async def test_it_writes_what_comes_with_keep_alives_between(autojump_clock: MockClock, nursery: trio.Nursery) -> None:
    fake, outbox = FakeRequest(), Outbox()
    nursery.start_soon(partial(write_stream, fake.http, outbox, first=b"first ", last=b" last"))
    await trio.sleep(KEEP_ALIVE_SECONDS + 1)
    assert fake.body == b"first " + COMMENT
    await outbox.put(b"news")
    await wait_all_tasks_blocked()
    outbox.close()
    await wait_all_tasks_blocked()
    assert fake.body == b"first " + COMMENT + b"news last"
    assert fake.is_ended


async def test_the_clients_going_ends_it(nursery: trio.Nursery) -> None:
    fake, outbox = FakeRequest(), Outbox()
    nursery.start_soon(write_stream, fake.http, outbox)
    await wait_all_tasks_blocked()
    await fake.queue.put({"type": "http.disconnect"})
    await wait_all_tasks_blocked()
    assert outbox.is_closed
    assert not nursery.child_tasks
