"""Which gateway is meant: what is said, else the socket of one of the same user, else the usual address."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import attrs

from argus_trio import Value
from argus_trio.contract.address import DEFAULT_BASE, UNIX, gateway_address
from argus_trio.contract.sockets import PATTERN, folders_to_search
from argus_trio.manage_client.failure import USAGE, CommandFailed

PROBE_SECONDS: Final = 1.0
"""How long a socket is tried that may be of a gateway that has ended: who listens accepts at once."""
_PORTS: Final = {"http": 80, "https": 443}
_FORMS: Final = "write http://HOST:PORT, https://HOST or unix:PATH"


@attrs.frozen(kw_only=True)
class GatewayPlace(Value):
    """Where a gateway is asked."""

    shown: str
    """As people are told, without secrets."""
    host: str = ""
    port: int = 0
    is_tls: bool = False
    prefix: str = ""
    """What the path begins with, before `/manage/v1`."""
    socket: str = ""
    """The path of a Unix socket; empty for TCP."""
    view: str = ""
    """The view that the address names."""


def find_place(server: str | None, environ: Mapping[str, str]) -> GatewayPlace:
    """The gateway that is meant.

    Raises:
        CommandFailed: the address cannot be used, or several gateways are running and none of them is named.
    """
    if server:
        return place_of(server, "--server")
    if url := environ.get("ARGUS_URL"):
        return place_of(url, "$ARGUS_URL")
    sockets = living_sockets(environ)
    if len(sockets) > 1:
        choices = "".join(f"\n  --server {UNIX}{path}" for path in sockets)
        raise CommandFailed(f"{len(sockets)} gateways of yours are running; say which one is meant:{choices}", USAGE)
    return _at_socket(sockets[0]) if sockets else place_of(DEFAULT_BASE, "")


def place_of(address: str, source: str) -> GatewayPlace:
    """The place that an address names. Raises CommandFailed for one that cannot be used; `source` says who wrote it."""
    if address.startswith(UNIX):
        path = address.removeprefix(UNIX)
        path = path[2:] if path.startswith("///") else path
        if not path:
            raise CommandFailed(f"{source} names no socket: {_FORMS}", USAGE)
        return _at_socket(str(Path(path)))
    try:
        taken_apart = gateway_address(address)
        parts = urlsplit(taken_apart.base)
        port = parts.port
    except ValueError:
        raise CommandFailed(f"{source} is no address: {_FORMS}", USAGE) from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise CommandFailed(f"{source} is no address of a gateway: {_FORMS}", USAGE)
    if parts.username is not None or parts.password is not None:
        raise CommandFailed(
            f"{source} holds a user or a password: a token comes in $ARGUS_TOKEN or --token-file", USAGE
        )
    if not all(character.isprintable() and character != " " for character in parts.path):
        raise CommandFailed(f"the path in {source} holds a character that cannot be sent", USAGE)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return GatewayPlace(
        shown=f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path}",
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        is_tls=parts.scheme == "https",
        prefix=parts.path,
        view=unquote(taken_apart.view),
    )


def living_sockets(environ: Mapping[str, str]) -> list[str]:
    """The sockets of gateways of this user that are running."""
    found: dict[tuple[int, int], str] = {}
    for folder in folders_to_search(environ):
        for path in sorted(folder.glob(PATTERN)):
            try:
                status = path.stat()
            except OSError:
                continue
            if status.st_uid == os.geteuid() and path.is_socket() and _is_heard(path):
                found.setdefault((status.st_dev, status.st_ino), str(path))
    return list(found.values())


def _at_socket(path: str) -> GatewayPlace:
    return GatewayPlace(shown=f"{UNIX}{path}", socket=path)


def _is_heard(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(PROBE_SECONDS)
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True
