"""Whether a container may reach a name and a port. Without I/O: what the name leads to is judged when it is known.

A name is compared in one form only: lower case, no last dot, ASCII. All names of this machine are one name.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.core.access.address_guard import AddressGuard, AddressRefused, is_address
from argus_trio.core.egress.attempts import PassedBy
from argus_trio.core.egress.reasons import EgressReason
from argus_trio.sandbox.plan.network import USUAL_PORTS, HostRule, NetworkPolicy

THIS_MACHINE: Final = "localhost"
"""What every name of this machine is compared as."""
_NAMES_OF_THIS_MACHINE: Final = frozenset(
    {
        THIS_MACHINE,
        "localhost.localdomain",
        "host.docker.internal",
        "gateway.docker.internal",
        "host.containers.internal",
        "127.0.0.1",
        "::1",
    }
)
"""What programs in containers call the machine that they run on."""
_LABEL: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_LONGEST_NAME: Final = 253
"""In characters, of RFC 1035."""
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
"""A last label that makes a whole name an address for those who look it up (`127.1`, `0x7f000001`, `2130706433`)."""

PUBLIC_ONLY: Final = AddressGuard()
AS_MEANT: Final = AddressGuard(allows_private=True, allows_loopback=True)
"""For what the file names as a service: link-local, multicast and metadata addresses are refused all the same."""


@attrs.frozen(kw_only=True)
class EgressAllowed(Value):
    """It may be reached."""

    host: str
    """As it is looked up."""
    by: PassedBy
    guard: AddressGuard
    """Which of its addresses may be dialled."""


@attrs.frozen
class EgressDenied(Value):
    """It may not be reached, and nothing is looked up."""

    reason: EgressReason


def decide(policy: NetworkPolicy, host: str, port: int) -> EgressAllowed | EgressDenied:
    """Whether `host` and `port` may be reached, where `host` is what a container asks for."""
    name = plain_name(host)
    if name is None:
        return EgressDenied("no_name")
    if policy.mode in ("none", "bridge"):
        return EgressDenied("no_network")
    is_bare = is_address_like(name)
    if _covers(policy.services, name, port, exactly=is_bare):
        return EgressAllowed(host=name, by="service", guard=AS_MEANT)
    if name == THIS_MACHINE or name.endswith(".localhost"):
        return EgressDenied("this_machine")
    if policy.mode == "allow" and _covers(policy.allow, name, port, exactly=is_bare):
        return EgressAllowed(host=name, by="allow", guard=PUBLIC_ONLY)
    if is_bare:
        return EgressDenied("never_dialled" if _is_never_dialled(name) else "bare_address")
    if policy.mode == "allow":
        return EgressDenied("not_allowed")
    if port not in USUAL_PORTS:  # one that a service has is not open to all the others by that
        return EgressDenied("other_port")
    return EgressAllowed(host=name, by="public", guard=PUBLIC_ONLY)


def plain_name(host: str) -> str | None:
    """The one form in which a name is compared; None for what is no name and no address.

    An address keeps its form, but for this machine's loopback: what is written in an odd form is another name.
    """
    name = host.lower().removesuffix(".")
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii").lower().removesuffix(".")
        except UnicodeError:
            return None
    if name.startswith("[") and name.endswith("]"):
        name = name[1:-1]
    if name in _NAMES_OF_THIS_MACHINE:
        return THIS_MACHINE
    if ":" in name:
        return _plain_ipv6(name)
    if not name or len(name) > _LONGEST_NAME or not all(map(_LABEL.fullmatch, name.split("."))):
        return None
    return name


def is_address_like(name: str) -> bool:
    """Whether a plain name is taken for an address when it is looked up, in whatever form."""
    return ":" in name or _NUMBER.fullmatch(name.rpartition(".")[2]) is not None


def _plain_ipv6(name: str) -> str | None:
    try:
        address = ipaddress.IPv6Address(name)
    except ValueError:
        return None
    return None if address.scope_id else str(address)


def _is_never_dialled(name: str) -> bool:
    try:
        AS_MEANT.check(name, "")
    except AddressRefused:
        return is_address(name)
    return False


def _covers(rules: tuple[HostRule, ...], name: str, port: int, *, exactly: bool) -> bool:
    for rule in rules:
        if rule.port != port:
            continue
        if rule.host.startswith("*."):
            below = plain_name(rule.host[2:])
            if below is not None and not exactly and name.endswith(f".{below}"):
                return True
        elif plain_name(rule.host) == name:
            return True
    return False
