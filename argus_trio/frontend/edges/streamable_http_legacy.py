"""The legacy edge of `/mcp`: POST, GET and DELETE of the revisions 2025-03-26 to 2025-11-25, with sessions.

A lost POST does not cancel its call (2025-11-25, Sending Messages): the call goes on, and a GET with `Last-Event-ID`
gets what the POST's stream would have brought.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs

from argus_trio.clock import running_clock
from argus_trio.core.call.payer import network_of
from argus_trio.core.memory import LARGE_ANSWER_BYTES
from argus_trio.errors import InvalidRequest, ResponseInvalid, RpcError
from argus_trio.frontend.edges.large_answers import written_large
from argus_trio.frontend.gateway import Gateway
from argus_trio.frontend.http.errors import SessionUnknown
from argus_trio.frontend.http.event_stream import write_stream
from argus_trio.frontend.http.header_names import ACCEPT, LAST_EVENT_ID, SESSION_ID
from argus_trio.frontend.http.keep_alive import KeepAlive
from argus_trio.frontend.http.negotiation import Accepts, require_events_accepted
from argus_trio.frontend.http.reply import answer_at_once
from argus_trio.frontend.http.request import IncomingRequest
from argus_trio.frontend.notifications.announcer import PLAIN_MESSAGES, Announcer
from argus_trio.frontend.sessions.dispatch import accept, initialize, read_batch, respond, respond_batch
from argus_trio.frontend.sessions.event_store import prime
from argus_trio.frontend.sessions.hello import read_hello
from argus_trio.frontend.sessions.post_reply import PRIMED_REVISION, PostReply
from argus_trio.frontend.sessions.session import HttpSession
from argus_trio.frontend.sessions.table import Sessions
from argus_trio.wire import envelope
from argus_trio.wire.envelope import Message, encode_response
from argus_trio.wire.event_stream import COMMENT


@attrs.define(eq=False, repr=False, kw_only=True)
class LegacyEdge:
    """The sessions' side of the endpoint. Every method raises `InvalidRequest` for what is no call."""

    gateway: Gateway
    sessions: Sessions
    announcer: Announcer
    keep_alive: KeepAlive
    now: Callable[[], float] = attrs.field(factory=running_clock, init=False)
    """Tells the time, on trio's clock."""

    async def post(self, http: IncomingRequest, accepted: Accepts, message: Message) -> None:
        """Answer one posted message."""
        if isinstance(message, envelope.Request):
            if message.method == "initialize":
                await self._initialize(http, accepted, message)
                return
            session = self._session(http)
            if not session.is_used or self.sessions.memory.is_full:
                self._let_in(session)
            with self._reply(http, accepted, session) as reply:
                errors: list[RpcError] = []
                answer = await respond(self.gateway, session, message, reply, http.principal, on_error=errors.append)
                if answer is None:
                    await reply.cancel()
                elif errors and errors[0].http_headers:
                    await reply.finish(answer, status=errors[0].http_status, headers=errors[0].http_headers)
                elif len(answer) <= LARGE_ANSWER_BYTES:
                    await reply.finish(answer)
                else:
                    with written_large(self.sessions.memory, answer) as kept:
                        await reply.finish(kept)
            self.sessions.touch(session, self.now())
            return
        accept(self.gateway, self._session(http), message)
        await http.answer(202)

    def take_unreadable(self, http: IncomingRequest, answer: ResponseInvalid) -> None:
        """Have an answer that cannot be read end what the client was asked, if it was."""
        if SESSION_ID in http.fields:
            accept(self.gateway, self._session(http), answer)

    async def post_batch(self, http: IncomingRequest, accepted: Accepts, body: bytes) -> None:
        """Answer a posted batch."""
        session = self._session(http)
        members = read_batch(session, body)
        self._let_in(session)
        with self._reply(http, accepted, session) as reply:
            answer = await respond_batch(self.gateway, session, members, reply, http.principal)
            if answer is None:
                await reply.cancel()
                return
            with written_large(self.sessions.memory, answer) as kept:
                await reply.finish(kept)

    async def get(self, http: IncomingRequest) -> None:
        """Carry the standalone stream, in place of who does, or with `Last-Event-ID` the stream that it names."""
        require_events_accepted(http.fields.get(ACCEPT))
        session = self._session(http)
        if not session.is_used:
            self.sessions.note_used(session)
        streams = session.streams
        last_event_id = http.fields.get(LAST_EVENT_ID)
        if last_event_id:
            feed, first = streams.resume(last_event_id.decode("latin-1")), COMMENT
        else:
            feed, first = streams.carry(), COMMENT
            if session.revision == PRIMED_REVISION:
                first = prime(streams.standalone.number, streams.standalone.position)
        try:
            await write_stream(http, feed, first=first)
        finally:
            streams.release(feed)
            self.sessions.touch(session, self.now())

    def knows_session(self, http: IncomingRequest) -> bool:
        """Whether the request names a session that is open, and theirs who ask."""
        return self._found(http.fields.get(SESSION_ID, b""), http) is not None

    async def delete(self, http: IncomingRequest) -> None:
        """End the session; its calls in flight are cancelled."""
        self.sessions.end(self._session(http).id)
        await http.answer(204)

    def _reply(self, http: IncomingRequest, accepted: Accepts, session: HttpSession) -> PostReply:
        def begin_idling() -> None:
            self.sessions.touch(session, self.now())

        return PostReply(
            request=http,
            keep_alive=self.keep_alive,
            session=session,
            may_stream=accepted.events,
            takes_json=accepted.json,
            on_lost=begin_idling,
        )

    async def _initialize(self, http: IncomingRequest, accepted: Accepts, message: envelope.Request) -> None:
        hello = read_hello(message.params)
        address = network_of(http.address)
        session = self.sessions.open(
            self.now(), address=address, size=hello.size, principal=http.principal, endpoint=http.endpoint
        )
        self.announcer.add(session, PLAIN_MESSAGES, lambda: session.audience)
        result = initialize(self.gateway, session, hello)
        headers = ((SESSION_ID, session.id.encode()),)
        await answer_at_once(http, encode_response(message.id, result), takes_json=accepted.json, headers=headers)

    def _let_in(self, session: HttpSession) -> None:
        """Let in what may keep more for a session.

        Raises:
            Overloaded: the gateway holds too much already (`Memory.is_full`).
        """
        if not session.is_used:
            self.sessions.note_used(session)
        self.sessions.memory.require_room()

    def _session(self, http: IncomingRequest) -> HttpSession:
        """The session that the request names.

        Raises:
            InvalidRequest: it names none.
            SessionUnknown: there is none by that name, or it is another's, or of another endpoint.

        Its MCP-Protocol-Version may be any that is spoken here: some libraries send their newest, whatever was agreed.
        """
        session_id = http.fields.get(SESSION_ID)
        if session_id is None:
            raise InvalidRequest("the Mcp-Session-Id header is missing; a session begins with initialize")
        session = self._found(session_id, http)
        if session is None:
            raise SessionUnknown("no such session, or no more; begin anew with initialize")
        return session

    def _found(self, session_id: bytes, http: IncomingRequest) -> HttpSession | None:
        now = self.now()
        return self.sessions.use(session_id.decode("latin-1"), now, principal=http.principal, endpoint=http.endpoint)
