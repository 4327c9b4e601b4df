"""The protocol of one connection: Hypercorn's HTTP/1.1, without upgrades and without waits that hide the client's end.

Of Hypercorn 0.18 it takes `H11Protocol` and `HTTPStream`; a request is served by a task of its connection's nursery.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, cast

import attrs
import h11
import structlog
import trio
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol.events import Body, EndBody
from hypercorn.protocol.events import Request as RequestBegun
from hypercorn.protocol.h11 import STREAM_ID, H11Protocol
from hypercorn.protocol.http_stream import HTTPStream
from hypercorn.typing import (
    AppWrapper,
    ASGIReceiveCallable,
    ASGIReceiveEvent,
    ASGISendEvent,
    H11SendableEvent,
    HTTPScope,
)
from hypercorn.utils import UnexpectedMessageError

from argus_trio.frontend.http.receive_queue import ReceiveQueue
from argus_trio.frontend.http.request import DISCONNECT_EXTENSION
from argus_trio.frontend.server.request_target import origin_form

log = structlog.get_logger()

MAX_HEAD_BYTES: Final = 32 * 1024
BLANK: Final = b"\r\n"
"""What may stand before a request."""
AppSend = Callable[[ASGISendEvent | None], Awaitable[None]]


class _VersionUnknown(Exception):
    """A request of an HTTP version that this protocol does not speak."""


class Http1(H11Protocol):
    """HTTP/1.1 and nothing else: an upgrade to another protocol is ignored, as RFC 9110 (7.8) allows.

    Blank lines before a request are ignored (RFC 9112, 2.2): some clients end a body with one.
    """

    _unsent = b""
    holds_further_request = False
    """Whether something came behind a request that is not answered yet: it is looked at after the answer."""

    @property
    def has_partial_head(self) -> bool:
        """Whether a request has begun to come in and its head is not complete."""
        return bool(self.connection.trailing_data[0])

    async def handle(self, event: Event) -> None:
        if isinstance(event, RawData) and event.data and self.stream is None and not self.has_partial_head:
            event = RawData(event.data.lstrip(BLANK))
            if not event.data:
                return
        try:
            await super().handle(event)
        except _VersionUnknown:
            await self._send_error_response(505)
            await self.send(Closed())

    async def resume(self, ahead: bytes) -> None:
        """Act on what was held behind the request that is answered now, and on what came after that."""
        rest, _ = self.connection.trailing_data
        if rest[:1] in (b"\r", b"\n"):
            # h11 refuses a blank line and cannot be made to forget it; between two requests a new one knows as much.
            self.connection = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD_BYTES)
            ahead = rest + ahead
        if ahead:
            await self.handle(RawData(ahead))
        else:
            await self._handle_events()

    async def time_out(self) -> None:
        """Tell the client that its request did not come in time."""
        if self.stream is None and self.has_partial_head and self.connection.our_state is h11.IDLE:
            await self._send_error_response(408)

    async def _handle_events(self) -> None:
        """As Hypercorn's, but what comes behind a request is held without a wait, which would hide that the client
        goes."""
        while True:
            if self.connection.they_are_waiting_for_100_continue:
                headers = self.config.response_headers("h11")
                await self._send_h11_event(h11.InformationalResponse(status_code=100, headers=headers))
            try:
                event = self.connection.next_event()
            except h11.RemoteProtocolError as error:
                if self.connection.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
                    await self._send_error_response(error.error_status_hint)
                await self.send(Closed())
                return
            if isinstance(event, h11.Request):
                await self.send(Updated(idle=False))
                await self._check_protocol(event)
                await self._create_stream(event)
            elif event is h11.PAUSED:
                self.holds_further_request = True
                return
            elif self.stream is not None and isinstance(event, h11.Data):
                await self.stream.handle(Body(stream_id=STREAM_ID, data=event.data))
            elif self.stream is not None and isinstance(event, h11.EndOfMessage):
                await self.stream.handle(EndBody(stream_id=STREAM_ID))
            else:
                return

    async def _check_protocol(self, event: h11.Request) -> None:
        if event.http_version not in (b"1.1", b"1.0"):
            raise _VersionUnknown

    async def _create_stream(self, request: h11.Request) -> None:
        self.stream = _RequestStream(
            self.app,
            self.config,
            self.context,
            self.task_group,
            self.ssl,
            self.client,
            self.server,
            self.stream_send,
            STREAM_ID,
        )
        target, headers = request.target, list(request.headers)
        if target[:1] != b"/":
            target, headers = origin_form(target, headers)
        begun = RequestBegun(
            stream_id=STREAM_ID,
            headers=headers,
            http_version=request.http_version.decode(),
            method=request.method.decode("ascii").upper(),
            raw_path=target,
            state=self.connection_state,
        )
        await self.stream.handle(begun)

    async def _send_h11_event(self, event: H11SendableEvent) -> None:
        """Write what h11 makes of `event`; a response's head waits for its first part, so that both go out as one."""
        try:
            data = self.connection.send(event)
        except h11.LocalProtocolError:
            if self.connection.their_state is h11.ERROR:
                return
            raise
        data = self._unsent + (data or b"")
        self._unsent = b""
        if isinstance(event, h11.Response):
            self._unsent = data
        elif data:
            await self.send(RawData(data=data))


class _RequestStream(HTTPStream):
    """One request and its response."""

    async def app_send(self, message: ASGISendEvent | None) -> None:
        """Take what the application sends; dropped once the client is gone. Raises nothing of the connection's."""
        if self.closed:
            return
        try:
            await super().app_send(message)
        except (h11.LocalProtocolError, UnexpectedMessageError):
            log.exception("response_out_of_order", path=self.scope["path"])

    async def _send_closed(self) -> None:
        queue = cast("ReceiveQueue", self.scope["extensions"][DISCONNECT_EXTENSION])
        queue.close()
        await super()._send_closed()


@attrs.define(eq=False)
class Requests:
    """Starts the application for each request of one connection, in the connection's nursery."""

    _nursery: trio.Nursery

    async def spawn_app(
        self, app: AppWrapper, _: Config, scope: HTTPScope, send: AppSend
    ) -> Callable[[ASGIReceiveEvent], Awaitable[None]]:
        queue = ReceiveQueue()
        cast("dict[str, object]", scope["extensions"])[DISCONNECT_EXTENSION] = queue
        self._nursery.start_soon(self._serve, app, scope, queue, send)
        return cast("Callable[[ASGIReceiveEvent], Awaitable[None]]", queue.put)

    async def _serve(self, app: AppWrapper, scope: HTTPScope, queue: ReceiveQueue, send: AppSend) -> None:
        try:
            receive = cast("ASGIReceiveCallable", queue.receive)
            await app(scope, receive, send, trio.to_thread.run_sync, trio.from_thread.run)
        except Exception:  # the guard of one request: the connection answers 500
            log.exception("request_failed_unexpectedly", path=scope["path"])
        finally:
            queue.close()
        await send(None)
