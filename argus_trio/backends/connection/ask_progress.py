"""Progress that a client reports of a backend's request: passed on to that backend, under the token that it chose.

A progress token is valid on one hop only, so the client is given one of ours. A modern client cannot report progress:
it is given no token. Progress in the other direction, of a client's call, is dealt with in `outgoing_request.py` and
`inbound.py`.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

import attrs
import msgspec
import trio

from argus_trio.core.call.exchange import ClientSession
from argus_trio.wire.envelope import Params, Raw, decode_object, encode_notification, encode_raw
from argus_trio.wire.results import params_without_reserved

PROGRESS: Final = "notifications/progress"
"""The method of a progress notification, in every revision."""

MAX_WAITING: Final = 64
"""Reports of one request that wait for a backend that reads slowly; past that the oldest are dropped. A later report
makes an earlier one needless, so losing some does no harm."""


@attrs.define(eq=False, repr=False)
class Reports:
    """The progress reports of one request of a backend, as far as they have not been sent to it."""

    client: ClientSession
    """The session that was asked; nobody else may report."""
    client_token: str
    """The progress token that the client was given."""
    token: Raw
    """The progress token that the backend chose."""
    _waiting: deque[Params] = attrs.field(factory=lambda: deque(maxlen=MAX_WAITING), init=False)
    _lock: trio.Lock = attrs.field(factory=trio.Lock, init=False)
    _is_called: bool = attrs.field(default=False, init=False)
    """Whether `pass_on` is about to send what waits."""

    def put(self, params: Params) -> bool:
        """Take the params of one progress notification of the client; whether `pass_on` has to be called for it."""
        self._waiting.append({**params_without_reserved(params), "progressToken": self.token})
        was_called, self._is_called = self._is_called, True
        return not was_called

    async def pass_on(self, send: Callable[[bytes], Awaitable[None]]) -> None:
        """Send every report that waits, in order; returns when all that were put before have been sent.

        Raises what `send` raises.
        """
        try:
            async with self._lock:
                while self._waiting:
                    await send(encode_notification(PROGRESS, self._waiting.popleft()))
        finally:
            self._is_called = False


def split_token(params: Params, client: ClientSession | None) -> tuple[Params, Reports | None]:
    """The params of a backend's request as `client` is to see them, and where its reports of progress go.

    The reports are None, and the params without a progress token, where the backend wants none or `client` is None: not
    a legacy session. Malformed `_meta` passes as it is.
    """
    try:
        meta = decode_object(params.get("_meta", b"{}"))
    except msgspec.DecodeError:
        return params, None
    token = meta.pop("progressToken", None)
    if token is None:
        return params, None
    rest = {key: value for key, value in params.items() if key != "_meta"}
    if client is None:
        return ({**rest, "_meta": encode_raw(meta)} if meta else rest), None
    reports = Reports(client, f"ask-{secrets.token_urlsafe(9)}", token)
    return {**rest, "_meta": encode_raw({**meta, "progressToken": reports.client_token})}, reports
