"""Opens what the server accepts connections on: sockets, TLS, and the URLs they are reached by."""

from __future__ import annotations

import errno
import socket
import ssl
from typing import Final

import attrs
import trio

from argus_trio.config.model import Server, ServerTls
from argus_trio.errors import ListenFailed

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


async def open_listeners(settings: Server) -> Listening:
    """Listen as `settings` say.

    Raises:
        ListenFailed: the address cannot be listened on, or the certificate cannot be used.
    """
    address = f"{settings.host}:{settings.port}"
    context = _context(settings.tls, address) if settings.tls is not None else None
    try:
        plain = await trio.open_tcp_listeners(settings.port, host=settings.host, backlog=_BACKLOG)
    except OSError as error:
        advice = _ADVICE.get(error.errno or 0, "choose another server.host or server.port")
        raise ListenFailed(address, _reason(error), advice) from None
    scheme = "http" if context is None else "https"
    urls = tuple(f"{scheme}://{_authority(listener.socket)}" for listener in plain)
    if context is None:
        return Listening(tuple(plain), urls)
    secure = tuple(trio.SSLListener(listener, context, https_compatible=True) for listener in plain)
    return Listening(secure, urls)


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


def _authority(listening: trio.socket.SocketType) -> str:
    host, port = listening.getsockname()[:2]
    return f"[{host}]:{port}" if listening.family == socket.AF_INET6 else f"{host}:{port}"
