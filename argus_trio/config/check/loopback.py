"""Loopback: whether an address to listen on can be reached from elsewhere, and what the file must say if it can."""

from __future__ import annotations

import ipaddress

from argus_trio.config.model.config import Config
from argus_trio.config.model.middleware import AuthenticationSpec
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


def lets_in_anybody(config: Config) -> bool:
    """Whether clients come in that do not say who they are: nobody is asked, or the anonymous are let in."""
    asking = [spec for spec in config.middleware if isinstance(spec, AuthenticationSpec)]
    return not any(spec.anonymous is None for spec in asking)


def may_be_exposed(config: Config) -> bool:
    """Whether it may listen beyond loopback, by what the file says."""
    return config.server.allow_unauthenticated or not lets_in_anybody(config)


def exposure(config: Config) -> Problem | None:
    """The problem of a gateway that would listen beyond loopback though the file does not allow it, or None.

    Whoever overrides `host` has to ask again.
    """
    if is_loopback(config.server.host) or may_be_exposed(config):
        return None
    if any(isinstance(spec, AuthenticationSpec) for spec in config.middleware):
        return Problem(
            path="server.host",
            message="listening beyond loopback would let in everyone who reaches this address, for anonymous: is set",
            hint="set server.allow_unauthenticated: true if that is meant, or take anonymous: out",
        )
    return Problem(
        path="server.host",
        message="listening beyond loopback would let everyone who reaches this address call every tool",
        hint="set server.allow_unauthenticated: true if that is meant, listen on 127.0.0.1, or ask who comes: "
        "middleware: [{type: authentication, ...}]",
    )
