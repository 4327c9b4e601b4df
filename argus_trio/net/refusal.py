"""Why an HTTP server refused a request, as one line for people, without a secret, and when to come again."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from typing import Final
from urllib.parse import urljoin

from argus_trio.core.health.forgotten import status_doubts_session
from argus_trio.core.health.retry_after import retry_after_seconds
from argus_trio.errors import HttpRefused, LinkFailed
from argus_trio.net.http1 import HttpAnswer
from argus_trio.net.origin import Origin, split_url
from argus_trio.wire import headers as names

_QUOTED_CHARACTERS: Final = 200
_SHORTEST_SECRET: Final = 4
_UNPRINTABLE: Final = re.compile(r"[^ -~\u00a0-\ud7ff\uf900-\ufffd]+")


def refusal(answer: HttpAnswer, body: bytes, origin: Origin, secrets: Iterable[str]) -> HttpRefused:
    """Why the server refused, in one line without any of `secrets`; `body` is the beginning of what it said."""
    status = answer.status
    location = answer.header(names.LOCATION)
    if 300 <= status < 400 and location is not None:
        return HttpRefused(status, f"the server redirects to {_whereto(origin, location)}; redirects are not followed")
    doubts_session = status_doubts_session(status, body)
    if status == 401:
        return HttpRefused(status, "the server wants authentication (HTTP 401)", doubts_session=doubts_session)
    if status == 403:
        reason = "the server does not allow it (HTTP 403): authentication may be missing or wrong"
        return HttpRefused(status, reason, doubts_session=doubts_session)
    text = " ".join(_UNPRINTABLE.sub(" ", body.decode("utf-8", "replace")).split())
    for secret in sorted(_spellings(secrets), key=len, reverse=True):
        text = text.replace(secret, "***")
    said = f": {text[:_QUOTED_CHARACTERS]}" if text else ""
    return HttpRefused(
        status,
        f"the server answered HTTP {status}{said}",
        retry_after=retry_after_seconds(answer.header(names.RETRY_AFTER), answer.header(names.DATE), time.time()),
        doubts_session=doubts_session,
    )


def _spellings(secrets: Iterable[str]) -> set[str]:
    """Each secret, and each of its words: of `Bearer abc` a server may quote the second alone."""
    words = {word for secret in secrets for word in (secret, *secret.split())}
    return {word for word in words if len(word) >= _SHORTEST_SECRET}


def _whereto(origin: Origin, location: str) -> str:
    try:
        return str(split_url(urljoin(str(origin), location))[0])
    except (LinkFailed, ValueError):
        return "somewhere that is no http or https address"
