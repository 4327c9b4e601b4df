"""One configuration after another: what starts, what stays, what ends, and what clients notice of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import attrs
import pytest
import trio
import trio.testing

from argus_trio.config.model.backend import BackendSpec
from argus_trio.config.model.config import Config
from argus_trio.config.model.naming import ConflictResolution
from argus_trio.config.model.operation import Timeouts
from argus_trio.config.model.visibility import Filters, Globs, Override
from argus_trio.core.call.abilities import ANYBODY, NONE, Abilities, Audience
from argus_trio.core.health.health import Draining
from argus_trio.core.health.lifecycle import BackendState
from argus_trio.errors import BackendUnavailable, LinkFailed
from argus_trio.wire.envelope import Params, encode_raw
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import FakeBackend, FakeExchange, FakeLink, Json, answering
from tests.backends.support.supervised import Supervised, named, slow_to_greet, spec, supervised

TOOLS_CHANGED = "notifications/tools/list_changed"
SAMPLING = Abilities(sampling=True)


def another(name: str, command: str, **fields: object) -> BackendSpec:
    """The spec of the backend `name`, behind another link: that to the fake of the name `command`."""
    return attrs.evolve(spec(name), command=command, **fields)  # type: ignore[arg-type]


def having(h: Supervised, *specs: BackendSpec, without: str = "", **naming: object) -> Config:
    """The configuration in effect, with these backends added or in the place of those of their names."""
    backends = {**h.supervisor.config.backends, **{s.name: s for s in specs}}
    backends.pop(without, None)
    config = attrs.evolve(h.supervisor.config, backends=backends)
    if naming:
        return attrs.evolve(config, conflict_resolution=ConflictResolution(**naming))  # type: ignore[arg-type]
    return config


def call(h: Supervised, name: str) -> Callable[[], Awaitable[object]]:
    return partial(h.ask, "tools/call", name=name)


@attrs.define(eq=False)
class Session:
    """A legacy session that notes what it hears."""

    log_level: str | None = None
    handle: str = ""
    audience: Audience = ANYBODY
    heard: list[tuple[str, Params]] = attrs.field(factory=list)

    async def notify(self, method: str, params: Params) -> None:
        await trio.lowlevel.checkpoint()
        self.heard.append((method, params))

    async def ask(self, method: str, params: Params) -> bytes:
        raise AssertionError("nobody asks here")


def is_open(fake: FakeBackend) -> bool:
    return fake.links[0].is_open


class Slow:
    """Answers when it is told to, with the name of the fake that was asked."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.asked = trio.Event()
        self.go = trio.Event()

    async def __call__(self, _params: Json) -> Json:
        self.asked.set()
        await self.go.wait()
        return {"by": self.name}


def by(name: str) -> FakeBackend:
    async def answer(_params: Json) -> Json:
        return {"by": name}

    return FakeBackend(tools=named("x"), answers={"tools/call": answer})


async def test_what_is_not_changed_keeps_its_connection_and_what_is_new_is_there(autojump_clock: object) -> None:
    files, search = FakeBackend(tools=named("read")), FakeBackend(tools=named("find"))
    async with supervised({"files": files, "search": search}) as h:
        await h.supervisor.apply(having(h, without="search"))
        applied = await h.supervisor.apply(having(h, spec("search")))
        assert (applied.generation, applied.added, applied.untouched) == (3, ("search",), ("files",))
        assert sorted(map(str, await h.names())) == ["files__read", "search__find"]
        assert len(files.links) == 1


@pytest.mark.parametrize("time", range(8))  # tasks that are started together run in one of two orders, by chance
async def test_backends_start_in_the_order_of_the_file(autojump_clock: object, time: int) -> None:
    names = [f"b{number}" for number in range(6)]
    opened: list[str] = []

    def noting(name: str) -> FakeBackend:
        async def greet(_params: Json) -> Json:
            opened.append(name)
            await trio.sleep(1)
            return {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}}

        return FakeBackend(answers={"initialize": greet}, tools=named("x"))

    async with supervised({name: noting(name) for name in names}) as h:
        await h.ask("tools/list")
    assert sorted(opened[:4]) == names[:4]
    assert sorted(opened[4:]) == names[4:]


@pytest.mark.parametrize("is_removed", [False, True])
async def test_what_is_changed_or_comes_back_with_the_same_command_is_not_asked_for_its_era_again(
    autojump_clock: object, is_removed: bool
) -> None:
    backend = FakeBackend(tools=named("x"))
    async with supervised({"b": backend}) as h:
        await h.ask("tools/list")
        if is_removed:
            await h.supervisor.apply(having(h, without="b"))
        await h.supervisor.apply(having(h, spec("b", env={"MORE": "1"})))
        await h.ask("tools/list")
    asked = [method for method, _ in backend.seen if method in ("server/discover", "initialize")]
    assert asked == ["server/discover", "initialize", "initialize"]


async def test_a_changed_backend_is_ready_before_it_takes_the_others_place(autojump_clock: object) -> None:
    new = slow_to_greet(7.0, named("x"))
    new.answers["tools/call"] = by("new").answers["tools/call"]
    async with supervised({"b": by("old")}, spare={"new": new}) as h, trio.open_nursery() as nursery:
        await h.ask("tools/list")
        began = trio.current_time()
        nursery.start_soon(h.supervisor.apply, having(h, another("b", "new")))
        await trio.sleep(6.5)
        assert await h.ask("tools/call", name="b__x") == {"by": "old"}
        await trio.sleep(1)
        assert await h.ask("tools/call", name="b__x") == {"by": "new"}
        assert trio.current_time() - began < 8


async def changed(h: Supervised, command: str = "new", **fields: object) -> None:
    await h.supervisor.apply(having(h, another("b", command, **fields)))


async def test_a_call_under_way_ends_where_it_began(autojump_clock: object) -> None:
    old, slow = by("old"), Slow("old")
    old.answers["tools/call"] = slow
    async with supervised({"b": old}, spare={"new": by("new")}) as h, trio.open_nursery() as nursery:
        results: list[object] = []

        async def begin() -> None:
            results.append(await h.ask("tools/call", name="b__x"))

        await h.ask("tools/list")
        nursery.start_soon(begin)
        await slow.asked.wait()
        await changed(h)
        assert await h.ask("tools/call", name="b__x") == {"by": "new"}
        assert is_open(old)
        assert h.supervisor.overview().draining == (Draining(name="b", calls=1),)
        slow.go.set()
        await trio.sleep(0.1)
        assert results == [{"by": "old"}]
        assert not is_open(old)
        assert not h.supervisor.drain.retiring
        assert h.supervisor.drain.calls_cut == 0


async def test_what_the_drain_cuts_is_answered_and_counted_and_its_backend_told(autojump_clock: object) -> None:
    old = by("old")
    old.answers["tools/call"] = Slow("old")
    patient = attrs.evolve(spec("b"), timeouts=Timeouts(call=100))
    async with supervised({"b": old}, [patient], spare={"new": by("new")}) as h, trio.open_nursery() as nursery:
        failures: list[str] = []

        async def begin() -> None:
            with pytest.raises(BackendUnavailable) as caught:
                await h.ask("tools/call", name="b__x")
            failures.append(caught.value.message)

        await h.ask("tools/list")
        nursery.start_soon(begin)
        nursery.start_soon(begin)
        await trio.sleep(1)
        await changed(h)
        began = trio.current_time()
        (retiring,) = (scope for scope in h.supervisor.drain.retiring if scope.spec.name == "b")
        await retiring.ended.wait()
        assert trio.current_time() - began == pytest.approx(h.supervisor.config.server.drain_timeout, abs=0.3)
        assert ["server.drain_timeout" in failure for failure in failures] == [True, True]
        assert h.supervisor.drain.calls_cut == 2
        assert [method for method, _ in old.seen].count("notifications/cancelled") == 2
        assert not is_open(old)


async def test_a_call_elsewhere_does_not_hold_up_the_end_of_a_replaced_backend(autojump_clock: object) -> None:
    slow = Slow("other")
    other = FakeBackend(tools=named("y"), answers={"tools/call": slow})
    old = by("old")
    async with supervised({"b": old, "other": other}, spare={"new": by("new")}) as h, trio.open_nursery() as nursery:
        await h.ask("tools/list")
        nursery.start_soon(call(h, "other__y"))
        await slow.asked.wait()
        await changed(h)
        await trio.sleep(0.1)
        assert not is_open(old)
        slow.go.set()


async def test_a_call_that_waits_for_its_backend_to_start_is_served_by_what_accepted_it(autojump_clock: object) -> None:
    old = slow_to_greet(4.0, named("x"))
    old.answers["tools/call"] = by("old").answers["tools/call"]
    results: list[object] = []
    async with supervised({"b": old}, spare={"new": by("new")}) as h, trio.open_nursery() as nursery:

        async def begin() -> None:
            results.append(await h.ask("tools/call", name="b__x"))

        nursery.start_soon(begin)
        await trio.testing.wait_all_tasks_blocked()
        await changed(h)
        assert await h.ask("tools/call", name="b__x") == {"by": "new"}
        assert results == []
        await trio.sleep(5)
        assert results == [{"by": "old"}]


async def test_a_configuration_takes_effect_though_its_backend_cannot_be_reached(autojump_clock: object) -> None:
    new = by("new")
    new.open_failures = [LinkFailed("no such program")]
    async with supervised({"b": by("old")}, spare={"new": new}) as h:
        await h.ask("tools/list")
        applied = await h.supervisor.apply(having(h, another("b", "new")))
        assert applied.not_ready == ("b",)
        h.told.clear()
        assert await h.names() == ["b__x"]
        with pytest.raises(BackendUnavailable, match="no such program"):
            await h.ask("tools/call", name="b__x")
        await trio.sleep(60)
        assert await h.ask("tools/call", name="b__x") == {"by": "new"}
        assert h.told == []


async def test_one_that_hangs_is_not_waited_for_longer_than_its_connect_timeout(autojump_clock: object) -> None:
    new = slow_to_greet(1e6, named("x"))
    async with supervised({"b": by("old")}, spare={"new": new}) as h:
        await h.ask("tools/list")
        began = trio.current_time()
        changed_spec = another("b", "new", timeouts=Timeouts(connect=12))
        applied = await h.supervisor.apply(having(h, changed_spec))
        assert applied.not_ready == ("b",)
        assert trio.current_time() - began == pytest.approx(12, abs=0.1)


async def test_without_overlap_the_old_one_has_ended_before_the_new_one_starts(autojump_clock: object) -> None:
    old, slow, new = by("old"), Slow("old"), by("new")
    old.answers["tools/call"] = slow
    async with supervised({"b": old}, spare={"new": new}) as h, trio.open_nursery() as nursery:
        nursery.start_soon(call(h, "b__x"))
        await slow.asked.wait()
        nursery.start_soon(partial(changed, h, overlap=False))
        await trio.sleep(1)
        assert new.links == []
        assert await h.names() == ["b__x"]
        results: list[object] = []

        async def begin() -> None:
            results.append(await h.ask("tools/call", name="b__x"))

        nursery.start_soon(begin)  # waits as for a start
        await trio.sleep(1)
        assert is_open(old)
        slow.go.set()
        await trio.sleep(0.5)
        assert not is_open(old)
        assert results == [{"by": "new"}]


async def test_filters_names_and_limits_change_in_place(autojump_clock: object) -> None:
    files = FakeBackend(tools=named("read", "write"))
    async with supervised({"files": files}) as h:
        await h.ask("tools/list")
        h.told.clear()
        adjusted = spec(
            "files", filters=Filters(tools=Globs(deny=("w*",))), tool_overrides={"read": Override(name="get")}
        )
        applied = await h.supervisor.apply(having(h, adjusted))
        assert applied.adjusted == ("files",)
        assert await h.names() == ["files__get"]
        assert h.told == [TOOLS_CHANGED]
        quick = attrs.evolve(adjusted, timeouts=Timeouts(call=3))
        assert (await h.supervisor.apply(having(h, quick))).adjusted == ("files",)
        assert h.supervisor.scopes["files"].spec.timeouts.call == 3
        assert h.told == [TOOLS_CHANGED]
        assert len(files.links) == 1


async def test_clients_hear_once_that_the_visible_set_changed_and_only_if_it_did(autojump_clock: object) -> None:
    async with supervised({"b": by("old")}, spare={"new": by("new"), "more": FakeBackend(tools=named("x", "y"))}) as h:
        await h.supervisor.apply(having(h, without="more"))
        await h.ask("tools/list")
        h.told.clear()
        await h.supervisor.apply(having(h, another("b", "new")))
        assert h.told == []
        await changed(h, "more")
        assert h.told == [TOOLS_CHANGED]


async def test_only_clients_that_see_something_else_are_told(autojump_clock: object) -> None:
    sampling: list[FakeLink] = []

    async def greet(params: Json) -> Json:
        if "sampling" in str(params["capabilities"]):
            sampling.append(answering.get())
        return {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}}

    async def tools(_params: Json) -> Json:
        return {"tools": named("x", "ask") if answering.get() in sampling else named("x")}

    new = FakeBackend(answers={"initialize": greet, "tools/list": tools})
    async with supervised({"b": by("old")}, spare={"new": new}) as h:
        await h.supervisor.current.settle()
        h.supervisor.current.catalog_for(SAMPLING)
        await h.supervisor.current.list_for(SAMPLING)
        h.told.clear()
        h.concerned.clear()
        await changed(h)
        assert h.told == [TOOLS_CHANGED]
        assert [
            tuple(c(Audience(abilities=a)) for a in (SAMPLING, NONE, Abilities(form=True))) for c in h.concerned
        ] == [(True, False, False)]


async def test_a_name_stays_with_its_holder_until_that_one_leaves(autojump_clock: object) -> None:
    async with supervised({"a": by("a"), "b": by("b")}, strategy="first-wins") as h:
        assert await h.names() == ["x"]
        assert await h.ask("tools/call", name="x") == {"by": "a"}
        swapped = attrs.evolve(
            h.supervisor.config, backends={name: h.supervisor.config.backends[name] for name in ("b", "a")}
        )
        await h.supervisor.apply(swapped)
        assert await h.ask("tools/call", name="x") == {"by": "a"}
        await h.supervisor.apply(having(h, strategy="first-wins", order=("b", "a")))
        assert await h.ask("tools/call", name="x") == {"by": "b"}
        await h.supervisor.apply(having(h, without="b", strategy="first-wins", order=("a",)))
        assert await h.ask("tools/call", name="x") == {"by": "a"}


async def test_a_removed_backends_names_are_unknown_and_its_process_gone(autojump_clock: object) -> None:
    b = by("b")
    async with supervised({"a": by("a"), "b": b}) as h:
        await h.ask("tools/list")
        applied = await h.supervisor.apply(having(h, without="b"))
        assert applied.removed == ("b",)
        await trio.sleep(0.1)
        assert not is_open(b)
        assert await h.names() == ["a__x"]


def subscribing(uri: str) -> FakeBackend:
    async def done(_params: Json) -> Json:
        return {}

    return FakeBackend(
        resources=[{"uri": uri, "name": uri}],
        declares={"resources": {"subscribe": True}},
        answers={"resources/subscribe": done, "resources/unsubscribe": done},
    )


async def test_a_session_goes_on_hearing_of_what_it_subscribed_to(autojump_clock: object) -> None:
    async with supervised({"b": subscribing("a:1")}, spare={"new": subscribing("a:1")}) as h:
        session = Session()
        await h.ask("tools/list")
        exchange = FakeExchange("resources/subscribe", {"uri": "a:1"}, client=session)
        assert await h.supervisor.generations.serve(exchange) == b"{}"
        await changed(h)
        await trio.sleep(0.1)
        new = h.supervisor.scopes["b"].shared.connection
        assert new is not None
        await says_updated(h, "a:1")
        assert [method for method, _ in session.heard] == ["notifications/resources/updated"]


async def test_a_session_with_a_connection_of_its_own_gets_another_for_what_it_subscribed_to(
    autojump_clock: object,
) -> None:
    old, new = subscribing("a:1"), subscribing("a:1")
    async with supervised({"b": old}, spare={"new": new}) as h:
        session = Session()
        exchange = FakeExchange("resources/subscribe", {"uri": "a:1"}, client=session, abilities=SAMPLING)
        await h.supervisor.generations.serve(exchange)
        await changed(h)
        await trio.sleep(0.1)
        subscribed = [params["uri"] for method, params in new.seen if method == "resources/subscribe"]
        assert subscribed == ["a:1"]
        own = new.links[-1]
        await own.says("notifications/resources/updated", {"uri": "a:1"})
        await trio.sleep(0.1)
        assert [method for method, _ in session.heard] == ["notifications/resources/updated"]
        h.supervisor.release(session)
        await trio.sleep(0.1)
        assert not own.is_open


async def says_updated(h: Supervised, uri: str) -> None:
    h.supervisor.scopes["b"].shared.resource_updated({"uri": encode_raw(uri)})
    await trio.sleep(0.1)


async def test_a_hundred_generations_leave_nothing_behind(autojump_clock: object) -> None:
    fakes = {"old": by("old"), "new": by("new")}
    async with supervised({"b": by("b")}, spare=fakes) as h:
        for number in range(100):
            await changed(h, "new" if number % 2 else "old")
            assert await h.ask("tools/call", name="b__x") == {"by": "new" if number % 2 else "old"}
        await trio.sleep(1)
        open_links = [link for fake in fakes.values() for link in fake.links if link.is_open]
        assert len(open_links) == 1
        assert not h.supervisor.drain.retiring
        assert h.supervisor.scopes["b"].state is BackendState.READY


async def test_a_backend_of_the_modern_era_follows_one_of_the_legacy_era(autojump_clock: object) -> None:
    new = by("new")
    new.era = Era.MODERN
    async with supervised({"b": by("old")}, spare={"new": new}) as h:
        await h.ask("tools/list")
        await changed(h)
        assert await h.ask("tools/call", name="b__x") == {"by": "new"}
