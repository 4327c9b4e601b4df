"""What a legacy session answers to each message, whatever carries it: Streamable HTTP and HTTP+SSE alike."""

from __future__ import annotations

from functools import partial
from typing import Final

import msgspec
import structlog
import trio

from argus_trio.core.exchange import Call
from argus_trio.errors import InvalidRequest, RpcError
from argus_trio.frontend.exchange import ClientExchange, Notify
from argus_trio.frontend.gateway import Gateway
from argus_trio.frontend.greeting import Hello, initialize_result, read_hello
from argus_trio.frontend.outcome import error_response, outcome_of
from argus_trio.frontend.sessions import Session
from argus_trio.wire.envelope import Message, Notification, Request, decode_batch, encode_response
from argus_trio.wire.results import for_legacy_client
from argus_trio.wire.revisions import BATCH_REVISION, Era

log = structlog.get_logger()

MAX_BATCH: Final = 128
"""The most messages that one batch may hold."""


def greet(gateway: Gateway, session: Session, hello: Hello) -> bytes:
    """Settle the session on what its client said, and give the raw result of `initialize`."""
    session.revision = hello.revision
    session.capabilities = hello.capabilities
    session.client = hello.client
    log.info("session_opened", client=hello.client, revision=hello.revision)
    return initialize_result(gateway.identity(), hello.revision)


async def respond(gateway: Gateway, session: Session, request: Request, notify: Notify) -> bytes | None:
    """The encoded response to `request`; None if the call was cancelled, of which nothing more may be said.

    Cancelled by `notifications/cancelled`, by the end of the session, or with the task.
    """
    if request.method == "ping":
        return encode_response(request.id, b"{}")
    if request.method == "initialize":
        return _greet_again(gateway, session, request)
    with trio.CancelScope() as scope:
        try:
            session.begin(request.id, scope)
        except RpcError as error:
            return error_response(request.id, error)
        try:
            outcome = await outcome_of(gateway.handler, _exchange(session, request, notify))
        finally:
            del session.calls[request.id]
    if scope.cancel_called:
        return None
    if outcome.error is not None:
        return error_response(request.id, outcome.error)
    return encode_response(request.id, for_legacy_client(request.method, outcome.result or b"{}"))


def take_notification(session: Session, notification: Notification) -> None:
    """Act on a client's notification; those that mean nothing here are dropped."""
    if notification.method == "notifications/cancelled":
        message_id = notification.params.get("requestId", msgspec.Raw())
        if session.cancel(bytes(message_id)):
            log.debug("call_cancelled", client=session.client)


def read_batch(session: Session, body: bytes) -> list[Message | RpcError]:
    """The messages of a batch.

    Raises:
        InvalidRequest: the session's revision has no batches, or it is empty or too large.
        ParseFailed: not JSON.
    """
    if session.revision != BATCH_REVISION:
        raise InvalidRequest(f"batches are for revision {BATCH_REVISION} alone; this session is at {session.revision}")
    members = decode_batch(body)
    if len(members) > MAX_BATCH:
        raise InvalidRequest(f"a batch must not hold more than {MAX_BATCH} messages")
    return members


async def respond_batch(
    gateway: Gateway, session: Session, members: list[Message | RpcError], notify: Notify
) -> bytes | None:
    """Serve a batch, its requests side by side: the encoded array of responses in the order of the requests.

    None if there is nothing to answer.
    """
    answers: list[bytes | None] = [None] * len(members)

    async def serve(index: int, request: Request) -> None:
        answers[index] = await respond(gateway, session, request, notify)

    async with trio.open_nursery() as nursery:
        for index, member in enumerate(members):
            match member:
                case RpcError():
                    answers[index] = error_response(b"null", member)
                case Request(method="initialize"):
                    error = InvalidRequest("initialize must not be part of a batch")
                    answers[index] = error_response(member.id, error)
                case Request():
                    nursery.start_soon(partial(serve, index, member))
                case Notification():
                    take_notification(session, member)
                case _:
                    pass
    given = [answer for answer in answers if answer is not None]
    return b"[" + b",".join(given) + b"]" if given else None


def _exchange(session: Session, request: Request, notify: Notify) -> ClientExchange:
    call = Call(
        method=request.method,
        params=request.params,
        era=Era.LEGACY,
        revision=session.revision,
        capabilities=session.capabilities,
    )
    return ClientExchange(call, notify)


def _greet_again(gateway: Gateway, session: Session, request: Request) -> bytes:
    try:
        hello = read_hello(request.params)
    except RpcError as error:
        return error_response(request.id, error)
    return encode_response(request.id, greet(gateway, session, hello))
