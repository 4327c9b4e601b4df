"""A client that names its resources when it opens a stream: which of them are honoured, and until when."""

from __future__ import annotations

import attrs
import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.backends.routing.resource_watch import UNWATCH_SECONDS, ResourceWatch
from argus_trio.backends.subscriptions.listen_stream import AGREE_SECONDS
from argus_trio.config.model.visibility import Filters, Globs
from argus_trio.core.call.exchange import Call
from argus_trio.wire.envelope import Params, decode_string
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import FakeBackend, FakeExchange, Json, Refusal, answering, empty
from tests.backends.support.supervised import Supervised, bring_down, spec, supervised

UPDATED = "notifications/resources/updated"


class Told:
    """The resources that a client is told of."""

    def __init__(self) -> None:
        self.uris: list[str] = []

    def __call__(self, method: str, params: Params) -> None:
        assert method == UPDATED
        self.uris.append(decode_string(params["uri"]))


def serving(*uris: str) -> FakeBackend:
    return FakeBackend(
        resources=[{"uri": uri, "name": uri} for uri in uris],
        answers={"resources/subscribe": empty, "resources/unsubscribe": empty},
    )


async def refuse(_params: Json) -> Json:
    raise Refusal(-32603, "not that one")


def opening() -> Call:
    return FakeExchange("subscriptions/listen", era=Era.MODERN).call


def asked(backend: FakeBackend, verb: str) -> list[object]:
    return [params["uri"] for method, params in backend.seen if method == f"resources/{verb}"]


def watched(h: Supervised, backend: str) -> list[str]:
    return h.supervisor.scopes[backend].shared.subscriptions.table.uris


async def test_within_the_block_a_client_is_told_of_what_it_named_and_after_it_no_more(
    autojump_clock: MockClock,
) -> None:
    backend, told = serving("a:1", "a:2"), Told()
    async with supervised({"b": backend}) as h:
        async with ResourceWatch(h.supervisor)(opening(), ["a:1", "a:1"], told) as honoured:
            assert honoured == ("a:1",)
            assert asked(backend, "subscribe") == ["a:1"]
            for uri in ("a:1", "a:2"):
                await backend.links[0].says(UPDATED, {"uri": uri})
            await wait_all_tasks_blocked()
        assert asked(backend, "unsubscribe") == ["a:1"]
        await backend.links[0].says(UPDATED, {"uri": "a:1"})
        await wait_all_tasks_blocked()
        assert told.uris == ["a:1"]


async def test_what_nobody_serves_or_a_filter_hides_is_not_honoured(autojump_clock: MockClock) -> None:
    one, other = serving("a:1"), serving("b:1", "b:secret")
    one.absent = other.absent = ("c:",)
    hiding = spec("other", filters=Filters(resources=Globs(deny=("*secret*",))))
    async with (
        supervised({"one": one, "other": other}, [hiding]) as h,
        ResourceWatch(h.supervisor)(opening(), ["b:1", "c:1", "b:secret", "a:1"], Told()) as honoured,
    ):
        assert honoured == ("b:1", "a:1")
        assert (asked(one, "subscribe"), asked(other, "subscribe")) == (["a:1"], ["b:1"])


async def test_what_its_backend_refuses_is_told_in_the_log_and_the_rest_is_honoured(autojump_clock: MockClock) -> None:
    one, other = serving("a:1"), serving("b:1")
    one.answers["resources/subscribe"] = refuse
    async with supervised({"one": one, "other": other}) as h:
        with capture_logs() as logs:
            async with ResourceWatch(h.supervisor)(opening(), ["a:1", "b:1"], Told()) as honoured:
                assert honoured == ("b:1",)
                assert watched(h, "one") == []
    assert [entry["backend"] for entry in logs if entry["event"] == "resource_not_watched"] == ["one"]
    assert asked(one, "unsubscribe") == []


async def test_a_backend_that_is_down_is_not_waited_for(autojump_clock: MockClock) -> None:
    down, other = serving("a:1"), serving("b:1")
    async with supervised({"down": down, "other": other}) as h:
        await h.supervisor.current.settle()
        await bring_down(down)
        began = trio.current_time()
        async with ResourceWatch(h.supervisor)(opening(), ["a:1", "b:1"], Told()) as honoured:
            assert honoured == ("b:1",)
        assert trio.current_time() == began


async def test_a_stream_that_is_closed_before_all_has_been_subscribed_to_leaves_nothing_behind(
    autojump_clock: MockClock,
) -> None:
    async def slow(params: Json) -> Json:
        if params["uri"] == "a:2":
            await trio.sleep_forever()
        return {}

    async def slow_to_end(_params: Json) -> Json:
        await trio.sleep(1)
        return {}

    backend = serving("a:1", "a:2")
    backend.answers |= {"resources/subscribe": slow, "resources/unsubscribe": slow_to_end}
    async with supervised({"b": backend}) as h:
        await h.supervisor.current.settle()
        began = trio.current_time()
        with trio.move_on_after(1):
            async with ResourceWatch(h.supervisor)(opening(), ["a:1", "a:2"], Told()):
                raise AssertionError("the second one has not been answered")
        assert trio.current_time() - began == pytest.approx(2), "the backend has answered"
        assert watched(h, "b") == []
        assert asked(backend, "unsubscribe") == ["a:1"]


async def test_a_backend_that_does_not_answer_holds_up_the_end_no_longer_than_its_limit(
    autojump_clock: MockClock,
) -> None:
    async def never(_params: Json) -> Json:
        await trio.sleep_forever()
        raise AssertionError

    backend = serving("a:1", "a:2")
    backend.answers["resources/unsubscribe"] = never
    async with supervised({"b": backend}) as h:
        async with ResourceWatch(h.supervisor)(opening(), ["a:1", "a:2"], Told()):
            began = trio.current_time()
        assert trio.current_time() - began == pytest.approx(UNWATCH_SECONDS)


async def test_after_a_reload_the_end_is_told_to_whoever_has_that_place_by_then(autojump_clock: MockClock) -> None:
    old, new, told = serving("a:1"), serving("a:1"), Told()
    async with supervised({"b": old}, spare={"new": new}) as h:
        async with ResourceWatch(h.supervisor)(opening(), ["a:1"], told):
            changed = attrs.evolve(spec("b"), command="new")
            await h.supervisor.apply(attrs.evolve(h.supervisor.config, backends={"b": changed}))
            await trio.sleep(1)
            assert watched(h, "b") == ["a:1"]
            await new.links[0].says(UPDATED, {"uri": "a:1"})
            await wait_all_tasks_blocked()
            assert told.uris == ["a:1"]
        assert watched(h, "b") == []
        assert asked(new, "unsubscribe") == ["a:1"]


async def test_a_backend_that_has_been_removed_meanwhile_is_told_nothing_at_the_end(autojump_clock: MockClock) -> None:
    async with (
        supervised({"b": serving("a:1")}) as h,
        ResourceWatch(h.supervisor)(opening(), ["a:1"], Told()) as honoured,
    ):
        assert honoured == ("a:1",)
        await h.supervisor.apply(attrs.evolve(h.supervisor.config, backends={}))


def modern(*uris: str, agrees_to: list[str] | None = None, after: float = 0.0) -> FakeBackend:
    """A modern backend that agrees to these after a while; None: to nothing, for it does not acknowledge."""

    async def listen(params: Json) -> Json:
        link, wanted = answering.get(), params["notifications"]
        assert isinstance(wanted, dict)
        await trio.sleep(after if "resourceSubscriptions" in wanted else 0)
        if agrees_to is not None:
            agreed: Json = {"notifications": {"resourceSubscriptions": agrees_to}}
            await link.says("notifications/subscriptions/acknowledged", agreed)
        await trio.sleep_forever()
        raise AssertionError

    resources: list[Json] = [{"uri": uri, "name": uri} for uri in uris]
    return FakeBackend(era=Era.MODERN, resources=resources, answers={"subscriptions/listen": listen})


@pytest.mark.parametrize("after", [0.0, 5.0])
async def test_what_a_modern_backend_agrees_to_is_honoured_and_nothing_else(
    after: float, autojump_clock: MockClock
) -> None:
    backend = modern("a:1", "a:2", agrees_to=["A:2"], after=after)
    async with supervised({"b": backend}) as h:
        async with ResourceWatch(h.supervisor)(opening(), ["a:1", "a:2"], Told()) as honoured:
            assert honoured == ("a:2",)
            assert watched(h, "b") == ["a:2"]
        listens = [method for method, _ in backend.seen if method == "subscriptions/listen"]
        assert len(listens) <= 3, "all that one client names makes one stream, and its end another"


async def test_what_a_modern_backend_does_not_acknowledge_is_not_honoured_and_waited_for_once(
    autojump_clock: MockClock,
) -> None:
    async with supervised({"b": modern("a:1", "a:2"), "other": serving("b:1")}) as h:
        await h.supervisor.current.settle()
        began = trio.current_time()
        async with ResourceWatch(h.supervisor)(opening(), ["a:1", "a:2", "b:1"], Told()) as honoured:
            assert honoured == ("b:1",)
        assert trio.current_time() - began < 2 * AGREE_SECONDS


async def test_a_client_is_told_in_its_own_spelling_of_what_is_asked_for_in_the_backends(
    autojump_clock: MockClock,
) -> None:
    backend, told = serving("note://h/a b"), Told()
    async with (
        supervised({"other": serving("b:1"), "b": backend}) as h,
        ResourceWatch(h.supervisor)(opening(), ["note://h/a%20b"], told) as honoured,
    ):
        assert honoured == ("note://h/a%20b",)
        assert asked(backend, "subscribe") == ["note://h/a b"]
        await backend.links[0].says(UPDATED, {"uri": "note://h/a b"})
        await wait_all_tasks_blocked()
        assert told.uris == ["note://h/a%20b"]


async def test_what_nobody_is_known_to_serve_is_watched_where_it_is(autojump_clock: MockClock) -> None:
    one, other = serving("a:1"), serving("b:1")
    one.absent = ("x:",)
    async with supervised({"one": one, "other": other}) as h:
        for _ in range(2):
            async with ResourceWatch(h.supervisor)(opening(), ["x:1"], Told()) as honoured:
                assert honoured == ("x:1",)
        assert (asked(one, "subscribe"), asked(other, "subscribe")) == ([], ["x:1", "x:1"])
        assert len(asked(other, "read")) == 1, "then it is known"
