"""The HTTP+SSE edge (2024-11-05): `GET /sse` opens a session and carries its answers, `POST /messages/` its messages.

The task of the GET owns the nursery in which the session's calls run, so a client that goes cancels them all.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from math import inf
from typing import Final
from urllib.parse import parse_qs, quote

import attrs
import structlog
import trio

from argus_trio.core.access.principal import Principal
from argus_trio.core.call.abilities import Audience
from argus_trio.core.call.payer import network_of
from argus_trio.core.memory import Bodies, Body, Memory
from argus_trio.errors import InvalidRequest, Overloaded, ResponseInvalid, RpcError
from argus_trio.frontend.gateway import Gateway
from argus_trio.frontend.http.body import read_body
from argus_trio.frontend.http.errors import SessionUnknown
from argus_trio.frontend.http.event_stream import write_stream
from argus_trio.frontend.http.header_names import CONTENT_ENCODING, CONTENT_TYPE
from argus_trio.frontend.http.negotiation import refusal_headers, require_json_sent, require_plain
from argus_trio.frontend.http.request import IncomingRequest
from argus_trio.frontend.http.served_settings import CurrentSettings
from argus_trio.frontend.notifications.announcer import Announcer
from argus_trio.frontend.notifications.outbox import Outbox
from argus_trio.frontend.outcome import error_response
from argus_trio.frontend.sessions.client_requests import SendMessage
from argus_trio.frontend.sessions.dispatch import accept, read_batch, respond, respond_batch
from argus_trio.frontend.sessions.noted import note_ended
from argus_trio.frontend.sessions.session import Session, SessionEnd
from argus_trio.frontend.sessions.unkept import unkept
from argus_trio.wire import envelope
from argus_trio.wire.envelope import Message, is_batch
from argus_trio.wire.event_stream import encode_event
from argus_trio.wire.members import decode_client

log = structlog.get_logger()

MAX_CALLS: Final = 256
"""Calls in flight in one session: unlike a POST to `/mcp` they hold no connection that would bound them."""
_ID_BYTES: Final = 24
_APPENDING: Final = (b"Java-http-client/", b"ReactorNetty/")
"""How the User-Agent of those begins that append a relative reference to the host."""


Posted = envelope.Request | list[Message | RpcError]


@attrs.define(eq=False, repr=False)
class Conversation:
    """One open `/sse` stream, the only one of its session; ends once its calls in flight are answered.

    Its events carry no ids: this transport has nothing to resume, a client that lost the stream begins anew.
    """

    outbox: Outbox
    nursery: trio.Nursery
    in_flight: int = attrs.field(default=0, init=False)
    is_ending: bool = attrs.field(default=False, init=False)
    """Whether it ends once its calls in flight are answered: the gateway stops."""

    async def notify(self, message: bytes) -> None:
        """Send an encoded message in turn; dropped once the client is gone."""
        await self.outbox.put(encode_event(message))

    async def route(self) -> SendMessage | None:
        """How to ask the client: on the stream, for as long as there is one."""
        return None if self.outbox.is_closed else self.notify

    def offer(self, key: str, event: bytes) -> None:
        """Have `event` sent once, however often it is offered under `key` until then."""
        self.outbox.offer(key, event)

    def close(self) -> None:
        """End the stream once the calls in flight are answered."""
        self.is_ending = True
        self._end_if_idle()

    def end(self) -> None:
        """End the stream."""
        self.outbox.close()

    def spawn(self, gateway: Gateway, session: Session, work: Posted, body: Body) -> None:
        """Serve a request or a batch in the conversation's nursery, as whoever asked last in the session.

        Its answer goes on the stream. Its `body` is kept entered until then.

        Raises:
            Overloaded: `MAX_CALLS` are in flight.
        """
        if self.in_flight >= MAX_CALLS:
            raise Overloaded(f"{MAX_CALLS} calls of this session are in flight")
        self.in_flight += 1
        self.nursery.start_soon(self._serve, gateway, session, work, body, session.principal)

    async def _serve(self, gateway: Gateway, session: Session, work: Posted, body: Body, principal: Principal) -> None:
        try:
            if isinstance(work, list):
                answer = await respond_batch(gateway, session, work, self, principal)
            else:
                answer = await respond(gateway, session, work, self, principal)
            del work  # the answer may wait long for the client to read
            body.release()
            if answer is not None and not self.outbox.has_room(len(answer)):
                why = self.outbox.why_full(len(answer))
                log.warning(
                    "answer_not_kept",
                    bytes=len(answer),
                    waiting=self.outbox.waiting,
                    client=session.client,
                    reason=why,
                )
                answer = unkept(answer, why)
            if answer is not None:
                await self.notify(answer)
        finally:
            body.release()
            self.in_flight -= 1
            self._end_if_idle()

    def _end_if_idle(self) -> None:
        if self.is_ending and not self.in_flight:
            self.outbox.close()


@attrs.define(eq=False, repr=False, kw_only=True)
class SseSession(Session):
    """A session that lives as long as its conversation."""

    conversation: Conversation


@attrs.define(eq=False, repr=False)
class SseEdge:
    """The open sessions, by their ids."""

    gateway: Gateway
    announcer: Announcer
    settings: CurrentSettings
    memory: Memory = attrs.field(kw_only=True)
    bodies: Bodies = attrs.field(factory=Bodies, kw_only=True)
    _open: dict[str, SseSession] = attrs.field(factory=dict, init=False)

    @property
    def idle(self) -> float:
        """Not after any time: a session ends with its client."""
        return inf

    def __iter__(self) -> Iterator[SseSession]:
        return iter(tuple(self._open.values()))

    def __len__(self) -> int:
        return len(self._open)

    async def get(self, http: IncomingRequest) -> None:
        """Hold a conversation: until the client goes, or the gateway stops."""
        if self.memory.is_full:
            await self._refuse_more(http)
            return
        async with trio.open_nursery() as nursery:
            conversation = Conversation(Outbox(memory=self.memory), nursery)
            session = SseSession(
                id=secrets.token_urlsafe(_ID_BYTES),
                standalone=conversation,
                conversation=conversation,
                principal=http.principal,
                endpoint=http.endpoint,
                transport="sse",
                memory=self.memory,
                address=network_of(http.address),
                last_used=trio.current_time(),
            )
            endpoint = encode_event(_messages_seen_from(http) + session.id.encode(), event="endpoint")
            self._open[session.id] = session
            try:
                with self.announcer.listening(conversation, audience=lambda: session.audience):
                    await write_stream(http, conversation.outbox, first=endpoint)
            finally:
                self._open.pop(session.id, None)
                session.ended_by = _ended_by(session, http.principal)
                session.end()
                note_ended(self.gateway.management.journal, session)
                conversation.outbox.discard()
                self.gateway.release(session)
            nursery.cancel_scope.cancel()

    async def post(self, http: IncomingRequest) -> None:
        """Take one message, or a batch, of an open conversation."""
        try:
            require_json_sent(http.fields.get(CONTENT_TYPE))
            require_plain(http.fields.get(CONTENT_ENCODING))
            self._session(http)  # an unknown session is refused before its body is read
            body = await read_body(http, self.settings.now.limits, self.bodies)
            session = self._session(http)
            try:
                self._accept(http, session, body)
            except InvalidRequest as invalid:
                if invalid.request_id != b"null":  # where its client waits for the answer
                    await session.conversation.notify(error_response(invalid.request_id, invalid))
                raise
        except RpcError as error:
            await http.answer_unread(error.http_status, error_response(error.request_id, error), refusal_headers(error))
            return
        await http.answer(202)

    def end_unless(self, may_stay: Callable[[Audience], bool]) -> None:
        """End the conversations of the clients that may not stay, calls and all."""
        for session in tuple(self._open.values()):
            if not may_stay(session.audience):
                session.ended_by = "reload"
                session.conversation.end()

    def close(self, session_id: str) -> bool:
        """End one conversation at an operator's wish, calls and all; False if there is none with this id."""
        session = self._open.pop(session_id, None)
        if session is not None:
            session.ended_by = "operator"
            session.end()
        return session is not None

    async def _refuse_more(self, http: IncomingRequest) -> None:
        try:
            self.memory.require_room()
        except RpcError as error:
            await http.answer_unread(error.http_status, error_response(b"null", error), refusal_headers(error))

    def _accept(self, http: IncomingRequest, session: SseSession, body: bytes) -> None:
        if is_batch(body):
            self._spawn(http, session, read_batch(session, body))
            return
        try:
            message = decode_client(body)
        except ResponseInvalid as invalid:
            accept(self.gateway, session, invalid)
            raise
        if isinstance(message, envelope.Request):
            self._spawn(http, session, message)
        else:
            accept(self.gateway, session, message)

    def _spawn(self, http: IncomingRequest, session: SseSession, work: Posted) -> None:
        self.memory.require_room()
        session.conversation.spawn(self.gateway, session, work, http.body or Body(self.bodies))
        http.body = None  # the POST is answered long before its call

    def _session(self, http: IncomingRequest) -> SseSession:
        try:
            query = parse_qs(http.query.decode("latin-1"), max_num_fields=8)
        except ValueError:  # more fields than any client of this endpoint has
            query = {}
        ids = query.get("session_id") or query.get("sessionId")
        if not ids:
            raise InvalidRequest("the query parameter session_id is missing; GET /sse tells it")
        session = self._open.get(ids[0])
        if session is None or not session.is_used_by(http.principal, http.endpoint):
            raise SessionUnknown("no such session, or no more; GET /sse begins anew")
        session.last_used = trio.current_time()
        return session


def _messages_seen_from(http: IncomingRequest) -> bytes:
    """Where the client of this stream posts, up to the session's id: a reference that is relative to the stream's URL,
    so that it is right behind a proxy that takes away the beginning of the path. At `/sse/` it leads to
    `/sse/messages/`, and at `/sse/NAME` to `/sse/NAME/messages/`, for not every library understands `..`.

    Java resolves a relative reference against a URL without a path by appending it to the host (JDK-8272702); its
    libraries, which resolve against the base URL, get the path that a gateway without a proxy has.
    """
    view = quote(http.endpoint, safe="")
    if http.fields.get(b"user-agent", b"").startswith(_APPENDING):
        path = f"/sse/{view}/messages/" if view else "/messages/"
    elif view and not http.path.endswith("/"):
        path = f"{view}/messages/"
    else:
        path = "messages/"
    return f"{path}?session_id=".encode()


def _ended_by(session: SseSession, opened_by: Principal) -> SessionEnd:
    """Who has ended a session whose stream is over: who said so, else what ends streams, else its client."""
    if session.ended_by != "client":
        return session.ended_by
    if opened_by.expires is not None and time.time() >= opened_by.expires:
        return "expired"
    return "stop" if session.conversation.is_ending else "client"
