"""The URLs that authorization goes by: what the gateway's endpoints are called, and how an issuer's principals are.

What a request says of its own host has no part in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import urlsplit

WELL_KNOWN: Final = "/.well-known/oauth-protected-resource"
"""Where the metadata of a protected resource are (RFC 9728, 3.1)."""
MCP: Final = "/mcp"
_EDGES: Final = frozenset({"mcp", "sse"})
_MESSAGES: Final = "messages"


class NoUrl(ValueError):
    """The text is no URL that can be used here; the first argument says why."""


def canonical_url(url: str) -> str:
    """The URL in its one spelling: scheme and host in lower case, no usual port, no slash at the end.

    Raises:
        NoUrl: it is no http or https URL, or has a part that has no place there.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NoUrl("it cannot be read") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise NoUrl("it is no http or https URL")
    if parts.username is not None or parts.password is not None:
        raise NoUrl("it holds a user name or a password")
    if parts.query or parts.fragment or "?" in url or "#" in url:
        raise NoUrl("it holds a query or a fragment")
    if not url.isascii() or not url.isprintable() or " " in url or '"' in url or "\\" in url:
        raise NoUrl("it holds characters that no URL holds")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    usual = {"http": 80, "https": 443}[parts.scheme]
    authority = host if port in (None, usual) else f"{host}:{port}"
    return f"{parts.scheme}://{authority}{parts.path.rstrip('/')}"


def metadata_url(resource: str) -> str:
    """Where the metadata of a resource are: the well-known path stands before its own (RFC 9728, 3.1)."""
    parts = urlsplit(resource)
    return f"{parts.scheme}://{parts.netloc}{WELL_KNOWN}{parts.path}"


def endpoint_of(path: str) -> str:
    """The endpoint that a request's path belongs to, as `/mcp`, `/sse/safe`; empty for the paths of none."""
    words = path.removeprefix("/").split("/")
    if words == [_MESSAGES]:
        return "/sse"
    if words[0] not in _EDGES:
        return ""
    if words[0] == "sse" and words[-1] == _MESSAGES:
        words.pop()
    return "/" + "/".join(words) if len(words) <= 2 else ""


def principal_prefixes(issuers: Iterable[str]) -> Mapping[str, str]:
    """What the names of each issuer's principals begin with: its host, or all behind the scheme where hosts are shared.

    The issuers are http or https URLs.
    """
    distinct = list(dict.fromkeys(issuers))
    hosts = [_host(each) for each in distinct]
    return {
        issuer: host if hosts.count(host) == 1 else canonical_url(issuer).partition("://")[2]
        for issuer, host in zip(distinct, hosts, strict=True)
    }


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").lower()
