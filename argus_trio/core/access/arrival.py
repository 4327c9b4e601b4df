"""A request before its body is read: what it is admitted by, and how it is turned away."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import attrs

from argus_trio.core.access.principal import Principal
from argus_trio.errors import ArgusError


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RequestArrival:
    """What is known of a request before its body is read."""

    path: str
    """Its path without a trailing slash, such as `/mcp`."""
    address: str
    """Where its client is: behind trusted proxies the address that they tell. Empty where it has none."""
    is_from_proxy: bool
    """Whether a trusted proxy sent it, so that what it says of its client counts."""
    fields: Mapping[bytes, bytes]
    """Each header field once, lower-case."""


class Unadmitted(ArgusError):
    """A request is turned away before its body is read.

    `error` is one word, `challenge` what `WWW-Authenticate` says (RFC 9110, 11.6.1), `retry_after` in seconds.
    """

    def __init__(
        self,
        error: str,
        message: str,
        *,
        status: int = 401,
        challenge: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.error = error
        self.message = message
        self.status = status
        self.challenge = challenge
        self.retry_after = retry_after


Admit = Callable[[RequestArrival], Awaitable[Principal]]
"""Says who asks. Raises `Unadmitted`."""
