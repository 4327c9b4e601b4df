"""A client of one HTTP server: a pool of connections under a nursery of its own, and the headers of every request.

No message is read here.
"""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, quote

import attrs
import structlog
import trio

from argus_trio.errors import HttpRefused, LinkFailed
from argus_trio.net.dial import OriginRoute, client_tls
from argus_trio.net.http1 import HttpAnswer, HttpRequest, RawHeaders
from argus_trio.net.origin import Origin, split_url
from argus_trio.net.pool import Pool
from argus_trio.net.proxies import proxy_for
from argus_trio.net.refusal import refusal
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
_IS_JSON: Final = (names.CONTENT_TYPE.encode(), names.JSON.encode())
_CONTENT_LENGTH: Final = names.CONTENT_LENGTH.encode()
_USER_AGENT: Final = names.USER_AGENT.encode()


@attrs.define(eq=False, kw_only=True)
class HttpClient:
    """One server: where it is, how to reach it and what every request to it carries. `open_http_client` makes one."""

    name: str
    origin: Origin
    target: str = attrs.field(repr=False)
    pool: Pool
    nursery: trio.Nursery
    """The tasks that serve the client, those of its user too; it ends with the client."""
    _base: RawHeaders = attrs.field(repr=False)
    _secrets: tuple[str, ...] = attrs.field(repr=False)

    def post(self, body: bytes, headers: Headers, *, target: str | None = None) -> HttpRequest:
        """A POST of one message, to the server's own target if no other is given."""
        own: RawHeaders = [_ACCEPTS_BOTH, _IS_JSON, (_CONTENT_LENGTH, b"%d" % len(body))]
        all_headers = [*self._base, *own, *_raw(headers)]
        return HttpRequest(method="POST", target=target or self.target, headers=all_headers, body=body)

    def get(self, headers: Headers = (), *, last_id: str = "") -> HttpRequest:
        """A GET of an event stream, from behind the event `last_id` if there is one; asking twice does no harm."""
        place = ((names.LAST_EVENT_ID, last_id),) if last_id else ()
        all_headers = [*self._base, _ACCEPTS_STREAM, *_raw(headers), *_raw(place)]
        return HttpRequest(method="GET", target=self.target, headers=all_headers, is_idempotent=True)

    def delete(self, headers: Headers) -> HttpRequest:
        """A DELETE of what `headers` name."""
        all_headers = [*self._base, *_raw(headers)]
        return HttpRequest(method="DELETE", target=self.target, headers=all_headers, is_idempotent=True)

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
        return refusal(answer, body, self.origin, self._secrets)


@asynccontextmanager
async def open_http_client(
    url: str, *, name: str, headers: Mapping[str, str], ca_file: Path | None = None
) -> AsyncIterator[HttpClient]:
    """A client of the server at `url`; connections open as they are needed. `name` is what the log calls the server.

    What the body raises leaves as it is, not in a group.

    Raises:
        LinkFailed: the URL, a header, the CA file or the proxy's address cannot be used.
    """
    origin, target = split_url(url)
    proxy = proxy_for(origin, os.environ)
    tls = await client_tls(ca_file) if origin.is_tls else None
    proxy_tls = await client_tls(None) if proxy is not None and proxy.origin.is_tls else None
    route = OriginRoute(origin=origin, tls=tls, proxy=proxy, proxy_tls=proxy_tls)
    base, secrets = _base_headers(name, headers, origin), (*headers.values(), *_secrets_in(target))
    async with ServiceNursery() as nursery:
        pool = Pool(route=route, nursery=nursery)
        nursery.start_soon(pool.reap)
        try:
            yield HttpClient(
                name=name, origin=origin, target=target, pool=pool, nursery=nursery, base=base, secrets=secrets
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
