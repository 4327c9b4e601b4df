"""An address to listen on as `server.management.listen` writes it: HOST:PORT, an IPv6 address in brackets."""

from __future__ import annotations

import re
from typing import Final

import attrs

from argus_trio import Value

_WRITTEN: Final = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+(?:%\w+)?)\]|(?P<host>[A-Za-z0-9_.-]+)):(?P<port>[0-9]{1,5})")
_MOST: Final = 65535


@attrs.frozen
class ListenAddress(Value):
    """A host name or address, and a port; port 0 takes a free one."""

    host: str
    port: int


def listen_address(written: str) -> ListenAddress:
    """The address that is written so. Raises `ValueError` if it is none; the first argument says what is expected."""
    found = _WRITTEN.fullmatch(written)
    if found is None:
        raise ValueError("expected HOST:PORT, such as 127.0.0.1:9001 or [::1]:9001")
    if int(found["port"]) > _MOST:
        raise ValueError(f"a port is a number from 0 to {_MOST}")
    return ListenAddress(found["six"] or found["host"], int(found["port"]))
