"""Whether a server that a file declares is the gateway itself."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import PurePath
from typing import Final
from urllib.parse import urlsplit

from argus_trio.client_files.server import DeclaredServer

_PROGRAMS: Final = frozenset({"argus-trio", "argus_trio"})
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0", "::"})  # noqa: S104 - nothing listens here
_PORTS: Final = {"http": 80, "https": 443}


def leads_to(server: DeclaredServer, addresses: Collection[str] = ()) -> bool:
    """Whether a server is the gateway: its bridge, or one of its addresses, directly or through another bridge.

    Args:
        server: as a file declares it.
        addresses: where the gateway listens, such as `http://127.0.0.1:9000`; any path below one is the gateway's.
    """
    words = [each.literal or "" for each in (server.command, *server.args)]
    if server.transport == "stdio" and "stdio" in words[1:]:
        programs = (PurePath(each).name.removesuffix(".exe").split("@")[0].split("[")[0] for each in words)
        if any(each in _PROGRAMS for each in programs):
            return True
    known = {place for each in addresses if (place := _place(each)) is not None}
    return any(_place(each) in known for each in (server.url.literal or "", *words) if "://" in each)


def _place(url: str) -> tuple[str, int] | None:
    """The host and port of an address; all names of this machine are one."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    host = (parts.hostname or "").lower()
    if not host or port is None:
        return None
    return ("localhost" if host in _LOOPBACK else host, port)
