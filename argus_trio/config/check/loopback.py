"""Loopback: whether an address to listen on can be reached from elsewhere, and what the file must say if it can."""

from __future__ import annotations

import ipaddress

from argus_trio.config.model.server import Server
from argus_trio.errors import Problem

_LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens on `host`: 127.0.0.0/8, ::1 or localhost."""
    if host.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(address in network for network in _LOOPBACK)


def exposure(server: Server) -> Problem | None:
    """The problem of a server that would listen beyond loopback though the file does not allow it, or None.

    Whoever overrides `host` has to ask again.
    """
    if server.allow_unauthenticated or is_loopback(server.host):
        return None
    return Problem(
        path="server.host",
        message="listening beyond loopback would let everyone who reaches this address call every tool",
        hint="set server.allow_unauthenticated: true if that is meant, or listen on 127.0.0.1",
    )
