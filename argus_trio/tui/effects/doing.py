"""Effects done: each by one task of one nursery, which tells what came of it as messages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import attrs
import trio

from argus_trio import Value
from argus_trio.manage_client.client import ANSWER_SECONDS, CHANGE_SECONDS, ApiClient
from argus_trio.manage_client.failure import FAILED, NOT_ALLOWED, CommandFailed
from argus_trio.manage_client.follow import follow
from argus_trio.manage_client.requests import ApiQuery
from argus_trio.tui.effect import Effect, Fetch, FollowStream, GiveUpCall, SaveFile, StartCall, UnfollowStream
from argus_trio.tui.effects.calling import TellingCall
from argus_trio.tui.effects.lists import whole_list
from argus_trio.tui.effects.saving import saved
from argus_trio.tui.message import (
    CallBroke,
    DashboardMessage,
    Done,
    Fetched,
    FetchFailed,
    StreamCame,
    StreamLost,
    StreamOpened,
)
from argus_trio.wire.event_stream import Event

FETCHES_AT_ONCE: Final = 8
"""How many requests are under way at once; others wait. Changes, calls and streams are not among them: they wait for
others than the gateway."""
MOST_TASKS: Final = 256
"""How many effects are done at once; more are refused, and the user is told. Nobody has as many by hand."""
_TOO_MANY: Final = "too much is under way at once; try again when some of it is over"
SomeEffect = TypeVar("SomeEffect", bound=Effect)


@attrs.define(eq=False, repr=False, kw_only=True)
class Doing:
    """Does effects. `tell` is called with what comes of them, in the order in which it comes."""

    client: ApiClient
    nursery: trio.Nursery
    tell: Callable[[DashboardMessage], None]
    _running: dict[str, trio.CancelScope] = attrs.field(factory=dict, init=False)
    _fetches: trio.CapacityLimiter = attrs.field(factory=lambda: trio.CapacityLimiter(FETCHES_AT_ONCE), init=False)

    def do(self, effect: Effect) -> None:
        """Begin an effect."""
        if isinstance(effect, Fetch):
            self._begin(effect.name, self._fetch, effect, FetchFailed(request=effect, why=_TOO_MANY, code=FAILED))
        elif isinstance(effect, FollowStream):
            lost = StreamLost(stream=effect, why=_TOO_MANY, code=FAILED, pause=0.0, is_over=True)
            self._begin(f"stream {effect.key}", self._follow, effect, lost)
        elif isinstance(effect, UnfollowStream):
            self._end(f"stream {effect.key}")
        elif isinstance(effect, StartCall):
            self._begin(f"call {effect.id}", self._call, effect, CallBroke(call=effect, why=_TOO_MANY, code=FAILED))
        elif isinstance(effect, GiveUpCall):
            self._end(f"call {effect.id}")
        elif isinstance(effect, SaveFile):
            self._begin(f"save {effect.path}", self._save, effect, Done(what="failed", text=_TOO_MANY))

    def _begin(
        self, name: str, task: Callable[[SomeEffect], Awaitable[None]], effect: SomeEffect, refused: DashboardMessage
    ) -> None:
        self._end(name)
        if len(self._running) >= MOST_TASKS:
            self.tell(refused)
            return
        self._running[name] = scope = trio.CancelScope()

        async def run() -> None:
            with scope:
                await task(effect)
            if self._running.get(name) is scope:
                del self._running[name]

        self.nursery.start_soon(run, name=name)

    def _end(self, name: str) -> None:
        if scope := self._running.pop(name, None):
            scope.cancel()

    async def _fetch(self, effect: Fetch) -> None:
        try:
            if effect.is_change:
                raw, answer, tag = await self._asked(effect)
            else:
                async with self._fetches:
                    raw, answer, tag = await self._asked(effect)
        except CommandFailed as failure:
            self.tell(FetchFailed(request=effect, why=str(failure), code=failure.code))
        else:
            self.tell(Fetched(request=effect, answer=answer, raw=raw, tag=tag))

    async def _asked(self, effect: Fetch) -> tuple[bytes, object, str]:
        if effect.has_pages:
            return *await whole_list(self._page, effect), ""
        return await self._one(effect, effect.query)

    async def _page(self, effect: Fetch, query: ApiQuery) -> tuple[bytes, object]:
        raw, answer, _ = await self._one(effect, query)
        return raw, answer

    async def _one(self, effect: Fetch, query: ApiQuery) -> tuple[bytes, object, str]:
        raw, tag = await self.client.fetch(
            effect.operation,
            effect.path,
            query=query,
            body=effect.body,
            seconds=CHANGE_SECONDS if effect.is_change else ANSWER_SECONDS,
            taken=effect.taken,
            if_match=effect.if_match,
        )
        answer: object = self.client.decoded(raw, effect.operation.answer or object)
        return raw, answer, tag

    async def _follow(self, effect: FollowStream) -> None:
        told = _Told(effect, self.tell)
        await follow(self.client, effect.operation, told, effect.path, query=effect.query, goes_on=may_pass)

    async def _call(self, effect: StartCall) -> None:
        await TellingCall(client=self.client, call=effect, tell=self.tell).run()

    async def _save(self, effect: SaveFile) -> None:
        self.tell(await saved(effect.path, effect.content))


def may_pass(failure: CommandFailed) -> bool:
    """Whether a stream that failed so is tried again: who is not let in is not let in later either, without a token."""
    return failure.code != NOT_ALLOWED


@attrs.frozen
class _Told(Value):
    """Tells what becomes of a stream."""

    stream: FollowStream
    tell: Callable[[DashboardMessage], None]

    def opened(self) -> None:
        self.tell(StreamOpened(stream=self.stream))

    def came(self, events: list[Event]) -> None:
        self.tell(StreamCame(stream=self.stream, events=tuple(events)))

    def lost(self, failure: CommandFailed, pause: float) -> None:
        is_over = not may_pass(failure)
        self.tell(StreamLost(stream=self.stream, why=str(failure), code=failure.code, pause=pause, is_over=is_over))
