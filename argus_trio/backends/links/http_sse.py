"""The HTTP+SSE link of revision 2024-11-05: one event stream carries all that the server says, POSTs what it is told.

The stream is the link: it has no deadline, for it is silent for long, and its end is the end of the link.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urljoin

import attrs
import structlog
import trio

from argus_trio.backends.links.body import read_body
from argus_trio.backends.links.life import Life
from argus_trio.backends.links.link import Inbox, Link, Outgoing
from argus_trio.backends.links.pending import Expected, Pending
from argus_trio.config.model.backend import SseBackend
from argus_trio.errors import LinkFailed, ResponseInvalid, RpcError
from argus_trio.net.http1 import HttpAnswer
from argus_trio.net.http_client import HttpClient, open_http_client
from argus_trio.net.origin import split_url
from argus_trio.net.service_nursery import ServiceNursery
from argus_trio.wire import headers as names
from argus_trio.wire.envelope import ErrorResponse, Notification, Request, Response
from argus_trio.wire.event_stream import Event, EventParser, EventTooLarge
from argus_trio.wire.headers import Headers
from argus_trio.wire.http_bodies import read_messages

log = structlog.get_logger()

SEND_SECONDS: Final = 30.0
"""The deadline for a server to take a notification or a response.

It has nothing to work out, but may have to be woken first, as some that run on demand are."""


@asynccontextmanager
async def open_http_sse(spec: SseBackend, inbox: Inbox) -> AsyncIterator[Link]:
    """A link to an HTTP+SSE server, once it has said where messages go; `spec.timeouts.connect` bounds the wait.

    Raises:
        LinkFailed: the stream did not open, or names no endpoint of the same origin.
    """
    seconds = spec.timeouts.connect
    async with open_http_client(spec.url, name=spec.name, headers=spec.headers, ca_file=spec.tls.ca_file) as client:
        with trio.move_on_after(seconds) as opening:
            async with client.send(client.get()) as answer:
                stream = _Events(answer=answer)
                target = await _endpoint(client, stream)
                opening.deadline = float("inf")
                link = HttpSseLink(client=client, target=target, inbox=inbox, message_bytes=spec.limits.message)
                client.nursery.start_soon(link.read, stream)
                try:
                    yield link
                finally:
                    link.end("the link is closed")
                    await answer.connection.aclose()
        if opening.cancelled_caught:
            raise LinkFailed(f"the server named no endpoint within {seconds:g} s")


@attrs.define(eq=False, kw_only=True)
class _Events:
    """The events of the one stream."""

    answer: HttpAnswer
    parser: EventParser = attrs.field(factory=EventParser)
    _events: list[Event] = attrs.field(factory=list)

    async def receive(self) -> list[Event]:
        """The next events, at least one, or none at the stream's end."""
        while not self._events:
            chunk = await self.answer.receive()
            if not chunk:
                return []
            self._events = self.parser.feed(chunk)
        events, self._events = self._events, []
        return events

    def put_back(self, events: list[Event]) -> None:
        """Have these received next."""
        self._events = events


async def _endpoint(client: HttpClient, stream: _Events) -> str:
    """The target to post to, which the first event names (2024-11-05, HTTP with SSE)."""
    answer = stream.answer
    if answer.status != 200:
        raise client.refused(answer, await client.beginning(answer))
    if answer.media_type != names.EVENT_STREAM:
        raise LinkFailed(f"the server answered with {answer.media_type or 'nothing'} instead of an event stream")
    try:
        events = await stream.receive()
    except EventTooLarge as error:
        raise LinkFailed(str(error)) from None
    if not events or events[0].event != "endpoint":
        raise LinkFailed("the server's stream does not begin with its endpoint")
    stream.put_back(events[1:])
    base = f"{client.origin}{answer.target}"  # where redirects have led
    origin, target = split_url(urljoin(base, events[0].data.decode("utf-8", "replace").strip()))
    if origin != client.origin:
        raise LinkFailed(f"the server names an endpoint elsewhere, at {origin}")
    return target


@attrs.define(eq=False, kw_only=True)
class HttpSseLink:
    """The link; see `Link`."""

    _client: HttpClient
    _target: str = attrs.field(repr=False)
    _inbox: Inbox
    _message_bytes: int
    _life: Life = attrs.field(factory=Life, init=False)
    _pending: Pending = attrs.field(factory=Pending, init=False)

    async def request(self, outgoing: Outgoing) -> Response | ErrorResponse:
        """See `Link.request`."""
        # The POST is on the side: some servers end it only after they have answered on the stream.
        with Expected(self._pending, outgoing.id) as expected:
            async with ServiceNursery() as nursery:
                nursery.start_soon(self._post_for, expected, outgoing)
                return await expected.wait()

    async def send(self, body: bytes, headers: Headers = ()) -> None:
        """See `Link.send`."""
        self._life.check()
        with trio.move_on_after(SEND_SECONDS):
            await self._post(body, headers)
            return
        raise LinkFailed(f"the server did not take a message within {SEND_SECONDS:g} s")

    async def listen(self, headers: Headers = ()) -> None:  # noqa: ARG002 - the protocol has it
        """See `Link.listen`: the one stream is open from the beginning."""
        self._life.check()

    async def activity(self) -> None:
        """See `Link.activity`: how busy a remote server is cannot be seen from here."""

    async def wait_failed(self) -> LinkFailed:
        """See `Link.wait_failed`."""
        return await self._life.wait_failed()

    def end(self, reason: str) -> None:
        """Declare the link dead, and tell whoever waits for an answer."""
        self._life.end(LinkFailed(reason))
        self._pending.fail(LinkFailed(reason))

    async def read(self, stream: _Events) -> None:
        """Hand on what arrives, until the stream ends and the link with it."""
        try:
            while events := await stream.receive():
                for event in events:
                    if event.event == "message":
                        await self._accept(event.data)
        except LinkFailed as failure:
            self.end(failure.reason)
        except EventTooLarge as error:
            self.end(str(error))
        else:
            self.end("the server ended the stream")

    async def _accept(self, data: bytes) -> None:
        for message in read_messages(data):
            if isinstance(message, ResponseInvalid) and self._pending.resolve(message):
                continue
            if isinstance(message, RpcError):
                log.warning("backend_message_unreadable", backend=self._client.name, reason=str(message))
            elif isinstance(message, Request | Notification):
                await self._inbox(message, None)
            elif not self._pending.resolve(message):  # as a rule the late answer of a request that was given up
                log.debug("backend_answer_unasked", backend=self._client.name)

    async def _post_for(self, expected: Expected, outgoing: Outgoing) -> None:
        try:
            await self._post(outgoing.body, outgoing.headers)
        except LinkFailed as failure:
            expected.settle(failure)

    async def _post(self, body: bytes, headers: Headers) -> None:
        request = self._client.post(body, headers, target=self._target)
        async with self._client.send(request) as answer:
            if not 200 <= answer.status < 300:
                raise self._client.refused(answer, await self._client.beginning(answer))
            if answer.media_type == names.JSON and answer.status == 200:  # some put the answer here, or here as well
                content = await read_body(answer, self._message_bytes)
                if content[:1] in b"{[":
                    await self._accept(content)
