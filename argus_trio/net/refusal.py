"""What an answer that is no success means: where a redirect leads, or why the server refused, and when to come again.

A reason is one line for people, without a secret.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from typing import Final
from urllib.parse import urljoin, urlsplit

import attrs

from argus_trio import Value
from argus_trio.core.health.forgotten import status_doubts_session
from argus_trio.core.health.retry_after import retry_after_seconds
from argus_trio.errors import HttpRefused, LinkFailed
from argus_trio.net.http1 import HttpAnswer, HttpRequest
from argus_trio.net.origin import Origin, split_url
from argus_trio.net.proxies import Proxy
from argus_trio.wire import headers as names

MAX_REDIRECTS: Final = 5
"""How many redirects one request follows; a server that is set up well needs one."""

_KEEPS_METHOD: Final = frozenset({307, 308})
_BECOMES_GET: Final = frozenset({301, 302, 303})
_PERMANENT: Final = frozenset({301, 308})
_NAMED_CHARACTERS: Final = 500
_PARAMETER: Final = re.compile(r";([^=;/]*)=[^;/]*")
_QUOTED_CHARACTERS: Final = 200
_SHORTEST_SECRET: Final = 4
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]+|[\ud800-\uf8ff]+|[\ufffe-\U0010ffff]+")
"""Range by range: to compile them as one set takes 2 % of a start."""


@attrs.frozen(kw_only=True)
class Redirect(Value):
    """A redirect within the origin: the same request, to another target. Nobody has acted on the first one."""

    target: str = attrs.field(repr=False)
    is_permanent: bool


def redirect(request: HttpRequest, answer: HttpAnswer, origin: Origin, secrets: Iterable[str]) -> Redirect | None:
    """Where `answer` sends `request` (RFC 9110, section 15.4); None if it is no redirect.

    Raises:
        HttpRefused: it leads to another origin, or it would make a GET of another method.
    """
    status, location = answer.status, answer.header(names.LOCATION)
    if location is None or status not in _KEEPS_METHOD | _BECOMES_GET:
        return None
    # A Location is as UTF-8 as a URL is where somebody forgot to encode it.
    location = location.encode("latin-1").decode("utf-8", "replace")
    try:
        to, target = split_url(urljoin(f"{origin}{request.target}", location.strip()))
    except (LinkFailed, ValueError):
        reason = "the server redirects to somewhere that is no http or https address; that is not followed"
        raise HttpRefused(status, reason) from None
    where = f"{to}{_masked(_shown(target), secrets)}"
    if to != origin:
        advice = "if that is the server, write that address as url"
        if to.scheme == "http" and origin.is_tls and to.host == origin.host:
            advice = "it may not know that it is reached over https: try that address with https as url"
        raise HttpRefused(
            status, f"the server redirects to {where}; redirects to another origin are not followed: {advice}"
        )
    if status in _BECOMES_GET and request.method != "GET":
        advice = "if that is the server's endpoint, write that address as url"
        raise HttpRefused(
            status,
            f"the server redirects to {where} with HTTP {status}, which makes a {request.method} a GET: {advice}",
        )
    return Redirect(target=target, is_permanent=status in _PERMANENT)


def too_many_redirects(status: int, origin: Origin, target: str, secrets: Iterable[str]) -> HttpRefused:
    """The refusal of a redirect that is one too many; `target` is where it leads."""
    where = f"{origin}{_masked(_shown(target), secrets)}"
    return HttpRefused(status, f"the server redirects more than {MAX_REDIRECTS} times, the last time to {where}")


def refusal(
    answer: HttpAnswer, body: bytes, origin: Origin, secrets: Iterable[str], *, proxy: Proxy | None = None
) -> HttpRefused:
    """Why the server refused, in one line without any of `secrets`; `body` is the beginning of what it said.

    `proxy` is the one that the request went through without a tunnel, if it did: that may be who refused.
    """
    status = answer.status
    doubts_session = status_doubts_session(status, body)
    if status == 401:
        return HttpRefused(status, "the server wants authentication (HTTP 401)", doubts_session=doubts_session)
    if status == 403:
        reason = "the server does not allow it (HTTP 403): authentication may be missing or wrong"
        return HttpRefused(status, reason, doubts_session=doubts_session)
    if status == 407 and proxy is not None:
        return HttpRefused(status, f"the proxy {proxy.origin} answered HTTP 407: {proxy.advice(origin)}")
    text = _masked(" ".join(_UNPRINTABLE.sub(" ", body.decode("utf-8", "replace")).split()), secrets)
    said = f": {text[:_QUOTED_CHARACTERS]}" if text else ""
    return HttpRefused(
        status,
        f"the server answered HTTP {status}{said}",
        retry_after=retry_after_seconds(answer.header(names.RETRY_AFTER), answer.header(names.DATE), time.time()),
        doubts_session=doubts_session,
    )


def _masked(text: str, secrets: Iterable[str]) -> str:
    for secret in sorted(_spellings(secrets), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def _spellings(secrets: Iterable[str]) -> set[str]:
    """Each secret, and each of its words: of `Bearer abc` a server may quote the second alone."""
    words = {word for secret in secrets for word in (secret, *secret.split())}
    return {word for word in words if len(word) >= _SHORTEST_SECRET}


def _shown(target: str) -> str:
    """The target as people may read it: its path whole, of its query and of what stands behind a ; the names alone."""
    parts = urlsplit(target)
    path = _PARAMETER.sub(r";\1=***", parts.path)
    pairs = [pair.partition("=") for pair in parts.query.split("&")] if parts.query else []
    query = "&".join(f"{name}=***" if equals else "***" for name, equals, _ in pairs)
    shown = f"{path}?{query}" if query else path
    return shown if len(shown) <= _NAMED_CHARACTERS else f"{shown[:_NAMED_CHARACTERS]}..."
