"""One operation of the management API, as a value: what the router matches, and the OpenAPI document is made of."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import attrs
import msgspec

from argus_trio import Value
from argus_trio.core.access.access import ManageRight

BASE: Final = "/manage/v1"
"""What all paths begin with."""

MOST_LISTED: Final = 1000
"""The most entries of one page."""

Timestamp = Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time"})]
"""A moment: RFC 3339, in UTC, to the millisecond."""

Media = Literal["application/json", "text/event-stream", "text/plain", "text/markdown"]
"""What an answer is."""


@attrs.frozen(kw_only=True)
class NoQuery(Value):
    """The query of an operation that takes none."""


@attrs.frozen(kw_only=True)
class NoBody(Value):
    """The body of a request that needs to say nothing; an empty one counts as `{}`."""


@attrs.frozen(kw_only=True)
class PageQuery(Value):
    """Which part of a long list is wanted."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST_LISTED)] = 100
    after: str = ""
    """The `next` of the page before; empty for the first one."""


@attrs.frozen(kw_only=True)
class Operation(Value):
    """What can be asked at one path by one method."""

    method: Literal["GET", "POST"]
    path: str
    """Below `BASE`; `{name}` stands for one segment."""
    summary: str
    right: ManageRight | None = "read"
    """What who asks must be allowed; None where everybody may ask that is let in."""
    is_public: bool = False
    """Whether it is answered to whoever asks, let in or not."""
    query: type = NoQuery
    body: type | None = None
    """Of a POST."""
    answer: type | None = None
    """What the answer is, where it is JSON; None where its members are those of an MCP result, or it is text."""
    statuses: tuple[int, ...] = (200,)
    """The statuses that this answer can have: others than 200 where it tells of a failure by itself."""
    has_etag: bool = False
    """Whether the answer has an ETag, which If-Match compares."""
    media: tuple[Media, ...] = ("application/json",)
    problems: tuple[str, ...] = ()
    """The problems that only this one has, by their words."""
