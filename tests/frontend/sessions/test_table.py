"""The table of legacy sessions, on virtual time."""

from __future__ import annotations

import pytest

from argus_trio.errors import Overloaded
from argus_trio.frontend.sessions.session import HttpSession
from argus_trio.frontend.sessions.table import Sessions

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
    assert len(sessions) == 0
