"""The inventory: every entry with its name, what is hidden and why, and places that are found again."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.core.access.policy import Policy, ViewRules
from argus_trio.core.catalog.catalog import Entry, HiddenEntry, Published
from argus_trio.core.catalog.names import Scheme, Strategy
from argus_trio.core.inventory import Inventory, InventoryItem, InventoryPlace, Sought
from tests.backends.support.fakes import raw
from tests.frontend.support.managing import inventory_of, published, tool

READER = frozenset({"reader"})
VIEWED = Policy(views={"office": ViewRules(backends=frozenset({"a"}))})


def items(
    inventory: Inventory, sought: Sought | None = None, after: InventoryPlace | None = None
) -> list[InventoryItem]:
    return [item for item in inventory.scan(sought or Sought(), after) if item is not None]


def told(inventory: Inventory, sought: Sought | None = None) -> list[tuple[str, str, str | None]]:
    return [(item.backend, item.name, item.hidden) for item in items(inventory, sought)]


def hidden(key: str, kind: str = "tools", shown: str | None = None) -> HiddenEntry:
    fields = raw({"name": key})
    why = "filters.tools.deny has x"
    return HiddenEntry(kind=kind, key=key, shown_name=shown or key, because="filter", why=why, fields=fields)


def prompt(name: str) -> Entry:
    return Entry(key=name, shown_name=name, fields=raw({"name": name}))


def resource(uri: str) -> Entry:
    return Entry(key=uri, shown_name=uri, fields=raw({"uri": uri}))


def test_the_order_is_that_of_kinds_then_of_the_file_then_of_each_list() -> None:
    a = published("a", "z", "y", prompts=(prompt("p"),), hidden=(hidden("x"),))
    b = published("b", "z", resources=(resource("r://1"),), templates=(resource("r://{x}"),))
    assert told(inventory_of(b, a)) == [
        ("b", "b__z", None),
        ("a", "a__z", None),
        ("a", "a__y", None),
        ("a", "a__x", "filter"),
        ("b", "r://1", None),
        ("b", "r://{x}", None),
        ("a", "a__p", None),
    ]


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("prefix", [("a", "a__x", None, None), ("b", "b__x", None, None)]),
        (
            "first-wins",
            [("a", "x", None, None), ("b", "x", "conflict", "a comes first (conflict_resolution) and has the same")],
        ),
        ("priority", [("a", "x", None, None), ("b", "b__x", None, None)]),
        (
            "error",
            [
                (
                    "a",
                    "x",
                    "conflict",
                    "several claim this name, and conflict_resolution.strategy: error shows none of them",
                ),
                (
                    "b",
                    "x",
                    "conflict",
                    "several claim this name, and conflict_resolution.strategy: error shows none of them",
                ),
            ],
        ),
    ],
)
def test_who_loses_a_name_is_hidden_by_a_conflict(strategy: Strategy, expected: list[object]) -> None:
    inventory = inventory_of(published("a", "x"), published("b", "x"), scheme=Scheme(strategy=strategy))
    assert [(i.backend, i.name, i.hidden, i.why) for i in items(inventory)] == expected


def test_a_uri_that_another_backend_lists_first_is_hidden_by_a_conflict() -> None:
    a, b = (published(name, resources=(resource("r://1"),), templates=(resource("r://{x}"),)) for name in "ab")
    assert told(inventory_of(a, b)) == [
        ("a", "r://1", None),
        ("b", "r://1", "conflict"),
        ("a", "r://{x}", None),
        ("b", "r://{x}", "conflict"),
    ]


def test_two_tools_of_one_backend_that_are_given_one_name_are_told_apart() -> None:
    backend = Published(backend="a", prefix="a", tools=(tool("read"), tool("fetch", shown="read")))
    first, second = items(inventory_of(backend))
    assert (first.hidden, first.why) == ("conflict", "fetch of the same backend is shown by this name")
    assert (second.name, second.key, second.hidden) == ("a__read", "fetch", None)


def test_what_a_role_is_not_shown_is_hidden_by_policy_and_the_rule_is_told() -> None:
    inventory = inventory_of(published("a", "read", "write"), allow=("tool:a__read",))
    onlooker = inventory.onlooker(READER, "")
    assert onlooker is not None
    found = items(inventory, Sought(onlooker=onlooker))
    assert [(i.key, i.hidden, i.why) for i in found] == [
        ("read", None, None),
        ("write", "policy", "no rule decides; default: deny"),
    ]
    assert list(inventory.tools_shown(onlooker)) == [True, False]
    assert [i.key for i in items(inventory, Sought(onlooker=onlooker, has_hidden=False))] == ["read"]


@pytest.mark.parametrize("roles", [READER, None])
def test_what_a_view_does_not_show_is_hidden_by_policy(roles: frozenset[str] | None) -> None:
    inventory = inventory_of(published("a", "x"), published("b", "y"), views=VIEWED)
    onlooker = inventory.onlooker(roles, "office")
    assert [(i.key, i.why) for i in items(inventory, Sought(onlooker=onlooker))] == [
        ("x", None),
        ("y", "the view office does not show it"),
    ]
    assert inventory.onlooker(roles, "") is None


def test_a_view_and_a_role_hide_each_for_their_own_reason() -> None:
    inventory = inventory_of(published("a", "x", "w"), published("b", "y"), views=VIEWED, allow=("tool:*__[xy]",))
    onlooker = inventory.onlooker(READER, "office")
    whys = [i.why for i in items(inventory, Sought(onlooker=onlooker))]
    assert whys[0] is None or whys[0].startswith("no rule")
    assert whys[2] == "the view office does not show it"


def test_backends_are_seen_by_whom_they_show_something_by_any_endpoint_and_as_much_as_that_is() -> None:
    a = published("a", "x", "w", prompts=(prompt("x"),), templates=(resource("r://{x}"),))
    inventory = inventory_of(a, published("b", "y"), views=VIEWED, allow=("tool:a__x", "prompt:*", "resource:*"))
    assert inventory.seen(READER) == {"a": {"tools": 1, "resources": 1, "prompts": 1}}
    assert inventory.seen(frozenset()) == {}


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("read", ["read", "write"]),
        ("READ", ["read", "write"]),
        ("a__", ["read", "write"]),
        ("a__r*", ["read"]),
        ("W*", ["write"]),
        ("*", ["read", "write"]),
        ("nothing", []),
        ("[", []),
    ],
)
def test_a_search_looks_at_names_and_descriptions_and_a_pattern_at_names(search: str, found: list[str]) -> None:
    backend = Published(backend="a", prefix="a", tools=(tool("read"), tool("write", description="not Read")))
    assert [i.key for i in items(inventory_of(backend), Sought(search=search))] == found


def test_what_is_passed_over_is_told_so_that_others_can_run() -> None:
    inventory = inventory_of(published("a", *map(str, range(50))))
    assert len(list(inventory.scan(Sought(search="nothing")))) == 50


def test_only_what_is_sought_is_looked_at() -> None:
    inventory = inventory_of(published("a", "x", prompts=(prompt("p"),)), published("b", "y"))
    assert told(inventory, Sought(kinds=("prompts",))) == [("a", "a__p", None)]
    assert told(inventory, Sought(backend="b")) == [("b", "b__y", None)]


listings = st.lists(
    st.tuples(
        st.sampled_from("abcd"),
        st.lists(st.sampled_from("pqrstu"), unique=True),
        st.lists(st.sampled_from("vwxyz"), unique=True),
    ),
    unique_by=lambda each: each[0],
)


def _of(listing: list[tuple[str, list[str], list[str]]]) -> Inventory:
    return inventory_of(*(published(name, *tools, hidden=tuple(map(hidden, gone))) for name, tools, gone in listing))


@given(listings, st.integers(1, 5))
def test_pages_of_the_same_lists_are_the_whole_in_order(
    listing: list[tuple[str, list[str], list[str]]], size: int
) -> None:
    inventory, place = _of(listing), None
    paged: list[InventoryItem] = []
    while page := list(itertools.islice(items(inventory, after=place), size)):
        paged += page
        place = page[-1].place
    assert paged == items(inventory)


@given(listings, listings, st.data())
def test_a_place_of_older_lists_leads_behind_its_item_where_that_is_still_there(
    before: list[tuple[str, list[str], list[str]]], now: list[tuple[str, list[str], list[str]]], data: st.DataObject
) -> None:
    old, new = items(_of(before)), items(_of(now))
    if not old:
        return
    last = data.draw(st.sampled_from(old))
    rest = items(_of(now), after=last.place)
    same = [i for i, item in enumerate(new) if (item.backend, item.key) == (last.backend, last.key)]
    assert rest == new[len(new) - len(rest) :]
    if same:
        assert rest == new[same[0] + 1 :]
