"""The HTTP+SSE edge (2024-11-05): `GET /sse` opens a session and carries its answers, `POST /messages/` its messages.

The task of the GET owns the nursery in which the session's calls run, so a client that goes cancels them all.
"""

from __future__ import annotations

import secrets
from typing import Final
from urllib.parse import parse_qs

import attrs
import trio

from argus_trio.errors import InvalidRequest, Overloaded, RpcError
from argus_trio.frontend.announcer import Announcer
from argus_trio.frontend.body import read_body
from argus_trio.frontend.dialogue import read_batch, respond, respond_batch, take_notification
from argus_trio.frontend.fields import require_json_sent
from argus_trio.frontend.gateway import Gateway
from argus_trio.frontend.limits import Limits
from argus_trio.frontend.outbox import Outbox
from argus_trio.frontend.outcome import error_response
from argus_trio.frontend.refusals import SessionUnknown
from argus_trio.frontend.request import JSON, Request
from argus_trio.frontend.sessions import Session
from argus_trio.frontend.stream import write_stream
from argus_trio.wire import envelope
from argus_trio.wire.envelope import Message, Notification, decode, is_batch
from argus_trio.wire.sse import encode_event

MAX_CALLS: Final = 256
"""Calls in flight in one session: unlike a POST to `/mcp` they hold no connection that would bound them."""
_ID_BYTES: Final = 24


@attrs.define(eq=False)
class Conversation:
    """One open `/sse` stream and what runs for it. As a listener it ends once its calls in flight are answered."""

    session: Session
    outbox: Outbox
    nursery: trio.Nursery
    in_flight: int = 0
    _is_ending: bool = False

    def offer(self, key: str, event: bytes) -> None:
        self.outbox.offer(key, event)

    def close(self) -> None:
        self._is_ending = True
        self._end_if_idle()

    def spawn(self, gateway: Gateway, work: Message | list[Message | RpcError]) -> None:
        """Serve a request or a batch in the session's nursery; its answer goes on the stream.

        Raises:
            Overloaded: `MAX_CALLS` are in flight.
        """
        if self.in_flight >= MAX_CALLS:
            raise Overloaded(f"{MAX_CALLS} calls of this session are in flight")
        self.in_flight += 1
        self.nursery.start_soon(self._serve, gateway, work)

    async def _serve(self, gateway: Gateway, work: Message | list[Message | RpcError]) -> None:
        try:
            if isinstance(work, list):
                answer = await respond_batch(gateway, self.session, work, self._notify)
            elif isinstance(work, envelope.Request):
                answer = await respond(gateway, self.session, work, self._notify)
            else:
                answer = None
            if answer is not None:
                await self._notify(answer)
        finally:
            self.in_flight -= 1
            self._end_if_idle()

    async def _notify(self, message: bytes) -> None:
        await self.outbox.put(encode_event(message))

    def _end_if_idle(self) -> None:
        if self._is_ending and not self.in_flight:
            self.outbox.close()


class SseEdge:
    """The open conversations, by session id."""

    def __init__(self, gateway: Gateway, announcer: Announcer, limits: Limits) -> None:
        self._gateway = gateway
        self._announcer = announcer
        self._limits = limits
        self._open: dict[str, Conversation] = {}

    async def get(self, http: Request) -> None:
        """Hold a conversation: until the client goes, or the gateway stops."""
        session = Session(id=secrets.token_urlsafe(_ID_BYTES))
        endpoint = encode_event(b"/messages/?session_id=" + session.id.encode(), event="endpoint")
        async with trio.open_nursery() as nursery:
            conversation = Conversation(session, Outbox(), nursery)
            self._open[session.id] = conversation
            try:
                with self._announcer.listening(conversation):
                    await write_stream(http, conversation.outbox, first=endpoint)
            finally:
                del self._open[session.id]
            nursery.cancel_scope.cancel()

    async def post(self, http: Request) -> None:
        """Take one message, or a batch, of an open conversation."""
        try:
            require_json_sent(http.fields.get(b"content-type"))
            self._conversation(http)  # an unknown session is told before its body is read
            body = await read_body(http, self._limits)
            self._take(self._conversation(http), body)
        except RpcError as error:
            await http.answer_unread(error.http_status, error_response(b"null", error), (JSON,))
            return
        await http.answer(202)

    def _take(self, conversation: Conversation, body: bytes) -> None:
        if is_batch(body):
            conversation.spawn(self._gateway, read_batch(conversation.session, body))
            return
        message = decode(body)
        if isinstance(message, envelope.Request):
            conversation.spawn(self._gateway, message)
        elif isinstance(message, Notification):
            take_notification(conversation.session, message)

    def _conversation(self, http: Request) -> Conversation:
        query = parse_qs(http.query.decode("latin-1"), max_num_fields=8)
        ids = query.get("session_id") or query.get("sessionId")
        if not ids:
            raise InvalidRequest("the query parameter session_id is missing; GET /sse tells it")
        conversation = self._open.get(ids[0])
        if conversation is None:
            raise SessionUnknown("no such session, or no more; GET /sse begins anew")
        return conversation
