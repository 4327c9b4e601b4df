"""An exchange at a backend that runs tasks: ids of tasks are replaced in what goes to the client and comes back.

The ids themselves are given out in `tasks.py`.
"""

from __future__ import annotations

from typing import Protocol

import attrs
import msgspec

from argus_trio.core.call.exchange import Call, Exchange
from argus_trio.core.call.record import CallRecord
from argus_trio.core.call.task_ids import renamed_related
from argus_trio.wire.envelope import Params, decode_object, encode
from argus_trio.wire.results import RELATED_TASK


class Renames(Protocol):
    """Replaces ids of one backend's tasks by those for the client (`for_client`), and back (`for_backend`)."""

    def for_client(self, key: str, life: float | None) -> str: ...

    def for_backend(self, task_id: str, life: float | None) -> str: ...


@attrs.frozen(eq=False, repr=False)
class TaskExchange:
    """An `Exchange` that performs `call`, which may be another than its own, for the client of `exchange`."""

    exchange: Exchange
    call: Call
    ids: Renames
    """Replaces the ids of tasks."""

    @property
    def record(self) -> CallRecord | None:
        """The record of the exchange; see `Exchange`."""
        return self.exchange.record

    async def notify(self, method: str, params: Params) -> None:
        """Send a notification to the client, with its own ids of tasks; see `Exchange`."""
        await self.exchange.notify(method, renamed_related(params, self.ids.for_client))

    async def ask(self, method: str, params: Params) -> bytes:
        """Ask the client, with its own ids of tasks; the answer has the backend's. See `Exchange`."""
        answer = await self.exchange.ask(method, renamed_related(params, self.ids.for_client))
        if RELATED_TASK.encode() not in answer:
            return answer
        try:
            return encode(renamed_related(decode_object(answer), self.ids.for_backend))
        except msgspec.DecodeError:
            return answer
