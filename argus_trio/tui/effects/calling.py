"""One call, from its begin to its end: what comes of it is told, at most so many times a second."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import attrs
import trio

from argus_trio.manage_client.client import ApiClient
from argus_trio.manage_client.failure import NOT_REACHED, CommandFailed
from argus_trio.net.service_nursery import ServiceNursery
from argus_trio.tui.effect import StartCall
from argus_trio.tui.effects.held_events import TELL_SECONDS, HeldEvents
from argus_trio.tui.message import CallBroke, CallCame, DashboardMessage

_ENDED: Final = "the gateway ended the connection before the call was over; whether it had an effect is not known"


@attrs.define(eq=False, repr=False, kw_only=True)
class TellingCall:
    """A call under way. Its first events are told at once, so that a quick one is over at once."""

    client: ApiClient
    call: StartCall
    tell: Callable[[DashboardMessage], None]
    _held: HeldEvents = attrs.field(factory=HeldEvents, init=False)
    _came: trio.Event = attrs.field(factory=trio.Event, init=False)
    _begun: float = attrs.field(factory=trio.current_time, init=False)

    async def run(self) -> None:
        """Tell all of it, the end as well."""
        async with ServiceNursery() as nursery:
            nursery.start_soon(self._telling)
            broke = await self._receive()
        await trio.lowlevel.checkpoint()  # a huge result has taken its time to arrive: keys come before it is shown
        self._flush()
        if broke is not None:
            self.tell(broke)

    async def _receive(self) -> CallBroke | None:
        """Take what comes until the end; None where it ended as calls do."""
        try:
            async with self.client.stream(self.call.operation, body=self.call.body) as pieces:
                async for events in pieces:
                    self._held.add(events)
                    self._came.set()
                    if events[-1].event in ("result", "error"):
                        return None
        except CommandFailed as failure:
            return CallBroke(call=self.call, why=str(failure), code=failure.code, took=self._took)
        return CallBroke(call=self.call, why=_ENDED, code=NOT_REACHED, took=self._took)

    async def _telling(self) -> None:
        while True:
            await self._came.wait()
            self._came = trio.Event()
            await trio.lowlevel.checkpoint()
            self._flush()
            await trio.sleep(TELL_SECONDS)

    def _flush(self) -> None:
        if events := self._held.take():
            self.tell(CallCame(call=self.call, events=events, took=self._took))

    @property
    def _took(self) -> float:
        return trio.current_time() - self._begun
