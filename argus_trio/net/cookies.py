"""The cookies that one server sets, kept as RFC 6265 wants it: what a load balancer knows its clients by. Sans I/O.

One jar belongs to one client of one origin, and dies with it. Cookies are secrets: they stand in no text of this file.
"""

from __future__ import annotations

import ipaddress
import re
from calendar import timegm
from collections.abc import Iterable, Mapping
from math import inf
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.net.origin import Origin

MAX_COOKIES: Final = 50
"""How many cookies are kept: as many as a server may count on for one domain (RFC 6265, section 6.1)."""
MAX_COOKIE_BYTES: Final = 4096
"""The largest cookie: name and value, as much as a server may count on."""
MAX_ALL_BYTES: Final = 8192
"""How large all cookies of one request may be: servers take heads of 8 to 16 KiB, and there are other headers."""

_ATTRIBUTE_CHARACTERS: Final = 1024
"""The longest value of an attribute that is looked at."""
_FORBIDDEN: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_DELIMITERS: Final = re.compile(r"[\t\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+")
_TIME: Final = re.compile(r"(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\D.*)?")
_DAY: Final = re.compile(r"(\d{1,2})(?:\D.*)?")
_YEAR: Final = re.compile(r"(\d{2,4})(?:\D.*)?")
_MAX_AGE: Final = re.compile(r"-?[0-9]{1,12}")
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@attrs.frozen(kw_only=True)
class Cookie(Value):
    """One cookie; its identity is name and path, for all of a jar are of one host."""

    name: str = attrs.field(repr=False)
    value: str = attrs.field(repr=False)
    path: str = attrs.field(repr=False)
    is_secure: bool
    expires: float
    """When it is over, in seconds since the epoch; infinity lasts as long as the jar."""

    @property
    def size(self) -> int:
        """Its share of a header, in bytes."""
        return len(self.name) + len(self.value) + 1


@attrs.define(eq=False, repr=False)
class CookieJar:
    """The cookies of one origin. `now` is the time in seconds since the epoch."""

    _origin: Origin
    _cookies: dict[tuple[str, str], Cookie] = attrs.field(factory=dict, init=False, repr=False)
    """By name and path, the oldest first."""

    def __bool__(self) -> bool:
        return bool(self._cookies)

    @property
    def values(self) -> tuple[str, ...]:
        """What must not be quoted."""
        return tuple(cookie.value for cookie in self._cookies.values())

    def take(self, set_cookies: Iterable[str], target: str, now: float) -> int:
        """Keep what an answer to `target` sets; how many cookies were lost, for they are larger than the bounds."""
        lost = 0
        for text in set_cookies:
            cookie = _parsed(text, self._origin, target, now)
            if cookie is None:
                continue
            if cookie.size > MAX_COOKIE_BYTES:
                lost += 1
                continue
            key = (cookie.name, cookie.path)
            self._cookies.pop(key, None)
            if cookie.expires > now:
                self._cookies[key] = cookie
        self._drop_expired(now)
        while len(self._cookies) > MAX_COOKIES or sum(each.size for each in self._cookies.values()) > MAX_ALL_BYTES:
            del self._cookies[next(iter(self._cookies))]
            lost += 1
        return lost

    def header(self, target: str, now: float, *, configured: str = "") -> str:
        """The `Cookie` header of a request to `target`, empty for none. What is `configured` goes along, and wins."""
        self._drop_expired(now)
        path = target.partition("?")[0]
        own = {pair.partition("=")[0].strip() for pair in configured.split(";")}
        fitting = [
            cookie
            for cookie in self._cookies.values()
            if cookie.name not in own
            and _is_within(path, cookie.path)
            and (self._origin.is_tls or not cookie.is_secure)
        ]
        fitting.sort(key=lambda cookie: -len(cookie.path))  # stable: of equal paths the oldest first (section 5.4)
        pairs = [configured.strip().rstrip(";")] if configured.strip() else []
        return "; ".join((*pairs, *(f"{cookie.name}={cookie.value}" for cookie in fitting)))

    def _drop_expired(self, now: float) -> None:
        for key in [key for key, cookie in self._cookies.items() if cookie.expires <= now]:
            del self._cookies[key]


def _parsed(text: str, origin: Origin, target: str, now: float) -> Cookie | None:
    """The cookie that a `Set-Cookie` sets (section 5.2); None for what is none, or is set for another host."""
    pair, *rest = text.split(";")
    name, equals, value = (part.strip(" \t") for part in pair.partition("="))
    if not equals or not name or _FORBIDDEN.search(name + value):
        return None
    attributes: dict[str, str] = {}
    for part in rest:
        key, _, content = (side.strip(" \t") for side in part.partition("="))
        if len(content) <= _ATTRIBUTE_CHARACTERS:
            attributes[key.lower()] = content  # of several the last one counts
    if not _is_of_host(attributes.get("domain", ""), origin.host):
        return None
    path = attributes.get("path", "")
    return Cookie(
        name=name,
        value=value,
        path=path if path.startswith("/") else _default_path(target),
        is_secure="secure" in attributes,
        expires=_expiry(attributes, now),
    )


def _is_of_host(domain: str, host: str) -> bool:
    """Whether a cookie for `domain` (section 5.2.3) may be set by `host` (section 5.1.3); none is the host itself."""
    domain = domain.lower().removeprefix(".")
    if not domain or domain == host.lower():
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host.lower().endswith(f".{domain}")
    return False


def _default_path(target: str) -> str:
    """The path of a cookie that names none: that of the request to its last slash (section 5.1.4)."""
    path = target.partition("?")[0]
    return path[: path.rfind("/")] or "/" if path.startswith("/") else "/"


def _is_within(path: str, of_cookie: str) -> bool:
    """Section 5.1.4."""
    return path == of_cookie or path.startswith(of_cookie if of_cookie.endswith("/") else f"{of_cookie}/")


def _expiry(attributes: Mapping[str, str], now: float) -> float:
    """`Max-Age` comes before `Expires`; one that cannot be read is not there (sections 5.2.1 and 5.2.2)."""
    max_age = attributes.get("max-age", "")
    if _MAX_AGE.fullmatch(max_age):
        seconds = int(max_age)
        return now + seconds if seconds > 0 else -inf
    expires = _date(attributes.get("expires", ""))
    return inf if expires is None else expires


def _date(text: str) -> float | None:
    """Seconds since the epoch, from any of the spellings that are about (section 5.1.1)."""
    time: tuple[int, ...] = ()
    day = month = year = None
    for token in _DELIMITERS.split(text):
        if not time and (found := _TIME.fullmatch(token)):
            time = tuple(int(part) for part in found.groups())
        elif day is None and (found := _DAY.fullmatch(token)):
            day = int(found[1])
        elif month is None and token[:3].lower() in _MONTHS:
            month = _MONTHS.index(token[:3].lower()) + 1
        elif year is None and (found := _YEAR.fullmatch(token)):
            year = int(found[1])
    if not time or day is None or month is None or year is None:
        return None
    if year < 100:
        year += 1900 if year >= 70 else 2000
    hour, minute, second = time
    if not 1 <= day <= 31 or year < 1601 or hour > 23 or minute > 59 or second > 59:
        return None
    return float(timegm((year, month, day, hour, minute, second)))
