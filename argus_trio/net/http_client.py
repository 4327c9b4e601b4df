"""What the links to remote servers share: the pool under a nursery of the link's own, its headers, and its end.

No message is read here.
"""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import parse_qsl, quote

import attrs
import structlog
import trio

from argus_trio.config.model import RemoteBackend
from argus_trio.errors import HttpRefused, LinkFailed
from argus_trio.net.answers import refusal
from argus_trio.net.dial import Route, client_tls
from argus_trio.net.http1 import Answer, HttpRequest, RawHeaders
from argus_trio.net.origin import Origin, split_url
from argus_trio.net.pool import Pool
from argus_trio.net.proxies import proxy_for
from argus_trio.wire import headers as names
from argus_trio.wire.headers import Headers

log = structlog.get_logger()

REFUSAL_SECONDS: Final = 5.0
REFUSAL_BYTES: Final = 64 * 1024
"""How long, and how much, of the body of an HTTP error is read."""

_RESERVED: Final = frozenset((
    "host", "connection", "content-length", "transfer-encoding", "te", "upgrade", "expect", "accept-encoding",
    names.ACCEPT, names.CONTENT_TYPE, names.PROTOCOL_VERSION, names.METHOD, names.NAME, names.SESSION_ID,
    names.LAST_EVENT_ID,
))  # fmt: skip
"""Headers that the protocol decides; the configuration cannot."""

_HEADER_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_HEADER_VALUE: Final = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")
_LONG_SEGMENT: Final = 16


@attrs.define(eq=False)
class Life:
    """Whether a link lives, and why it died."""

    _failure: LinkFailed | None = None
    _ended: trio.Event = attrs.field(factory=trio.Event, init=False)

    def end(self, failure: LinkFailed) -> LinkFailed:
        """Declare the link dead; the first failure stays. Gives an error to raise."""
        if self._failure is None:
            self._failure = failure
            self._ended.set()
        return self._failure.again()

    def check(self) -> None:
        """Raise the failure once the link has died: whoever asks has sent nothing yet."""
        if self._failure is not None:
            raise self._failure.again(never_ran=True)

    @property
    def failure(self) -> LinkFailed | None:
        """Why it died, if it has."""
        return self._failure

    @property
    def is_over(self) -> bool:
        return self._failure is not None

    async def wait_failed(self) -> LinkFailed:
        """Wait for the end, and tell why."""
        await self._ended.wait()
        if self._failure is None:
            raise AssertionError("an end without a reason")
        return self._failure


@attrs.define(eq=False, kw_only=True)
class Remote:
    """One remote server: where it is, how to reach it and what every request to it carries."""

    name: str
    origin: Origin
    target: str = attrs.field(repr=False)
    pool: Pool
    nursery: trio.Nursery
    """Ends with the link; holds its tasks."""
    _base: RawHeaders = attrs.field(repr=False)
    _secrets: tuple[str, ...] = attrs.field(repr=False)

    def post(self, body: bytes, headers: Headers, *, target: str | None = None) -> HttpRequest:
        """A POST of one message, to the server's own target if no other is given."""
        own: RawHeaders = [
            (b"accept", b"application/json, text/event-stream"),
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
        ]
        all_headers = [*self._base, *own, *_raw(headers)]
        return HttpRequest(method="POST", target=target or self.target, headers=all_headers, body=body)

    def get(self, headers: Headers = ()) -> HttpRequest:
        """A GET of an event stream; asking twice does no harm."""
        all_headers = [*self._base, (b"accept", b"text/event-stream"), *_raw(headers)]
        return HttpRequest(method="GET", target=self.target, headers=all_headers, is_idempotent=True)

    def delete(self, headers: Headers) -> HttpRequest:
        """A DELETE of what `headers` name."""
        all_headers = [*self._base, *_raw(headers)]
        return HttpRequest(method="DELETE", target=self.target, headers=all_headers, is_idempotent=True)

    async def beginning(self, answer: Answer) -> bytes:
        """The beginning of an HTTP error's body, as far as it comes."""
        body = b""
        try:
            with trio.move_on_after(REFUSAL_SECONDS):
                while len(body) < REFUSAL_BYTES and (piece := await answer.receive()):
                    body += piece
        except LinkFailed:
            pass  # what it said is only for the reason's sake
        return body

    def refused(self, answer: Answer, body: bytes) -> HttpRefused:
        """The error for an answer whose status is no success."""
        return refusal(answer, body, self.origin, self._secrets)


@asynccontextmanager
async def open_remote(spec: RemoteBackend) -> AsyncIterator[Remote]:
    """A remote server to talk to; connections open as they are needed.

    What the body raises leaves as it is, not in a group.

    Raises:
        LinkFailed: the URL, the CA file or the proxy's address cannot be used.
    """
    origin, target = split_url(spec.url)
    proxy = proxy_for(origin, os.environ)
    tls = await client_tls(spec.tls.ca_file) if origin.is_tls else None
    proxy_tls = await client_tls(None) if proxy is not None and proxy.origin.is_tls else None
    route = Route(origin=origin, tls=tls, proxy=proxy, proxy_tls=proxy_tls)
    base, secrets = _base_headers(spec, origin), (*spec.headers.values(), *_secrets_in(target))
    try:
        async with trio.open_nursery() as nursery:
            pool = Pool(route=route, nursery=nursery)
            nursery.start_soon(pool.reap)
            try:
                yield Remote(
                    name=spec.name,
                    origin=origin,
                    target=target,
                    pool=pool,
                    nursery=nursery,
                    base=base,
                    secrets=secrets,
                )
            finally:
                nursery.cancel_scope.cancel()
                await pool.aclose()
    except BaseExceptionGroup as group:
        if len(group.exceptions) != 1:
            raise
        raise group.exceptions[0] from group.exceptions[0].__cause__


def _base_headers(spec: RemoteBackend, origin: Origin) -> RawHeaders:
    headers: RawHeaders = [
        (b"host", origin.host_header.encode("ascii")),
        (b"accept-encoding", b"identity"),
    ]
    for name, value in spec.headers.items():
        if name.lower() in _RESERVED or name.lower().startswith(names.PARAM_PREFIX):
            log.warning("backend_header_ignored", backend=spec.name, header=name)
        elif not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value.strip()):
            raise LinkFailed(f"headers.{name} cannot be sent: its name or value holds what no header may hold")
        else:
            headers.append((name.encode("ascii"), value.strip().encode()))
    if not any(name.lower() == b"user-agent" for name, _ in headers):
        headers.append((b"user-agent", b"argus-trio"))
    return headers


def _secrets_in(target: str) -> list[str]:
    """What of a target looks like a secret: what its query says, and the long segments of its path."""
    path, _, query = target.partition("?")
    values = [value for pair in parse_qsl(query) for value in pair[1:]]
    segments = [segment for segment in path.split("/") if len(segment) >= _LONG_SEGMENT]
    return [spelling for word in (*values, *segments) for spelling in (word, quote(word, safe=""))]


def _raw(headers: Iterable[tuple[str, str]]) -> RawHeaders:
    return [(name.encode("ascii"), value.encode()) for name, value in headers]
