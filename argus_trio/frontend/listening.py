"""Opens what the server accepts connections on: sockets, TLS, and the URLs they are reached by."""

from __future__ import annotations

import errno
import socket
from typing import Final

import attrs
import trio

from argus_trio.errors import ListenFailed
from argus_trio.frontend.terms import CurrentTerms
from argus_trio.frontend.transport import Stream

_BACKLOG: Final = 512
_ADVICE: Final = {
    errno.EADDRINUSE: "end what listens there, or choose another server.port",
    errno.EACCES: "choose a server.port above 1023, or grant the right to bind it",
    errno.EADDRNOTAVAIL: "choose a server.host that is an address of this machine",
}


@attrs.define(eq=False)
class Listener(trio.abc.Listener[Stream]):
    """One socket that listens. Each connection begins with the certificate that is current when it comes."""

    plain: trio.SocketListener
    terms: CurrentTerms

    async def accept(self) -> Stream:
        """The next connection; where TLS is spoken, its handshake is still to come."""
        stream = await self.plain.accept()
        context = self.terms.now.context
        if context is None:
            return stream
        return trio.SSLStream(stream, context, server_side=True, https_compatible=True)

    async def aclose(self) -> None:
        """Listen no longer."""
        await self.plain.aclose()


@attrs.frozen
class Listening:
    """Open listeners, and the base URL of each."""

    listeners: tuple[Listener, ...]
    urls: tuple[str, ...]


async def open_listeners(terms: CurrentTerms) -> Listening:
    """Listen as the current terms say.

    Raises:
        ListenFailed: the address cannot be listened on.
    """
    settings = terms.now.settings
    try:
        plain = await trio.open_tcp_listeners(settings.port, host=settings.host, backlog=_BACKLOG)
    except OSError as error:
        advice = _ADVICE.get(error.errno or 0, "choose another server.host or server.port")
        raise ListenFailed(f"{settings.host}:{settings.port}", _reason(error), advice) from None
    scheme = "http" if terms.now.context is None else "https"
    urls = tuple(f"{scheme}://{_authority(listener.socket)}" for listener in plain)
    return Listening(tuple(Listener(listener, terms) for listener in plain), urls)


def _reason(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return error.strerror or "the host name does not resolve"
    if error.errno == errno.EADDRINUSE:
        return "the port is in use"
    return error.strerror or str(error)


def _authority(listening: trio.socket.SocketType) -> str:
    host, port = listening.getsockname()[:2]
    return f"[{host}]:{port}" if listening.family == socket.AF_INET6 else f"{host}:{port}"
