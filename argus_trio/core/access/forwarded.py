"""Where a client is that came by proxies: the nearest address that no trusted proxy has."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

import attrs

from argus_trio import Value

Network = IPv4Network | IPv6Network

MOST_HOPS: Final = 32
"""How many addresses of X-Forwarded-For are looked at, from the nearest one on: a chain of proxies is far shorter."""


@attrs.frozen
class TrustedProxies(Value):
    """The networks whose word about their clients counts."""

    networks: tuple[Network, ...] = ()

    @classmethod
    def of(cls, networks: Sequence[str]) -> TrustedProxies:
        """Those of the given networks or addresses. Raises `ValueError` for what is neither."""
        return cls(tuple(ip_network(each, strict=False) for each in networks))

    def trusts(self, peer: str) -> bool:
        """Whether a connection from `peer` is one of a trusted proxy."""
        if not self.networks:
            return False
        address = _address(peer)
        return address is not None and any(address in network for network in self.networks)

    def client(self, peer: str, forwarded_for: str) -> str:
        """The client's address: `peer`, or what trusted proxies say of who connected to them in X-Forwarded-For.

        Read from the nearest hop: what stands left of an untrusted address anybody can have written.
        """
        if not self.trusts(peer):
            return peer
        nearest = peer
        for hop in reversed(forwarded_for.split(",")[-MOST_HOPS:]):
            address = _address(_without_port(hop.strip()))
            if address is None:
                return nearest
            nearest = str(address)
            if not any(address in network for network in self.networks):
                return nearest
        return nearest


NO_PROXIES: Final = TrustedProxies()
"""Those of a gateway that clients connect to themselves."""


def _without_port(hop: str) -> str:
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
