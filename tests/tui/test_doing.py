"""Requests and streams of the dashboard, against a management API of the tests over TCP, TLS and a Unix socket."""

from __future__ import annotations

import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import attrs
import pytest
import trio

from argus_trio.contract.backends import BACKEND, BACKENDS
from argus_trio.contract.calls import CALL_TOOL
from argus_trio.contract.capabilities import CAPABILITIES, CapabilitiesAnswer
from argus_trio.contract.health import STATUS as STATUS_OPERATION
from argus_trio.manage_client.client import open_client
from argus_trio.manage_client.where import place_of
from argus_trio.tui.effect import Fetch, GiveUpCall, SaveFile, StartCall, UnfollowStream
from argus_trio.tui.effects import doing as rooms
from argus_trio.tui.effects.doing import Doing
from argus_trio.tui.message import (
    CallBroke,
    CallCame,
    DashboardMessage,
    Done,
    Fetched,
    FetchFailed,
    StreamCame,
    StreamLost,
    StreamOpened,
)
from argus_trio.tui.state.hearing import STREAM
from tests.cli.fake import Asked, FakeManagement, Streamed, problem, serving
from tests.cli.values import STATUS, event, tool, tools
from tests.servers.certificates import make_authority

STATUS_FETCH = Fetch(operation=STATUS_OPERATION)


@attrs.define(eq=False)
class Told:
    """What is told, as it comes."""

    doing: Doing
    send: trio.MemorySendChannel[DashboardMessage]
    receive: trio.MemoryReceiveChannel[DashboardMessage]

    async def next(self, *kinds: type[DashboardMessage]) -> DashboardMessage:
        """The next message, which is of one of these kinds."""
        with trio.fail_after(10):
            message = await self.receive.receive()
        assert isinstance(message, kinds), message
        return message

    async def failure(self) -> FetchFailed:
        message = await self.next(FetchFailed)
        assert isinstance(message, FetchFailed)
        return message


@asynccontextmanager
async def doing(address: str, token: str = "") -> AsyncIterator[Told]:
    """Effects of one gateway."""
    send, receive = trio.open_memory_channel[DashboardMessage](1000)
    async with open_client(place_of(address, "it"), token) as client, trio.open_nursery() as nursery:
        yield Told(Doing(client=client, nursery=nursery, tell=send.send_nowait), send, receive)
        nursery.cancel_scope.cancel()


@pytest.fixture
def fake() -> FakeManagement:
    fake = FakeManagement()
    fake.answers["GET /status"] = STATUS
    return fake


@pytest.fixture
def address(fake: FakeManagement) -> Iterator[str]:
    with serving(fake) as address:
        yield address


@contextmanager
def hung() -> Iterator[str]:
    """The address of somebody who accepts, and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


async def test_a_request_is_answered(address: str) -> None:
    async with doing(address) as told:
        told.doing.do(STATUS_FETCH)
        message = await told.next(Fetched)
        assert isinstance(message, Fetched)
        assert (message.request, message.answer) == (STATUS_FETCH, STATUS)


async def test_the_token_is_sent_and_never_told(fake: FakeManagement, address: str) -> None:
    async with doing(address, "t0ken") as told:
        told.doing.do(STATUS_FETCH)
        assert "t0ken" not in repr(await told.next(Fetched))
        assert "t0ken" not in repr(told.doing)
    assert fake.asked[0].headers["authorization"] == "Bearer t0ken"


async def test_a_gateway_is_asked_by_its_socket(fake: FakeManagement, tmp_path: Path) -> None:
    with serving(fake, path=tmp_path / "s") as address:
        async with doing(address) as told:
            told.doing.do(STATUS_FETCH)
            await told.next(Fetched)


async def test_tls_is_checked(fake: FakeManagement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, context = make_authority(tmp_path)
    with serving(fake, tls=context) as address:
        async with doing(address) as told:
            told.doing.do(STATUS_FETCH)
            assert "certificate is not trusted" in (await told.failure()).why
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        async with doing(address) as told:
            told.doing.do(STATUS_FETCH)
            await told.next(Fetched)


@pytest.mark.parametrize(
    ("answer", "code", "told_of"),
    [
        ((403, problem("forbidden", 403, "you lack manage:read")), 4, "you lack manage:read"),
        ((401, problem("unauthorized", 401, "say who asks")), 4, "$ARGUS_TOKEN"),
        ((404, problem("unknown-backend", 404, "no backend")), 1, "no backend"),
        ((200, b"<html>"), 3, "is no argus-trio gateway"),
        ((200, b'{"service": 7}'), 1, "another version"),
        ((200, b"{" * 100_000), 1, "another version"),
        ((302, b""), 3, "leads to"),
        ((502, b"bad gateway"), 3, "a proxy"),
        (lambda stream, _: stream.cut(), 3, "broke off"),
    ],
)
async def test_what_is_no_answer_is_told(
    fake: FakeManagement, address: str, answer: object, code: int, told_of: str
) -> None:
    fake.answers["GET /status"] = answer
    async with doing(address) as told:
        told.doing.do(STATUS_FETCH)
        failed = await told.failure()
        assert (failed.code, told_of in failed.why) == (code, True), failed.why


async def test_nobody_is_there(tmp_path: Path) -> None:
    async with doing(f"unix:{tmp_path}/none") as told:
        told.doing.do(STATUS_FETCH)
        assert (await told.failure()).code == 3


async def test_who_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "ANSWER_SECONDS", 0.1)
    monkeypatch.setattr("argus_trio.manage_client.follow.ANSWER_SECONDS", 0.1)
    with hung() as address:
        async with doing(address) as told:
            told.doing.do(STATUS_FETCH)
            assert "did not answer in time" in (await told.failure()).why
            told.doing.do(STREAM)
            lost = await told.next(StreamLost)
            assert isinstance(lost, StreamLost)
            assert (lost.is_over, "did not answer in time" in lost.why) == (False, True)


async def test_a_request_takes_the_place_of_one_of_its_name(fake: FakeManagement, address: str) -> None:
    first = threading.Event()

    def slow(stream: Streamed, _: Asked) -> None:
        first.set()
        stream.until_gone(10)

    fake.answers["GET /status"] = [slow, STATUS]
    async with doing(address) as told:
        told.doing.do(STATUS_FETCH)
        assert await trio.to_thread.run_sync(first.wait, 10)
        told.doing.do(STATUS_FETCH)
        await told.next(Fetched)
        with pytest.raises(trio.WouldBlock):
            told.receive.receive_nowait()


async def test_so_many_requests_are_under_way_at_once(fake: FakeManagement, address: str) -> None:
    free, under_way, most, guard = threading.Event(), 0, 0, threading.Lock()

    def slow(stream: Streamed, _: Asked) -> None:
        nonlocal under_way, most
        with guard:
            under_way += 1
            most = max(most, under_way)
            if under_way >= rooms.FETCHES_AT_ONCE:
                free.set()
        free.wait(10)
        with guard:
            under_way -= 1
        stream.cut()

    names = [f"b{number}" for number in range(30)]
    fake.answers |= {f"GET /backends/{name}": slow for name in names}
    async with doing(address) as told:
        for name in names:
            told.doing.do(Fetch(operation=BACKEND, path={"name": name}))
        for _ in names:
            await told.failure()
    assert most == rooms.FETCHES_AT_ONCE


async def test_too_many_effects_are_refused_and_told() -> None:
    with hung() as address:
        async with doing(address) as told:
            for number in range(rooms.MOST_TASKS + 1):
                told.doing.do(Fetch(operation=BACKENDS, key=str(number)))
            assert "too much is under way" in (await told.failure()).why


async def test_all_pages_of_a_list_are_one_answer(fake: FakeManagement, address: str) -> None:
    fake.answers["GET /capabilities"] = [tools(tool("a"), following="x y"), tools(tool("b"))]
    async with doing(address) as told:
        told.doing.do(Fetch(operation=CAPABILITIES, has_pages=True))
        message = await told.next(Fetched)
        assert isinstance(message, Fetched)
        assert isinstance(message.answer, CapabilitiesAnswer)
        assert [each.name for each in message.answer.tools] == ["a", "b"]
    assert [each.query for each in fake.asked] == ["", "after=x+y"]


async def test_a_stream_is_opened_again_behind_the_last_event(fake: FakeManagement, address: str) -> None:
    def first(stream: Streamed, _: Asked) -> None:
        stream.send("backend_ready", event(1), "a1-1")
        stream.cut()

    def second(stream: Streamed, _: Asked) -> None:
        stream.send("backend_ready", event(2), "a1-2")
        stream.until_gone(10)

    fake.answers["GET /events/stream"] = [first, second]
    async with doing(address) as told:
        told.doing.do(STREAM)
        kinds = [type(await told.next(StreamOpened, StreamCame, StreamLost)) for _ in range(5)]
        assert kinds == [StreamOpened, StreamCame, StreamLost, StreamOpened, StreamCame]
        told.doing.do(UnfollowStream(STREAM.key))
    assert [each.headers.get("last-event-id") for each in fake.asked] == [None, "a1-1"]


@pytest.mark.parametrize("status", [401, 403])
async def test_a_stream_that_is_refused_is_not_asked_for_again(fake: FakeManagement, address: str, status: int) -> None:
    fake.answers["GET /events/stream"] = (status, problem("forbidden", status, "you lack manage:read"))
    async with doing(address) as told:
        told.doing.do(STREAM)
        lost = await told.next(StreamLost)
        assert isinstance(lost, StreamLost)
        assert (lost.is_over, lost.code, "you lack manage:read" in lost.why) == (True, 4, True)
    assert len(fake.asked) == 1


async def test_a_call_is_told_to_its_end(fake: FakeManagement, address: str) -> None:
    def answered(stream: Streamed, _: Asked) -> None:
        stream.send("exchange", {"id": "e-1"})
        stream.send("result", {"content": []})
        stream.end()

    fake.answers[f"POST {CALL_TOOL.path}"] = answered
    async with doing(address) as told:
        told.doing.do(StartCall(id=1, operation=CALL_TOOL, body={"name": "t"}))
        events: list[str] = []
        while "result" not in events:
            message = await told.next(CallCame)
            assert isinstance(message, CallCame)
            events += [each.event for each in message.events]
        assert events == ["exchange", "result"]


@pytest.mark.parametrize(
    ("end", "why"), [(Streamed.end, "whether it had an effect is not known"), (Streamed.cut, "broke off")]
)
async def test_a_call_that_ends_without_a_result_says_so(
    fake: FakeManagement, address: str, end: Callable[[Streamed], None], why: str
) -> None:
    fake.answers[f"POST {CALL_TOOL.path}"] = lambda stream, _: end(stream)
    async with doing(address) as told:
        told.doing.do(StartCall(id=1, operation=CALL_TOOL, body={"name": "t"}))
        broke = await told.next(CallBroke)
        assert isinstance(broke, CallBroke)
        assert why in broke.why


async def test_a_call_that_is_given_up_closes_its_stream(fake: FakeManagement, address: str) -> None:
    begun, gone = threading.Event(), threading.Event()

    def waits(stream: Streamed, _: Asked) -> None:
        begun.set()
        if stream.until_gone(10):
            gone.set()

    fake.answers[f"POST {CALL_TOOL.path}"] = waits
    async with doing(address) as told:
        told.doing.do(StartCall(id=1, operation=CALL_TOOL, body={"name": "t"}))
        assert await trio.to_thread.run_sync(begun.wait, 10)
        told.doing.do(GiveUpCall(1))
        assert await trio.to_thread.run_sync(gone.wait, 10)


async def test_a_file_is_saved_beside_the_loop(address: str, tmp_path: Path) -> None:
    async with doing(address) as told:
        told.doing.do(SaveFile(path=tmp_path / "x", content=b"1"))
        done = await told.next(Done)
        assert isinstance(done, Done)
        assert done.what == "saved"


async def test_an_event_that_is_too_large_is_told(
    fake: FakeManagement, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("argus_trio.manage_client.follow.FOLLOWED_EVENT_BYTES", 1000)

    def large(stream: Streamed, _: Asked) -> None:
        stream.send("backend_ready", event(1, message="x" * 2000), "a1-1")
        stream.until_gone(10)

    fake.answers["GET /events/stream"] = large
    async with doing(address) as told:
        told.doing.do(STREAM)
        await told.next(StreamOpened)
        lost = await told.next(StreamLost)
        assert isinstance(lost, StreamLost)
        assert "larger than 1000 bytes" in lost.why
