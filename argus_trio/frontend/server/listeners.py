"""Opens what the server accepts connections on: sockets, TLS, and the URLs they are reached by."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Final

import attrs
import structlog
import trio

from argus_trio import Value
from argus_trio.config.check.listen_address import ListenAddress, listen_address
from argus_trio.errors import ListenFailed
from argus_trio.frontend.http.request import MAIN_DOOR, Door
from argus_trio.frontend.http.served_settings import CurrentSettings, ServedSettings
from argus_trio.frontend.server.socket_activation import Inherited
from argus_trio.frontend.server.transport import ClientStream
from argus_trio.frontend.server.unix_socket import SocketFile, management_path, open_unix_socket, peer_user

log = structlog.get_logger()

_BACKLOG: Final = 4096
"""Connections that wait to be accepted: as many as Linux allows by default, for they come in bursts."""
ACCEPTED_AT_ONCE: Final = 64
"""Connections taken in one go: a round of the scheduler is long under load, and new clients would wait for many."""
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_ADVICE: Final = {
    errno.EADDRINUSE: "end what listens there, or choose another {port}",
    errno.EACCES: "choose a {port} above 1023, or grant the right to bind it",
    errno.EADDRNOTAVAIL: "choose a {host} that is an address of this machine",
}


NO_VARIABLES: Final[Mapping[str, str]] = MappingProxyType({})
_LISTEN: Final = "server.management.listen"
_MANAGEMENT: Final = Door(serves="management")


class DescriptorsExhausted(Exception):
    """A connection waits and there is no descriptor, or no memory of the kernel's, for it. `reason` says which."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _always(_: int) -> bool:
    return True


@attrs.frozen
class AcceptedConnection(Value):
    """A client's stream; where TLS is spoken, its handshake is still to come."""

    stream: ClientStream
    door: Door = MAIN_DOOR

    def turn_away(self, answer: bytes) -> None:
        """End it with this answer, as far as it goes out at once; where TLS is to be spoken, without one."""
        if isinstance(self.stream, trio.SSLStream):
            self.stream.transport_stream.socket.close()
            return
        with suppress(OSError):  # it is gone already
            os.write(self.stream.socket.fileno(), answer)
        self.stream.socket.close()


@attrs.define(eq=False, repr=False)
class ServerListener(trio.abc.AsyncResource):
    """One socket that listens. Each connection begins with the certificate that is current when it comes."""

    listening: socket.socket
    settings: CurrentSettings
    door: Door = MAIN_DOOR
    file: SocketFile | None = attrs.field(default=None, kw_only=True)
    """The file of a Unix socket that was made here, and goes with it."""

    def __attrs_post_init__(self) -> None:
        self.listening.setblocking(False)

    @property
    def is_for_users(self) -> bool:
        """Whether it is the management API's Unix socket, whose clients are known by their users."""
        return self.door.serves == "management" and self.listening.family == socket.AF_UNIX

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
        if self.is_for_users:
            return AcceptedConnection(stream, attrs.evolve(self.door, peer=peer_user(client)))
        context = self.settings.now.context
        if context is None:
            return AcceptedConnection(stream, self.door)
        secure = trio.SSLStream(stream, context, server_side=True, https_compatible=True)
        return AcceptedConnection(secure, self.door)

    async def aclose(self) -> None:
        """Listen no longer."""
        trio.lowlevel.notify_closing(self.listening)
        self.close()
        await trio.lowlevel.checkpoint()

    def close(self) -> None:
        """Listen no longer, where nobody waits for a connection. The file of its socket goes with it."""
        if self.file is not None:
            self.file.remove()
        self.listening.close()


@attrs.frozen
class OpenListeners(Value):
    """Open listeners, and the base URL of each."""

    listeners: tuple[ServerListener, ...]
    urls: tuple[str, ...]
    """Where clients connect."""
    management_urls: tuple[str, ...] = ()
    """Where the management API alone is served, if there is such a place."""

    @property
    def has_users_socket(self) -> bool:
        """Whether operators can come by a Unix socket."""
        return any(each.is_for_users for each in self.listeners)


async def open_listeners(
    settings: CurrentSettings, inherited: Sequence[Inherited] = (), *, environ: Mapping[str, str] = NO_VARIABLES
) -> OpenListeners:
    """Listen as the current settings say; on the `inherited` sockets instead of `host` and `port`, if there are any.
    `environ` says where the socket of `server.management.socket: auto` belongs.

    Raises:
        ListenFailed: an address or a socket cannot be listened on, or an inherited socket can be reached from elsewhere
            and nobody has said that it may.
    """
    for_management = [each for each in inherited if each.is_for_management]
    for_clients = [each for each in inherited if not each.is_for_management]
    scheme = "http" if settings.now.context is None else "https"
    is_elsewhere = settings.now.server.management.listen is not None or any(
        each.socket.family != socket.AF_UNIX for each in for_management
    )
    door = Door(serves="clients") if is_elsewhere else MAIN_DOOR
    opened = await _for_clients(settings, for_clients, door)
    urls = tuple(_url(scheme, each.listening) for each in opened)
    if for_clients:
        server = settings.now.server
        log.info("sockets_inherited", urls=list(urls), not_listening_on=f"{server.host}:{server.port}")
    opened += [ServerListener(each.socket, settings, _MANAGEMENT) for each in for_management]
    try:
        await _open_for_management(settings, opened, environ)
    except BaseException:
        for each in opened:
            each.close()
        raise
    management_urls = tuple(_management_url(scheme, each) for each in opened[len(urls) :])
    for url in management_urls:
        log.info("management_listening", url=url)
    return OpenListeners(tuple(opened), urls, management_urls)


async def _for_clients(settings: CurrentSettings, inherited: Sequence[Inherited], door: Door) -> list[ServerListener]:
    server = settings.now.server
    if inherited:
        return [ServerListener(each, settings, door) for each in _adopted(settings.now, inherited)]
    opened = await _bound(ListenAddress(server.host, server.port), "server.host", "server.port")
    return [ServerListener(each, settings, door) for each in opened]


async def _open_for_management(
    settings: CurrentSettings, opened: list[ServerListener], environ: Mapping[str, str]
) -> None:
    """Open what is for the management API alone, and put it to what is open."""
    management = settings.now.server.management
    ports = [each.listening.getsockname()[1] for each in opened if each.listening.family != socket.AF_UNIX]
    if management.listen is not None:
        bound = await _bound(listen_address(management.listen), _LISTEN, _LISTEN)
        opened += [ServerListener(each, settings, _MANAGEMENT) for each in bound]
    if management.socket is not None:
        path = management_path(management.socket, ports[0] if ports else None, environ)
        listening, file = await open_unix_socket(path)
        opened.append(ServerListener(listening, settings, _MANAGEMENT, file=file))


async def _bound(address: ListenAddress, host_key: str, port_key: str) -> list[socket.socket]:
    try:
        opened = await trio.open_tcp_listeners(address.port, host=address.host, backlog=_BACKLOG)
        return [socket.socket(fileno=each.socket.detach()) for each in opened]
    except OSError as error:
        unknown = "choose another {host} or {port}" if host_key != port_key else "choose another {port}"
        advice = _ADVICE.get(error.errno or 0, unknown).format(host=host_key, port=port_key)
        raise ListenFailed(f"{address.host}:{address.port}", _reason(error), advice) from None


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


def _management_url(scheme: str, listener: ServerListener) -> str:
    if not listener.is_for_users:
        return _url(scheme, listener.listening)
    path = listener.listening.getsockname()
    return f"unix:{path if isinstance(path, str) else path.decode(errors='replace')}"


def _authority(family: int, address: tuple[object, ...]) -> str:
    host, port = address[:2]
    return f"[{host}]:{port}" if family == socket.AF_INET6 else f"{host}:{port}"
