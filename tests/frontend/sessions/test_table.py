"""The table of legacy sessions, on virtual time."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from argus_trio.core.memory import Memory
from argus_trio.errors import Overloaded
from argus_trio.frontend.sessions.session import HttpSession
from argus_trio.frontend.sessions.table import ABANDONED_SECONDS, ENDED_AT_ONCE, UNUSED_BYTES, Sessions

IDLE_SECONDS = 1800.0


class Handle:
    """A call that can be ended."""

    ended = 0

    def cancel(self) -> None:
        self.ended += 1


def nothing(_: HttpSession) -> None:
    """Nothing to do at the end of a session."""


def test_ids_are_long_distinct_and_printable() -> None:
    sessions = Sessions(on_end=nothing, idle=IDLE_SECONDS)
    ids = {sessions.open(0).id for _ in range(100)}
    assert len(ids) == 100
    assert all(len(session_id) >= 32 and session_id.isascii() and session_id.isprintable() for session_id in ids)


def test_a_session_that_idles_too_long_ends() -> None:
    sessions = Sessions(on_end=nothing, idle=IDLE_SECONDS)
    session = sessions.open(0)
    assert sessions.expire(IDLE_SECONDS - 1) == 0
    assert sessions.expire(IDLE_SECONDS) == 1
    assert sessions.use(session.id, IDLE_SECONDS) is None


def test_use_begins_the_idle_time_anew() -> None:
    sessions = Sessions(on_end=nothing, idle=IDLE_SECONDS)
    first, second = sessions.open(0), sessions.open(1)
    sessions.use(first.id, 1000)
    assert sessions.expire(IDLE_SECONDS + 10) == 1
    assert sessions.use(first.id, IDLE_SECONDS) is first
    assert sessions.use(second.id, IDLE_SECONDS) is None


def test_a_session_whose_client_is_there_does_not_expire() -> None:
    sessions = Sessions(on_end=nothing, idle=IDLE_SECONDS)
    calling, streaming = sessions.open(0), sessions.open(0)
    calling.posts += 1
    feed = streaming.streams.carry()
    assert sessions.expire(IDLE_SECONDS) == 0
    assert sessions.use(calling.id, IDLE_SECONDS) is calling
    calling.posts -= 1
    streaming.streams.release(feed)
    assert sessions.expire(2 * IDLE_SECONDS) == 2


def test_many_that_idle_too_long_end_in_parts() -> None:
    sessions = Sessions(on_end=nothing, idle=IDLE_SECONDS)
    for _ in range(ENDED_AT_ONCE + 2):
        sessions.open(0)
    attended = sessions.open(0)
    attended.posts += 1
    assert sessions.expire(IDLE_SECONDS) == ENDED_AT_ONCE
    assert sessions.expire(IDLE_SECONDS) == 2
    assert sessions.expire(IDLE_SECONDS) == 0
    assert list(sessions) == [attended]


def test_a_session_whose_client_is_long_gone_ends_with_its_calls() -> None:
    sessions = Sessions(on_end=nothing, idle=IDLE_SECONDS)
    session, call = sessions.open(0), Handle()
    session.begin(b"1", call)
    assert sessions.expire(IDLE_SECONDS - 1) == 0
    assert sessions.expire(IDLE_SECONDS) == 1
    assert call.ended == 1


def test_the_longest_idle_session_makes_room_at_the_limit() -> None:
    sessions = Sessions(on_end=nothing, idle=IDLE_SECONDS, max_sessions=2)
    first, second = sessions.open(0), sessions.open(1)
    first.begin(b"1", Handle())
    third = sessions.open(2)
    assert sessions.use(second.id, 3) is None
    assert len(sessions) == 2
    third.begin(b"1", Handle())
    with pytest.raises(Overloaded):
        sessions.open(4)


async def test_the_end_of_a_session_ends_all_that_runs_in_it_and_is_told_once() -> None:
    ended: list[HttpSession] = []
    sessions = Sessions(on_end=ended.append, idle=IDLE_SECONDS)
    session, call = sessions.open(0), Handle()
    session.begin(b"1", call)
    feed = session.streams.carry()
    assert sessions.end(session.id)
    assert not sessions.end(session.id)
    assert call.ended == 1
    assert await feed.take() == b""
    assert ended == [session]


def test_every_way_to_end_is_told() -> None:
    ended: list[HttpSession] = []
    sessions = Sessions(on_end=ended.append, idle=IDLE_SECONDS, max_sessions=2)
    oldest, old, new = sessions.open(0), sessions.open(1), sessions.open(2)
    assert ended == [oldest]
    sessions.expire(IDLE_SECONDS + 1)
    assert ended == [oldest, old]
    sessions.end_all()
    assert ended == [oldest, old, new]
    assert [session.ended_by for session in ended] == ["room", "idle", "stop"]
    by_client, by_reload = sessions.open(3), sessions.open(4)
    sessions.end(by_client.id)
    sessions.end_unless(lambda _: False)
    assert (by_client.ended_by, by_reload.ended_by) == ("client", "reload")
    assert len(sessions) == 0


def test_a_flood_of_initialize_meets_itself_wherever_it_comes_from() -> None:
    sessions = Sessions(on_end=nothing, idle=IDLE_SECONDS, max_sessions=10)
    quiet = [sessions.open(0, address=address) for address in ("a", "b", "b")]
    for session in quiet:
        sessions.note_used(session)
    fresh = sessions.open(0, address="c")
    for number in range(100):
        sessions.open(number, address="b")
    for session in (*quiet, fresh):
        assert sessions.use(session.id, 100) is session
    assert len(sessions) == 10


def test_a_new_client_takes_the_place_of_one_of_the_flood() -> None:
    sessions = Sessions(on_end=nothing, idle=IDLE_SECONDS, max_sessions=10)
    early = sessions.open(0, address="a")
    flood = [sessions.open(1, address="f") for _ in range(9)]
    late = sessions.open(2, address="b")
    assert sessions.use(early.id, 3) is early
    assert sessions.use(late.id, 3) is late
    assert sessions.use(flood[0].id, 3) is None


def test_of_sessions_that_were_all_used_the_address_with_most_makes_room() -> None:
    sessions = Sessions(on_end=nothing, idle=IDLE_SECONDS, max_sessions=4)
    quiet = sessions.open(0, address="a")
    crowd = [sessions.open(1, address="f") for _ in range(3)]
    for session in (quiet, *crowd):
        sessions.note_used(session)
    sessions.open(2, address="b")
    assert sessions.use(quiet.id, 3) is quiet
    assert [sessions.use(session.id, 3) is not None for session in crowd] == [False, True, True]


def test_sessions_that_were_never_used_hold_little_together_whatever_their_clients_declare() -> None:
    memory = Memory()
    sessions = Sessions(on_end=nothing, idle=IDLE_SECONDS, memory=memory)
    honest = sessions.open(0)
    sessions.note_used(honest)
    size = UNUSED_BYTES // 50
    for _ in range(200):
        sessions.open(1, size=size)
    assert memory.size <= UNUSED_BYTES + honest.size
    assert len(sessions) <= 51
    assert sessions.use(honest.id, 2) is honest
    sessions.end_all()
    assert memory.size == 0


def test_what_a_client_does_not_fetch_is_given_up_where_there_is_no_room_else_and_only_then() -> None:
    memory = Memory(lambda: 1_000_000)
    sessions = Sessions(on_end=nothing, idle=IDLE_SECONDS, memory=memory)
    lost, busy = sessions.open(0), sessions.open(0)
    for session in (lost, busy):
        session.streams.open(on_carried=lambda: None).record(b"x" * 440_000)
    busy.posts += 1
    assert memory.is_full
    with pytest.raises(Overloaded, match="holds"):
        sessions.open(1)
    sessions.expire(ABANDONED_SECONDS - 1)
    assert memory.is_full
    with capture_logs() as logs:
        sessions.expire(ABANDONED_SECONDS)
        sessions.expire(ABANDONED_SECONDS + 1)
    assert [entry["event"] for entry in logs] == ["events_given_up"]
    memory.require_room()
    assert sessions.use(lost.id, 40) is lost
    assert 440_000 < memory.size < 500_000
