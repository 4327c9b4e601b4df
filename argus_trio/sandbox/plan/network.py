"""What a container may reach: which names and ports, and whether those may lead to private addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Literal

import attrs

from argus_trio import Value
from argus_trio.config.model.container import Container, NetworkMode
from argus_trio.core.access.address_guard import is_address, is_loopback_host

USUAL_PORTS: Final = (80, 443)
"""The ports that each name has inside, whatever is configured."""
LOCALHOST: Final = "localhost"
"""This machine itself, among what a container may be let to."""
_OF_THIS_MACHINE: Final = frozenset({"host.docker.internal", "host.containers.internal"})
NO_ADDRESS: Final = (
    "a container reaches hosts by name, and this is an address: give it a name, in /etc/hosts for example, or write "
    "network: bridge"
)
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")


@attrs.frozen(kw_only=True)
class HostRule(Value):
    """A name, or `*.` and a name for what is below it (not the name itself), and a port."""

    host: str
    port: int

    def covers(self, host: str, port: int) -> bool:
        """Whether it speaks of that name and port; names are compared in lower case, without a last dot."""
        if port != self.port:
            return False
        plain = plain_host(host)
        return plain.endswith(self.host[1:]) if self.host.startswith("*.") else plain == self.host

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@attrs.frozen(kw_only=True)
class NetworkPolicy(Value):
    """The policy of one container."""

    mode: NetworkMode = "public"
    allow: tuple[HostRule, ...] = ()
    """What may be reached in mode `allow`."""
    services: tuple[HostRule, ...] = ()
    """What may be reached in every mode but `none` and `bridge`, at whatever address."""
    without_filter: Literal["none", "bridge"] = "none"
    """What the network is of an image that has no interpreter for the shim, in modes that need the filter."""

    @property
    def ports(self) -> tuple[int, ...]:
        """The ports that names have inside."""
        named = {rule.port for rule in (*self.allow, *self.services)}
        return tuple(sorted(named.union(USUAL_PORTS)))

    def __str__(self) -> str:
        hosts = [str(rule) for rule in (*self.allow, *self.services)]
        return ", ".join(hosts if self.mode == "allow" else (self.mode, *hosts))


def plain_host(host: str) -> str:
    """A name as rules have it: in lower case, without a last dot; what names this machine is `localhost`."""
    plain = host.lower().rstrip(".")
    return LOCALHOST if plain in _OF_THIS_MACHINE or is_loopback_host(plain) else plain


def host_rule(text: str) -> HostRule:
    """The rule that HOST:PORT is in the file.

    Raises:
        ValueError: it is none; the text says what to write.
    """
    if "://" in text or "/" in text:
        raise ValueError(f"expected HOST:PORT, such as {_suggestion(text)}; URLs and paths are not told apart")
    host, colon, port_text = text.strip().rpartition(":")
    if is_address(text.strip().strip("[]")):
        raise ValueError(NO_ADDRESS)
    if not colon or not host or not port_text or (":" in host and not host.startswith("[")):
        named = text.strip(": ") or "api.example.com"
        raise ValueError(f"expected HOST:PORT: a port is missing, such as in {named}:443")
    if not (re.fullmatch("[0-9]{1,5}", port_text) and 1 <= int(port_text) <= 65535):
        raise ValueError(f"expected a port from 1 to 65535 behind {host}:")
    host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    plain = plain_host(host)
    if is_address(plain):
        raise ValueError(NO_ADDRESS)
    return HostRule(host=_checked_name(plain), port=int(port_text))


def network_policy(container: Container, asked: Literal["none", "bridge"] | None = None) -> NetworkPolicy:
    """What a backend may reach; `asked` is what its own command line says, if it is `docker run`.

    Raises:
        ValueError: a rule is none, and which.
    """
    services = _rules(container.host_services, "host_services")
    spec = container.network
    if spec is None:
        if container.strict:
            return NetworkPolicy(mode="allow" if services else "none", services=services)
        return NetworkPolicy(mode=asked or "public", services=services)
    allow = _rules(spec.allow, "network.allow")
    if any(rule.host == LOCALHOST for rule in allow):
        raise ValueError("network.allow opens no services of this machine: name them in host_services")
    if spec.mode == "none" and services:
        raise ValueError("network: none opens nothing, and so no host_services: leave network out, or them")
    return NetworkPolicy(mode=spec.mode, allow=allow, services=services)


def _rules(texts: Iterable[str], key: str) -> tuple[HostRule, ...]:
    found: list[HostRule] = []
    for text in texts:
        try:
            found.append(host_rule(text))
        except ValueError as error:
            raise ValueError(f"{key}: {text}: {error}") from None
    return tuple(dict.fromkeys(found))


def _checked_name(host: str) -> str:
    name = host.removeprefix("*.")
    if not name.isascii():
        try:
            name = name.encode("idna").decode()
        except UnicodeError:
            raise ValueError(f"{host} is no name of a host") from None
    if "*" in name:
        raise ValueError("a * stands for all names below a domain, as in *.example.com:443; for all names write public")
    if not name or len(name) > 253 or not all(_LABEL.fullmatch(label) for label in name.split(".")):
        raise ValueError(f"{host} is no name of a host")
    return f"*.{name}" if host.startswith("*.") else name


def _suggestion(text: str) -> str:
    scheme, separator, rest = text.rpartition("://")
    authority = (rest if separator else text).partition("/")[0].rpartition("@")[2]
    if re.search(r":\d+$", authority):
        return authority
    return f"{authority or 'api.example.com'}:{80 if scheme == 'http' else 443}"
