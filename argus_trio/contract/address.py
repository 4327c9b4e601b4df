"""The address of a gateway as people write it: one form for the bridge and for the verbs, with or without its end.

`https://host/prefix`, `https://host/prefix/mcp`, `/mcp/VIEW`, `/sse` and `/manage/v1` all name the same gateway.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit, urlunsplit

import attrs

from argus_trio import Value

DEFAULT_BASE: Final = "http://127.0.0.1:9000"
"""Where a gateway with no configured address listens."""
UNIX: Final = "unix:"
"""What the address of a Unix socket begins with."""
_ENDS: Final = ("/manage/v1", "/manage", "/mcp", "/sse")
_WITH_VIEWS: Final = ("/mcp", "/sse")


@attrs.frozen(kw_only=True)
class GatewayAddress(Value):
    """The address of a gateway, taken apart."""

    base: str
    """Without a slash at its end, and without what the gateway serves below it."""
    view: str = ""
    """The view that it names, as it is written in the URL; empty for the endpoint that shows all."""


def gateway_address(url: str) -> GatewayAddress:
    """Take an address apart. Raises ValueError for what is no URL."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    base, _, named = path.rpartition("/")
    view = ""
    if base.endswith(_WITH_VIEWS):
        path, view = base, named
    for end in _ENDS:
        if path.endswith(end):
            path = path.removesuffix(end)
            break
    return GatewayAddress(base=urlunsplit(parts._replace(path=path.rstrip("/"))), view=view)
