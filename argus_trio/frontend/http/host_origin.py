"""Whether a request may come in by its Host and Origin; sans I/O. It is the guard against DNS rebinding.

An absent Origin is fine: only browsers send one, and they always do where it matters.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal
from urllib.parse import urlsplit

import attrs

WrongHeader = Literal["host", "origin"] | None

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
_REMEMBERED: Final = 256
"""Distinct values that are remembered, of those let in and of those turned away."""


def _host_names(names: Iterable[str]) -> frozenset[str]:
    return _LOOPBACK | {_host_name(name) for name in names}


def _listed(origins: Iterable[str]) -> frozenset[str]:
    return frozenset(map(origin_of, origins))


@attrs.define(eq=False, repr=False, kw_only=True)
class HostOriginCheck:
    """The rules of one configuration: loopback, and what `allowed_hosts` and `allowed_origins` add to it."""

    _hosts: frozenset[str] = attrs.field(default=(), alias="allowed_hosts", converter=_host_names)
    _origins: frozenset[str] = attrs.field(default=(), alias="allowed_origins", converter=_listed)
    passed: set[tuple[bytes | None, bytes | None]] = attrs.field(factory=set, init=False)
    """Pairs of Host and Origin that were let in before: those need not be judged again."""
    _reported: set[tuple[str, bytes]] = attrs.field(factory=set, init=False)

    def judge(self, host: bytes | None, origin: bytes | None) -> WrongHeader:
        """None to let the request in, else which of the two is wrong."""
        if not self.knows_host(host):
            return "host"
        if (wrong := self.judge_origin(origin)) is not None:
            return wrong
        if len(self.passed) < _REMEMBERED:
            self.passed.add((host, origin))
        return None

    def knows_host(self, host: bytes | None) -> bool:
        """Whether clients may call the gateway so."""
        return host is not None and _host_name(host.decode("latin-1")) in self._hosts

    def judge_origin(self, origin: bytes | None) -> WrongHeader:
        """None to let the request in, whatever its Host, else that the Origin is wrong."""
        return None if origin is None or self._is_good(origin.decode("latin-1")) else "origin"

    def is_listed(self, origin: bytes) -> bool:
        """Whether `allowed_origins` names this one: being let in from loopback is not enough."""
        return origin_of(origin.decode("latin-1")) in self._origins

    def is_new(self, wrong: Literal["host", "origin"], value: bytes | None) -> bool:
        """Whether this wrong value was not reported before; after `_REMEMBERED` of them none is new."""
        key = (wrong, value or b"")
        if key in self._reported or len(self._reported) >= _REMEMBERED:
            return False
        self._reported.add(key)
        return True

    def _is_good(self, origin: str) -> bool:
        if origin_of(origin) in self._origins:
            return True
        parts = _split(origin)
        return parts is not None and parts[0] in ("http", "https") and parts[1] in _LOOPBACK


def _host_name(authority: str) -> str:
    """The lower-case host of a Host header without its port; what is no authority matches nothing."""
    name, colon, port = authority.strip().lower().rpartition(":")
    if not colon or (authority.strip().startswith("[") and authority.strip().endswith("]")):
        return authority.strip().lower().removesuffix(".")
    return name.removesuffix(".") if port.isdigit() or not port else ""


def origin_of(origin: str) -> str:
    """The origin as it is compared."""
    return origin.strip().lower().rstrip("/")


def _split(origin: str) -> tuple[str, str] | None:
    try:
        parts = urlsplit(origin_of(origin))
        _ = parts.port
    except ValueError:
        return None
    if parts.username is not None or parts.path or parts.query or parts.fragment:
        return None
    return parts.scheme, _host_name(parts.netloc)
