"""What a client reports of an ask that it works on: to the backend that asked, under the token that it chose.

A token belongs to its hop, so the client is given one of ours. Modern clients have no way to report: they get none.
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

MAX_WAITING: Final = 64
"""Reports of one ask that wait for a backend that reads slowly; then the oldest are dropped."""


@attrs.define(eq=False)
class Reports:
    """The reports of one ask, by `shown`, the token that its client was given; `token` is the backend's."""

    client: ClientSession
    shown: str
    token: Raw
    _waiting: deque[Params] = attrs.field(factory=lambda: deque(maxlen=MAX_WAITING), init=False)
    _lock: trio.Lock = attrs.field(factory=trio.Lock, init=False)

    def put(self, params: Params) -> None:
        """Take one report; it waits for `pass_on`."""
        self._waiting.append({**params_without_reserved(params), "progressToken": self.token})

    async def pass_on(self, send: Callable[[bytes], Awaitable[None]]) -> None:
        """Send all that waits, in order; returns when all that was put before has been sent, by whomever."""
        async with self._lock:
            while self._waiting:
                await send(encode_notification(PROGRESS, self._waiting.popleft()))


def split_token(params: Params, client: ClientSession | None) -> tuple[Params, Reports | None]:
    """The params of an ask as `client`, a legacy session, is to see them; without a token where it is None."""
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
    return {**rest, "_meta": encode_raw({**meta, "progressToken": reports.shown})}, reports
