"""One `subscriptions/listen` at a modern backend: opened with what is wanted, renewed without a gap, opened again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import attrs
import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.backends.subscriptions.listen_stream import (
    ACKNOWLEDGE_SECONDS,
    AGREE_SECONDS,
    QUIET_SECONDS,
    REOPEN_FIRST_SECONDS,
    REOPEN_LONGEST_SECONDS,
    ListenStream,
    NotAgreed,
)
from argus_trio.backends.subscriptions.table import SubscriptionTable
from argus_trio.core.call.task_ids import EXTENSION
from argus_trio.core.catalog.catalog import KINDS
from argus_trio.core.redaction import Redactor
from argus_trio.errors import HttpRefused, LinkFailed, RequestRefused
from argus_trio.wire.envelope import Params
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import FakeBackend, Json, Refusal, raw
from tests.backends.support.talk import Talk, talk

TASKS: Json = {"extensions": {EXTENSION: {}}}
CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"


def nothing(method: str, params: Params) -> None:
    raise AssertionError("nothing was updated")


@attrs.define(eq=False)
class Listening:
    """A stream that is kept open, and the backend that it is opened at."""

    stream: ListenStream
    backend: FakeBackend
    talk: Talk
    table: SubscriptionTable
    followed: list[str]
    opened_at: list[float]
    """When the backend was asked each time."""
    run: trio.CancelScope
    is_over: trio.Event
    """Set once `run` has returned."""

    @property
    def wanted(self) -> list[Json]:
        """What the backend was asked to tell of, each time."""
        asked = [params["notifications"] for method, params in self.backend.seen if method == "subscriptions/listen"]
        return [each for each in asked if isinstance(each, dict)]

    @property
    def open(self) -> int:
        """How many streams are open at the backend."""
        return self.talk.link.waiting

    def want(self, uri: str) -> trio.Event:
        """Somebody wants to hear of this resource."""
        self.table.add(uri, "somebody", nothing)
        return self.stream.wanted_changed()

    def follow(self, *tasks: str) -> trio.Event:
        """Somebody wants to hear of these tasks, and of no others."""
        self.followed[:] = tasks
        return self.stream.wanted_changed()

    def acknowledge(self, *tasks: str) -> None:
        """The backend acknowledges the latest stream, and agrees to tell of these tasks."""
        self.stream.acknowledged(raw({"notifications": {"taskIds": list(tasks)}}))


class Fate:
    """What becomes of the streams: each that is opened ends with the next refusal; when there is none, it stays."""

    def __init__(self, *refusals: Refusal | HttpRefused | float) -> None:
        self.refusals = list(refusals)
        self.opened_at: list[float] = []

    async def __call__(self, _params: Json) -> Json:
        self.opened_at.append(trio.current_time())
        if not self.refusals:
            await trio.sleep_forever()
        fate = self.refusals.pop(0)
        if isinstance(fate, Refusal | HttpRefused):
            raise fate
        await trio.sleep(fate)
        raise Refusal(-32000, "the stream has ended")


@asynccontextmanager
async def listening(
    fate: Fate | None = None, *, declares: Json | None = None, hears_lists: bool = True
) -> AsyncIterator[Listening]:
    """A stream at a backend that has tools, if nothing else is declared."""
    fate = fate or Fate()
    backend = FakeBackend(
        era=Era.MODERN,
        declares=declares or {"tools": {"listChanged": True}, "resources": {"subscribe": True}},
        answers={"subscriptions/listen": fate},
    )
    table, followed, run, is_over = SubscriptionTable(), list[str](), trio.CancelScope(), trio.Event()
    async with talk(backend) as t:
        stream = ListenStream(
            connection=t.connection,
            table=table,
            redact=Redactor(),
            followed=followed,
            listens_for_lists=hears_lists,
        )

        async def keep() -> None:
            with run:
                await stream.run()
            is_over.set()

        t.connection.start_soon(keep)
        await wait_all_tasks_blocked()
        yield Listening(stream, backend, t, table, followed, fate.opened_at, run, is_over)


async def test_a_stream_is_opened_for_the_lists_that_the_backend_declares(autojump_clock: MockClock) -> None:
    async with listening(
        declares={"tools": {"listChanged": True}, "resources": {"listChanged": True}, "logging": {}}
    ) as at:
        assert at.wanted == [{"toolsListChanged": True, "resourcesListChanged": True}]
        assert at.open == 1


async def test_where_nothing_is_wanted_there_is_no_stream_until_something_is(autojump_clock: MockClock) -> None:
    async with listening(hears_lists=False) as at:
        await trio.sleep(100)
        assert at.wanted == []
        at.want("a:1")
        await trio.sleep(1)
        at.acknowledge()
        assert at.wanted == [{"resourceSubscriptions": ["a:1"]}]
        at.table.forget("somebody")
        at.stream.wanted_changed()
        await trio.sleep(1)
        assert at.open == 0


async def test_when_something_else_is_wanted_the_next_stream_is_open_before_the_last_is_closed(
    autojump_clock: MockClock,
) -> None:
    async with listening() as at:
        at.acknowledge()
        is_told = at.want("a:1")
        await trio.sleep(1)
        assert at.wanted[-1] == {"toolsListChanged": True, "resourceSubscriptions": ["a:1"]}
        assert at.open == 2
        assert not is_told.is_set()
        at.acknowledge()
        await wait_all_tasks_blocked()
        assert is_told.is_set()
        assert at.open == 1
        assert at.backend.seen[-1] == ("notifications/cancelled", {"requestId": 4}), "the first one"


async def test_a_stream_that_is_not_acknowledged_counts_as_open_after_a_while(autojump_clock: MockClock) -> None:
    async with listening() as at:
        at.acknowledge()
        began, is_told = trio.current_time(), at.want("a:1")
        await is_told.wait()
        assert trio.current_time() - began == pytest.approx(ACKNOWLEDGE_SECONDS + QUIET_SECONDS)
        await wait_all_tasks_blocked()
        assert at.open == 1


async def test_what_changes_in_quick_succession_is_told_at_once(autojump_clock: MockClock) -> None:
    async with listening() as at:
        at.acknowledge()
        told = [at.want(uri) for uri in ("a:1", "a:2")]
        await trio.sleep(QUIET_SECONDS / 2)
        told.append(at.want("a:3"))
        await trio.sleep(QUIET_SECONDS)
        assert len(at.wanted) == 2
        assert at.wanted[-1]["resourceSubscriptions"] == ["a:1", "a:2", "a:3"]
        at.acknowledge()
        await wait_all_tasks_blocked()
        assert all(event.is_set() for event in told)


async def test_a_backend_that_knows_no_such_request_is_not_asked_again(autojump_clock: MockClock) -> None:
    async with listening(Fate(Refusal(-32601, "unknown method"))) as at:
        at.want("a:1")
        await trio.sleep(10_000)
        assert len(at.wanted) == 1
        assert at.is_over.is_set()
        assert at.want("a:2").is_set(), "nobody is to wait for it"


async def test_who_waits_for_the_backend_to_be_told_waits_no_longer_than_the_stream_is_kept(
    autojump_clock: MockClock,
) -> None:
    async with listening() as at:
        at.acknowledge()
        is_told = at.want("a:1")
        at.run.cancel()
        await at.is_over.wait()
        assert is_told.is_set()
        assert at.want("a:2").is_set()


async def test_a_stream_that_is_lost_again_and_again_is_opened_after_ever_longer_waits(
    autojump_clock: MockClock,
) -> None:
    async with listening(Fate(*[Refusal(-32000, "not now")] * 10)) as at:
        await trio.sleep(1000)
        waits = [after - before for before, after in pairwise(at.opened_at)]
        assert len(waits) == 10
        first, longest = REOPEN_FIRST_SECONDS, REOPEN_LONGEST_SECONDS
        assert waits[0] == pytest.approx(first, abs=0.1)
        for one, following in pairwise(waits):
            assert following == pytest.approx(min(2 * one, longest), abs=0.1)
        assert waits[-1] == pytest.approx(longest, abs=0.1)


async def test_why_it_is_lost_again_and_again_is_told_once(autojump_clock: MockClock) -> None:
    with capture_logs() as logs:
        async with listening(Fate(*[Refusal(-32000, "not now")] * 10)):
            await trio.sleep(1000)
    levels = [entry["log_level"] for entry in logs if entry["event"] == "backend_changes_unheard"]
    assert levels == ["info", *["debug"] * 9]


async def test_a_backend_that_says_how_long_is_not_listened_to_before(autojump_clock: MockClock) -> None:
    busy = HttpRefused(429, "slow down", retry_after=300)
    async with listening(Fate(busy, 1000.0)) as at:
        await trio.sleep(400)
        before, after = at.opened_at
        assert after - before == pytest.approx(300, abs=0.1)


async def test_one_that_was_open_for_long_is_opened_again_soon(autojump_clock: MockClock) -> None:
    async with listening(Fate(*[Refusal(-32000, "not now")] * 5, REOPEN_LONGEST_SECONDS + 1)) as at:
        await trio.sleep(1000)
        assert at.opened_at[-1] - at.opened_at[-2] == pytest.approx(
            REOPEN_LONGEST_SECONDS + 1 + REOPEN_FIRST_SECONDS, abs=0.1
        )


async def test_what_is_wanted_meanwhile_ends_the_wait(autojump_clock: MockClock) -> None:
    async with listening(Fate(*[Refusal(-32000, "not now")] * 5)) as at:
        await trio.sleep(40)
        before = len(at.opened_at)
        at.want("a:1")
        await trio.sleep(1)
        assert len(at.opened_at) == before + 1
        assert at.wanted[-1]["resourceSubscriptions"] == ["a:1"]


@pytest.mark.parametrize("hears_lists", [True, False])
async def test_what_changed_while_no_stream_was_open_counts_as_changed_where_lists_are_heard(
    hears_lists: bool, autojump_clock: MockClock
) -> None:
    async with listening(Fate(20.0), hears_lists=hears_lists) as at:
        if not hears_lists:
            at.want("a:1")
        await trio.sleep(15)
        assert at.talk.changed == []
        await trio.sleep(15)
        assert at.talk.changed == list(KINDS) * hears_lists


async def test_a_stream_tells_of_the_tasks_that_the_backend_agreed_to(autojump_clock: MockClock) -> None:
    async with listening(declares=TASKS) as at:
        at.follow("t1", "t2")
        await trio.sleep(1)
        assert not at.stream.agreed_to("t1")
        at.acknowledge("t1", "other")
        assert [at.stream.agreed_to(task) for task in ("t1", "t2")] == [True, False]
        assert at.wanted == [{"taskIds": ["t1", "t2"]}]
        meta = at.backend.seen[-1][1]["_meta"]
        assert isinstance(meta, dict)
        assert meta[CAPABILITIES] == TASKS
        at.follow("t2")
        await trio.sleep(1)
        assert not at.stream.agreed_to("t1"), "the latest stream is what counts"


@pytest.mark.parametrize("said", [{}, {"notifications": 7}, {"notifications": {"taskIds": [7]}}])
async def test_an_acknowledgment_that_names_no_tasks_agrees_to_none(said: Json, autojump_clock: MockClock) -> None:
    async with listening(declares=TASKS) as at:
        is_told = at.follow("t1")
        await trio.sleep(1)
        at.stream.acknowledged(raw(said))
        await wait_all_tasks_blocked()
        assert is_told.is_set()
        assert not at.stream.agreed_to("t1")


async def test_a_stream_that_has_ended_tells_of_no_task(autojump_clock: MockClock) -> None:
    async with listening(Fate(5.0), declares=TASKS) as at:
        at.follow("t1")
        await trio.sleep(1)
        at.acknowledge("t1")
        assert at.stream.agreed_to("t1")
        await trio.sleep(5)
        assert not at.stream.agreed_to("t1")


async def test_a_backend_that_declares_no_tasks_is_not_asked_for_any(autojump_clock: MockClock) -> None:
    async with listening() as at:
        at.follow("t1")
        await trio.sleep(5)
        assert all("taskIds" not in wanted for wanted in at.wanted)


async def test_a_backend_that_refuses_to_tell_of_tasks_is_asked_without_them(autojump_clock: MockClock) -> None:
    declares: Json = {**TASKS, "tools": {"listChanged": True}}
    async with listening(Fate(1000.0, Refusal(-32602, "no tasks")), declares=declares) as at:
        at.follow("t1")
        await trio.sleep(10)
        assert at.wanted == [
            {"toolsListChanged": True},
            {"toolsListChanged": True, "taskIds": ["t1"]},
            {"toolsListChanged": True},
        ]
        assert at.open == 1


class Asking:
    """Somebody who wants to hear of resources, and what each came to."""

    def __init__(self, at: Listening) -> None:
        self.at = at
        self.told: dict[str, LinkFailed | None] = {}

    async def __call__(self, uri: str) -> None:
        self.at.table.add(uri, "somebody", nothing)
        self.told[uri] = await self.at.stream.refusal_of(uri)


def agreeing(*uris: str, subscription: object = None) -> Params:
    meta: Json = {} if subscription is None else {"io.modelcontextprotocol/subscriptionId": subscription}
    return raw({"notifications": {"resourceSubscriptions": uris}, "_meta": meta})


async def test_who_wants_a_resource_is_told_what_the_backend_agreed_to_however_late(autojump_clock: MockClock) -> None:
    async with listening() as at, trio.open_nursery() as nursery:
        at.acknowledge()
        asking = Asking(at)
        for uri in ("note://h/a b", "b:1"):
            nursery.start_soon(asking, uri)
        await trio.sleep(AGREE_SECONDS - 1)
        assert asking.told == {}, "nobody knows yet"
        at.stream.acknowledged(agreeing("note://h/a%20b"))
        await wait_all_tasks_blocked()
        assert asking.told["note://h/a b"] is None
        assert isinstance(asking.told["b:1"], NotAgreed)


async def test_a_backend_that_does_not_acknowledge_has_agreed_to_nothing(autojump_clock: MockClock) -> None:
    async with listening() as at:
        at.acknowledge()
        asking, began = Asking(at), trio.current_time()
        await asking("a:1")
        assert isinstance(asking.told["a:1"], NotAgreed)
        assert trio.current_time() - began <= ACKNOWLEDGE_SECONDS + AGREE_SECONDS + 1


async def test_an_acknowledgment_that_does_not_say_what_is_agreed_to_agrees_to_all(autojump_clock: MockClock) -> None:
    async with listening() as at, trio.open_nursery() as nursery:
        at.acknowledge()
        asking = Asking(at)
        nursery.start_soon(asking, "a:1")
        await trio.sleep(1)
        at.stream.acknowledged({})
        await wait_all_tasks_blocked()
        assert asking.told == {"a:1": None}


async def test_the_acknowledgment_of_a_stream_that_was_replaced_says_nothing_of_the_next(
    autojump_clock: MockClock,
) -> None:
    async with listening() as at, trio.open_nursery() as nursery:
        at.acknowledge()
        asking = Asking(at)
        nursery.start_soon(asking, "a:1")
        await trio.sleep(ACKNOWLEDGE_SECONDS + 1)
        nursery.start_soon(asking, "a:2")
        await trio.sleep(1)
        first, second = (5, 6)  # the ids of the requests: 4 was for the lists
        at.stream.acknowledged(agreeing("a:1", subscription=first))
        await trio.sleep(1)
        assert asking.told == {}
        at.stream.acknowledged(agreeing("a:1", "a:2", subscription=second))
        await wait_all_tasks_blocked()
        assert asking.told == {"a:1": None, "a:2": None}


async def test_who_wants_a_resource_is_told_why_there_is_no_stream(autojump_clock: MockClock) -> None:
    async with listening(Fate(1000.0, Refusal(-32603, "not now"), 0.5)) as at:
        asking = Asking(at)
        await asking("a:1")
        refused = asking.told["a:1"]
        assert isinstance(refused, RequestRefused)
        assert b"not now" in refused.error


async def test_a_backend_that_refuses_tasks_is_asked_for_the_resource_without_them(autojump_clock: MockClock) -> None:
    declares: Json = {**TASKS, "resources": {"subscribe": True}}
    async with (
        listening(Fate(Refusal(-32602, "no tasks")), declares=declares) as at,
        trio.open_nursery() as nursery,
    ):
        at.followed.append("t1")
        asking = Asking(at)
        nursery.start_soon(asking, "a:1")
        await trio.sleep(1)
        assert at.wanted == [{"resourceSubscriptions": ["a:1"], "taskIds": ["t1"]}, {"resourceSubscriptions": ["a:1"]}]
        at.stream.acknowledged(agreeing("a:1"))
        await wait_all_tasks_blocked()
        assert asking.told == {"a:1": None}


async def test_what_the_backend_agrees_to_no_more_when_the_stream_is_opened_anew_is_told_in_the_log(
    autojump_clock: MockClock,
) -> None:
    async with listening(Fate(1000.0, 5.0)) as at:
        asking = Asking(at)
        at.acknowledge()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(asking, "a:1")
            await trio.sleep(1)
            at.stream.acknowledged(agreeing("a:1"))
        await trio.sleep(7)
        with capture_logs() as logs:
            at.stream.acknowledged(agreeing())
        assert [(entry["event"], entry["count"]) for entry in logs] == [("backend_updates_not_agreed", 1)]
