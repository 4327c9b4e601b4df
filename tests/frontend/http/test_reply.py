"""Answers to POSTs, on virtual time."""

from __future__ import annotations

import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.frontend.http.keep_alive import KeepAlive
from argus_trio.frontend.http.reply import KEEP_ALIVE_SECONDS, QUIET_SECONDS, Reply, answer_at_once
from argus_trio.wire.event_stream import COMMENT
from tests.frontend.support.fakes import FakeRequest


def nothing(_: float) -> None:
    """Nothing to do at a tick."""


async def test_a_quick_answer_is_plain_json() -> None:
    fake = FakeRequest()
    with Reply(request=fake.http, keep_alive=KeepAlive(), may_stream=True) as reply:
        await reply.finish(b"{}", status=404)
    assert fake.sent[0]["status"] == 404
    assert (fake.body, fake.is_ended) == (b"{}", True)


async def test_a_silent_answer_becomes_a_stream_and_shows_signs_of_life(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    fake, keep_alive = FakeRequest(), KeepAlive()
    nursery.start_soon(keep_alive.run, nothing)
    with Reply(request=fake.http, keep_alive=keep_alive, may_stream=True) as reply:
        await trio.sleep(QUIET_SECONDS - 1)
        assert not fake.sent
        await trio.sleep(2.5)
        assert fake.body == COMMENT
        await trio.sleep(2 * KEEP_ALIVE_SECONDS + 3)
        assert fake.body == 3 * COMMENT
        await reply.finish(b"{}")
    assert fake.body == 3 * COMMENT + b"event: message\ndata: {}\n\n"
    await trio.sleep(10 * KEEP_ALIVE_SECONDS)
    assert fake.is_ended


async def test_a_client_that_takes_no_stream_gets_none(autojump_clock: MockClock, nursery: trio.Nursery) -> None:
    fake, keep_alive = FakeRequest(), KeepAlive()
    nursery.start_soon(keep_alive.run, nothing)
    with Reply(request=fake.http, keep_alive=keep_alive, may_stream=False) as reply:
        await reply.notify(b"{}")
        await trio.sleep(10 * QUIET_SECONDS)
        assert not fake.sent
        await reply.finish(b"{}")
    assert fake.body == b"{}"


async def test_a_blocked_client_holds_up_no_other(autojump_clock: MockClock, nursery: trio.Nursery) -> None:
    stuck, well, keep_alive = FakeRequest(), FakeRequest(), KeepAlive()
    stuck.blocked = trio.Event()
    nursery.start_soon(keep_alive.run, nothing)
    with (
        Reply(request=stuck.http, keep_alive=keep_alive, may_stream=True),
        Reply(request=well.http, keep_alive=keep_alive, may_stream=True),
    ):
        await trio.sleep(3 * KEEP_ALIVE_SECONDS)
        assert not stuck.sent
        assert well.body.count(COMMENT) >= 3
        stuck.blocked.set()
        await wait_all_tasks_blocked()
        assert stuck.body == COMMENT


async def test_the_answer_waits_for_what_goes_before_it(nursery: trio.Nursery) -> None:
    fake = FakeRequest()
    fake.blocked = trio.Event()
    with Reply(request=fake.http, keep_alive=KeepAlive(), may_stream=True) as reply:
        nursery.start_soon(reply.notify, b"1")
        nursery.start_soon(reply.notify, b"2")
        await wait_all_tasks_blocked()
        nursery.start_soon(reply.finish, b"3")
        await wait_all_tasks_blocked()
        fake.blocked.set()
        await wait_all_tasks_blocked()
    assert [line for line in fake.body.split() if line.isdigit()][-1] == b"3"
    assert fake.is_ended


async def test_nothing_is_sent_after_the_end() -> None:
    fake = FakeRequest()
    with Reply(request=fake.http, keep_alive=KeepAlive(), may_stream=True) as reply:
        await reply.notify(b"1")
        await reply.abandon()
        await reply.notify(b"2")
        await reply.beat()
        await reply.finish(b"3")
    assert fake.body == b"event: message\ndata: 1\n\n"


async def test_an_abandoned_answer_is_202_without_a_body() -> None:
    fake = FakeRequest()
    with Reply(request=fake.http, keep_alive=KeepAlive(), may_stream=True) as reply:
        await reply.abandon()
    assert (fake.sent[0]["status"], fake.body) == (202, b"")


async def test_a_reply_that_failed_is_forgotten(autojump_clock: MockClock, nursery: trio.Nursery) -> None:
    fake, keep_alive = FakeRequest(), KeepAlive()
    nursery.start_soon(keep_alive.run, nothing)
    with trio.move_on_after(1), Reply(request=fake.http, keep_alive=keep_alive, may_stream=True):
        await trio.sleep_forever()
    await trio.sleep(10 * QUIET_SECONDS)
    assert not fake.sent


async def test_a_muted_reply_says_nothing_before_the_answer() -> None:
    fake = FakeRequest()
    with Reply(request=fake.http, keep_alive=KeepAlive(), may_stream=True) as reply:
        reply.mute()
        await reply.notify(b"1")
        await reply.beat()  # as one does that was under way already
        assert not fake.sent
        await reply.finish(b"2")
    assert fake.body == b"2"


async def test_a_muted_stream_ends_with_its_answer(autojump_clock: MockClock, nursery: trio.Nursery) -> None:
    fake, keep_alive = FakeRequest(), KeepAlive()
    nursery.start_soon(keep_alive.run, nothing)
    with Reply(request=fake.http, keep_alive=keep_alive, may_stream=True) as reply:
        await reply.notify(b"1")
        reply.mute()
        await trio.sleep(2 * KEEP_ALIVE_SECONDS)
        await reply.finish(b"2")
    assert fake.body == b"event: message\ndata: 1\n\nevent: message\ndata: 2\n\n"


async def test_a_client_that_takes_no_json_is_answered_with_an_event_stream_unless_it_is_refused() -> None:
    for status, body in ((200, b"event: message\ndata: {}\n\n"), (404, b"{}")):
        fake = FakeRequest()
        with Reply(request=fake.http, keep_alive=KeepAlive(), may_stream=True, takes_json=False) as reply:
            await reply.finish(b"{}", status=status)
        assert (fake.sent[0]["status"], fake.body, fake.is_ended) == (status, body, True)


async def test_one_message_is_answered_at_once_in_the_way_that_the_client_takes() -> None:
    for takes_json, body in ((True, b"{}"), (False, b"event: message\ndata: {}\n\n")):
        fake = FakeRequest()
        await answer_at_once(fake.http, b"{}", takes_json=takes_json, headers=[(b"x-a", b"b")])
        headers = fake.sent[0]["headers"]
        assert isinstance(headers, list | tuple)
        assert (b"x-a", b"b") in headers
        assert (fake.body, fake.is_ended) == (body, True)
