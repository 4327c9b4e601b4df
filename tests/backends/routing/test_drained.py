"""A backend that an operator drains, on every way that leads to it: nothing new, and all that was begun."""

from __future__ import annotations

import json

import attrs
import pytest
import trio
from msgspec.structs import replace
from trio.testing import MockClock

from argus_trio.backends.routing.resource_watch import ResourceWatch
from argus_trio.core.call.exchange import Call
from argus_trio.core.control import Hold
from argus_trio.errors import BackendUnavailable
from argus_trio.wire.envelope import Params
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import Answer, FakeBackend, FakeExchange, Json, empty
from tests.backends.support.supervised import named, spec, supervised
from tests.backends.support.tasks import Runner, Session, ask, begin, listed

ARGUMENT = {"name": "n", "value": ""}
DRAINED = {"a": Hold(kind="drain", by="ann", at=1.0)}


async def answered(_params: Json) -> Json:
    return {"by": "a"}


@attrs.define(eq=False)
class Retry(FakeExchange):
    """The retry of a call before, as the edge makes it of what its client sends."""

    @property
    def call(self) -> Call:
        return replace(super().call, continues="the call before")


def backend(*uris: str, **capabilities: Json) -> FakeBackend:
    answers: dict[str, Answer] = dict.fromkeys(
        ("tools/call", "prompts/get", "resources/read", "completion/complete", "vendor/method"), answered
    )
    answers |= {"resources/subscribe": empty, "resources/unsubscribe": empty}
    return FakeBackend(
        tools=named("x"),
        prompts=named("p"),
        resources=[{"uri": uri, "name": uri} for uri in uris],
        answers=answers,
        declares={"completions": {}, **capabilities},
    )


def served(fake: FakeBackend) -> set[str]:
    """The methods that clients asked for."""
    listing = {method for method, _ in fake.seen if method.endswith("/list") or method == "ping"}
    return {method for method, _ in fake.seen} - listing - {"initialize", "notifications/initialized"}


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("tools/call", {"name": "a__x"}),
        ("prompts/get", {"name": "a__p"}),
        ("resources/read", {"uri": "a:1"}),
        ("resources/read", {"uri": "a:unlisted"}),
        ("resources/subscribe", {"uri": "a:1"}),
        (
            "completion/complete",
            {"ref": {"type": "ref/prompt", "name": "a__p"}, "argument": ARGUMENT},
        ),
        (
            "completion/complete",
            {"ref": {"type": "ref/resource", "uri": "a:1"}, "argument": ARGUMENT},
        ),
        ("vendor/method", {}),
    ],
)
async def test_no_new_request_reaches_it_whatever_it_is(autojump_clock: MockClock, method: str, params: Json) -> None:
    fake = backend("a:1")
    async with supervised({"a": fake}) as h:
        await h.ask("tools/list")
        before = served(fake)
        h.supervisor.hold(DRAINED)
        with pytest.raises(BackendUnavailable, match="an operator drains it: it takes no new calls"):
            await ask(h, Session(), method, Era.LEGACY, **params)
        assert served(fake) == before
        h.supervisor.hold({})
        await ask(h, Session(), method, Era.LEGACY, **params)
        assert served(fake) == before | {method}


async def test_a_uri_that_no_list_names_is_asked_for_where_calls_are_taken_first(autojump_clock: MockClock) -> None:
    drained, other = backend("x:1"), backend("x:2")
    async with supervised({"a": drained, "b": other}) as h:
        await h.ask("tools/list")
        h.supervisor.hold(DRAINED)
        assert await h.ask("resources/read", uri="x:3") == {"by": "a"}
    assert "resources/read" not in served(drained)
    assert "resources/read" in served(other)


async def test_tasks_that_were_begun_are_asked_about_and_cancelled(autojump_clock: MockClock) -> None:
    session = Session()
    async with supervised({"a": Runner().backend()}) as h:
        task = await begin(h, session)
        h.supervisor.hold(DRAINED)
        assert (await ask(h, session, "tasks/get", taskId=task))["status"] == "working"
        assert await listed(h, session) == [task]
        assert (await ask(h, session, "tasks/cancel", taskId=task))["status"] == "cancelled"
        with pytest.raises(BackendUnavailable):
            await begin(h, session)


async def test_subscriptions_stay_and_can_be_ended(autojump_clock: MockClock) -> None:
    fake, session = backend("a:1", resources={"subscribe": True}), Session()
    async with supervised({"a": fake}) as h:
        await h.ask("tools/list")
        await ask(h, session, "resources/subscribe", uri="a:1")
        h.supervisor.hold(DRAINED)
        await fake.links[0].says("notifications/resources/updated", {"uri": "a:1"})
        await trio.sleep(0.1)
        assert [method for method, _ in session.told] == ["notifications/resources/updated"]
        await ask(h, session, "resources/unsubscribe", uri="a:1")
        assert "resources/unsubscribe" in served(fake)


async def test_a_stream_that_opens_does_not_subscribe_there_and_one_that_is_open_stays(
    autojump_clock: MockClock,
) -> None:
    fake, told = backend("a:1", "a:2", resources={"subscribe": True}), list[str]()

    def tell(method: str, _params: Params) -> None:
        told.append(method)

    call = FakeExchange("subscriptions/listen", era=Era.MODERN).call
    async with supervised({"a": fake}) as h, ResourceWatch(h.supervisor)(call, ["a:1"], tell) as honoured:
        assert honoured == ("a:1",)
        h.supervisor.hold(DRAINED)
        async with ResourceWatch(h.supervisor)(call, ["a:2"], tell) as refused:
            assert refused == ()
        await fake.links[0].says("notifications/resources/updated", {"uri": "a:1"})
        await trio.sleep(0.1)
        assert told == ["notifications/resources/updated"]


async def test_a_retry_with_what_the_backend_asked_for_is_a_part_of_the_call_before(autojump_clock: MockClock) -> None:
    fake = backend()
    async with supervised({"a": fake}) as h:
        await h.ask("tools/list")
        h.supervisor.hold(DRAINED)
        retry = Retry("tools/call", {"name": "a__x"}, era=Era.MODERN)
        assert json.loads(await h.supervisor.generations.serve(retry)) == {"by": "a"}
        with pytest.raises(BackendUnavailable):
            await ask(h, None, "tools/call", Era.MODERN, name="a__x")


async def test_calls_that_wait_for_a_place_were_let_in_before(autojump_clock: MockClock) -> None:
    fake, results = backend(), list[Json]()

    async def slow(_params: Json) -> Json:
        await trio.sleep(1)
        return {"by": "a"}

    fake.answers["tools/call"] = slow
    one_place = spec("a", limits=attrs.evolve(spec("a").limits, concurrency=1))
    async with supervised({"a": fake}, [one_place]) as h, trio.open_nursery() as nursery:

        async def call() -> None:
            results.append(await h.ask("tools/call", name="a__x"))

        await h.ask("tools/list")
        for _ in range(3):
            nursery.start_soon(call)
        await trio.sleep(0.5)
        h.supervisor.hold(DRAINED)
        await trio.sleep(3)
        assert results == [{"by": "a"}] * 3
