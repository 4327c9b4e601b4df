"""What is heard of a backend: bounded, read as far as it can be, and logged once for each kind of fault."""

from __future__ import annotations

import pytest
import trio
from structlog.testing import capture_logs

from argus_trio.backends.links.hearing import SHOWN, Hearing, foreign_answer, shown
from argus_trio.errors import ResponseInvalid
from argus_trio.wire.envelope import ErrorResponse, Notification, Response
from argus_trio.wire.event_stream import Event

ANSWER = b'{"jsonrpc":"2.0","id":4,"result":{}}'


def event(data: bytes, kind: str = "message") -> Event:
    return Event(event=kind, data=data, id="", retry=None)


def test_an_event_is_its_messages_and_what_is_none_is_logged() -> None:
    hearing = Hearing(backend="far")
    with capture_logs() as logs:
        assert hearing.read_event(event(ANSWER)) == [Response(b"4", b"{}")]
        assert hearing.read_event(event(b"")) == []
        assert hearing.read_event(event(ANSWER, "ping")) == []
        assert logs == []
        for _ in range(3):
            assert hearing.read_event(event(b"hello")) == []
        (broken,) = hearing.read_event(event(b'{"jsonrpc":"2.0","id":4,"result":NaN}'))
        assert isinstance(broken, ResponseInvalid)
    assert [entry["event"] for entry in logs] == ["backend_message_unreadable"] * 3
    assert [entry["log_level"] for entry in logs] == ["warning", "debug", "debug"]
    assert logs[0]["text"] == "hello"


def test_an_event_beyond_the_bound_is_told_to_who_waits_and_logged_once() -> None:
    hearing = Hearing(backend="far", limit=1000)
    parser = hearing.parser()
    note = b'{"jsonrpc":"2.0","method":"notifications/x","params":{"a":"%b"}}' % (b"x" * 2000)
    with capture_logs() as logs:
        for large, expected in ((ANSWER[:-3] + b'"%b"}' % (b"x" * 2000), b"4"), (note, None)):
            (cut,) = parser.feed(b"data: %b\n\n" % large)
            heard = hearing.read_event(cut)
            assert [message.id for message in heard if isinstance(message, ResponseInvalid)] == [expected] * len(heard)
            assert bool(heard) == (expected is not None)
    assert [entry["event"] for entry in logs] == ["backend_message_too_large"]
    assert hearing.read_event(event(b'{"jsonrpc":"2.0","method":"n"}')) == [Notification("n", {})]


def test_what_a_backend_said_is_shown_as_one_safe_line() -> None:
    assert shown(b'{"a":\n"\x1b[31mred"}\x00') == '{"a": "red"}'
    assert len(shown("é".encode() * 10_000)) == SHOWN


def test_a_foreign_answer_is_named_and_an_error_is_quoted() -> None:
    error = ErrorResponse(b'"server-error"', b'{"code":-32600,"message":"no such session"}')
    assert "no such session" in str(foreign_answer(error, b"4"))
    assert '"server-error" for 4' in str(foreign_answer(error, b"4"))
    assert "secret" not in str(foreign_answer(Response(b"5", b'"secret"'), b"4"))
    assert str(foreign_answer(None, b"4")) == "it answered another request than the one it was asked"


@pytest.mark.parametrize(
    "piece", [b": x\n", b"id: 1\n", b'data: {"jsonrpc":"2.0","id":5,"resu\n\n', b"data: %b\n\n" % ANSWER]
)
async def test_others_have_their_turn_while_much_is_read_that_came_at_once(piece: bytes) -> None:
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            await trio.lowlevel.checkpoint()
            turns += 1

    hearing = Hearing(backend="far")
    with capture_logs():
        async with trio.open_nursery() as nursery:
            nursery.start_soon(count_turns)
            heard = await hearing.hear(hearing.parser(), piece * (256 * 1024 // len(piece)))
            nursery.cancel_scope.cancel()
    assert turns >= 3
    assert heard == [] or isinstance(heard[-1], Response | ResponseInvalid)


async def test_events_are_heard_in_their_order_however_much_comes_at_once() -> None:
    hearing = Hearing(backend="far")
    said = b"".join(
        b'data: {"jsonrpc":"2.0","id":%d,"result":{"a":"%b"}}\r\n\r\n' % (n, b"x" * (n % 97)) for n in range(5000)
    )
    heard = await hearing.hear(hearing.parser(), said)
    assert [message.id for message in heard if isinstance(message, Response)] == [b"%d" % n for n in range(5000)]
