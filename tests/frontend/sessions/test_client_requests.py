"""The open asks of one session, on virtual time."""

from __future__ import annotations

import msgspec
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.errors import ClientCannotAnswer, ClientRefused, ResponseInvalid
from argus_trio.frontend.sessions.client_requests import FAREWELL_SECONDS, MAX_OPEN, ClientRequests, SendMessage
from argus_trio.wire.envelope import ErrorResponse, Response


class Stream:
    """A client's stream that keeps what was sent."""

    def __init__(self) -> None:
        self.sent: list[dict[str, object]] = []
        self.is_blocked = False

    async def send(self, message: bytes) -> None:
        self.sent.append(msgspec.json.decode(message))
        if self.is_blocked:
            await trio.sleep_forever()

    async def route(self) -> SendMessage | None:
        return self.send


async def nowhere() -> SendMessage | None:
    return None


async def test_results_and_errors_find_their_asks(nursery: trio.Nursery) -> None:
    asks, stream, results = ClientRequests(), Stream(), []

    async def ask() -> None:
        try:
            results.append(await asks.ask(stream.route, "roots/list", {}))
        except ClientRefused as error:
            results.append(error.encoded)

    nursery.start_soon(ask)
    nursery.start_soon(ask)
    await wait_all_tasks_blocked()
    assert len(asks) == 2
    assert asks.answer(ErrorResponse(b"2", b'{"code":1}'))
    assert not asks.answer(Response(b"2", b"{}"))
    await wait_all_tasks_blocked()
    assert asks.answer(Response(b"1", b'{"a":1}'))
    assert not asks.answer(Response(b"3", b"{}"))
    await wait_all_tasks_blocked()
    assert results == [b'{"code":1}', b'{"a":1}']
    assert len(asks) == 0


@pytest.mark.parametrize("spelled", [b"1.0", b'"1"', b'"1.0"'])
async def test_an_id_that_comes_back_as_text_or_with_a_fraction_of_zeros_is_the_same_and_any_other_is_not(
    nursery: trio.Nursery, spelled: bytes
) -> None:
    asks, stream, results = ClientRequests(), Stream(), list[bytes]()

    async def ask() -> None:
        results.append(await asks.ask(stream.route, "roots/list", {}))

    nursery.start_soon(ask)
    await wait_all_tasks_blocked()
    for other in (b"1.5", b'"1.5"', b'"x"', b"null", b"10"):
        assert not asks.answer(Response(other, b"{}"))
    assert asks.answer(Response(spelled, b'{"a":1}'))
    await wait_all_tasks_blocked()
    assert results == [b'{"a":1}']


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Response(b"1", b"null"), "its result is no object: null"),
        (Response(b"1", b"[1]"), "its result is no object: [1]"),
        (ErrorResponse(b"1", b'"no"'), 'its error is no object: "no"'),
        (ResponseInvalid(b"1", "it has neither"), "it has neither"),
    ],
)
async def test_an_answer_that_cannot_be_read_is_an_error_that_says_so(
    nursery: trio.Nursery, answer: Response | ErrorResponse | ResponseInvalid, told: str
) -> None:
    asks, stream, refusals = ClientRequests(), Stream(), list[bytes]()

    async def ask() -> None:
        with pytest.raises(ClientRefused) as refused:
            await asks.ask(stream.route, "roots/list", {})
        refusals.append(refused.value.encoded)

    nursery.start_soon(ask)
    await wait_all_tasks_blocked()
    assert asks.answer(answer)
    await wait_all_tasks_blocked()
    (refusal,) = refusals
    said = {"code": -32603, "message": f"the client's answer cannot be read: {told}"}
    assert msgspec.json.decode(refusal) == said


async def test_without_a_stream_there_is_no_answer() -> None:
    asks = ClientRequests()
    with pytest.raises(ClientCannotAnswer, match="no stream"):
        await asks.ask(nowhere, "roots/list", {})
    assert len(asks) == 0


async def test_too_many_open_asks_are_refused(nursery: trio.Nursery) -> None:
    asks, stream = ClientRequests(), Stream()
    for _ in range(MAX_OPEN):
        nursery.start_soon(asks.ask, stream.route, "roots/list", {})
    await wait_all_tasks_blocked()
    with pytest.raises(ClientCannotAnswer, match="64"):
        await asks.ask(stream.route, "roots/list", {})
    nursery.cancel_scope.cancel()


async def test_a_cancelled_ask_tells_the_client_within_a_bound(autojump_clock: MockClock) -> None:
    asks, stream = ClientRequests(), Stream()
    with trio.move_on_after(1):
        await asks.ask(stream.route, "roots/list", {})
    assert [message["method"] for message in stream.sent] == ["roots/list", "notifications/cancelled"]
    stream.is_blocked = True
    began = trio.current_time()
    with trio.move_on_after(1):
        await asks.ask(stream.route, "roots/list", {})
    assert trio.current_time() - began == pytest.approx(1 + FAREWELL_SECONDS)
    assert stream.sent[-1]["method"] == "notifications/cancelled"
    assert len(asks) == 0


async def test_the_end_of_the_session_ends_them_without_a_word(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    asks, stream = ClientRequests(), Stream()

    async def ask() -> None:
        with pytest.raises(ClientCannotAnswer, match="ended"):
            await asks.ask(stream.route, "roots/list", {})

    nursery.start_soon(ask)
    await wait_all_tasks_blocked()
    asks.end()
    await wait_all_tasks_blocked()
    assert not nursery.child_tasks
    assert len(stream.sent) == 1
    await ask()
    assert len(stream.sent) == 1
