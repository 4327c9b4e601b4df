"""One connection to the gateway: TCP or TLS, through a proxy where the environment names one, or a Unix socket."""

from __future__ import annotations

import http.client
import os
import socket
import ssl
from typing import Final

from argus_trio.errors import LinkFailed
from argus_trio.manage_client.failure import USAGE, CommandFailed
from argus_trio.manage_client.where import GatewayPlace
from argus_trio.net.origin import Origin
from argus_trio.net.proxies import Proxy, proxy_for

CONNECT_SECONDS: Final = 10.0
"""How long a connection may take to stand: a network answers within a few seconds, or not at all."""

IDLE_SECONDS: Final = 30
"""After how long a silent connection is probed: a call may take hours, and a host that has gone says nothing."""
PROBES: Final = 4
"""How many probes, 15 s apart, nobody has to answer before it is given up."""


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=CONNECT_SECONDS)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(CONNECT_SECONDS)
        self.sock.connect(self._path)


def connected(place: GatewayPlace) -> tuple[http.client.HTTPConnection, str]:
    """A connection that stands, and what the target of a request begins with before its path.

    Raises:
        OSError: nobody is there, or it is not whom the certificate names.
        CommandFailed: the proxy of the environment cannot be used.
    """
    connection, before = _made(place)
    try:
        connection.connect()
        if not place.socket:
            _keep_alive(connection.sock)
    except BaseException:
        connection.close()
        raise
    return connection, before


def _keep_alive(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, IDLE_SECONDS)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 15)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, PROBES)


def _made(place: GatewayPlace) -> tuple[http.client.HTTPConnection, str]:
    if place.socket:
        return _UnixConnection(place.socket), ""
    proxy = _proxy(place)
    host, port = (proxy.origin.host, proxy.origin.port) if proxy else (place.host, place.port)
    if not place.is_tls:
        shown = f"[{place.host}]" if ":" in place.host else place.host
        return (
            http.client.HTTPConnection(host, port, timeout=CONNECT_SECONDS),
            f"http://{shown}:{place.port}" if proxy else "",
        )
    # SSL_CERT_FILE and SSL_CERT_DIR say whom it trusts
    context = ssl.create_default_context()
    connection = http.client.HTTPSConnection(host, port, timeout=CONNECT_SECONDS, context=context)
    if proxy:
        connection.set_tunnel(place.host, place.port, authorization(proxy))
    return connection, ""


def authorization(proxy: Proxy | None) -> dict[str, str]:
    """What a proxy wants to see."""
    return {"Proxy-Authorization": proxy.authorization} if proxy and proxy.authorization else {}


def _proxy(place: GatewayPlace) -> Proxy | None:
    try:
        proxy = proxy_for(
            Origin(scheme="https" if place.is_tls else "http", host=place.host, port=place.port), os.environ
        )
    except LinkFailed as error:
        raise CommandFailed(str(error), USAGE) from None
    if proxy is not None and proxy.origin.scheme != "http":
        raise CommandFailed(
            "the proxy of the environment is no http:// address: use one, or NO_PROXY for the gateway", USAGE
        )
    return proxy
