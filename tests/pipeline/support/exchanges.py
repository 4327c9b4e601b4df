"""An exchange without a client behind it."""

from __future__ import annotations

import trio

from argus_trio.core.call.exchange import Call
from argus_trio.core.call.record import CallRecord
from argus_trio.errors import ClientCannotAnswer
from argus_trio.wire.envelope import Params
from argus_trio.wire.revisions import Era


class PlainExchange:
    """An exchange whose client hears nothing and answers nothing."""

    record: CallRecord | None = None
    call = Call(method="m", params={}, era=Era.LEGACY, revision="2025-11-25")

    def __init__(self) -> None:
        self.scope = trio.CancelScope()

    async def notify(self, method: str, params: Params) -> None: ...

    async def ask(self, method: str, params: Params) -> bytes:
        raise ClientCannotAnswer(method, "nobody is here")


class NamedExchange(PlainExchange):
    """An exchange with this call."""

    def __init__(self, call: Call) -> None:
        super().__init__()
        self.call = call
