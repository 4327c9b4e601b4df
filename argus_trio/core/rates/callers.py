"""Whose bucket a call is charged to: a principal's, or its address's where nobody is known; and the crowd it is in."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address
from typing import Final

from argus_trio.core.access.principal import ANONYMOUS, Principal
from argus_trio.core.call.payer import network_of

EVERYBODY: Final = ""
"""The caller of a limit that counts all calls together."""
_PRINCIPAL: Final = "p:"
_ADDRESS: Final = "a:"
_KNOWN_ADDRESSES: Final = 4096
_CROWD_BITS: Final = 96
"""Of an IPv6 address, so many at its end do not count: what is left is about what one provider has."""


def caller_of(principal: Principal, address: str) -> str:
    """The caller that a principal is, wherever it calls from; one that is not known is its address."""
    return caller_at(address) if principal.name == ANONYMOUS.name else _PRINCIPAL + principal.name


@lru_cache(_KNOWN_ADDRESSES)
def caller_at(address: str) -> str:
    """The caller that an address is; of IPv6 its network of 64 bits. Those without an address are one."""
    return _ADDRESS + network_of(address)


def crowd_of(caller: str) -> str:
    """Whom a caller shares a bucket with where there are too many: its network, or the issuer of its token."""
    kind, name = caller[: len(_ADDRESS)], caller[len(_ADDRESS) :]
    if kind != _ADDRESS:
        issuer, slash, _ = name.partition("/")
        return kind + issuer + slash if slash else kind
    if ":" not in name:
        return kind + ".".join(name.split(".")[:2])
    try:
        return kind + str(IPv6Address(int(IPv6Address(name)) >> _CROWD_BITS << _CROWD_BITS))
    except ValueError:
        return kind


def shown(caller: str) -> str:
    """The caller as the log shows it."""
    return caller[len(_ADDRESS) :] or "unknown"
