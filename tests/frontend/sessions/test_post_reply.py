"""The answer to a POST of a session, on virtual time."""

from __future__ import annotations

import gc
import weakref

import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.core.memory import Memory
from argus_trio.frontend.http.keep_alive import KeepAlive
from argus_trio.frontend.http.reply import KEEP_ALIVE_SECONDS, QUIET_SECONDS
from argus_trio.frontend.sessions.post_reply import PostReply
from argus_trio.frontend.sessions.session import HttpSession
from argus_trio.frontend.sessions.streams import Streams
from argus_trio.wire.event_stream import COMMENT
from tests.frontend.support.fakes import FakeRequest
from tests.frontend.support.serving import events_in, ids_in
from tests.frontend.support.streams import counts


def session(revision: str = "2025-11-25") -> HttpSession:
    streams = Streams(Memory())
    return HttpSession(id="s", standalone=streams, streams=streams, revision=revision)


def numbers(stream: bytes) -> list[object]:
    """The messages of a stream, which here are numbers."""
    return list(events_in(stream))


async def gone(fake: FakeRequest) -> None:
    """The client goes."""
    await fake.queue.put({"type": "http.disconnect"})


async def test_plain_json_leaves_no_trace() -> None:
    fake, made = FakeRequest(), session()
    with PostReply(request=fake.http, keep_alive=KeepAlive(), session=made, may_stream=True) as reply:
        await reply.finish(b"{}")
    assert fake.body == b"{}"
    assert counts(made.streams) == (0, 0, 1)


async def test_what_is_over_holds_nothing_in_a_circle_that_would_wait_for_the_collector() -> None:
    fake, made = FakeRequest(), session()
    gc.disable()
    try:

        def on_lost() -> None:
            """What the reply alone holds."""

        over, ended = weakref.ref(on_lost), weakref.ref(made.streams)
        reply = PostReply(request=fake.http, keep_alive=KeepAlive(), session=made, may_stream=True, on_lost=on_lost)
        with reply:
            await reply.finish(b"{}")
        made.end()
        del reply, made, on_lost
        assert (over(), ended()) == (None, None)
    finally:
        gc.enable()


async def test_a_client_counts_as_there_until_it_is_answered_or_gone() -> None:
    fake, lost, made = FakeRequest(), FakeRequest(), session()
    there: list[bool] = []
    losses: list[str] = []
    with PostReply(
        request=fake.http,
        keep_alive=KeepAlive(),
        session=made,
        may_stream=True,
        on_lost=lambda: losses.append("answered"),
    ) as reply:
        there.append(made.is_attended)
        await reply.finish(b"{}")
    there.append(made.is_attended)
    with PostReply(
        request=lost.http, keep_alive=KeepAlive(), session=made, may_stream=False, on_lost=lambda: losses.append("lost")
    ):
        there.append(made.is_attended)
        await gone(lost)
        there.append(made.is_attended)
    assert there == [True, False, True, False]
    assert losses == ["lost"]
    assert made.posts == 0


async def test_every_event_has_its_own_id_and_the_end_leaves_them_to_be_asked_for() -> None:
    fake, made = FakeRequest(), session()
    with PostReply(request=fake.http, keep_alive=KeepAlive(), session=made, may_stream=True) as reply:
        await reply.notify(b"1")
        assert counts(made.streams) == (0, 1, 2)
        await reply.finish(b"2")
    assert ids_in(fake.body) == ["1-0", "1-1", "1-2"]
    assert counts(made.streams) == (0, 0, 2)
    assert numbers(await made.streams.resume("1-1").take()) == [2]


async def test_a_silent_stream_opens_with_an_id_then_shows_comments(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    fake, old, keep_alive = FakeRequest(), FakeRequest(), KeepAlive()
    nursery.start_soon(keep_alive.run, lambda _: None)
    with (
        PostReply(request=fake.http, keep_alive=keep_alive, session=session(), may_stream=True),
        PostReply(request=old.http, keep_alive=keep_alive, session=session("2025-06-18"), may_stream=True),
    ):
        await trio.sleep(5 * QUIET_SECONDS)
    assert fake.body == b"id: 1-0\nretry: 1000\ndata: \n\n" + COMMENT
    assert old.body == 2 * COMMENT


async def test_what_comes_after_the_client_went_is_kept_only_if_it_knows_the_stream(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    known, unknown, made, keep_alive = FakeRequest(), FakeRequest(), session(), KeepAlive()
    nursery.start_soon(keep_alive.run, lambda _: None)
    with PostReply(request=known.http, keep_alive=keep_alive, session=made, may_stream=True) as reply:
        await reply.notify(b"1")
        await gone(known)
        await reply.notify(b"2")
        await trio.sleep(5 * KEEP_ALIVE_SECONDS)
        await reply.finish(b"3")
    assert numbers(known.body) == [1]
    assert COMMENT not in known.body
    assert numbers(await made.streams.resume("1-1").take()) == [2, 3]
    with PostReply(request=unknown.http, keep_alive=keep_alive, session=made, may_stream=True) as reply:
        await gone(unknown)
        await reply.notify(b"1")
        await trio.sleep(5 * QUIET_SECONDS)
        assert not unknown.sent
        await reply.finish(b"2")
    assert counts(made.streams)[1:] == (0, 2)


async def test_once_it_is_resumed_elsewhere_nothing_more_goes_out_here(nursery: trio.Nursery) -> None:
    fake, made = FakeRequest(), session()
    with PostReply(request=fake.http, keep_alive=KeepAlive(), session=made, may_stream=True) as reply:
        await reply.notify(b"1")
        feed = made.streams.resume("1-0")
        assert numbers(await feed.take()) == [1]
        send = await reply.route()
        assert send is not None
        await send(b"2")
        assert numbers(await feed.take()) == [2]
        made.streams.release(feed)
        await reply.notify(b"3")
        await reply.finish(b"4")
        await wait_all_tasks_blocked()
    assert numbers(fake.body) == [1]
    assert fake.is_ended
    assert numbers(await made.streams.resume("1-2").take()) == [3, 4]


async def test_an_ask_goes_out_here_while_the_client_is_there() -> None:
    fake, made = FakeRequest(), session()
    with PostReply(request=fake.http, keep_alive=KeepAlive(), session=made, may_stream=True) as reply:
        own = made.streams.carry()
        assert await reply.route() == reply.notify
        await gone(fake)
        assert await reply.route() == made.streams.notify
        made.streams.release(own)


async def test_a_cancelled_call_ends_without_an_answer_and_is_forgotten() -> None:
    fake, made = FakeRequest(), session()
    with PostReply(request=fake.http, keep_alive=KeepAlive(), session=made, may_stream=True) as reply:
        await reply.notify(b"1")
        await reply.cancel()
    assert numbers(fake.body) == [1]
    assert fake.is_ended
    assert counts(made.streams) == (0, 0, 1)
