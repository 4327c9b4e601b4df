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
import msgspec
import structlog
import trio

from argus_trio.backends.links.endpoint import with_advice
from argus_trio.backends.links.hearing import Hearing, NoMessage, foreign_answer
from argus_trio.backends.links.intake import Intake, Portion
from argus_trio.backends.links.life import Life, loop_in
from argus_trio.backends.links.link import Inbox, Link, Outgoing
from argus_trio.config.model.backend import HttpBackend
from argus_trio.core.call.via import Via
from argus_trio.core.health.forgotten import EXPIRED, says_forgotten, status_doubts_session
from argus_trio.errors import AnswerInvalid, HttpRefused, LinkFailed, ResponseInvalid, RpcError, SessionLost
from argus_trio.net.ending.last_moment import farewell
from argus_trio.net.http1 import HttpAnswer
from argus_trio.net.http_client import HttpClient, open_http_client
from argus_trio.net.reconnect import Reconnect, ReconnectPace, is_final
from argus_trio.wire import headers as names
from argus_trio.wire.envelope import ErrorResponse, Notification, Request, Response, plain_id
from argus_trio.wire.error_objects import with_retry_after
from argus_trio.wire.event_stream import EventParser
from argus_trio.wire.headers import Headers
from argus_trio.wire.http_bodies import error_in, is_addressed, is_answer

log = structlog.get_logger()

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
LASTING_SECONDS: Final = 5.0
"""How long a GET stream that says nothing lasts at least that is as good as one that says something: servers and
proxies close idle streams after half a minute and more. One that ends before may do so without end."""

_SESSION_NAMES: Final = (names.SESSION_ID, names.PROTOCOL_VERSION)
_SESSION_ID: Final = re.compile(r"[!-~]+")
_METHOD_NOT_FOUND: Final = re.compile(rb'"code"\s*:\s*-32601\b')


@asynccontextmanager
async def open_streamable_http(
    spec: HttpBackend, inbox: Inbox, *, via: Via | None = None, intake: Intake | None = None
) -> AsyncIterator[Link]:
    """A link to a Streamable HTTP server. Nothing is sent before the first message; leaving ends the session, if any.

    Raises:
        LinkFailed: the specification cannot be used.
    """
    opened = open_http_client(spec.url, name=spec.name, headers=spec.headers, ca_file=spec.tls.ca_file, via=via)
    async with opened as client:
        hearing = Hearing(backend=spec.name, limit=spec.limits.message, intake=intake or Intake())
        link = StreamableHttpLink(client=client, inbox=inbox, hearing=hearing)
        try:
            yield link
        finally:
            with farewell(LAST_ANSWERS_SECONDS):
                await link.wait_refused()
            with farewell(GOODBYE_SECONDS):
                await link.aclose()


@attrs.define(eq=False, repr=False, kw_only=True)
class StreamableHttpLink:
    """The link; see `Link`. A request that fails raises `LinkFailed` alone; only a lost session ends the link."""

    program = None  # it is none of the gateway's
    _client: HttpClient
    _inbox: Inbox
    _hearing: Hearing
    _life: Life = attrs.field(factory=Life, init=False)
    _session_id: str | None = attrs.field(default=None, init=False, repr=False)
    _revision: str | None = attrs.field(default=None, init=False)
    """What the last message said; requests that carry no message say it too."""
    _lacks_stream: bool = attrs.field(default=False, init=False)
    """Whether the server has said that it has no stream of its own."""
    _has_answered: bool = attrs.field(default=False, init=False)
    """Whether a request was answered with success: the endpoint is there."""
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
        parser = self._hearing.parser()
        self._asking += 1
        try:
            return await self._ask(outgoing, parser)
        except AnswerInvalid:
            raise
        except LinkFailed:
            if self._life.is_over or not parser.last_id or _is_modern(outgoing):
                raise  # modern streams cannot be resumed
        finally:
            self._asking -= 1
            if not self._asking:
                self._all_told.set()
        return await self._resume(outgoing.id, parser)

    def begin(self, outgoing: Outgoing) -> None:
        """See `Link.begin`: a POST is waited for."""

    async def send(self, body: bytes, headers: Headers = ()) -> None:
        """See `Link.send`. An event stream or a body in return is ignored."""
        with trio.move_on_after(SEND_SECONDS):
            async with self._client.send(self._client.post(body, self._stamped(headers))) as answer:
                if not 200 <= answer.status < 300:
                    raise self._refused(answer, await self._client.beginning(answer), b"")
            return
        raise LinkFailed(f"the server did not take a message within {SEND_SECONDS:g} s")

    @property
    def has_stream(self) -> bool:
        """See `Link.has_stream`."""
        return self._session_id is not None and not self._lacks_stream

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
        asked = self._client.post(outgoing.body, self._stamped(outgoing.headers), is_idempotent=outgoing.is_idempotent)
        async with self._client.send(asked) as answer:
            if not 200 <= answer.status < 300:
                body = await self._client.beginning(answer)
                refused = self._refused(answer, body, wanted)
                error = error_in(body, wanted) if isinstance(refused, HttpRefused) else None
                if error is None or answer.status in (401, 403):
                    raise refused
                if refused.retry_after is not None:
                    return msgspec.structs.replace(error, error=with_retry_after(error.error, refused.retry_after))
                return error
            self._has_answered = True
            if not _is_modern(outgoing):  # those have no sessions: what discovery is given is not to be sent on
                self._note_session(answer)
            if answer.media_type == names.EVENT_STREAM:
                return await self._read_stream(answer, parser, outgoing.id)
            if answer.media_type == names.JSON:
                return await self._read_body(await self._hearing.read_body(answer), outgoing.id)
            raise NoMessage(f"it answered a request with HTTP {answer.status} and {answer.media_type or 'nothing'}")

    async def _read_body(self, body: bytes, request_id: int) -> Response | ErrorResponse:
        wanted = b"%d" % request_id
        found: Response | ErrorResponse | None = None
        other: Response | ErrorResponse | None = None
        for message in self._hearing.read(body):
            if isinstance(message, ResponseInvalid):
                raise AnswerInvalid(message.message)
            if isinstance(message, RpcError):
                raise NoMessage(f"its answer is no message: {message}")
            if isinstance(message, Request | Notification):
                await self._inbox(message, request_id)
            elif is_answer(message, wanted):
                found = message
            else:
                other = message
        if found is None:
            raise foreign_answer(other, wanted)
        return found if found.id == wanted else msgspec.structs.replace(found, id=wanted)

    async def _read_stream(self, answer: HttpAnswer, parser: EventParser, within: int) -> Response | ErrorResponse:
        wanted = b"%d" % within
        with Portion(self._hearing.intake) as portion:
            while chunk := await answer.receive():
                for message in await self._hearing.hear(parser, chunk):
                    if isinstance(message, Request | Notification):
                        await self._inbox(message, within)
                    elif isinstance(message, ResponseInvalid) and plain_id(message.id) in (wanted, b"null"):
                        raise AnswerInvalid(message.message)
                    elif isinstance(message, Response | ErrorResponse) and is_answer(message, wanted):
                        return message if message.id == wanted else msgspec.structs.replace(message, id=wanted)
                    elif isinstance(message, ErrorResponse):
                        raise foreign_answer(message, wanted)
                    else:
                        self._hearing.note_unasked()
                await portion.take(parser.held)
        raise LinkFailed("the server ended the stream without an answer")

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
        parser = self._hearing.parser()
        reconnect = Reconnect(LISTENING)
        is_first = True
        while not self._life.is_over:
            has_brought, lasting_at = False, trio.current_time() + LASTING_SECONDS
            try:
                async with self._stream(parser, headers, is_first=is_first) as answer:
                    is_first = False
                    is_under_way.set()
                    with Portion(self._hearing.intake, is_shared=True) as portion:
                        while chunk := await answer.receive():
                            has_brought |= await self._hand_on(parser, chunk)
                            await self._hearing.take(portion, parser)
            except HttpRefused as refused:
                if is_final(refused):
                    self._lacks_stream = True
                    is_under_way.set()
                    log.debug("backend_has_no_stream", backend=self._client.name, status=refused.status)
                    return
            except AnswerInvalid as invalid:
                log.warning("backend_stream_unreadable", backend=self._client.name, reason=invalid.reason)
            except LinkFailed as failure:
                log.debug("backend_stream_ended", backend=self._client.name, reason=failure.reason)
            is_under_way.set()
            reconnect.ended(has_brought=has_brought or trio.current_time() >= lasting_at)
            await trio.sleep(reconnect.wait_seconds(parser.retry))

    async def _hand_on(self, parser: EventParser, chunk: bytes) -> bool:
        messages = await self._hearing.hear(parser, chunk)
        for message in messages:
            if isinstance(message, Request | Notification):
                await self._inbox(message, None)
            else:
                self._hearing.note_unasked()
        return bool(messages)

    def _stamped(self, headers: Headers) -> Headers:
        """The message's headers and the session's. Raises `LinkFailed` if the link is dead."""
        self._life.check()
        self._revision = next((value for name, value in headers if name == names.PROTOCOL_VERSION), self._revision)
        return headers if self._session_id is None else (*headers, (names.SESSION_ID, self._session_id))

    def _session_headers(self) -> Headers:
        session = () if self._session_id is None else ((names.SESSION_ID, self._session_id),)
        return session if self._revision is None else (*session, (names.PROTOCOL_VERSION, self._revision))

    def _note_session(self, answer: HttpAnswer) -> None:
        given = answer.header(names.SESSION_ID)
        if given is not None and _SESSION_ID.fullmatch(given):
            self._session_id = given

    def _refused(self, answer: HttpAnswer, body: bytes, wanted: bytes) -> LinkFailed:
        """The error for a refusal, which ends the link if it means that the session is gone.

        That is 404 (2025-11-25, Session Management) and 410, and what servers say in other words of no request in
        particular: in known ones, or in an HTTP 400 that speaks of sessions. What else may mean it is doubted above.
        """
        refused = self._client.refused(answer, body)
        if (loop := loop_in(refused)) is not None:
            return self._life.end(loop)
        if self._session_id is None:
            return refused if self._has_answered else with_advice(refused, "streamable-http")
        status, is_read = answer.status, bool(wanted) and is_addressed(body, wanted)
        is_said = status < 500 and says_forgotten(body)
        is_unknown_method = status == 404 and is_read and _METHOD_NOT_FOUND.search(body)
        is_in_words = not is_read and (is_said or (status == 400 and status_doubts_session(status, body)))
        if not is_in_words and (status not in (404, 410) or is_unknown_method):
            return refused
        ended = self._life.end(SessionLost(EXPIRED if status == 404 else f"{EXPIRED}: {refused.reason}"))
        # It says so before it looks at the message, except where it answers that very one with something else.
        is_unseen = bool(wanted) and (not is_read or is_said)
        return ended.again(never_ran=isinstance(ended, SessionLost) and is_unseen)


def _is_modern(outgoing: Outgoing) -> bool:
    return any(name.lower() == names.METHOD for name, _ in outgoing.headers)
