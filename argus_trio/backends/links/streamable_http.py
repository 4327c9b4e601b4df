"""The Streamable HTTP link: every message is a POST, and its answer is JSON or an event stream.

What belongs to the legacy revisions (sessions, the GET stream, resuming) happens only if the server begins it or
`listen` asks for it, so that one link serves both eras.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import attrs
import structlog
import trio

from argus_trio.backends.links.body import read_body
from argus_trio.backends.links.life import Life
from argus_trio.backends.links.link import Inbox, Link, Outgoing
from argus_trio.config.model.backend import HttpBackend
from argus_trio.errors import AnswerInvalid, HttpRefused, LinkFailed, ResponseInvalid, RpcError, SessionLost
from argus_trio.net.http1 import HttpAnswer
from argus_trio.net.http_client import HttpClient, open_http_client
from argus_trio.net.reconnect import Reconnect, ReconnectPace, is_final
from argus_trio.wire import headers as names
from argus_trio.wire.envelope import ErrorResponse, Message, Notification, Request, Response
from argus_trio.wire.event_stream import EventParser, EventTooLarge
from argus_trio.wire.headers import Headers
from argus_trio.wire.http_bodies import error_in, is_addressed, is_answer, read_messages

log = structlog.get_logger()

_Received = Message | ResponseInvalid
"""What a stream says: messages, and what means to be an answer."""

SEND_SECONDS: Final = 30.0
"""The deadline for a server to take a notification or a response.

It has nothing to work out, but may have to be woken first, as some that run on demand are."""
LISTEN_SECONDS: Final = 1.0
"""How long `listen` waits for the GET stream; some servers send its head only with the first event.

Every connection to such a server begins by this much later, so it is short; a stream that comes later is as good."""
GOODBYE_SECONDS: Final = 2.0
"""The deadline for the DELETE that ends a session: one round trip. A stop waits for it, servers forget anyway."""
LAST_ANSWERS_SECONDS: Final = 0.5
"""How long the other requests of a session that was forgotten have to hear the same, so that they are known not to have
been acted on. They are under way already, and a new session waits for this."""
RESUMING: Final = ReconnectPace(first_seconds=1.0, longest_seconds=1.0, least_seconds=0.1, tries=4)
"""A request's own stream: someone waits for its answer, so the wait does not grow, and soon it has failed."""
LISTENING: Final = ReconnectPace(first_seconds=1.0, longest_seconds=30.0, least_seconds=0.1, slows_down_retry=True)
"""The GET stream: nobody waits for it, so a server that is away for long, or has nothing to say, is asked ever less."""

_SESSION_NAMES: Final = (names.SESSION_ID, names.PROTOCOL_VERSION)
_SESSION_ID: Final = re.compile(r"[!-~]+")
_METHOD_NOT_FOUND: Final = re.compile(rb'"code"\s*:\s*-32601\b')
_NAMES_THE_SESSION: Final = re.compile(rb"session", re.IGNORECASE)


@asynccontextmanager
async def open_streamable_http(spec: HttpBackend, inbox: Inbox) -> AsyncIterator[Link]:
    """A link to a Streamable HTTP server. Nothing is sent before the first message; leaving ends the session, if any.

    Raises:
        LinkFailed: the specification cannot be used.
    """
    async with open_http_client(spec.url, name=spec.name, headers=spec.headers, ca_file=spec.tls.ca_file) as client:
        link = StreamableHttpLink(client=client, inbox=inbox, message_bytes=spec.limits.message)
        try:
            yield link
        finally:
            with trio.move_on_after(LAST_ANSWERS_SECONDS, shield=True):
                await link.wait_refused()
            with trio.move_on_after(GOODBYE_SECONDS, shield=True):
                await link.aclose()


@attrs.define(eq=False, kw_only=True)
class StreamableHttpLink:
    """The link; see `Link`. A request that fails raises `LinkFailed` alone; only a lost session ends the link."""

    _client: HttpClient
    _inbox: Inbox
    _message_bytes: int
    """The largest message that the server may send."""
    _life: Life = attrs.field(factory=Life, init=False)
    _session_id: str | None = attrs.field(default=None, init=False, repr=False)
    _revision: str | None = attrs.field(default=None, init=False)
    """What the last message said; requests that carry no message say it too."""
    _asking: int = attrs.field(default=0, init=False)
    """The number of requests under way; those whose stream broke are not counted."""
    _all_told: trio.Event = attrs.field(factory=trio.Event, init=False)
    """Set when no request is under way any more, for who waits for that."""

    async def request(self, outgoing: Outgoing) -> Response | ErrorResponse:
        """See `Link.request`.

        Raises:
            LinkFailed: this request got no answer; `HttpRefused` with the status if that was why, `AnswerInvalid` if
                it got one that is none.
        """
        parser = EventParser()
        self._asking += 1
        try:
            return await self._ask(outgoing, parser)
        except AnswerInvalid:
            raise
        except LinkFailed:
            if (
                self._life.is_over
                or not parser.last_id
                or any(name.lower() == names.METHOD for name, _ in outgoing.headers)
            ):
                raise  # modern streams cannot be resumed
        finally:
            self._asking -= 1
            if not self._asking:
                self._all_told.set()
        return await self._resume(outgoing.id, parser)

    async def send(self, body: bytes, headers: Headers = ()) -> None:
        """See `Link.send`. An event stream or a body in return is ignored."""
        with trio.move_on_after(SEND_SECONDS):
            async with self._client.send(self._client.post(body, self._stamped(headers))) as answer:
                if not 200 <= answer.status < 300:
                    raise self._refused(answer, await self._client.beginning(answer), b"")
            return
        raise LinkFailed(f"the server did not take a message within {SEND_SECONDS:g} s")

    async def listen(self, headers: Headers = ()) -> None:
        """See `Link.listen`."""
        stamped = self._stamped(headers)
        is_under_way = trio.Event()
        self._client.nursery.start_soon(self._keep_listening, stamped, is_under_way)
        with trio.move_on_after(LISTEN_SECONDS):
            await is_under_way.wait()

    async def activity(self) -> None:
        """See `Link.activity`: how busy a remote server is cannot be seen from here."""

    async def wait_failed(self) -> LinkFailed:
        """See `Link.wait_failed`."""
        return await self._life.wait_failed()

    async def wait_refused(self) -> None:
        """Wait, if the session was forgotten, until no request is under way; the caller sets the deadline."""
        if isinstance(self._life.failure, SessionLost):
            while self._asking:
                self._all_told = trio.Event()
                await self._all_told.wait()

    async def aclose(self) -> None:
        """End the session, if there is one that lives; the caller sets the deadline."""
        try:
            self._life.check()
            self._life.end(LinkFailed("the link is closed"))
            if self._session_id is not None:
                async with self._client.send(self._client.delete(self._session_headers())):
                    pass  # whatever the status: 405 is as good as 200
        except LinkFailed:
            pass

    async def _ask(self, outgoing: Outgoing, parser: EventParser) -> Response | ErrorResponse:
        wanted = b"%d" % outgoing.id
        request = self._client.post(outgoing.body, self._stamped(outgoing.headers))
        async with self._client.send(request) as answer:
            if not 200 <= answer.status < 300:
                body = await self._client.beginning(answer)
                refused = self._refused(answer, body, wanted)
                error = error_in(body, wanted) if isinstance(refused, HttpRefused) else None
                if error is None or answer.status in (401, 403):
                    raise refused
                return error
            self._note_session(answer)
            if answer.media_type == names.EVENT_STREAM:
                return await self._read_stream(answer, parser, outgoing.id)
            if answer.media_type == names.JSON:
                return await self._read_body(await read_body(answer, self._message_bytes), outgoing.id)
            what = answer.media_type or "nothing"
            raise AnswerInvalid(f"it answered a request with HTTP {answer.status} and {what}")

    async def _read_body(self, body: bytes, request_id: int) -> Response | ErrorResponse:
        wanted = b"%d" % request_id
        found: Response | ErrorResponse | None = None
        for message in read_messages(body):
            if isinstance(message, RpcError):
                raise AnswerInvalid(f"its answer is no message: {message}")
            if isinstance(message, Request | Notification):
                await self._inbox(message, request_id)
            elif is_answer(message, wanted):
                found = message
        if found is None:
            raise AnswerInvalid("it answered another request than the one it was asked")
        return found if found.id == wanted else attrs.evolve(found, id=wanted)

    async def _read_stream(self, answer: HttpAnswer, parser: EventParser, within: int) -> Response | ErrorResponse:
        wanted = b"%d" % within
        while chunk := await answer.receive():
            for message in self._messages(parser, chunk):
                if isinstance(message, Request | Notification):
                    await self._inbox(message, within)
                elif isinstance(message, ResponseInvalid) and message.id == wanted:
                    raise AnswerInvalid(f"its answer is no message: {message}")
                elif isinstance(message, Response | ErrorResponse) and is_answer(message, wanted):
                    return message if message.id == wanted else attrs.evolve(message, id=wanted)
                else:
                    log.warning("backend_answer_unasked", backend=self._client.name)
        raise LinkFailed("the server ended the stream without an answer")

    def _messages(self, parser: EventParser, chunk: bytes) -> list[_Received]:
        try:
            events = parser.feed(chunk)
        except EventTooLarge as error:
            raise AnswerInvalid(str(error)) from None
        messages: list[_Received] = []
        for event in events:
            if event.event != "message" or not event.data:  # an empty one only tells its id
                continue
            for message in read_messages(event.data):
                if isinstance(message, RpcError) and not isinstance(message, ResponseInvalid):
                    log.warning("backend_message_unreadable", backend=self._client.name, reason=str(message))
                else:
                    messages.append(message)
        return messages

    async def _resume(self, request_id: int, parser: EventParser) -> Response | ErrorResponse:
        """Follow a broken stream further (2025-11-25, Resumability and Redelivery)."""
        reconnect = Reconnect(RESUMING)
        while True:
            last_id = parser.last_id
            await trio.sleep(reconnect.wait_seconds(parser.retry))
            try:
                async with self._stream(parser) as answer:
                    return await self._read_stream(answer, parser, request_id)
            except AnswerInvalid:
                raise
            except LinkFailed as failure:
                self._life.check()
                reconnect.ended(has_brought=parser.last_id != last_id)
                if reconnect.is_given_up or is_final(failure):
                    raise

    @asynccontextmanager
    async def _stream(
        self, parser: EventParser, headers: Headers = (), *, is_first: bool = False
    ) -> AsyncIterator[HttpAnswer]:
        """A GET stream, from where `parser` left off. At the `is_first` one, 404 only says that there is none."""
        parser.restart()
        others = tuple(header for header in headers if header[0].lower() not in _SESSION_NAMES)
        request = self._client.get((*self._session_headers(), *others), last_id=parser.last_id)
        async with self._client.send(request) as answer:
            if answer.status != 200:
                body = await self._client.beginning(answer)
                raise self._client.refused(answer, body) if is_first else self._refused(answer, body, b"")
            if answer.media_type != names.EVENT_STREAM:
                raise HttpRefused(405, "the server has no stream of its own")  # it says so in another way
            yield answer

    async def _keep_listening(self, headers: Headers, is_under_way: trio.Event) -> None:
        parser = EventParser()
        reconnect = Reconnect(LISTENING)
        is_first = True
        while not self._life.is_over:
            has_brought = False
            try:
                async with self._stream(parser, headers, is_first=is_first) as answer:
                    is_first = False
                    is_under_way.set()
                    while chunk := await answer.receive():
                        has_brought = True
                        await self._hand_on(parser, chunk)
            except HttpRefused as refused:
                if is_final(refused):
                    is_under_way.set()
                    log.debug("backend_has_no_stream", backend=self._client.name, status=refused.status)
                    return
            except AnswerInvalid as invalid:
                log.warning("backend_stream_unreadable", backend=self._client.name, reason=invalid.reason)
            except LinkFailed as failure:
                log.debug("backend_stream_ended", backend=self._client.name, reason=failure.reason)
            is_under_way.set()
            reconnect.ended(has_brought=has_brought)
            await trio.sleep(reconnect.wait_seconds(parser.retry))

    async def _hand_on(self, parser: EventParser, chunk: bytes) -> None:
        for message in self._messages(parser, chunk):
            if isinstance(message, Request | Notification):
                await self._inbox(message, None)
            else:
                log.warning("backend_answer_unasked", backend=self._client.name)

    def _stamped(self, headers: Headers) -> Headers:
        """The message's headers and the session's. Raises `LinkFailed` if the link is dead."""
        self._life.check()
        self._revision = next((value for name, value in headers if name == names.PROTOCOL_VERSION), self._revision)
        if self._session_id is None:
            return headers
        return (*headers, (names.SESSION_ID, self._session_id))

    def _session_headers(self) -> Headers:
        session = () if self._session_id is None else ((names.SESSION_ID, self._session_id),)
        return session if self._revision is None else (*session, (names.PROTOCOL_VERSION, self._revision))

    def _note_session(self, answer: HttpAnswer) -> None:
        given = answer.header(names.SESSION_ID)
        if given is not None and _SESSION_ID.fullmatch(given):
            self._session_id = given

    def _refused(self, answer: HttpAnswer, body: bytes, wanted: bytes) -> LinkFailed:
        """The error for a refusal, which ends the link if it means that the session is gone.

        That is 404 (2025-11-25, Session Management), and with servers made after an old example of the TypeScript SDK
        400 with an error about the session that is addressed to no request.
        """
        if self._session_id is not None:
            is_read = bool(wanted) and is_addressed(body, wanted)
            is_unknown_method = answer.status == 404 and is_read and _METHOD_NOT_FOUND.search(body)
            is_old_style = answer.status == 400 and not is_read and _NAMES_THE_SESSION.search(body)
            if (answer.status == 404 and not is_unknown_method) or is_old_style:
                ended = self._life.end(SessionLost("the session has expired"))
                # It says so before it looks at the message, except where it answers that very one with something else.
                is_unseen = bool(wanted) and (not is_read or bool(_NAMES_THE_SESSION.search(body)))
                return ended.again(never_ran=isinstance(ended, SessionLost) and is_unseen)
        return self._client.refused(answer, body)
