"""The guard of connections to where others say: which addresses may be dialled. It judges what a name resolved to.

A URL that a document names can lead inside: to this machine, its network, or the metadata service of its cloud.
"""

from __future__ import annotations

import ipaddress
from ipaddress import IPv4Address, IPv6Address
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.errors import LinkFailed

_ALWAYS_METADATA: Final = frozenset({
    ipaddress.ip_address("168.63.129.16"), ipaddress.ip_address("100.100.100.200"), ipaddress.ip_address("192.0.0.192"),
    ipaddress.ip_address("fd00:ec2::254"), ipaddress.ip_address("fd20:ce::254"),
})  # fmt: skip
"""Where clouds tell a machine its secrets, besides link-local addresses: Azure, Alibaba, Oracle, AWS, Google."""
_TRANSLATED: Final = ipaddress.IPv6Network("64:ff9b::/96")
"""NAT64: an IPv4 address in its last 32 bits (RFC 6052)."""

_PRIVATE_BESIDES: Final = tuple(map(ipaddress.ip_network, ("fec0::/10", "192.0.0.0/24", "3fff::/20")))
"""What not every Python takes for private: site-local, which the machine below a virtual one may have; addresses of
protocols; and those of documentation."""


class AddressRefused(LinkFailed):
    """What a name resolved to is no address that may be dialled."""

    def again(self, *, never_ran: bool = False) -> AddressRefused:
        """See `LinkFailed.again`."""
        return AddressRefused(self.reason, details=self.details, never_ran=never_ran)


@attrs.frozen(kw_only=True)
class AddressGuard(Value):
    """What may be dialled besides public addresses. Link-local, multicast and metadata addresses never are."""

    allows_private: bool = False
    allows_loopback: bool = False

    def allows_plain(self, host: str) -> bool:
        """Whether a host may be asked in plain HTTP: this machine, or any in a private network that is meant."""
        return self.allows_private or (self.allows_loopback and is_loopback_host(host))

    def check(self, address: str, origin: object) -> None:
        """Raise `AddressRefused` if that address of `origin` may not be dialled."""
        kind = _kind(address)
        if not kind or (kind == "loopback" and self.allows_loopback) or (kind == "private" and self.allows_private):
            return
        raise AddressRefused(f"{origin} is at a {kind} address, which is not dialled")


def is_loopback_host(host: str) -> bool:
    """Whether a host is this machine by its very name."""
    if host.lower() == "localhost":
        return True
    try:
        return _plain(ipaddress.ip_address(host)).is_loopback
    except ValueError:
        return False


def is_address(host: str) -> bool:
    """Whether a host is written as an address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _kind(address: str) -> str:
    """Why an address is not public; empty where it is."""
    try:
        plain = _plain(ipaddress.ip_address(address.partition("%")[0]))
    except ValueError:
        return "unreadable"
    if plain in _ALWAYS_METADATA:
        return "metadata"
    for kind in ("loopback", "link_local", "multicast", "unspecified"):
        if getattr(plain, f"is_{kind}"):
            return kind.replace("_", "-")
    if isinstance(plain, IPv6Address) and plain.is_reserved:
        return "reserved"
    is_private = not plain.is_global or any(plain in each for each in _PRIVATE_BESIDES)
    return "private" if is_private else ""


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 address stands for, where it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None) or address
