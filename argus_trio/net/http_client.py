"""A client of one HTTP server: a pool of connections under a nursery of its own, and the headers of every request.

It follows redirects within the origin and keeps the cookies that the server sets. No message is read here.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, quote

import attrs
import msgspec
import structlog
import trio

from argus_trio.core.access.address_guard import AddressGuard
from argus_trio.core.call.via import Via
from argus_trio.errors import HttpRefused, LinkFailed
from argus_trio.net.cookies import MAX_ALL_BYTES, MAX_COOKIE_BYTES, MAX_COOKIES, CookieJar
from argus_trio.net.dial import OriginRoute, client_tls
from argus_trio.net.http1 import HttpAnswer, HttpRequest, RawHeaders
from argus_trio.net.origin import Origin, split_url
from argus_trio.net.pool import Pool, Sending
from argus_trio.net.proxies import proxy_for
from argus_trio.net.refusal import MAX_REDIRECTS, redirect, refusal, too_many_redirects
from argus_trio.net.service_nursery import ServiceNursery
from argus_trio.wire import headers as names
from argus_trio.wire.headers import Headers

log = structlog.get_logger()

REFUSAL_SECONDS: Final = 5.0
REFUSAL_BYTES: Final = 64 * 1024
"""How long, and how much, of the body of an HTTP error is read: it holds a JSON-RPC error at best, and whoever asked
waits for it."""

_RESERVED: Final = frozenset((
    names.HOST, names.CONTENT_LENGTH, names.ACCEPT_ENCODING, "connection", "transfer-encoding", "te", "upgrade",
    "expect",
    names.ACCEPT, names.CONTENT_TYPE, names.PROTOCOL_VERSION, names.METHOD, names.NAME, names.SESSION_ID,
    names.LAST_EVENT_ID,
))  # fmt: skip
"""Headers that the protocol decides; the configuration cannot."""

_HEADER_VALUE: Final = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")
_LONG_SEGMENT: Final = 16
"""From how many characters on a segment of a path is taken for a secret."""

_ACCEPTS_BOTH: Final = (names.ACCEPT.encode(), f"{names.JSON}, {names.EVENT_STREAM}".encode())
_ACCEPTS_STREAM: Final = (names.ACCEPT.encode(), names.EVENT_STREAM.encode())
_ACCEPTS_JSON: Final = (names.ACCEPT.encode(), names.JSON.encode())
_IS_JSON: Final = (names.CONTENT_TYPE.encode(), names.JSON.encode())
_CONTENT_LENGTH: Final = names.CONTENT_LENGTH.encode()
_USER_AGENT: Final = names.USER_AGENT.encode()
_COOKIE: Final = names.COOKIE.encode()
_REMEMBERED_MOVES: Final = 16
"""How many permanent redirects are remembered. A link asks one target or two, with three methods at most."""


@attrs.define(eq=False, repr=False, kw_only=True)
class HttpClient:
    """One server: where it is, how to reach it and what every request to it carries. `open_http_client` makes one."""

    name: str
    origin: Origin
    target: str = attrs.field(repr=False)
    pool: Pool
    nursery: trio.Nursery
    """The tasks that serve the client, those of its user too; it ends with the client."""
    _base: RawHeaders = attrs.field(repr=False)
    _via: Via
    _secrets: tuple[str, ...] = attrs.field(repr=False)
    _cookies: CookieJar = attrs.field(repr=False)
    _moved: dict[tuple[str, str], str] = attrs.field(factory=dict, init=False, repr=False)
    """Where a target has moved for good, for one method."""
    _has_lost_cookies: bool = attrs.field(default=False, init=False)

    def send(self, request: HttpRequest) -> Sending:
        """Send, and give the answer while it is being read; its `target` is where redirects have led.

        Raises:
            HttpRefused: the server redirects elsewhere, or without end.
            LinkFailed: no connection, or no answer on it.
        """
        return Sending(self, request)

    async def begin(self, request: HttpRequest) -> HttpAnswer:
        """What `Sending` does as it is entered."""
        moved = self._moved.get((request.method, request.target)) if self._moved else None
        current = request if moved is None else msgspec.structs.replace(request, target=moved)
        is_permanent = True
        for hops in range(MAX_REDIRECTS + 1):
            answer = await self.pool.begin(self._with_cookies(current) if self._cookies else current)
            try:
                self._note_cookies(answer, current.target)
                is_redirect = 300 <= answer.status < 400
                following = redirect(current, answer, self.origin, self._all_secrets) if is_redirect else None
                if following is not None:
                    await self.beginning(answer)  # so that its connection serves the next request
            except BaseException:
                await self.pool.end(answer, is_left_well=False)
                raise
            if following is None:
                if hops and is_permanent and answer.status < 400 and len(self._moved) < _REMEMBERED_MOVES:
                    self._moved[request.method, request.target] = current.target
                return answer
            await self.pool.end(answer, is_left_well=True)
            is_permanent = is_permanent and following.is_permanent
            current = msgspec.structs.replace(current, target=following.target)
        raise too_many_redirects(answer.status, self.origin, current.target, self._all_secrets)

    async def end(self, answer: HttpAnswer, *, is_left_well: bool) -> None:
        """What `Sending` does as it is left."""
        await self.pool.end(answer, is_left_well=is_left_well)

    def post(
        self, body: bytes, headers: Headers, *, target: str | None = None, is_idempotent: bool = False
    ) -> HttpRequest:
        """A POST of one message, to the server's own target if no other is given."""
        own: RawHeaders = [_ACCEPTS_BOTH, _IS_JSON, (_CONTENT_LENGTH, b"%d" % len(body))]
        all_headers = [*self._base, *own, *_raw((*self._via.headers(trio.current_time()), *headers))]
        return HttpRequest(
            method="POST",
            target=target or self.target,
            headers=all_headers,
            body=body,
            is_idempotent=is_idempotent,
        )

    def get(self, headers: Headers = (), *, last_id: str = "") -> HttpRequest:
        """A GET of an event stream, from behind the event `last_id` if there is one; asking twice does no harm."""
        place = ((names.LAST_EVENT_ID, last_id),) if last_id else ()
        all_headers = [*self._base, _ACCEPTS_STREAM, *_raw((*self._via.headers(trio.current_time()), *headers, *place))]
        return HttpRequest(method="GET", target=self.target, headers=all_headers, is_idempotent=True)

    def delete(self, headers: Headers) -> HttpRequest:
        """A DELETE of what `headers` name."""
        all_headers = [*self._base, *_raw((*self._via.headers(trio.current_time()), *headers))]
        return HttpRequest(method="DELETE", target=self.target, headers=all_headers, is_idempotent=True)

    async def document(self, limit: int) -> bytes:
        """What a GET of the client's own target answers, as JSON if there is a choice.

        Raises:
            HttpRefused: the server answers with another status than 200, or redirects elsewhere.
            LinkFailed: no connection, no answer on it, or one of more than `limit` bytes.
        """
        headers = [*self._base, _ACCEPTS_JSON]
        request = HttpRequest(method="GET", target=self.target, headers=headers, is_idempotent=True)
        async with self.send(request) as answer:
            if answer.status != 200:
                raise self.refused(answer, await self.beginning(answer))
            return await answer.read(limit)

    async def beginning(self, answer: HttpAnswer) -> bytes:
        """The beginning of an HTTP error's body, as far as it comes."""
        body = b""
        try:
            with trio.move_on_after(REFUSAL_SECONDS):
                while len(body) < REFUSAL_BYTES and (piece := await answer.receive()):
                    body += piece
        except LinkFailed:
            pass  # what it said is only for the reason's sake
        return body

    def refused(self, answer: HttpAnswer, body: bytes) -> HttpRefused:
        """The error for an answer whose status is no success."""
        route = self.pool.route
        proxy = None if self.origin.is_tls else route.proxy
        return refusal(answer, body, self.origin, self._all_secrets, proxy=proxy)

    @property
    def _all_secrets(self) -> tuple[str, ...]:
        return (*self._secrets, *self._cookies.values)

    def _with_cookies(self, request: HttpRequest) -> HttpRequest:
        """The request with the cookies for its target, in one header with those of the configuration."""
        configured = "; ".join(value.decode("latin-1") for name, value in request.headers if name.lower() == _COOKIE)
        cookies = self._cookies.header(request.target, time.time(), configured=configured)
        others = [header for header in request.headers if header[0].lower() != _COOKIE]
        if cookies:
            others.append((_COOKIE, cookies.encode("latin-1")))
        return msgspec.structs.replace(request, headers=others)

    def _note_cookies(self, answer: HttpAnswer, target: str) -> None:
        if not (set_cookies := answer.all_headers(names.SET_COOKIE)):
            return
        if self._cookies.take(set_cookies, target, time.time()) and not self._has_lost_cookies:
            self._has_lost_cookies = True
            bounds = f"{MAX_COOKIES}, {MAX_COOKIE_BYTES} bytes each, {MAX_ALL_BYTES} in all"
            reason = f"it sets more or larger cookies than are kept for it ({bounds}); the oldest are forgotten"
            log.warning("backend_cookies_lost", backend=self.name, reason=reason)


@asynccontextmanager
async def open_http_client(
    url: str,
    *,
    name: str,
    headers: Mapping[str, str],
    ca_file: Path | None = None,
    via: Via | None = None,
    guard: AddressGuard | None = None,
) -> AsyncIterator[HttpClient]:
    """A client of the server at `url`; connections open as they are needed. `name` is what the log calls the server.
    `via` goes with every request; `guard` says which addresses may be dialled.

    What the body raises leaves as it is, not in a group.

    Raises:
        LinkFailed: the URL, a header, the CA file or the proxy's address cannot be used.
    """
    via = via or Via()
    origin, target = split_url(url)
    proxy = proxy_for(origin, os.environ)
    tls = await client_tls(ca_file) if origin.is_tls else None
    proxy_tls = await client_tls(None) if proxy is not None and proxy.origin.is_tls else None
    route = OriginRoute(origin=origin, tls=tls, proxy=proxy, proxy_tls=proxy_tls, guard=guard)
    base, secrets = _base_headers(name, headers, origin), (*headers.values(), *_secrets_in(target))
    async with ServiceNursery() as nursery:
        pool = Pool(route=route, nursery=nursery)
        nursery.start_soon(pool.reap)
        try:
            yield HttpClient(
                name=name,
                origin=origin,
                target=target,
                pool=pool,
                nursery=nursery,
                base=base,
                via=via,
                secrets=secrets,
                cookies=CookieJar(origin),
            )
        finally:
            nursery.cancel_scope.cancel()
            await pool.aclose()


def _base_headers(server: str, configured: Mapping[str, str], origin: Origin) -> RawHeaders:
    headers: RawHeaders = [
        (names.HOST.encode(), origin.host_header.encode("ascii")),
        (names.ACCEPT_ENCODING.encode(), b"identity"),
    ]
    for name, value in configured.items():
        if name.lower() in _RESERVED or name.lower().startswith(names.PARAM_PREFIX):
            log.warning("backend_header_ignored", backend=server, header=name)
        elif not names.TOKEN.fullmatch(name) or not _HEADER_VALUE.fullmatch(value.strip()):
            raise LinkFailed(f"headers.{name} cannot be sent: its name or value holds what no header may hold")
        else:
            headers.append((name.encode("ascii"), value.strip().encode()))
    if not any(name.lower() == _USER_AGENT for name, _ in headers):
        headers.append((_USER_AGENT, b"argus-trio"))
    return headers


def _secrets_in(target: str) -> list[str]:
    """What of a target looks like a secret: what its query says, and the long segments of its path."""
    path, _, query = target.partition("?")
    values = [value for pair in parse_qsl(query) for value in pair[1:]]
    segments = [segment for segment in path.split("/") if len(segment) >= _LONG_SEGMENT]
    return [spelling for word in (*values, *segments) for spelling in (word, quote(word, safe=""))]


def _raw(headers: Iterable[tuple[str, str]]) -> RawHeaders:
    return [(name.encode("ascii"), value.encode()) for name, value in headers]
