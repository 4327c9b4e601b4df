"""What to try where a server has no endpoint of the transport: the path or the type is wrong, most likely."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from argus_trio.errors import HttpRefused

_MEANS_NONE: Final[Mapping[str, tuple[int, ...]]] = {"streamable-http": (404, 405), "sse": (400, 404, 405, 406)}
"""The statuses of a first request that mean so, by type. Servers of Streamable HTTP that are asked for a stream without
a session answer with 400 or 406 as well."""
_ADVICE: Final[Mapping[str, str]] = {
    "streamable-http": "look at the path of url, mostly /mcp, or write type: sse if it is a server of HTTP+SSE",
    "sse": "look at the path of url, mostly /sse, or write type: streamable-http if it is a server of that",
}


def with_advice(refused: HttpRefused, kind: Literal["streamable-http", "sse"]) -> HttpRefused:
    """The refusal of the first request to a backend of this type, with what to try where the status calls for it."""
    if refused.status not in _MEANS_NONE[kind]:
        return refused
    return HttpRefused(
        refused.status,
        f"{refused.reason}; if that goes on, {_ADVICE[kind]}",
        retry_after=refused.retry_after,
        doubts_session=refused.doubts_session,
    )
