"""Which HTTP proxy the environment asks for (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`), as curl reads it.

Loopback is always reached directly.
"""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

import attrs

from argus_trio import Value
from argus_trio.errors import LinkFailed
from argus_trio.net.origin import Origin, split_url


@attrs.frozen(kw_only=True)
class Proxy(Value):
    """A forward proxy, and what it wants to see of whom it serves."""

    origin: Origin
    authorization: str | None = attrs.field(default=None, repr=False)

    def advice(self, origin: Origin) -> str:
        """What to do about a 407 of the proxy on the way to `origin`."""
        variable = f"{origin.scheme.upper()}_PROXY"
        if self.authorization is not None:
            return f"it does not take the user and password that {variable} or ALL_PROXY holds"
        return f"it wants a user and password: write http://USER:PASSWORD@HOST:PORT in {variable} or ALL_PROXY"


def proxy_for(origin: Origin, environ: Mapping[str, str]) -> Proxy | None:
    """The proxy on the way to `origin`, or None for the direct way.

    Raises:
        LinkFailed: the environment names one that is no http or https address.
    """
    if _is_loopback(origin.host) or _is_exempt(origin, _setting(environ, "no_proxy")):
        return None
    url = _setting(environ, f"{origin.scheme}_proxy") or _setting(environ, "all_proxy")
    if not url:
        return None
    parts = urlsplit(url if "://" in url else f"http://{url}")
    authorization = None
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = "Basic " + base64.b64encode(pair.encode()).decode("ascii")
    try:
        address, _ = split_url(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}")
    except LinkFailed:
        raise LinkFailed(f"{origin.scheme}_proxy is not the address of an HTTP proxy") from None
    return Proxy(origin=address, authorization=authorization)


def _setting(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name) or environ.get(name.upper(), "")


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_exempt(origin: Origin, exemptions: str) -> bool:
    return any(_matches(origin, entry.strip().lower()) for entry in exemptions.split(",") if entry.strip())


def _matches(origin: Origin, entry: str) -> bool:
    if entry == "*":
        return True
    try:
        return ipaddress.ip_address(origin.host) in ipaddress.ip_network(entry.strip("[]"), strict=False)
    except ValueError:  # one of the two is a name
        pass
    host, colon, port = entry.rpartition(":")
    if colon and port.isdigit():
        if int(port) != origin.port:
            return False
        entry = host.strip("[]")
    entry = entry.removeprefix("*").removeprefix(".")
    return origin.host == entry or origin.host.endswith(f".{entry}")
