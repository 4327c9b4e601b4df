"""Effects done: each by one task of one nursery, which tells what came of it as messages."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import trio

from argus_trio.contract.operation import Operation
from argus_trio.manage_client.client import ANSWER_SECONDS, CHANGE_SECONDS, ApiClient
from argus_trio.manage_client.failure import CommandFailed
from argus_trio.manage_client.follow import follow
from argus_trio.tui.effect import Effect, Fetch, FollowStream, GiveUpCall, Quit, StartCall, UnfollowStream
from argus_trio.tui.message import (
    CallBroke,
    CallCame,
    DashboardMessage,
    Fetched,
    FetchFailed,
    StreamCame,
    StreamLost,
    StreamOpened,
)
from argus_trio.wire.event_stream import Event


@attrs.define(eq=False, kw_only=True)
class Doing:
    """Does effects. `tell` is called with what comes of them, in the order in which it comes."""

    client: ApiClient
    nursery: trio.Nursery
    tell: Callable[[DashboardMessage], None]
    quit: Callable[[], None]
    _running: dict[str, trio.CancelScope] = attrs.field(factory=dict, init=False)

    def do(self, effect: Effect) -> None:
        """Begin an effect."""
        if isinstance(effect, Fetch):
            self._begin(effect.name, self._fetch, effect)
        elif isinstance(effect, FollowStream):
            self._begin(f"stream {effect.key}", self._follow, effect)
        elif isinstance(effect, UnfollowStream):
            self._end(f"stream {effect.key}")
        elif isinstance(effect, StartCall):
            self._begin(f"call {effect.id}", self._call, effect)
        elif isinstance(effect, GiveUpCall):
            self._end(f"call {effect.id}")
        elif isinstance(effect, Quit):
            self.quit()

    def _begin(self, name: str, task: Callable[..., object], effect: Effect) -> None:
        self._end(name)
        self._running[name] = scope = trio.CancelScope()

        async def run() -> None:
            with scope:
                await task(effect)  # type: ignore[misc]
            if self._running.get(name) is scope:
                del self._running[name]

        self.nursery.start_soon(run, name=name)

    def _end(self, name: str) -> None:
        if scope := self._running.pop(name, None):
            scope.cancel()

    async def _fetch(self, effect: Fetch) -> None:
        operation: Operation = effect.operation
        seconds = CHANGE_SECONDS if effect.is_change else ANSWER_SECONDS
        try:
            raw = await self.client.fetch(
                operation, effect.path, query=effect.query, body=effect.body, seconds=seconds, taken=effect.taken
            )
            answer: object = self.client.decoded(raw, operation.answer or object)
        except CommandFailed as failure:
            self.tell(FetchFailed(request=effect, why=str(failure), code=failure.code))
        else:
            self.tell(Fetched(request=effect, answer=answer, raw=raw))

    async def _follow(self, effect: FollowStream) -> None:
        await follow(self.client, effect.operation, _Told(effect, self.tell), effect.path, query=effect.query)

    async def _call(self, effect: StartCall) -> None:
        try:
            async with self.client.stream(effect.operation, body=effect.body) as pieces:
                async for events in pieces:
                    self.tell(CallCame(call=effect, events=tuple(events)))
                    if events[-1].event in ("result", "error"):
                        return
        except CommandFailed as failure:
            self.tell(CallBroke(call=effect, why=str(failure), code=failure.code))
            return
        why = "the gateway ended the connection before the call was over; whether it had an effect is not known"
        self.tell(CallBroke(call=effect, why=why, code=3))


@attrs.frozen
class _Told:
    """Tells what becomes of a stream."""

    stream: FollowStream
    tell: Callable[[DashboardMessage], None]

    def opened(self) -> None:
        self.tell(StreamOpened(stream=self.stream))

    def came(self, events: list[Event]) -> None:
        self.tell(StreamCame(stream=self.stream, events=tuple(events)))

    def lost(self, failure: CommandFailed, pause: float) -> None:
        self.tell(StreamLost(stream=self.stream, why=str(failure), code=failure.code, pause=pause))
