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


class InsufficientScope(RpcError):
    """The token is not good for this: `scopes` are missing, and its client may ask for a token that has them.

    The answer is 403 with a challenge (RFC 6750, 3.1); `metadata_url` is where the gateway's metadata as a resource are
    (RFC 9728, 5.1), None where it has none.
    """

    code = -31010
    http_status = 403

    def __init__(self, scopes: tuple[str, ...], *, metadata_url: str | None = None) -> None:
        wanted = " ".join(scopes)
        super().__init__(f"the token lacks a scope: {wanted}", data={"scopes": list(scopes)})
        self.scopes = scopes
        challenge = f'Bearer error="insufficient_scope", scope="{wanted}"'
        if metadata_url is not None:
            challenge += f', resource_metadata="{metadata_url}"'
        self.http_headers = ((b"www-authenticate", challenge.encode("latin-1", "replace")),)


class ArgumentsRefused(RpcError):
    """A rule allows this under conditions, and the arguments do not meet them; `pointers` say which (RFC 6901).

    What they would have to be is told to nobody.
    """

    code = -31011

    def __init__(self, pointers: tuple[str, ...]) -> None:
        which = ", ".join(pointers)
        super().__init__(f"not allowed with these arguments: {which}", data={"arguments": list(pointers)})
        self.pointers = pointers


def seconds(wait_ns: int) -> float:
    """A wait in seconds, rounded up to a millisecond."""
    return -(-wait_ns // _MILLISECOND) / 1000
