"""Requests to the management API, their answers read by the contract, and event streams, on trio."""

from __future__ import annotations

import os
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from math import inf
from typing import Final, TypeVar

import attrs
import trio

from argus_trio.contract.operation import Operation
from argus_trio.errors import LinkFailed
from argus_trio.manage_client.failure import NOT_REACHED, CommandFailed
from argus_trio.manage_client.problems import failure_of
from argus_trio.manage_client.requests import USER_AGENT, ApiQuery, answer_of, body_of, target_of
from argus_trio.manage_client.where import GatewayPlace
from argus_trio.net.dial import NobodyListens, OriginRoute, client_tls
from argus_trio.net.http1 import HttpAnswer, HttpRequest
from argus_trio.net.origin import Origin
from argus_trio.net.pool import Pool
from argus_trio.net.proxies import proxy_for
from argus_trio.net.service_nursery import ServiceNursery
from argus_trio.wire import headers as names
from argus_trio.wire.event_stream import Event, EventParser, EventTooLarge

ANSWER_SECONDS: Final = 30.0
"""How long an answer may take: what is only looked up is there at once."""
CHANGE_SECONDS: Final = 600.0
"""The same of a change: a restart or a reload waits for backends, which may have to install themselves."""
ANSWER_BYTES: Final = 64 * 1024 * 1024
"""The largest answer that is taken: a list of all tools of a large gateway is a few megabytes."""
EVENT_BYTES: Final = 256 * 1024 * 1024
"""The largest event of a stream that is taken: the result of a call, as the gateway lets it pass."""

Answer = TypeVar("Answer")
NOTHING: Final[Mapping[str, str]] = {}


@attrs.define(eq=False, repr=False, kw_only=True)
class ApiClient:
    """The management API of one gateway, as one principal. `open_client` makes one."""

    place: GatewayPlace
    pool: Pool
    _host: str
    _token: str = attrs.field(repr=False)

    async def fetch(
        self,
        operation: Operation,
        path: Mapping[str, str] = NOTHING,
        *,
        query: ApiQuery = NOTHING,
        body: object = None,
        seconds: float = ANSWER_SECONDS,
        taken: tuple[int, ...] = (),
        if_match: str = "",
    ) -> tuple[bytes, str]:
        """The body of an operation's answer, and its entity tag or nothing. `path` gives the segments that its path
        names; `if_match` is the tag at which alone a change is made.

        Raises:
            CommandFailed: nobody is there, or the answer is a problem, unless its status is one of those `taken`.
        """
        with trio.move_on_after(seconds):
            headers = [("if-match", if_match)] if if_match else []
            async with self._opened(self._request(operation, path, query, body, headers), inf) as answer:
                raw = await self._rest_of(answer)
                if answer.status == 200 and raw.lstrip()[:1] != b"{":
                    what = f"what answers at {self.place.shown} is no argus-trio gateway (it answers with no JSON)"
                    raise CommandFailed(what, NOT_REACHED)
                if answer.status == 200 or answer.status in taken:
                    return raw, answer.header("etag") or ""
                raise failure_of(answer.status, answer.header, raw, self.place.shown)
        raise CommandFailed(f"{self.place.shown} took the request and did not answer in time", NOT_REACHED)

    @asynccontextmanager
    async def stream(
        self,
        operation: Operation,
        path: Mapping[str, str] = NOTHING,
        *,
        query: ApiQuery = NOTHING,
        body: object = None,
        last_id: str = "",
        begin_seconds: float = inf,
        silence_seconds: float | None = None,
        event_bytes: int = EVENT_BYTES,
    ) -> AsyncIterator[EventPieces]:
        """The events of an operation's answer as they come, several at a time; those of one piece come together.

        `begin_seconds` bounds how long the answer may take to begin, and `silence_seconds` how long it may say nothing
        then; neither is for a call, which may take as long as it likes. `event_bytes` is the largest event.

        Raises:
            CommandFailed: nobody is there, the answer is a problem or no stream, or the connection broke off.
        """
        headers = [(names.LAST_EVENT_ID, last_id)] if last_id else []
        request = self._request(operation, path, query, body, headers, is_stream=True)
        async with self._opened(request, begin_seconds) as answer:
            if answer.status != 200 or answer.media_type != names.EVENT_STREAM:
                raw = await self._rest_of(answer)
                if answer.status == 200:
                    raise CommandFailed(f"{self.place.shown} answered with no event stream", NOT_REACHED)
                raise failure_of(answer.status, answer.header, raw, self.place.shown)
            yield EventPieces(
                client=self,
                answer=answer,
                silence_seconds=silence_seconds,
                parser=EventParser(max_event_bytes=event_bytes),
            )

    async def _rest_of(self, answer: HttpAnswer) -> bytes:
        try:
            return await answer.read(ANSWER_BYTES)
        except LinkFailed as error:
            raise self.broken(error) from None

    @asynccontextmanager
    async def _opened(self, request: HttpRequest, seconds: float) -> AsyncIterator[HttpAnswer]:
        async with AsyncExitStack() as stack:
            answer: HttpAnswer | None = None
            try:
                with trio.move_on_after(seconds):
                    answer = await stack.enter_async_context(self.pool.send(request))
            except NobodyListens as error:
                advice = "start one with `argus-trio serve`, or say with --server or $ARGUS_URL where it is"
                what = f"no gateway at {self.place.shown}: {error.reason}; {advice}"
                raise CommandFailed(what, NOT_REACHED) from None
            except LinkFailed as error:
                raise self.broken(error) from None
            if answer is None:
                raise CommandFailed(f"{self.place.shown} took the request and did not answer in time", NOT_REACHED)
            yield answer

    def _request(
        self,
        operation: Operation,
        path: Mapping[str, str],
        query: ApiQuery,
        body: object,
        headers: list[tuple[str, str]],
        *,
        is_stream: bool = False,
    ) -> HttpRequest:
        target = target_of(self.place, operation, path, query)
        sent = [
            (names.HOST, self._host),
            (names.ACCEPT, names.EVENT_STREAM if is_stream else operation.media[0]),
            (names.USER_AGENT, USER_AGENT),
            *headers,
        ]
        if self._token:
            sent.append(("authorization", f"Bearer {self._token}"))
        encoded = body_of(operation, body)
        if encoded is not None:
            sent += [(names.CONTENT_TYPE, names.JSON), (names.CONTENT_LENGTH, str(len(encoded)))]
        raw = [(name.encode("ascii"), value.encode()) for name, value in sent]
        is_idempotent = operation.method == "GET"
        return HttpRequest(
            method=operation.method, target=target, headers=raw, body=encoded or b"", is_idempotent=is_idempotent
        )

    def decoded(self, raw: bytes, kind: type[Answer]) -> Answer:
        """An answer as the contract has it. Raises CommandFailed for one of another contract."""
        return answer_of(raw, kind, self.place)

    def broken(self, error: LinkFailed) -> CommandFailed:
        """What is told where a connection has ended, or did not come about."""
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, ssl.SSLCertVerificationError):
            cause = cause.__cause__
        if cause is not None:
            why = f"its certificate is not trusted ({cause.verify_message}): $SSL_CERT_FILE names those that are"
            return CommandFailed(f"no gateway at {self.place.shown}: {why}", NOT_REACHED)
        return CommandFailed(f"the connection to {self.place.shown} broke off ({error.reason})", NOT_REACHED)


@attrs.define(eq=False, repr=False, kw_only=True)
class EventPieces:
    """The events of one answer, as they come. No generator: nothing of it is left to the collector."""

    client: ApiClient
    answer: HttpAnswer
    silence_seconds: float | None
    _parser: EventParser

    def __aiter__(self) -> EventPieces:
        return self

    async def __anext__(self) -> list[Event]:
        """What came together. Raises CommandFailed."""
        while True:
            chunk = await self._received()
            if not chunk:
                raise StopAsyncIteration
            try:
                events = list(self._parser.feed(chunk))
            except EventTooLarge as error:
                raise CommandFailed(str(error)) from None
            if events:
                return events

    async def _received(self) -> bytes:
        with trio.move_on_after(inf if self.silence_seconds is None else self.silence_seconds):
            try:
                return await self.answer.receive()
            except LinkFailed as error:
                raise self.client.broken(error) from None
        raise CommandFailed(f"{self.client.place.shown} says nothing any more", NOT_REACHED)


@asynccontextmanager
async def open_client(place: GatewayPlace, token: str) -> AsyncIterator[ApiClient]:
    """A client of the gateway at `place`; connections open as they are needed.

    Raises:
        CommandFailed: the proxy of the environment, or the trust store, cannot be used.
    """
    scheme = "https" if place.is_tls else "http"
    origin = Origin(scheme=scheme, host=place.host or "localhost", port=place.port or 80)
    try:
        proxy = None if place.socket else proxy_for(origin, os.environ)
        tls = await client_tls(None) if place.is_tls else None
        proxy_tls = await client_tls(None) if proxy is not None and proxy.origin.is_tls else None
    except LinkFailed as error:
        raise CommandFailed(error.reason) from None
    route = OriginRoute(origin=origin, tls=tls, proxy=proxy, proxy_tls=proxy_tls, socket_path=place.socket)
    async with ServiceNursery() as nursery:
        pool = Pool(route=route, nursery=nursery)
        nursery.start_soon(pool.reap)
        try:
            yield ApiClient(place=place, pool=pool, host=origin.host_header, token=token)
        finally:
            nursery.cancel_scope.cancel()
            await pool.aclose()
