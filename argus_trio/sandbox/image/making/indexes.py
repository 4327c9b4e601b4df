"""Package indexes and proxies by their URLs: what of them is shown, what is secret, and what must be let through."""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from argus_trio.sandbox.plan.network import HostRule

_PORTS: Final = {"http": 80, "https": 443, "ssh": 22, "socks5": 1080, "socks5h": 1080}
_USERINFO: Final = re.compile(r"(?<=://)[^/@\s'\"]+@")


def without_credentials(text: str) -> str:
    """A URL, or a text that has some in it, without what stands before the @ of a host."""
    return _USERINFO.sub("", text)


def secrets_in(text: str) -> Iterator[str]:
    """What must not be shown of the URLs in a text, in each of the forms that programs write it in."""
    for userinfo in _USERINFO.findall(text):
        plain = userinfo.removesuffix("@")
        user, _, password = plain.partition(":")
        if user == "git" and not password:  # the name that everybody has: ssh://git@host
            continue
        yield plain
        yield unquote(plain)
        yield base64.b64encode(unquote(plain).encode()).decode()
        yield password or user
        yield unquote(password or user)
        yield base64.b64encode(unquote(password or user).encode()).decode()


def service_of(url: str) -> HostRule | None:
    """The host and port of a URL, as a container names them; None where no name says which host it is."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    try:
        port = parts.port or _PORTS.get(parts.scheme.rpartition("+")[2], 443)
    except ValueError:
        return None
    host = (parts.hostname or "").rstrip(".")
    if is_loopback(host):
        return HostRule(host="localhost", port=port)
    return HostRule(host=host, port=port) if host and not _is_address(host) else None


def is_loopback(host: str) -> bool:
    """Whether a host of a URL is this machine itself."""
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def seen_inside(url: str) -> str:
    """A URL as it is used inside a container: this machine has no address there but a name."""
    parts = urlsplit(url)
    if parts.hostname is None or not _is_address(parts.hostname) or not is_loopback(parts.hostname):
        return url
    return urlunsplit(parts._replace(netloc=_with_host(parts, "localhost")))


def _with_host(parts: SplitResult, host: str) -> str:
    before, at, _ = parts.netloc.rpartition("@")
    return f"{before}{at}{host}" + ("" if parts.port is None else f":{parts.port}")


def npm_credentials(registry: str) -> dict[str, str]:
    """The settings of npm that stand for what is before the @ of a registry, which npm itself does not read there."""
    parts = urlsplit(registry)
    if parts.username is None:
        return {}
    place = f"npm_config_//{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}/:"
    user, password = unquote(parts.username), unquote(parts.password or "")
    if not password:
        return {f"{place}_authToken": user}
    return {f"{place}_auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
