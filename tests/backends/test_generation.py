"""One generation: how long it waits for backends that start, and what it shows to whom as they list and change."""

from __future__ import annotations

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from argus_trio.backends.generation import Generation
from argus_trio.backends.scope.scope import Scope
from argus_trio.core.call.abilities import NONE, Abilities
from argus_trio.core.catalog.catalog import Catalog
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import FakeBackend, Json, answering, raw
from tests.backends.support.generations import (
    GRACE_SECONDS,
    connects,
    generation_of,
    has_own_connection,
    idle_scope,
    lists,
)
from tests.backends.support.scopes import Session, living

ROOTS, FORM = Abilities(roots=True), Abilities(form=True)
TOOLS = frozenset({"tools"})
NOTHING: frozenset[str] = frozenset()


def tools(catalog: Catalog) -> list[str]:
    return list(catalog.tools)


def owner(generation: Generation, name: str) -> str:
    return generation.catalog.tools[name].backend


async def settled_after(generation: Generation) -> float:
    began = trio.current_time()
    await generation.settle()
    return trio.current_time() - began


async def after(seconds: float, scope: Scope) -> None:
    await trio.sleep(seconds)
    scope.shared.settled.set()


async def test_it_has_settled_once_the_last_backend_has_connected_or_failed(autojump_clock: MockClock) -> None:
    quick, slow = idle_scope("quick"), idle_scope("slow")
    generation = generation_of(quick, slow)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(after, 1, quick)
        nursery.start_soon(after, 3, slow)
        assert not generation.is_settled
        assert await settled_after(generation) == pytest.approx(3)
        assert generation.is_settled


async def test_a_backend_that_never_settles_is_waited_for_until_the_grace_is_over(autojump_clock: MockClock) -> None:
    generation = generation_of(idle_scope("stuck"))
    await trio.sleep(2)
    assert await settled_after(generation) == pytest.approx(GRACE_SECONDS - 2)
    assert generation.is_settled


async def test_what_has_settled_once_is_waited_for_no_more(autojump_clock: MockClock) -> None:
    scope = idle_scope("b")
    generation = generation_of(scope)
    scope.shared.settled.set()
    assert generation.is_settled
    scope.shared.settled = trio.Event()
    assert generation.is_settled
    assert await settled_after(generation) == 0


async def test_a_generation_without_backends_has_settled() -> None:
    assert generation_of().is_settled


@pytest.mark.parametrize(
    ("prefix", "strategy", "name", "is_found"),
    [
        (None, "prefix", "b__x", True),
        (None, "prefix", "b_x", False),
        (None, "prefix", "other__x", False),
        ("p", "prefix", "p__x", True),
        ("p", "prefix", "b__x", False),
        ("", "prefix", "__x", False),
        (None, "first-wins", "b__x", False),
        (None, "priority", "b__x", False),
    ],
)
async def test_the_prefix_of_an_unknown_name_tells_which_starting_backend_it_must_belong_to(
    prefix: str | None, strategy: str, name: str, is_found: bool
) -> None:
    scope = idle_scope("b", prefix=prefix)
    generation = generation_of(idle_scope("a"), scope, strategy=strategy)
    assert generation.starting_owner(name) is (scope if is_found else None)


async def test_a_backend_that_is_up_shows_all_that_it_has_so_it_owns_no_unknown_name() -> None:
    scope = idle_scope("b")
    connects(scope, "x")
    assert generation_of(scope).starting_owner("b__y") is None


async def test_who_can_be_asked_nothing_is_shown_what_everybody_is() -> None:
    scope = idle_scope("b")
    generation = generation_of(scope)
    connects(scope, "x")
    lists(scope, "x", "roots", to=ROOTS)
    generation.rebuild()
    assert tools(generation.catalog_for(NONE)) == ["b__x"]
    assert generation.made_for(NONE) is generation.catalog


async def test_who_can_be_asked_is_shown_what_was_listed_for_its_abilities() -> None:
    scope = idle_scope("b")
    generation = generation_of(scope)
    connects(scope, "x")
    generation.rebuild()
    lists(scope, "x", "roots", to=ROOTS)
    assert generation.made_for(ROOTS) is None
    made = generation.catalog_for(ROOTS)
    assert tools(made) == ["b__x", "b__roots"]
    assert tools(generation.catalog_for(FORM)) == ["b__x"]
    assert generation.catalog_for(ROOTS) is generation.made_for(ROOTS) is made
    assert generation.abilities == (ROOTS, FORM)


async def test_where_no_backend_lists_by_abilities_no_catalog_is_made_for_any() -> None:
    scope = idle_scope("b")
    generation = generation_of(scope)
    connects(scope, "x", era=Era.MODERN)
    generation.rebuild()
    assert generation.catalog_for(ROOTS) is generation.catalog
    assert generation.abilities == ()


def slow_with(abilities: Json, seconds: float) -> FakeBackend:
    """It takes so long to greet a client with these capabilities, and lists more for it."""
    asked: list[object] = []

    async def greet(params: Json) -> Json:
        if params["capabilities"] == abilities:
            asked.append(answering.get())
            await trio.sleep(seconds)
        return {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}}

    async def listed(_params: Json) -> Json:
        return {"tools": [{"name": "x"}, {"name": "roots"}] if answering.get() in asked else [{"name": "x"}]}

    return FakeBackend(answers={"initialize": greet, "tools/list": listed})


async def test_the_first_client_with_its_abilities_is_shown_what_is_known_and_later_what_is_listed_for_it(
    autojump_clock: MockClock,
) -> None:
    backend = slow_with({"roots": {}}, 3)
    async with living(backend) as scope:
        generation = generation_of(scope)
        generation.rebuild()
        began = trio.current_time()
        assert tools(generation.catalog_for(ROOTS)) == ["files__x"]
        assert trio.current_time() == began
        await generation.list_for(ROOTS)
        assert trio.current_time() - began == pytest.approx(3)
        assert generation.rebuild().by_abilities == {NONE: NOTHING, ROOTS: TOOLS}
        assert tools(generation.catalog_for(ROOTS)) == ["files__x", "files__roots"]
        assert len(backend.links) == 2


async def test_listings_for_abilities_are_waited_for_no_longer_than_the_startup_grace(
    autojump_clock: MockClock,
) -> None:
    async with living(slow_with({"roots": {}}, 15)) as scope:
        generation = generation_of(scope)
        generation.rebuild()
        began = trio.current_time()
        await generation.list_for(ROOTS)
        assert trio.current_time() - began == pytest.approx(GRACE_SECONDS)
        assert tools(generation.catalog_for(ROOTS)) == ["files__x"]
        await trio.sleep(15)
        generation.rebuild()
        assert tools(generation.catalog_for(ROOTS)) == ["files__x", "files__roots"]


async def test_a_session_is_shown_what_its_own_connection_lists_and_nobody_else_is() -> None:
    scope, other = idle_scope("b"), idle_scope("other")
    generation = generation_of(scope, other)
    connects(scope, "x")
    connects(other, "y")
    generation.rebuild()
    mine, others = Session(), Session()
    own = has_own_connection(scope, mine, ROOTS, "x", "mine")
    shown = generation.catalog_for(ROOTS, mine)
    assert tools(shown) == ["b__x", "b__mine", "other__y"]
    assert generation.catalog_for(ROOTS, mine) is shown
    assert generation.catalog_for(ROOTS, others) is generation.made_for(ROOTS)
    assert tools(generation.catalog_for(ROOTS)) == ["b__x", "other__y"]
    own.listing = {"tools": []}
    assert tools(generation.catalog_for(ROOTS, mine)) == ["other__y"]


async def test_what_others_list_reaches_a_session_whose_own_connection_lists_something_else() -> None:
    scope, other, session = idle_scope("b"), idle_scope("other"), Session()
    generation = generation_of(scope, other)
    connects(scope, "x")
    has_own_connection(scope, session, ROOTS, "mine")
    generation.rebuild()
    assert tools(generation.catalog_for(ROOTS, session)) == ["b__mine"]
    connects(other, "y")
    generation.rebuild()
    assert tools(generation.catalog_for(ROOTS, session)) == ["b__mine", "other__y"]


async def test_what_is_shown_to_a_session_that_has_ended_is_forgotten() -> None:
    scope, session = idle_scope("b"), Session()
    generation = generation_of(scope)
    connects(scope, "x")
    has_own_connection(scope, session, ROOTS, "mine")
    before = generation.catalog_for(ROOTS, session)
    generation.forget(session)
    generation.forget(session)
    assert generation.catalog_for(ROOTS, session) is not before


async def test_a_rebuild_tells_which_kinds_changed_for_whom() -> None:
    scope = idle_scope("b")
    generation = generation_of(scope)
    connects(scope, "x")
    assert generation.rebuild().by_abilities == {NONE: TOOLS}
    assert generation.rebuild().by_abilities == {NONE: NOTHING}
    lists(scope, "x", to=ROOTS)
    generation.catalog_for(ROOTS)
    lists(scope, "x", "roots", to=ROOTS)
    assert generation.rebuild().by_abilities == {NONE: NOTHING, ROOTS: TOOLS}
    assert tools(generation.catalog_for(ROOTS)) == ["b__x", "b__roots"]
    lists(scope, "x", "all")
    assert generation.rebuild().by_abilities == {NONE: TOOLS, ROOTS: NOTHING}


async def test_which_backend_is_the_quickest_to_start_does_not_decide_who_has_a_name() -> None:
    first, second = idle_scope("first"), idle_scope("second")
    generation = generation_of(first, second, strategy="first-wins")
    connects(second, "x")
    generation.rebuild()
    assert owner(generation, "x") == "second"
    lists(first, "x")  # as it does before it is ready
    generation.rebuild()
    assert owner(generation, "x") == "first"
    connects(first, "x")
    generation.rebuild()
    assert owner(generation, "x") == "first"


async def test_a_name_stays_open_for_a_preferred_backend_that_has_not_been_seen(autojump_clock: MockClock) -> None:
    first, second = idle_scope("first"), idle_scope("second")
    generation = generation_of(first, second, strategy="first-wins")
    connects(second, "x")
    generation.rebuild()
    await generation.settle()
    assert owner(generation, "x") == "second"
    connects(first, "x")
    generation.rebuild()
    assert owner(generation, "x") == "first"


async def test_once_everybody_has_been_seen_a_name_stays_with_who_has_it(autojump_clock: MockClock) -> None:
    first, second = idle_scope("first"), idle_scope("second")
    generation = generation_of(first, second, strategy="first-wins")
    connects(first, "y")
    connects(second, "x")
    generation.rebuild()
    await generation.settle()
    lists(first, "x", "y")
    generation.rebuild()
    assert owner(generation, "x") == "second"


async def test_one_that_follows_shows_what_its_own_scopes_publish_and_tells_what_that_changes() -> None:
    scope, gone, come = idle_scope("b"), idle_scope("gone"), idle_scope("come")
    last = generation_of(scope, gone)
    connects(scope, "x")
    connects(gone, "y")
    lists(come, "z", to=ROOTS)
    last.rebuild()
    last.catalog_for(ROOTS)
    now = generation_of(scope, come, number=2)
    connects(come, "z")
    assert now.follow(last, {}).by_abilities == {NONE: TOOLS, ROOTS: TOOLS}
    assert tools(now.catalog) == ["b__x", "come__z"]
    assert now.abilities == (ROOTS,)
    same = generation_of(scope, come, number=3)
    assert same.follow(now, {}).by_abilities == {NONE: NOTHING, ROOTS: NOTHING}
    assert tools(last.catalog) == tools(last.catalog_for(ROOTS)) == ["b__x", "gone__y"]


@pytest.mark.parametrize(("held", "has_it"), [({"tools": {"x": "second"}}, "second"), ({}, "first")])
async def test_one_that_follows_leaves_a_name_with_its_holder_as_far_as_it_is_told(
    held: dict[str, dict[str, str]], has_it: str
) -> None:
    first, second = idle_scope("first"), idle_scope("second")
    connects(second, "x")
    last = generation_of(second, strategy="first-wins")
    last.rebuild()
    now = generation_of(first, second, number=2, strategy="first-wins")
    now.follow(last, held)
    lists(first, "x")
    now.rebuild()
    assert owner(now, "x") == has_it


async def test_a_collision_and_a_name_that_is_too_long_are_told_once() -> None:
    first, second = idle_scope("first"), idle_scope("second")
    generation = generation_of(first, second, strategy="first-wins")
    connects(first, "x", "l" * 65)
    connects(second, "x")
    with capture_logs() as logs:
        generation.rebuild()
        lists(second, "x", "y")
        generation.rebuild()
    assert [entry["event"] for entry in logs] == ["name_collision", "name_too_long"]


async def test_a_session_is_shown_what_its_own_connection_listed_last_however_often_that_was() -> None:
    scope, session = idle_scope("b"), Session()
    generation = generation_of(scope)
    connects(scope, "x")
    own = has_own_connection(scope, session, ROOTS, "one")
    assert tools(generation.catalog_for(ROOTS, session)) == ["b__one"]
    for name in ("two", "three"):
        own.listing = {**(own.listing or {}), "tools": [(name, raw({"name": name}))]}
    assert tools(generation.catalog_for(ROOTS, session)) == ["b__three"]
