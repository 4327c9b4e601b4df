"""How a connection to a remote backend is opened: TCP, a proxy's tunnel where one is set, TLS. No requests."""

from __future__ import annotations

import os
import socket
import ssl
from pathlib import Path
from typing import Final

import attrs
import trio

from argus_trio import Value
from argus_trio.core.access.address_guard import AddressGuard, is_address
from argus_trio.errors import LinkFailed
from argus_trio.net.origin import Origin
from argus_trio.net.proxies import Proxy
from argus_trio.wire import headers as names
from argus_trio.wire.http1.answer_head import AnswerHeadReader
from argus_trio.wire.http1.fault import HttpFault
from argus_trio.wire.http1.request_writer import RequestWriter

CONNECT_SECONDS: Final = 10.0
"""The deadline for name lookup, TCP, proxy and TLS together: TCP's first three attempts (0, 1, 3 s) are within it."""

_MOST_ADDRESSES: Final = 4
_ADDRESS_SECONDS: Final = 3.0
"""How many addresses of a guarded origin are tried one after the other, and for how long each: within the deadline."""

_MAX_HEAD_BYTES: Final = 64 * 1024
_HEAD_BYTES: Final = 4096
"""Of a proxy's answer: its head in all, and what is read at once. What follows it belongs to the tunnel."""

_KEEP_ALIVE: Final = (
    (socket.SOL_SOCKET, "SO_KEEPALIVE", 1),
    (socket.IPPROTO_TCP, "TCP_KEEPIDLE", 60),
    (socket.IPPROTO_TCP, "TCP_KEEPINTVL", 15),
    (socket.IPPROTO_TCP, "TCP_KEEPCNT", 4),
)
"""Streams are silent for long: only the kernel's probes tell a silent peer from one that is gone.

The first probe after 60 s, four of them 15 s apart: who is gone is known within two minutes."""


class NobodyListens(LinkFailed):
    """No connection was made: it was refused, or there is no way there. Nothing can have been sent."""

    def again(self, *, never_ran: bool = False) -> NobodyListens:
        """See `LinkFailed.again`."""
        return NobodyListens(self.reason, details=self.details, never_ran=never_ran)


@attrs.frozen(kw_only=True)
class OriginRoute(Value):
    """How an origin is reached: `tls` where it is https, `proxy` where the environment wants one (and `proxy_tls`)."""

    origin: Origin
    tls: ssl.SSLContext | None = None
    proxy: Proxy | None = None
    proxy_tls: ssl.SSLContext | None = None
    guard: AddressGuard | None = None
    """Which addresses may be dialled; None for any. What a proxy dials is the proxy's business."""
    socket_path: str = ""
    """The Unix socket that is dialled instead of the origin's host; empty for none."""


@attrs.define(eq=False, repr=False)
class UnderTls(trio.abc.Stream):
    """A socket under TLS. What was read from it may hold more than has been taken from the stream above, record for
    record; neither the socket nor that stream says so."""

    stream: trio.SocketStream
    _looking: trio.CancelScope | None = attrs.field(default=None, init=False)

    @property
    def socket(self) -> trio.socket.SocketType:
        """The socket itself."""
        return self.stream.socket

    async def has_left(self, above: trio.abc.Stream) -> bool:
        """Whether the stream `above`, of which this is the bottom, has anything to give, its end included, without
        more from the network. What it gives is lost."""
        with trio.CancelScope() as self._looking:
            try:
                await above.receive_some(1)
            except trio.BrokenResourceError:
                pass  # what was left is no TLS
            finally:
                self._looking = None
            return True
        return False

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        """See `trio.abc.ReceiveStream`."""
        if self._looking is not None:
            self._looking.cancel()
        return await self.stream.receive_some(max_bytes)

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """See `trio.abc.SendStream`."""
        await self.stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        """See `trio.abc.SendStream`."""
        await self.stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        """See `trio.abc.AsyncResource`."""
        await self.stream.aclose()


async def client_tls(ca_file: Path | None) -> ssl.SSLContext:
    """How an HTTPS server is verified: against the system's trust store, or against `ca_file` alone.

    Raises:
        LinkFailed: the file cannot be read or holds no certificate.
    """

    def load() -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=ca_file)
        context.set_alpn_protocols(["http/1.1"])
        return context

    try:
        return await trio.to_thread.run_sync(load)  # reading a trust store takes tens of milliseconds
    except OSError as error:  # ssl.SSLError is one
        raise LinkFailed(f"tls.ca_file cannot be used: {error.strerror or error}") from error


async def dial(route: OriginRoute) -> tuple[trio.abc.Stream, trio.SocketStream | UnderTls]:
    """An open connection to the route's origin, and what lies at its bottom.

    Raises:
        NobodyListens: nobody takes connections there.
        AddressRefused: the route's guard does not let it be dialled.
        LinkFailed: with what else went wrong, and between whom.
    """
    origin = route.origin
    with trio.move_on_after(CONNECT_SECONDS):
        tcp = await _connect_along(route)
        try:
            has_tls = route.tls is not None or route.proxy_tls is not None
            bottom = UnderTls(tcp) if has_tls else tcp
            stream: trio.abc.Stream = bottom
            if route.proxy:
                if route.proxy_tls is not None:
                    stream = await _with_tls(stream, route.proxy_tls, route.proxy.origin)
                if origin.is_tls:
                    await _tunnel(stream, origin, route.proxy)
            if route.tls is not None:
                stream = await _with_tls(stream, route.tls, origin)
        except BaseException:
            await trio.aclose_forcefully(tcp)
            raise
        return stream, bottom
    raise LinkFailed(f"{origin} did not take the connection within {CONNECT_SECONDS:g} s")


async def _connect_along(route: OriginRoute) -> trio.SocketStream:
    if route.socket_path:
        try:
            return await trio.open_unix_socket(route.socket_path)
        except OSError as error:
            raise NobodyListens(f"cannot connect to unix:{route.socket_path}: {error.strerror or error}") from error
    return await _connect_guarded(route, route.guard) if route.guard else await _connect(_next_hop(route))


def _next_hop(route: OriginRoute) -> Origin:
    return route.proxy.origin if route.proxy else route.origin


async def _connect_guarded(route: OriginRoute, guard: AddressGuard) -> trio.SocketStream:
    """Connect to an address that was judged, so that no second look-up can give another one."""
    origin = route.origin
    if route.proxy:
        if is_address(origin.host):
            guard.check(origin.host, origin)
        return await _connect(route.proxy.origin)
    try:
        found = await trio.socket.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise LinkFailed(f"cannot connect to {origin}: {error.strerror or error}") from error
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    for address in addresses:
        guard.check(address, origin)
    for address in addresses[:_MOST_ADDRESSES]:
        with trio.move_on_after(_ADDRESS_SECONDS):
            try:
                return await _connect(attrs.evolve(origin, host=address))
            except NobodyListens:
                continue
    raise NobodyListens(f"cannot connect to {origin} at any of its {len(addresses)} addresses")


async def _connect(origin: Origin) -> trio.SocketStream:
    try:
        stream = await trio.open_tcp_stream(origin.host, origin.port)
    except OSError as error:
        cause: BaseException | None = error.__cause__
        while isinstance(cause, BaseExceptionGroup):
            cause = cause.exceptions[0]
        nearest = cause if isinstance(cause, OSError) else error
        is_lookup = nearest.errno is None or isinstance(nearest, socket.gaierror)
        why = nearest.strerror if is_lookup else os.strerror(nearest.errno or 0)
        refused = f"cannot connect to {origin}: {why or nearest}"
        raise (LinkFailed(refused) if is_lookup else NobodyListens(refused)) from error
    for level, name, value in _KEEP_ALIVE:
        if hasattr(socket, name):  # the finer ones are not everywhere
            stream.setsockopt(level, getattr(socket, name), value)
    return stream


async def _with_tls(stream: trio.abc.Stream, context: ssl.SSLContext, origin: Origin) -> trio.abc.Stream:
    secured: trio.SSLStream[trio.abc.Stream] = trio.SSLStream(
        stream, context, server_hostname=origin.host, https_compatible=True
    )
    try:
        await secured.do_handshake()
    except trio.BrokenResourceError as error:
        cause = error.__cause__
        why = getattr(cause, "verify_message", None) or getattr(cause, "reason", None) or "the connection broke"
        raise LinkFailed(f"no TLS with {origin}: {why}") from error
    return secured


async def _tunnel(stream: trio.abc.Stream, origin: Origin, proxy: Proxy) -> None:
    """Ask the proxy for a way through to `origin` (RFC 9110, section 9.3.6)."""
    headers = [(names.HOST.encode(), origin.authority.encode("ascii"))]
    if proxy.authorization:
        headers.append((names.PROXY_AUTHORIZATION.encode(), proxy.authorization.encode("ascii")))
    reader = AnswerHeadReader(_MAX_HEAD_BYTES)
    try:
        await stream.send_all(RequestWriter().write("CONNECT", origin.authority, headers, b""))
        while (head := reader.feed(data := bytes(await stream.receive_some(_HEAD_BYTES)))) is None:
            if not data:
                raise HttpFault("the connection was closed before an answer")
    except (trio.BrokenResourceError, HttpFault) as error:
        raise LinkFailed(f"the proxy {proxy.origin} does not answer in HTTP") from error
    if head.status == 407:
        raise LinkFailed(f"the proxy {proxy.origin} answered HTTP 407: {proxy.advice(origin)}")
    if not 200 <= head.status < 300:
        raise LinkFailed(f"the proxy {proxy.origin} answered HTTP {head.status}")
