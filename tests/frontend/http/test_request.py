"""One HTTP request, and plain answers to it; on virtual time."""

from __future__ import annotations

import msgspec
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.frontend.http.receive_queue import MAX_WAITING, AsgiMessage, ReceiveQueue
from argus_trio.frontend.http.request import (
    DISCONNECT_EXTENSION,
    JSON,
    LINGER_BYTES,
    LINGER_SECONDS,
    SHORTCUT_EXTENSION,
    AsgiScope,
    AsgiSend,
    Extensions,
    Header,
    IncomingRequest,
    refusal,
    start,
)
from tests.frontend.support.fakes import FakeRequest, FakeShortcut


def request(headers: list[Header]) -> IncomingRequest:
    """A request as a server hands it over."""
    queue = ReceiveQueue()

    async def send(message: AsgiMessage) -> None:
        raise AssertionError(message)

    scope = AsgiScope(
        method="POST", path="/mcp", query_string=b"a=1", headers=headers, extensions={DISCONNECT_EXTENSION: queue}
    )
    return IncomingRequest.of(scope, queue.receive, send)


def test_it_is_read_from_what_the_server_hands_over() -> None:
    made = request([(b"host", b"a"), (b"accept", b"b")])
    assert (made.method, made.path, made.query) == ("POST", "/mcp", b"a=1")
    assert made.fields == {b"host": b"a", b"accept": b"b"}
    assert made.body_pending


def test_repeated_headers_are_joined_and_stay_apart_in_the_list() -> None:
    headers = [(b"accept", b"a"), (b"host", b"h"), (b"accept", b"b"), (b"accept", b"c")]
    made = request(headers)
    assert made.fields == {b"accept": b"a, b, c", b"host": b"h"}
    assert made.headers == headers
    assert made.repeated == {b"accept"}


async def test_an_answer_goes_by_the_shortcut_that_the_server_offers() -> None:
    offered = FakeShortcut()
    fake = FakeRequest(shortcut=offered)
    await fake.http.answer(200, b"{}", (JSON,))
    assert offered.answers == [(200, (JSON,), b"{}")]
    assert not fake.sent


async def test_an_answer_that_is_changed_on_its_way_takes_no_shortcut() -> None:
    offered = FakeShortcut()
    fake = FakeRequest(shortcut=offered)
    passed: list[object] = []

    def noted(send: AsgiSend) -> AsgiSend:
        async def noting(message: AsgiMessage) -> None:
            passed.append(message["type"])
            await send(message)

        return noting

    fake.http.answer_through(noted)
    await fake.http.answer(200, b"{}", (JSON,))
    assert passed == ["http.response.start", "http.response.body"]
    assert not offered.answers
    assert fake.sent


def test_a_server_need_not_offer_a_shortcut() -> None:
    queue, offered = ReceiveQueue(), FakeShortcut()
    extensions = Extensions({DISCONNECT_EXTENSION: queue, SHORTCUT_EXTENSION: offered})
    scope = AsgiScope(method="POST", path="/mcp", query_string=b"", headers=[], extensions=extensions)
    assert IncomingRequest.of(scope, queue.receive, FakeRequest().http.send).shortcut is offered
    assert request([]).shortcut is None


async def test_an_answer_says_how_long_it_is() -> None:
    fake = FakeRequest()
    await fake.http.answer(200, b"{}", (JSON,))
    assert fake.sent[0] == {
        "type": "http.response.start",
        "status": 200,
        "headers": [(b"content-type", b"application/json"), (b"content-length", b"2")],
    }
    assert (fake.body, fake.is_ended) == (b"{}", True)


def test_what_has_no_content_or_no_known_end_has_no_length() -> None:
    assert start(204, (), 0)["headers"] == ()
    assert start(200, (JSON,))["headers"] == (JSON,)
    assert start(202, (), 0)["headers"] == [(b"content-length", b"0")]


async def test_a_refusal_goes_out_at_once_and_ends_once_the_body_is_read() -> None:
    fake = FakeRequest()
    await fake.give(b"x" * 10, more=True)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(fake.http.answer_unread, 413, b"{}")
        await wait_all_tasks_blocked()
        assert (fake.body, fake.is_ended) == (b"{}", False)
        await fake.give(b"y")
    assert (fake.body, fake.is_ended) == (b"{}", True)
    assert not fake.http.body_pending


async def test_a_body_that_has_been_read_is_not_waited_for() -> None:
    fake = FakeRequest()
    fake.http.body_pending = False
    await fake.http.answer_unread(404, b"{}")
    assert [message["type"] for message in fake.sent] == ["http.response.start", "http.response.body"]
    assert fake.is_ended


async def test_a_body_that_does_not_come_is_waited_for_in_bounds(autojump_clock: MockClock) -> None:
    fake = FakeRequest()
    began = trio.current_time()
    await fake.http.answer_unread(415, b"{}")
    assert trio.current_time() - began == pytest.approx(LINGER_SECONDS)
    assert fake.is_ended


async def test_a_body_without_end_is_read_in_bounds(autojump_clock: MockClock, nursery: trio.Nursery) -> None:
    fake = FakeRequest()
    part = b"x" * (LINGER_BYTES // 4)
    given = 0

    async def flood() -> None:
        nonlocal given
        while True:
            await fake.give(part, more=True)
            given += 1

    nursery.start_soon(flood)
    await fake.http.answer_unread(413, b"{}")
    assert fake.is_ended
    await wait_all_tasks_blocked()
    assert given <= 4 + MAX_WAITING
    nursery.cancel_scope.cancel()


async def test_a_client_that_goes_ends_the_waiting(autojump_clock: MockClock) -> None:
    fake = FakeRequest()
    await fake.queue.put({"type": "http.disconnect"})
    began = trio.current_time()
    await fake.http.answer_unread(413, b"{}")
    assert trio.current_time() == began


def test_a_refusal_names_its_error() -> None:
    assert msgspec.json.decode(refusal("not_found", "nothing here")) == {
        "error": "not_found",
        "message": "nothing here",
    }
