"""An exchange at a backend that runs tasks: what is said of a task on the way goes by the ids of each side."""

from __future__ import annotations

from typing import Protocol

import attrs
import msgspec

from argus_trio.core.call.exchange import Call, Exchange
from argus_trio.core.call.task_ids import renamed_related
from argus_trio.wire.envelope import Params, decode_object, encode
from argus_trio.wire.results import RELATED_TASK


class Renames(Protocol):
    """Ids of one backend's tasks, to those of the client and back."""

    def shown(self, key: str, life: float | None) -> str: ...

    def told(self, task_id: str, life: float | None) -> str: ...


@attrs.frozen(eq=False)
class TaskExchange:
    """The way back to `exchange`'s client for `call`, which may be another call than its own. An `Exchange`."""

    exchange: Exchange
    call: Call
    ids: Renames

    async def notify(self, method: str, params: Params) -> None:
        """As the exchange's, in the client's ids."""
        await self.exchange.notify(method, renamed_related(params, self.ids.shown))

    async def ask(self, method: str, params: Params) -> bytes:
        """As the exchange's, in the client's ids; the answer is in the backend's."""
        answer = await self.exchange.ask(method, renamed_related(params, self.ids.shown))
        if RELATED_TASK.encode() not in answer:
            return answer
        try:
            return encode(renamed_related(decode_object(answer), self.ids.told))
        except msgspec.DecodeError:
            return answer
