"""The HTTP+SSE link of revision 2024-11-05: one event stream carries all that the server says, POSTs what it is told.

The stream is the link: it has no deadline, for it is silent for long, and its end is the end of the link.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urljoin

import attrs
import trio

from argus_trio.backends.links.endpoint import with_advice
from argus_trio.backends.links.hearing import Heard, Hearing, ReadingTurn
from argus_trio.backends.links.intake import Intake, Portion
from argus_trio.backends.links.life import Life, loop_in
from argus_trio.backends.links.link import Inbox, Link, Outgoing
from argus_trio.backends.links.pending import Expected, Pending
from argus_trio.config.model.backend import SseBackend
from argus_trio.core.call.via import Via
from argus_trio.core.health.forgotten import EXPIRED, says_forgotten
from argus_trio.errors import LinkFailed, ResponseInvalid, SessionLost
from argus_trio.net.http1 import HttpAnswer
from argus_trio.net.http_client import HttpClient, open_http_client
from argus_trio.net.origin import split_url
from argus_trio.net.service_nursery import ServiceNursery
from argus_trio.wire import headers as names
from argus_trio.wire.envelope import ErrorResponse, Notification, Request, Response
from argus_trio.wire.event_stream import Event, EventParser
from argus_trio.wire.headers import Headers

SEND_SECONDS: Final = 30.0
"""The deadline for a server to take a notification or a response.

It has nothing to work out, but may have to be woken first, as some that run on demand are."""
ENDPOINT_SHARE: Final = 0.97
"""In which share of `timeouts.connect` the endpoint has to be named: if all of it were over, so would be the attempt,
and nobody would learn what was missing."""
EARLY_EVENTS: Final = 64
"""How many events may come before the one that names the endpoint. Who says more has none to name."""
_BLANKS: Final = b"\xef\xbb\xbf \t\r\n"


@asynccontextmanager
async def open_http_sse(
    spec: SseBackend, inbox: Inbox, *, via: Via | None = None, intake: Intake | None = None
) -> AsyncIterator[Link]:
    """A link to an HTTP+SSE server, once it has said where messages go, for which it has `ENDPOINT_SHARE`.

    Raises:
        LinkFailed: the stream did not open, or names no endpoint of the same origin.
    """
    seconds = spec.timeouts.connect
    hearing = Hearing(backend=spec.name, limit=spec.limits.message, intake=intake or Intake())
    early: list[Event] = []
    opened = open_http_client(spec.url, name=spec.name, headers=spec.headers, ca_file=spec.tls.ca_file, via=via)
    async with opened as client:
        portion = Portion(hearing.intake, is_shared=True)
        with portion, trio.move_on_after(ENDPOINT_SHARE * seconds) as opening:
            async with client.send(client.get()) as answer:
                stream = _Events(answer=answer, hearing=hearing, portion=portion)
                target = await _endpoint(client, stream, early)
                opening.deadline = float("inf")
                link = HttpSseLink(client=client, target=target, inbox=inbox, hearing=hearing)
                client.nursery.start_soon(link.read, stream)
                try:
                    yield link
                finally:
                    link.end(LinkFailed("the link is closed"))
                    await answer.connection.aclose()
        if opening.cancelled_caught and early:
            raise LinkFailed(f"the server's stream does not begin with its endpoint, nor was it named in {seconds:g} s")
        if opening.cancelled_caught:
            raise LinkFailed(f"the server named no endpoint within {seconds:g} s")


@attrs.define(eq=False, repr=False, kw_only=True)
class _Events:
    """The events of the one stream."""

    answer: HttpAnswer
    _hearing: Hearing
    _portion: Portion
    parser: EventParser = attrs.field(init=False)
    _events: list[Event] = attrs.field(factory=list, init=False)

    def __attrs_post_init__(self) -> None:
        self.parser = self._hearing.parser()

    async def receive(self) -> list[Event]:
        """The next events, at least one, or none at the stream's end."""
        while not self._events:
            await self._hearing.take(self._portion, self.parser)
            chunk = await self.answer.receive()
            if not chunk:
                return []
            self._events = await self._hearing.events(self.parser, chunk, ReadingTurn())
        events, self._events = self._events, []
        return events

    def put_back(self, events: list[Event]) -> None:
        """Have these received next."""
        self._events = events


async def _endpoint(client: HttpClient, stream: _Events, early: list[Event]) -> str:
    """The target to post to (2024-11-05, HTTP with SSE). What comes before it is put into `early`, and then back."""
    answer = stream.answer
    if answer.status != 200:
        refused = client.refused(answer, await client.beginning(answer))
        raise loop_in(refused) or with_advice(refused, "sse")
    if answer.media_type != names.EVENT_STREAM:
        raise LinkFailed(f"the server answered with {answer.media_type or 'nothing'} instead of an event stream")
    while events := await stream.receive():
        at = next((at for at, event in enumerate(events) if event.event == "endpoint"), len(events))
        early += events[:at]
        if at < len(events) and len(early) <= EARLY_EVENTS:
            stream.put_back([*early, *events[at + 1 :]])
            return _target(client, f"{client.origin}{answer.target}", events[at].data)
        if len(early) > EARLY_EVENTS or sum(len(event.data) for event in early) > stream.parser.limit:
            break
    raise LinkFailed("the server's stream does not begin with its endpoint")


def _target(client: HttpClient, base: str, named: bytes) -> str:
    """The target that is named; `base` is where redirects have led."""
    origin, target = split_url(urljoin(base, named.decode("utf-8", "replace").strip()))
    if origin != client.origin:
        raise LinkFailed(f"the server names an endpoint elsewhere, at {origin}")
    return target


@attrs.define(eq=False, repr=False, kw_only=True)
class HttpSseLink:
    """The link; see `Link`."""

    _client: HttpClient
    _target: str = attrs.field(repr=False)
    _inbox: Inbox
    _hearing: Hearing
    _life: Life = attrs.field(factory=Life, init=False)
    _pending: Pending = attrs.field(factory=Pending, init=False)

    async def request(self, outgoing: Outgoing) -> Response | ErrorResponse:
        """See `Link.request`."""
        # The POST is on the side: some servers end it only after they have answered on the stream.
        with Expected(self._pending, outgoing.id) as expected:
            async with ServiceNursery() as nursery:
                nursery.start_soon(self._post_for, expected, outgoing)
                return await expected.wait()

    def begin(self, outgoing: Outgoing) -> None:
        """See `Link.begin`: a POST is waited for."""

    async def send(self, body: bytes, headers: Headers = ()) -> None:
        """See `Link.send`."""
        self._life.check()
        self._pending.note_sent(body)
        with trio.move_on_after(SEND_SECONDS):
            try:
                await self._post(body, headers)
            except SessionLost as lost:
                self.end(lost)
                raise
            return
        raise LinkFailed(f"the server did not take a message within {SEND_SECONDS:g} s")

    @property
    def has_stream(self) -> bool:
        """See `Link.has_stream`."""
        return True

    async def listen(self, headers: Headers = ()) -> None:  # noqa: ARG002 - the protocol has it
        """See `Link.listen`: the one stream is open from the beginning."""
        self._life.check()

    @property
    def program(self) -> None:
        """None: it is no program of the gateway's; see `Link.program`."""

    async def activity(self) -> None:
        """See `Link.activity`: how busy a remote server is cannot be seen from here."""

    async def wait_failed(self) -> LinkFailed:
        """See `Link.wait_failed`."""
        return await self._life.wait_failed()

    def end(self, failure: LinkFailed) -> None:
        """Declare the link dead, and tell whoever waits for an answer."""
        self._life.end(failure)
        self._pending.fail(failure)

    async def read(self, stream: _Events) -> None:
        """Hand on what arrives, until the stream ends and the link with it."""
        try:
            while events := await stream.receive():
                turn = ReadingTurn()
                for event in events:
                    for message in self._hearing.read_event(event):
                        await self._accept(message)
                    await turn.share()
        except LinkFailed as failure:
            self.end(failure)
        else:
            self.end(LinkFailed("the server ended the stream"))

    async def _accept(self, message: Heard) -> None:
        if isinstance(message, Request | Notification):
            await self._inbox(message, None)
        elif self._pending.resolve_alone(message):
            return
        elif isinstance(message, ResponseInvalid):
            self._hearing.note_unreadable(message)
        else:
            self._hearing.note_unclaimed(message)

    async def _post_for(self, expected: Expected, outgoing: Outgoing) -> None:
        try:
            await self._post(outgoing.body, outgoing.headers, is_idempotent=outgoing.is_idempotent)
        except LinkFailed as failure:
            expected.settle(failure)
            if isinstance(failure, SessionLost):
                self.end(failure)  # for the others: they may have run

    async def _post(self, body: bytes, headers: Headers, *, is_idempotent: bool = False) -> None:
        request = self._client.post(body, headers, target=self._target, is_idempotent=is_idempotent)
        async with self._client.send(request) as answer:
            if not 200 <= answer.status < 300:
                raise self._refused(answer, await self._client.beginning(answer))
            if answer.media_type == names.JSON and answer.status == 200:  # some put the answer here, or here as well
                content = await self._hearing.read_body(answer)
                if content.lstrip(_BLANKS)[:1] in (b"{", b"["):
                    for message in self._hearing.read_data(content):
                        await self._accept(message)

    def _refused(self, answer: HttpAnswer, body: bytes) -> LinkFailed:
        """The error for a refusal, which may mean that the session is gone, for its endpoint is.

        A proxy may hold the stream open to a server that was started anew.
        """
        refused = self._client.refused(answer, body)
        if (loop := loop_in(refused)) is not None:
            self.end(loop)
            return loop
        if answer.status not in (404, 410) and (answer.status >= 500 or not says_forgotten(body)):
            return refused
        return SessionLost(f"{EXPIRED}: {refused.reason}", never_ran=True)
