"""What a legacy session answers to each message, whatever carries it: Streamable HTTP and HTTP+SSE alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import msgspec
import structlog
import trio

from argus_trio.core.access.principal import Principal
from argus_trio.core.call.exchange import Call
from argus_trio.core.call.levels import LEVELS
from argus_trio.errors import InvalidParams, InvalidRequest, ResponseInvalid, RpcError
from argus_trio.frontend.gateway import Gateway
from argus_trio.frontend.identity import initialize_result
from argus_trio.frontend.outcome import error_response, outcome_of
from argus_trio.frontend.sessions.exchange import CallStream, LegacyExchange
from argus_trio.frontend.sessions.hello import Hello, read_hello
from argus_trio.frontend.sessions.noted import note_opened
from argus_trio.frontend.sessions.session import Session
from argus_trio.frontend.sessions.subscriptions import SUBSCRIBING, count_subscription
from argus_trio.frontend.sessions.unkept import unkept
from argus_trio.wire.envelope import (
    ErrorResponse,
    Message,
    Notification,
    Request,
    Response,
    decode_string,
    encode_response,
)
from argus_trio.wire.members import decode_client_batch
from argus_trio.wire.results import for_legacy_client
from argus_trio.wire.revisions import BATCH_REVISION, Era

log = structlog.get_logger()

MAX_BATCH_BYTES: Final = 16 * 1024 * 1024
"""What the answers of one batch may hold together, but for one that is larger alone: they wait for each other, and are
put into one message."""


def initialize(gateway: Gateway, session: Session, hello: Hello) -> bytes:
    """Settle the session on what its client said, and give the raw result of `initialize`."""
    session.settle(hello)
    log.info("session_opened", client=hello.client, revision=hello.revision)
    note_opened(gateway.management.journal, session)
    return initialize_result(gateway.identity(session.audience), hello.revision)


def _nothing(_: RpcError) -> None:
    """Nobody wants to know."""


async def respond(
    gateway: Gateway,
    session: Session,
    request: Request,
    stream: CallStream,
    principal: Principal | None = None,
    *,
    on_error: Callable[[RpcError], object] = _nothing,
) -> bytes | None:
    """The encoded response to `request`; None if the call was cancelled, of which nothing more may be said.

    `principal` is who asks it; without one, who asked last in the session.

    Cancelled by `notifications/cancelled`, by the end of the session, or with the task. `on_error` is told of the error
    that it holds, for an edge whose status and header fields can say it too.
    """
    answered_here = _HERE.get(request.method)
    if answered_here is not None:
        return answered_here(gateway, session, request)
    call = _call(session, request, principal or session.principal)
    exchange = LegacyExchange(call=call, session=session, stream=stream)
    try:
        session.begin(request.id, exchange)
    except RpcError as error:
        return error_response(request.id, error)
    try:
        handler = gateway.handler
        if request.method in SUBSCRIBING:
            handler = partial(count_subscription, handler, session.quota)
        outcome = await outcome_of(handler, exchange)
    finally:
        session.finish(request.id)
    if exchange.is_silent:
        return None
    if outcome.error is not None:
        on_error(outcome.error)
        return error_response(request.id, outcome.error)
    return encode_response(request.id, for_legacy_client(request.method, outcome.result or b"{}"))


def accept(gateway: Gateway, session: Session, message: Message | ResponseInvalid) -> None:
    """Act on what a client posts and nobody answers; what belongs to nothing is dropped."""
    match message:
        case Response() | ErrorResponse() | ResponseInvalid():
            if not session.client_requests.answer(message):
                log.debug("answer_unasked", client=session.client)
        case Notification(method="notifications/cancelled"):
            if session.cancel(bytes(message.params.get("requestId", msgspec.Raw()))):
                log.debug("call_cancelled", client=session.client)
        case Notification() if message.method not in _OURS:
            gateway.tell(session, message.method, message.params)
        case _:
            pass


def read_batch(session: Session, body: bytes) -> list[Message | RpcError]:
    """The messages of a batch.

    Raises:
        InvalidRequest: the session's revision has no batches, or it is empty or too large.
        ParseFailed: not JSON.
    """
    if session.revision != BATCH_REVISION:
        raise InvalidRequest(f"batches are for revision {BATCH_REVISION} alone; this session is at {session.revision}")
    return decode_client_batch(body)


async def respond_batch(
    gateway: Gateway,
    session: Session,
    members: list[Message | RpcError],
    stream: CallStream,
    principal: Principal | None = None,
) -> bytes | None:
    """Serve a batch, its requests side by side: the encoded array of responses in the order of the requests.

    None if there is nothing to answer.
    """
    answers: list[bytes | None] = [None] * len(members)

    async def serve(index: int, request: Request) -> None:
        answer = await respond(gateway, session, request, stream, principal)
        held = sum(len(each) for each in answers if each is not None)
        if answer is not None and held and held + len(answer) > MAX_BATCH_BYTES:
            reason = f"the answers of a batch may hold {MAX_BATCH_BYTES} bytes together; ask for this one alone"
            answer = unkept(answer, reason)
        answers[index] = answer

    async with trio.open_nursery() as nursery:
        for index, member in enumerate(members):
            match member:
                case RpcError():
                    answers[index] = error_response(member.request_id, member)
                    if isinstance(member, ResponseInvalid):
                        accept(gateway, session, member)
                case Request(method="initialize"):
                    error = InvalidRequest("initialize must not be part of a batch")
                    answers[index] = error_response(member.id, error)
                case Request():
                    nursery.start_soon(partial(serve, index, member))
                case _:
                    accept(gateway, session, member)
    given = [answer for answer in answers if answer is not None]
    return b"[" + b",".join(given) + b"]" if given else None


def _call(session: Session, request: Request, principal: Principal) -> Call:
    return Call(
        method=request.method,
        params=request.params,
        era=Era.LEGACY,
        revision=session.revision,
        principal=principal,
        endpoint=session.endpoint,
        capabilities=session.capabilities,
        abilities=session.abilities,
        log_level=session.log_level,
        transport=session.transport,
        client_info=session.client_info,
        client=session,
        address=session.address,
    )


def _pong(_: Gateway, __: Session, request: Request) -> bytes:
    return encode_response(request.id, b"{}")


def _set_level(_: Gateway, session: Session, request: Request) -> bytes:
    """Take the least grave level that the session's client wants messages of (2025-11-25, Logging)."""
    try:
        level = decode_string(request.params.get("level", b"0"))
    except msgspec.DecodeError:
        level = ""
    if level not in LEVELS:
        return error_response(request.id, InvalidParams(f"level must be one of {', '.join(LEVELS)}"))
    session.log_level = level
    return encode_response(request.id, b"{}")


def _initialize_again(gateway: Gateway, session: Session, request: Request) -> bytes:
    try:
        hello = read_hello(request.params)
    except RpcError as error:
        return error_response(request.id, error)
    return encode_response(request.id, initialize(gateway, session, hello))


_HERE: Final[Mapping[str, Callable[[Gateway, Session, Request], bytes]]] = {
    "ping": _pong,
    "initialize": _initialize_again,
    "logging/setLevel": _set_level,
}
"""What the edge answers itself."""

_OURS: Final = ("notifications/initialized",)
"""What concerns no one behind the edge."""
