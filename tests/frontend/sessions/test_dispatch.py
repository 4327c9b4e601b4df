"""What a legacy session answers to each message."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator

import attrs
import msgspec
import pytest
import trio
from structlog.testing import capture_logs

from argus_trio.core.call.exchange import ClientSession, Exchange
from argus_trio.core.catalog.identity import GatewayIdentity
from argus_trio.core.memory import Memory
from argus_trio.errors import BackendError, InvalidParams, InvalidRequest, ParseFailed, RpcError
from argus_trio.frontend.gateway import Gateway
from argus_trio.frontend.sessions.client_requests import SendMessage
from argus_trio.frontend.sessions.dispatch import (
    accept,
    initialize,
    read_batch,
    respond,
    respond_batch,
)
from argus_trio.frontend.sessions.hello import read_hello
from argus_trio.frontend.sessions.session import HttpSession, Session
from argus_trio.frontend.sessions.streams import Streams
from argus_trio.wire.envelope import (
    MAX_BATCH,
    Message,
    Notification,
    Params,
    Raw,
    Request,
    Response,
    decode_object,
    encode,
    encode_raw,
)
from argus_trio.wire.revisions import BATCH_REVISION, Era
from tests.frontend.support.serving import WELL


@attrs.define(eq=False)
class Sent:
    """The stream of a call, which keeps what is sent on it."""

    messages: list[bytes] = attrs.field(factory=list)

    async def notify(self, message: bytes) -> None:
        self.messages.append(message)

    async def route(self) -> SendMessage | None:
        return self.notify


@attrs.define(eq=False)
class Behind:
    """A fake of what is behind the front end: tools that answer, fail or wait."""

    calls: list[Exchange] = attrs.field(factory=list)
    told: list[tuple[ClientSession, str, Params]] = attrs.field(factory=list)
    waiting: trio.Event = attrs.field(factory=trio.Event)
    go_on: trio.Event = attrs.field(factory=trio.Event)

    def tell(self, client: ClientSession, method: str, params: Params) -> None:
        self.told.append((client, method, params))

    async def handle(self, exchange: Exchange) -> bytes:
        self.calls.append(exchange)
        match exchange.call.method:
            case "wait":
                self.waiting.set()
                await self.go_on.wait()
                return b'{"waited":true}'
            case "tell":
                await exchange.notify("notifications/message", {"data": encode_raw("x")})
                return b"{}"
            case "modern":
                return b'{"resultType":"complete","content":[]}'
            case "refused":
                raise BackendError(b'{"code":-1,"message":"no","data":{"x":1}}')
            case "invalid":
                raise InvalidParams("not like this")
            case "broken":
                raise ZeroDivisionError("a secret")
            case method:
                return encode({"method": method})

    def gateway(self) -> Gateway:
        identity = GatewayIdentity(version="1.2.3", instructions="be kind")
        return Gateway(handler=self.handle, identity=lambda _: identity, health=lambda: WELL, tell=self.tell)


def session(revision: str = "2025-06-18") -> HttpSession:
    streams = Streams(Memory())
    return HttpSession(id="s", standalone=streams, streams=streams, revision=revision)


def hello(revision: object = "2025-03-26", **more: object) -> Params:
    return decode_object(encode({"protocolVersion": revision, "capabilities": {"roots": {}}, **more}))


def decoded(answer: bytes | None) -> dict[str, object]:
    """An answer that is one response."""
    assert answer is not None
    found = msgspec.json.decode(answer)
    assert isinstance(found, dict)
    return found


def code(answer: bytes | None) -> int:
    error = decoded(answer)["error"]
    assert isinstance(error, dict)
    found = error["code"]
    assert isinstance(found, int)
    return found


@pytest.fixture
def behind() -> Iterator[Behind]:
    with capture_logs():
        yield Behind()


def test_initialize_settles_the_session_on_what_its_client_said(behind: Behind) -> None:
    made = session()
    result = initialize(behind.gateway(), made, read_hello(hello(clientInfo={"name": "n", "version": "1"})))
    found = msgspec.json.decode(result)
    assert (found["protocolVersion"], found["instructions"]) == ("2025-03-26", "be kind")
    assert (made.revision, made.client, made.abilities.roots) == ("2025-03-26", "n", True)


async def test_a_call_is_served_with_what_its_session_knows(behind: Behind) -> None:
    made = session()
    made.settle(read_hello(hello()))
    made.log_level = "error"
    answer = await respond(behind.gateway(), made, Request(b'"a"', "tools/list", {"x": Raw(b"1e999")}), Sent())
    assert answer == b'{"jsonrpc":"2.0","id":"a","result":{"method":"tools/list"}}'
    call = behind.calls[0].call
    assert (call.era, call.revision, call.log_level, call.client) == (Era.LEGACY, "2025-03-26", "error", made)
    assert bytes(call.params["x"]) == b"1e999"
    assert not made.calls


async def test_a_result_of_a_modern_backend_comes_in_legacy_words(behind: Behind) -> None:
    answer = await respond(behind.gateway(), session(), Request(b"1", "modern", {}), Sent())
    assert decoded(answer)["result"] == {"content": []}


async def test_what_a_call_tells_goes_out_on_the_stream_of_its_post(behind: Behind) -> None:
    sent = Sent()
    await respond(behind.gateway(), session(), Request(b"1", "tell", {}), sent)
    assert [decoded(message)["method"] for message in sent.messages] == ["notifications/message"]


async def test_an_error_of_a_backend_passes_as_it_came(behind: Behind) -> None:
    answer = await respond(behind.gateway(), session(), Request(b"1", "refused", {}), Sent())
    assert answer == b'{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"no","data":{"x":1}}}'


@pytest.mark.parametrize(("method", "expected"), [("invalid", -32602), ("broken", -32603)])
async def test_a_call_that_fails_is_answered_and_leaves_nothing_behind(
    behind: Behind, method: str, expected: int
) -> None:
    made = session()
    answer = await respond(behind.gateway(), made, Request(b"1", method, {}), Sent())
    assert code(answer) == expected
    assert b"secret" not in (answer or b"")
    assert not made.calls


async def test_an_id_in_flight_cannot_be_used_twice(behind: Behind, nursery: trio.Nursery) -> None:
    made, gateway = session(), behind.gateway()
    nursery.start_soon(respond, gateway, made, Request(b"1", "wait", {}), Sent())
    await behind.waiting.wait()
    assert code(await respond(gateway, made, Request(b"1", "tools/list", {}), Sent())) == -32600
    assert list(made.calls) == [b"1"]
    nursery.cancel_scope.cancel()


async def end(made: Session, gateway: Gateway) -> None:
    made.end()


async def cancel(made: Session, gateway: Gateway) -> None:
    accept(gateway, made, Notification("notifications/cancelled", {"requestId": Raw(b"1")}))


@pytest.mark.parametrize("stop", [end, cancel])
async def test_a_call_that_is_cancelled_says_nothing_more(
    behind: Behind, stop: Callable[[Session, Gateway], Coroutine[object, object, None]]
) -> None:
    made, gateway = session(), behind.gateway()
    answers: list[bytes | None] = []

    async def call() -> None:
        answers.append(await respond(gateway, made, Request(b"1", "wait", {}), Sent()))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(call)
        await behind.waiting.wait()
        await stop(made, gateway)
    assert answers == [None]
    assert not made.calls


async def test_a_cancelled_task_takes_its_call_out_of_the_session(behind: Behind) -> None:
    made, gateway = session(), behind.gateway()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(respond, gateway, made, Request(b"1", "wait", {}), Sent())
        await behind.waiting.wait()
        nursery.cancel_scope.cancel()
    assert not made.calls


async def test_what_concerns_the_session_alone_is_answered_here(behind: Behind) -> None:
    made, gateway = session(), behind.gateway()
    level: Params = {"level": encode_raw("warning")}
    assert decoded(await respond(gateway, made, Request(b"1", "ping", {}), Sent()))["result"] == {}
    assert decoded(await respond(gateway, made, Request(b"2", "logging/setLevel", level), Sent()))["result"] == {}
    again = decoded(await respond(gateway, made, Request(b"3", "initialize", hello("2025-11-25")), Sent()))
    assert (made.log_level, made.revision) == ("warning", "2025-11-25")
    assert again["id"] == 3
    assert not behind.calls


@pytest.mark.parametrize("level", [b'"loud"', b"7", b"null"])
async def test_a_level_that_there_is_not_changes_nothing(behind: Behind, level: bytes) -> None:
    made = session()
    answer = await respond(behind.gateway(), made, Request(b"1", "logging/setLevel", {"level": Raw(level)}), Sent())
    assert code(answer) == -32602
    assert made.log_level is None


async def test_a_second_initialize_that_says_nothing_is_refused(behind: Behind) -> None:
    made = session()
    assert code(await respond(behind.gateway(), made, Request(b"1", "initialize", {}), Sent())) == -32602
    assert made.revision == "2025-06-18"


def test_notifications_reach_what_is_behind_save_those_that_concern_nobody_there(behind: Behind) -> None:
    made, gateway = session(), behind.gateway()
    for method in ("notifications/initialized", "notifications/cancelled", "notifications/roots/list_changed"):
        accept(gateway, made, Notification(method, {"x": Raw(b"1")}))
    assert [(client, method) for client, method, _ in behind.told] == [(made, "notifications/roots/list_changed")]


async def test_an_answer_reaches_whoever_asked(behind: Behind) -> None:
    made, gateway, sent = session(), behind.gateway(), Sent()
    made.settle(read_hello(hello()))
    results: list[bytes] = []

    async def ask() -> None:
        results.append(await made.client_requests.ask(sent.route, "roots/list", {}))

    async with trio.open_nursery() as asking:
        asking.start_soon(ask)
        while not sent.messages:
            await trio.lowlevel.checkpoint()
        accept(gateway, made, Response(b"9", b'{"roots":[1]}'))
        accept(gateway, made, Response(b"1", b'{"roots":[]}'))
    assert results == [b'{"roots":[]}']


def test_an_answer_to_nothing_is_dropped(behind: Behind) -> None:
    accept(behind.gateway(), session(), Response(b"1", b"{}"))
    assert not behind.told


@pytest.mark.parametrize(
    ("revision", "body", "error"),
    [
        ("2025-06-18", b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]', InvalidRequest),
        (BATCH_REVISION, b"[]", InvalidRequest),
        (BATCH_REVISION, b"[1", ParseFailed),
        (BATCH_REVISION, encode([{"jsonrpc": "2.0", "method": "x"}] * (MAX_BATCH + 1)), InvalidRequest),
    ],
)
def test_a_batch_that_may_not_stand_here_is_refused(revision: str, body: bytes, error: type[RpcError]) -> None:
    with pytest.raises(error):
        read_batch(session(revision), body)


def test_a_member_that_is_no_message_does_not_spoil_its_batch() -> None:
    members = read_batch(session(BATCH_REVISION), b'[7,{"jsonrpc":"2.0","id":1,"method":"ping"}]')
    assert isinstance(members[0], InvalidRequest)
    assert members[1] == Request(b"1", "ping", {})


async def test_a_batch_is_answered_in_its_order_whatever_ends_first(behind: Behind) -> None:
    made, gateway = session(BATCH_REVISION), behind.gateway()
    members: list[Message | RpcError] = [
        Request(b"1", "wait", {}),
        InvalidRequest("no message"),
        Notification("notifications/roots/list_changed", {}),
        Request(b"2", "initialize", hello()),
        Request(b"3", "tools/list", {}),
    ]
    answers: list[bytes | None] = []

    async def serve() -> None:
        answers.append(await respond_batch(gateway, made, members, Sent()))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve)
        await behind.waiting.wait()
        while len(behind.calls) < 2:
            await trio.lowlevel.checkpoint()
        behind.go_on.set()
    (answer,) = answers
    found = msgspec.json.decode(answer or b"")
    assert [(each["id"], "result" in each) for each in found] == [(1, True), (None, False), (2, False), (3, True)]
    assert [method for _, method, _ in behind.told] == ["notifications/roots/list_changed"]
    assert made.revision == BATCH_REVISION


async def test_a_batch_without_requests_has_no_answer(behind: Behind) -> None:
    members: list[Message | RpcError] = [Notification("notifications/initialized", {}), Response(b"1", b"{}")]
    assert await respond_batch(behind.gateway(), session(BATCH_REVISION), members, Sent()) is None
