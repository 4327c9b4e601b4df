"""What a call is told that is not let pass, by a policy, a limit or a middleware of the user's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from argus_trio.errors import RpcError

_MILLISECOND: Final = 1_000_000


class RateLimited(RpcError):
    """More calls were made than a limit allows; nobody behind the gateway has seen this one.

    `limit` says which one, as far as it concerns the call. `retry_after` is in seconds, rounded up to a millisecond.
    """

    code = -31012
    # The status stays 200: MCP names none for it, and clients of the SDKs take 429 for a transport that has failed.

    def __init__(self, said: str, limit: Mapping[str, object], *, wait_ns: int) -> None:
        self.retry_after = seconds(wait_ns)
        message = f"too many calls: {said}; the next one may come in {self.retry_after:g} s"
        super().__init__(message, data={"retryAfter": self.retry_after, "limit": dict(limit)})
        self.limit = limit


class Rejected(RpcError):
    """A middleware of the user's own does not let a call pass; its message is the middleware's."""

    code = -31018


def seconds(wait_ns: int) -> float:
    """A wait in seconds, rounded up to a millisecond."""
    return -(-wait_ns // _MILLISECOND) / 1000
