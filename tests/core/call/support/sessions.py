"""A legacy session, for what is decided by whose a call is."""

from __future__ import annotations

import attrs

from argus_trio.core.call.abilities import ANYBODY, Audience
from argus_trio.wire.envelope import Params


@attrs.define(eq=False)
class QuietSession:
    """A legacy session to which nothing happens."""

    log_level: str | None = None
    handle: str = ""
    audience: Audience = ANYBODY

    async def notify(self, method: str, params: Params) -> None:
        raise AssertionError("nobody is told")

    async def ask(self, method: str, params: Params) -> bytes:
        raise AssertionError("nobody is asked")
