"""Opens what the server accepts connections on: sockets, TLS, and the URLs they are reached by."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Sequence
from typing import Final

import attrs
import structlog
import trio

from argus_trio.config.model import Server, ServerTls
from argus_trio.errors import ListenFailed
from argus_trio.frontend.inherited import Inherited

log = structlog.get_logger()

Listener = trio.SocketListener | trio.SSLListener[trio.SocketStream]

_BACKLOG: Final = 512
_ADVICE: Final = {
    errno.EADDRINUSE: "end what listens there, or choose another server.port",
    errno.EACCES: "choose a server.port above 1023, or grant the right to bind it",
    errno.EADDRNOTAVAIL: "choose a server.host that is an address of this machine",
}


@attrs.frozen
class Listening:
    """Open listeners, and the base URL of each."""

    listeners: tuple[Listener, ...]
    urls: tuple[str, ...]


async def open_listeners(settings: Server, inherited: Sequence[Inherited] = ()) -> Listening:
    """Listen as `settings` say; on the `inherited` sockets instead of `host` and `port`, if there are any.

    Raises:
        ListenFailed: the address cannot be listened on, the certificate cannot be used, or an inherited socket can be
            reached from elsewhere and nobody has said that it may.
    """
    address = f"{settings.host}:{settings.port}"
    context = _context(settings.tls, address) if settings.tls is not None else None
    plain = _adopted(settings, inherited) if inherited else await _bound(settings, address)
    scheme = "http" if context is None else "https"
    urls = tuple(_url(scheme, listener.socket) for listener in plain)
    if inherited:
        log.info("sockets_inherited", urls=list(urls), not_listening_on=address)
    if context is None:
        return Listening(tuple(plain), urls)
    secure = tuple(trio.SSLListener(listener, context, https_compatible=True) for listener in plain)
    return Listening(secure, urls)


async def _bound(settings: Server, address: str) -> list[trio.SocketListener]:
    try:
        return await trio.open_tcp_listeners(settings.port, host=settings.host, backlog=_BACKLOG)
    except OSError as error:
        advice = _ADVICE.get(error.errno or 0, "choose another server.host or server.port")
        raise ListenFailed(address, _reason(error), advice) from None


def _adopted(settings: Server, inherited: Sequence[Inherited]) -> list[trio.SocketListener]:
    for each in inherited:
        if each.is_exposed and not settings.allow_unauthenticated:
            where = _authority(each.socket.family, each.socket.getsockname())
            raise ListenFailed(
                f"{where}, {each.name}",
                "listening beyond loopback would let everyone who reaches this address call every tool",
                "set server.allow_unauthenticated: true if that is meant, or have the socket unit listen on 127.0.0.1",
            )
    return [trio.SocketListener(trio.socket.from_stdlib_socket(each.socket)) for each in inherited]


def _context(tls: ServerTls, address: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(tls.cert_file, tls.key_file)
    except (OSError, ssl.SSLError) as error:
        reason = f"the certificate {tls.cert_file} with the key {tls.key_file} cannot be used ({_reason(error)})"
        raise ListenFailed(address, reason, "mend server.tls") from None
    return context


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return error.reason or "no valid PEM"
    if isinstance(error, socket.gaierror):
        return error.strerror or "the host name does not resolve"
    if error.errno == errno.EADDRINUSE:
        return "the port is in use"
    return error.strerror or str(error)


def _url(scheme: str, listening: trio.socket.SocketType) -> str:
    if listening.family != socket.AF_UNIX:
        return f"{scheme}://{_authority(listening.family, listening.getsockname())}"
    path = listening.getsockname()
    shown = f"@{path[1:].decode(errors='replace')}" if isinstance(path, bytes) else path
    return f"{scheme}://unix:{shown}:"  # as nginx and HAProxy write it


def _authority(family: int, address: tuple[object, ...]) -> str:
    host, port = address[:2]
    return f"[{host}]:{port}" if family == socket.AF_INET6 else f"{host}:{port}"
