"""The table of legacy sessions, on virtual time."""

from __future__ import annotations

import pytest

from argus_trio.errors import InvalidRequest, Overloaded
from argus_trio.frontend.sessions import IDLE_S, Session, Sessions


class Handle:
    """A call or a stream that can be ended."""

    ended = 0

    def cancel(self) -> None:
        self.ended += 1

    close = cancel


def test_ids_are_long_distinct_and_printable() -> None:
    sessions = Sessions()
    ids = {sessions.open(0).id for _ in range(100)}
    assert len(ids) == 100
    assert all(len(session_id) >= 32 and session_id.isascii() and session_id.isprintable() for session_id in ids)


def test_a_session_that_idles_too_long_ends() -> None:
    sessions = Sessions()
    session = sessions.open(0)
    assert sessions.expire(IDLE_S - 1) == 0
    assert sessions.expire(IDLE_S) == 1
    assert sessions.use(session.id, IDLE_S) is None


def test_use_begins_the_idle_time_anew() -> None:
    sessions = Sessions()
    first, second = sessions.open(0), sessions.open(1)
    sessions.use(first.id, 1000)
    assert sessions.expire(IDLE_S + 10) == 1
    assert sessions.use(first.id, IDLE_S) is first
    assert sessions.use(second.id, IDLE_S) is None


def test_a_busy_session_does_not_expire() -> None:
    sessions = Sessions()
    calling, streaming = sessions.open(0), sessions.open(0)
    calling.begin(b"1", Handle())
    streaming.stream = Handle()
    assert sessions.expire(IDLE_S) == 0
    assert sessions.use(calling.id, IDLE_S) is calling
    calling.calls.clear()
    assert sessions.expire(2 * IDLE_S) == 1


def test_the_longest_idle_session_makes_room_at_the_limit() -> None:
    sessions = Sessions(max_sessions=2)
    first, second = sessions.open(0), sessions.open(1)
    first.begin(b"1", Handle())
    third = sessions.open(2)
    assert sessions.use(second.id, 3) is None
    assert len(sessions) == 2
    third.begin(b"1", Handle())
    with pytest.raises(Overloaded):
        sessions.open(4)


def test_the_end_of_a_session_ends_all_that_runs_in_it() -> None:
    sessions = Sessions()
    session, call, stream = sessions.open(0), Handle(), Handle()
    session.begin(b"1", call)
    session.stream = stream
    assert sessions.end(session.id)
    assert not sessions.end(session.id)
    assert (call.ended, stream.ended) == (1, 1)


def test_an_id_in_flight_is_not_given_out_twice() -> None:
    session = Session(id="s")
    call = Handle()
    session.begin(b'"a"', call)
    with pytest.raises(InvalidRequest):
        session.begin(b'"a"', Handle())
    assert session.cancel(b'"a"')
    assert not session.cancel(b"1")
    assert call.ended == 1
