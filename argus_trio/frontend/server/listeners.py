"""Opens what the server accepts connections on: sockets, TLS, and the URLs they are reached by."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

import attrs
import structlog
import trio

from argus_trio.config.model.server import Server
from argus_trio.errors import ListenFailed
from argus_trio.frontend.http.served_settings import CurrentSettings, ServedSettings
from argus_trio.frontend.server.socket_activation import Inherited
from argus_trio.frontend.server.transport import ClientStream

log = structlog.get_logger()

_BACKLOG: Final = 4096
"""Connections that wait to be accepted: as many as Linux allows by default, for they come in bursts."""
ACCEPTED_AT_ONCE: Final = 64
"""Connections taken in one go: a round of the scheduler is long under load, and new clients would wait for many."""
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_ADVICE: Final = {
    errno.EADDRINUSE: "end what listens there, or choose another server.port",
    errno.EACCES: "choose a server.port above 1023, or grant the right to bind it",
    errno.EADDRNOTAVAIL: "choose a server.host that is an address of this machine",
}


class DescriptorsExhausted(Exception):
    """A connection waits and there is no descriptor, or no memory of the kernel's, for it. `reason` says which."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _always(_: int) -> bool:
    return True


@attrs.frozen
class AcceptedConnection:
    """A client's stream; where TLS is spoken, its handshake is still to come."""

    stream: ClientStream

    def turn_away(self, answer: bytes) -> None:
        """End it with this answer, as far as it goes out at once; where TLS is to be spoken, without one."""
        if isinstance(self.stream, trio.SSLStream):
            self.stream.transport_stream.socket.close()
            return
        with suppress(OSError):  # it is gone already
            os.write(self.stream.socket.fileno(), answer)
        self.stream.socket.close()


@attrs.define(eq=False)
class ServerListener(trio.abc.AsyncResource):
    """One socket that listens. Each connection begins with the certificate that is current when it comes."""

    listening: socket.socket
    settings: CurrentSettings

    def __attrs_post_init__(self) -> None:
        self.listening.setblocking(False)

    async def accept(self, has_room: Callable[[int], bool] = _always) -> list[AcceptedConnection]:
        """The connections that have come, `ACCEPTED_AT_ONCE` at most; waits for one. Perhaps none: one that ended
        meanwhile. `has_room` says whether one more may be taken beside as many new ones.

        Raises:
            DescriptorsExhausted: there is none for the next connection, which goes on waiting.
        """
        await trio.lowlevel.wait_readable(self.listening)
        accepted: list[AcceptedConnection] = []
        while len(accepted) < ACCEPTED_AT_ONCE:
            if not has_room(len(accepted)):
                if not accepted:
                    raise DescriptorsExhausted("few descriptors are left")
                break
            try:
                client, _ = self.listening.accept()
            except OSError as error:
                if error.errno in _EXHAUSTED and not accepted:
                    raise DescriptorsExhausted(error.strerror or "no descriptor is left") from None
                if error.errno == errno.EBADF:
                    raise
                break  # none is left, or the next one failed before it began: it counts as none
            accepted.append(self._begun(client))
        return accepted

    def _begun(self, client: socket.socket) -> AcceptedConnection:
        stream = trio.SocketStream(trio.socket.from_stdlib_socket(client))
        context = self.settings.now.context
        if context is None:
            return AcceptedConnection(stream)
        secure = trio.SSLStream(stream, context, server_side=True, https_compatible=True)
        return AcceptedConnection(secure)

    async def aclose(self) -> None:
        """Listen no longer."""
        trio.lowlevel.notify_closing(self.listening)
        self.listening.close()
        await trio.lowlevel.checkpoint()


@attrs.frozen
class OpenListeners:
    """Open listeners, and the base URL of each."""

    listeners: tuple[ServerListener, ...]
    urls: tuple[str, ...]


async def open_listeners(settings: CurrentSettings, inherited: Sequence[Inherited] = ()) -> OpenListeners:
    """Listen as the current settings say; on the `inherited` sockets instead of `host` and `port`, if there are any.

    Raises:
        ListenFailed: the address cannot be listened on, or an inherited socket can be reached from elsewhere and
            nobody has said that it may.
    """
    server = settings.now.server
    address = f"{server.host}:{server.port}"
    listening = _adopted(settings.now, inherited) if inherited else await _bound(server, address)
    scheme = "http" if settings.now.context is None else "https"
    urls = tuple(_url(scheme, each) for each in listening)
    if inherited:
        log.info("sockets_inherited", urls=list(urls), not_listening_on=address)
    return OpenListeners(tuple(ServerListener(each, settings) for each in listening), urls)


async def _bound(server: Server, address: str) -> list[socket.socket]:
    try:
        opened = await trio.open_tcp_listeners(server.port, host=server.host, backlog=_BACKLOG)
        return [socket.socket(fileno=each.socket.detach()) for each in opened]
    except OSError as error:
        advice = _ADVICE.get(error.errno or 0, "choose another server.host or server.port")
        raise ListenFailed(address, _reason(error), advice) from None


def _adopted(settings: ServedSettings, inherited: Sequence[Inherited]) -> list[socket.socket]:
    may_be_exposed = settings.server.allow_unauthenticated or settings.access.asks_everybody
    for each in inherited:
        if each.is_exposed and not may_be_exposed:
            where = _authority(each.socket.family, each.socket.getsockname())
            raise ListenFailed(
                f"{where}, {each.name}",
                "listening beyond loopback would let everyone who reaches this address call every tool",
                "set server.allow_unauthenticated: true if that is meant, or have the socket unit listen on 127.0.0.1",
            )
    return [each.socket for each in inherited]


def _reason(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return error.strerror or "the host name does not resolve"
    if error.errno == errno.EADDRINUSE:
        return "the port is in use"
    return error.strerror or str(error)


def _url(scheme: str, listening: socket.socket) -> str:
    if listening.family != socket.AF_UNIX:
        return f"{scheme}://{_authority(listening.family, listening.getsockname())}"
    path = listening.getsockname()
    shown = f"@{path[1:].decode(errors='replace')}" if isinstance(path, bytes) else path
    return f"{scheme}://unix:{shown}:"  # as nginx and HAProxy write it


def _authority(family: int, address: tuple[object, ...]) -> str:
    host, port = address[:2]
    return f"[{host}]:{port}" if family == socket.AF_INET6 else f"{host}:{port}"
