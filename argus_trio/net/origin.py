"""A URL taken apart into what a connection needs (the origin) and what a request names (the target)."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, urlsplit

import attrs

from argus_trio import Value
from argus_trio.errors import LinkFailed

_PORTS: Final = {"http": 80, "https": 443}
_SAFE: Final = "%/:=&?~#+!$,;'@()*[]"


@attrs.frozen(kw_only=True)
class Origin(Value):
    """The server that a connection leads to. Its text is safe to log: no path and no query, which may hold secrets."""

    scheme: str
    host: str
    """The name or address in ASCII, without the brackets of an IPv6 address."""
    port: int

    @property
    def is_tls(self) -> bool:
        return self.scheme == "https"

    @property
    def authority(self) -> str:
        """The host and the port, as CONNECT wants them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def host_header(self) -> str:
        """The authority without a port that goes without saying."""
        return self.authority if self.port != _PORTS[self.scheme] else self.authority.rpartition(":")[0]

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host_header}"


def split_url(url: str) -> tuple[Origin, str]:
    """The origin and the target (path and query, in ASCII) of an http or https URL.

    Raises:
        LinkFailed: it is none, or it holds user information, whose place is a header.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").encode("idna" if not (parts.hostname or "").isascii() else "ascii").decode()
    except ValueError:  # the exception's text quotes the URL
        raise LinkFailed("the url cannot be read") from None
    if parts.scheme not in _PORTS or not host:
        raise LinkFailed("the url is not an http or https address")
    if parts.username is not None or parts.password is not None:
        raise LinkFailed("the url holds a user name or password; send them in headers.authorization")
    target = quote(parts.path or "/", safe=_SAFE)
    if parts.query:
        target += "?" + quote(parts.query, safe=_SAFE)
    return Origin(scheme=parts.scheme, host=host, port=port or _PORTS[parts.scheme]), target
