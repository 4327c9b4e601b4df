"""What a call writes into the record of its exchange, where there is one."""

from __future__ import annotations

import json

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.backends.scope.scope import Scope
from argus_trio.config.model.operation import Bounds
from argus_trio.core.call.abilities import Abilities
from argus_trio.core.call.record import CallRecord
from argus_trio.errors import BackendUnavailable, SessionLost
from argus_trio.wire.envelope import Params
from argus_trio.wire.headers import Headers
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import FakeBackend, FakeExchange, Json, answering, raw
from tests.backends.support.scopes import living, scope_of, spec


async def recorded(scope: Scope, exchange: FakeExchange) -> CallRecord:
    exchange.record = exchange.record or CallRecord()
    await scope.calls.call(exchange, raw(exchange.params))
    return exchange.record


async def test_it_says_where_the_call_went_and_how_much(autojump_clock: MockClock) -> None:
    backend = FakeBackend(answers={"tools/call": answer})
    async with living(backend) as scope:
        record = await recorded(scope, FakeExchange("tools/call", {"name": "x", "arguments": {}}))
    assert (record.backend, record.own, record.transport) == (scope.spec.name, "x", scope.spec.type)
    assert (record.era, record.revision) == (Era.LEGACY, "2025-11-25")
    assert (record.waited, record.retries) == (0, 0)


async def answer(_params: Json) -> Json:
    await trio.lowlevel.checkpoint()
    return {"a": 1}


async def test_it_counts_the_time_in_the_queue(autojump_clock: MockClock) -> None:
    async def slow(_params: Json) -> Json:
        await trio.sleep(3)
        return {}

    backend = FakeBackend(answers={"tools/call": slow})
    async with living(backend, spec(limits=Bounds(concurrency=1, queue=1))) as scope, trio.open_nursery() as nursery:
        nursery.start_soon(recorded, scope, FakeExchange("tools/call"))
        await wait_all_tasks_blocked()
        record = await recorded(scope, FakeExchange("tools/call"))
    assert record.waited == pytest.approx(3)


async def test_it_counts_what_was_sent_again(autojump_clock: MockClock) -> None:
    tried: list[object] = []

    async def forget(_params: Json) -> Json:
        await trio.lowlevel.checkpoint()
        tried.append(answering.get())
        if len(tried) == 1:
            answering.get().failure = lost = SessionLost("the session is gone", never_ran=True)
            answering.get()._failed.set()
            raise lost
        return {}

    async with living(FakeBackend(answers={"tools/call": forget})) as scope:
        await trio.sleep(60)
        assert (await recorded(scope, FakeExchange("tools/call"))).retries == 1


async def test_it_counts_what_the_client_was_asked(autojump_clock: MockClock) -> None:
    async def ask(_params: Json) -> Json:
        answered: Json = await answering.get().ask("elicitation/create", {"message": "?"})
        return {"answered": answered["result"]}

    async def accept(_params: Json) -> Json:
        await trio.lowlevel.checkpoint()
        return {"action": "accept"}

    async with living(FakeBackend(answers={"tools/call": ask})) as scope:
        exchange = FakeExchange("tools/call", abilities=Abilities(form=True), answer=accept)
        assert (await recorded(scope, exchange)).asks == 1


class Followed:
    """A request that is followed, with more in its params."""

    headers: Headers = ()

    def __init__(self, params: Params) -> None:
        self.params: Params = {**params, **raw({"more": 1})}
        self.ended: list[tuple[bytes | None, type[BaseException] | None]] = []

    def end(self, result: bytes | None, error: BaseException | None) -> None:
        self.ended.append((result, None if error is None else type(error)))


async def test_who_follows_sees_each_request_begin_and_end(autojump_clock: MockClock) -> None:
    followed: list[Followed] = []

    def follow(record: CallRecord, params: Params) -> Followed:
        assert record.backend
        followed.append(Followed(params))
        return followed[-1]

    async def echo(params: Json) -> Json:
        await trio.lowlevel.checkpoint()
        if params["name"] == "lost":
            raise SessionLost("gone", never_ran=False)
        return params

    async with living(FakeBackend(answers={"tools/call": echo})) as scope:
        record = CallRecord(follow=follow)
        await recorded(scope, FakeExchange("tools/call", {"name": "x"}, record=record))
        with pytest.raises(BackendUnavailable):
            await recorded(scope, FakeExchange("tools/call", {"name": "lost"}, record=record))
    (result, error), *_ = followed[0].ended
    assert (json.loads(result or b"{}"), error) == ({"name": "x", "more": 1}, None)
    assert followed[1].ended == [(None, BackendUnavailable)]


async def test_it_says_what_the_call_waits_for_now(autojump_clock: MockClock) -> None:
    seen: list[str] = []
    first, second = CallRecord(), CallRecord()

    async def ask(_params: Json) -> Json:
        seen.extend((first.waits_for, second.waits_for))
        await answering.get().ask("elicitation/create", {"message": "?"})
        seen.append(first.waits_for)
        return {}

    async def accept(_params: Json) -> Json:
        await trio.lowlevel.checkpoint()
        seen.append(first.waits_for)
        return {"action": "accept"}

    backend = FakeBackend(answers={"tools/call": ask})
    async with living(backend, spec(limits=Bounds(concurrency=1, queue=1))) as scope, trio.open_nursery() as nursery:
        able = FakeExchange("tools/call", abilities=Abilities(form=True), answer=accept, record=first)
        nursery.start_soon(recorded, scope, able)
        await wait_all_tasks_blocked()
        nursery.start_soon(recorded, scope, FakeExchange("tools/call", record=second))
        await wait_all_tasks_blocked()
    assert seen[0] == "backend"
    assert seen[1:4].count("client") == 1
    assert first.waits_for == second.waits_for == "pipeline"


async def test_a_call_without_a_place_waits_for_one(autojump_clock: MockClock) -> None:
    async def slow(_params: Json) -> Json:
        await trio.sleep(3)
        return {}

    backend, record = FakeBackend(answers={"tools/call": slow}), CallRecord()
    async with living(backend, spec(limits=Bounds(concurrency=1, queue=1))) as scope, trio.open_nursery() as nursery:
        nursery.start_soon(recorded, scope, FakeExchange("tools/call"))
        await wait_all_tasks_blocked()
        nursery.start_soon(recorded, scope, FakeExchange("tools/call", record=record))
        await wait_all_tasks_blocked()
        assert record.waits_for == "place"


async def test_a_call_whose_connection_is_not_open_yet_waits_for_it(autojump_clock: MockClock) -> None:
    record, scope = CallRecord(), scope_of(spec(), FakeBackend().open)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(recorded, scope, FakeExchange("tools/call", record=record))
        await wait_all_tasks_blocked()
        assert record.waits_for == "connection"
        nursery.cancel_scope.cancel()
