"""Names: what is shown, who keeps a name, and what is reported."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.core.catalog.names import (
    Claim,
    Collision,
    NamingOf,
    PairCollisions,
    PossibleOwners,
    Scheme,
    Strategy,
    firm,
    in_order,
    new_collisions,
    resolve,
)


def claim(backend: str, name: str, prefix: str | None = None) -> Claim:
    return Claim(backend=backend, prefix=backend if prefix is None else prefix, name=name)


def test_the_prefix_strategy_keeps_every_name_apart() -> None:
    naming = resolve([claim("a", "read"), claim("b", "read")], Scheme(), {})
    assert list(naming.claims_by_name) == ["a__read", "b__read"]
    assert naming.collisions == ()


def test_an_empty_prefix_shows_bare_names_and_the_first_of_two_keeps_one() -> None:
    naming = resolve([claim("a", "read", ""), claim("b", "read", "")], Scheme(), {})
    assert {name: c.backend for name, c in naming.claims_by_name.items()} == {"read": "a"}
    assert naming.collisions == (Collision(name="read", winner="a", loser="b"),)


def test_first_wins_hides_the_loser() -> None:
    naming = resolve([claim("a", "read"), claim("b", "read"), claim("b", "write")], Scheme(strategy="first-wins"), {})
    assert {name: c.backend for name, c in naming.claims_by_name.items()} == {"read": "a", "write": "b"}


def test_priority_shows_the_loser_under_its_prefix() -> None:
    naming = resolve([claim("b", "read"), claim("a", "read")], Scheme(strategy="priority", separator="."), {})
    assert {name: c.backend for name, c in naming.claims_by_name.items()} == {"read": "b", "a.read": "a"}
    assert naming.collisions == (Collision(name="read", winner="b", loser="a", shown_as="a.read"),)


def test_priority_does_not_push_another_name_aside() -> None:
    claims = [claim("b", "read"), claim("c", "a__read"), claim("a", "read")]
    naming = resolve(claims, Scheme(strategy="priority"), {})
    assert {name: c.backend for name, c in naming.claims_by_name.items()} == {"read": "b", "a__read": "c"}
    assert naming.collisions == (Collision(name="read", winner="b", loser="a", shown_as=None),)


def test_the_error_strategy_hides_both() -> None:
    naming = resolve([claim("a", "read"), claim("b", "read"), claim("b", "write")], Scheme(strategy="error"), {})
    assert list(naming.claims_by_name) == ["write"]
    assert naming.collisions == (Collision(name="read", winner=None, loser="b", rival="a"),)


def test_a_held_name_stays_with_its_holder_although_another_comes_first() -> None:
    naming = resolve([claim("a", "read"), claim("b", "read")], Scheme(strategy="first-wins"), {"read": "b"})
    assert naming.claims_by_name["read"].backend == "b"


def test_order_names_the_first_and_the_rest_follow_as_they_come() -> None:
    assert in_order(["a", "b", "c"], ("c", "gone", "a")) == ["c", "a", "b"]


names = st.sampled_from(["read", "write", "a__read", "b__read"])
claims = st.lists(st.builds(claim, st.sampled_from("abc"), names, st.sampled_from([None, ""])), unique=True)


@given(
    claims,
    st.sampled_from(["prefix", "first-wins", "priority", "error"]),
    st.dictionaries(names, st.sampled_from("abc")),
)
def test_every_claim_is_shown_once_or_reported(claims: list[Claim], strategy: str, holders: dict[str, str]) -> None:
    naming = resolve(claims, Scheme(strategy=strategy), holders)  # type: ignore[arg-type]  # sampled from its literals
    shown = list(naming.claims_by_name.values())
    assert len(shown) == len(set(shown))
    hidden = [c for c in claims if c not in shown]
    lost = [c.loser for c in naming.collisions if c.shown_as is None]
    winners_hidden = len({c.name for c in naming.collisions if c.winner is None})
    assert len(hidden) == len(lost) + winners_hidden


@given(claims, st.sampled_from(["prefix", "first-wins", "priority"]))
def test_a_name_never_changes_hands_when_another_backend_appears(claims: list[Claim], strategy: str) -> None:
    scheme = Scheme(strategy=strategy)  # type: ignore[arg-type]  # sampled from its literals
    for seen in range(len(claims)):
        before = resolve(claims[:seen], scheme, {})
        holders = {name: c.backend for name, c in before.claims_by_name.items()}
        bare = {name: c.backend for name, c in before.claims_by_name.items() if name == c.name}
        late_first = resolve([*reversed(claims[seen:]), *claims[:seen]], scheme, holders)
        assert {name: late_first.claims_by_name[name].backend for name in bare} == bare


def test_claims_are_firm_as_far_as_every_backend_before_them_is_known() -> None:
    assert firm(["a", "b", "c"], (), ()) == {"a", "b", "c"}
    assert firm(["a", "b", "c"], (), {"b"}) == {"a"}
    assert firm(["a", "b", "c"], ("c", "b"), {"b"}) == {"c"}
    assert firm(["a", "b"], ("b",), {"b"}) == frozenset()


def test_collisions_are_told_by_pairs_and_only_where_one_is_new() -> None:
    def collision(name: str, loser: str, shown_as: str | None = None) -> Collision:
        return Collision(name=name, winner="a", loser=loser, shown_as=shown_as)

    before = [collision("x", "b"), collision("x", "c"), collision("y", "c")]
    now = [*before[:2], collision("z", "b", "b__z"), Collision(name="v", winner=None, loser="b", rival="a")]
    assert new_collisions(before, now) == [
        PairCollisions(backends=("a", "b"), winner="a", names=("x", "z"), renamed=1),
        PairCollisions(backends=("a", "b"), winner=None, names=("v",), renamed=0),
    ]
    assert new_collisions(now, now[:1]) == []


def owners(*namings: NamingOf, strategy: Strategy = "prefix") -> PossibleOwners:
    return PossibleOwners(Scheme(strategy=strategy), namings)


DOCS = NamingOf(backend="docs", prefix="docs", renamed={"search": "find", "old": "find", "a": "b"})
WEB = NamingOf(backend="web", prefix="w")
BARE = NamingOf(backend="bare", prefix="")


@pytest.mark.parametrize(
    ("kind", "shown", "found"),
    [
        ("tool", "docs__x", [("docs", "x")]),
        ("tool", "docs__x__y", [("docs", "x__y")]),
        ("tool", "docs__find", [("docs", "search"), ("docs", "old"), ("docs", "find")]),
        ("tool", "docs__search", []),
        ("prompt", "docs__search", [("docs", "search")]),
        ("prompt", "docs__find", [("docs", "find")]),
        ("tool", "w__x", [("web", "x")]),
        ("tool", "web__x", []),
        ("tool", "x", []),
        ("tool", "docs_x", []),
    ],
)
def test_a_prefix_says_whose_a_name_is(kind: str, shown: str, found: list[tuple[str, str]]) -> None:
    assert list(owners(DOCS, WEB).of(kind, shown)) == found


def test_where_names_are_bare_several_may_have_one() -> None:
    assert owners(WEB, BARE).of("tool", "w__x") == (("web", "x"), ("bare", "w__x"))
    assert owners(WEB, BARE).of("tool", "x") == (("bare", "x"),)
    assert owners(DOCS, WEB, strategy="first-wins").of("tool", "b") == (("docs", "a"), ("docs", "b"), ("web", "b"))
    found = owners(DOCS, WEB, strategy="priority").of("tool", "w__x")
    assert found == (("web", "x"), ("docs", "w__x"), ("web", "w__x"))


@given(st.sampled_from(get_args(Strategy)), st.data())
def test_every_name_that_is_shown_leads_to_one_of_its_possible_owners(strategy: Strategy, data: st.DataObject) -> None:
    namings = (DOCS, WEB, BARE)
    names = st.sampled_from(["a", "b", "find", "search", "old", "w__x", "docs__a", "x"])
    claims, own_names = list[Claim](), dict[Claim, str]()
    for naming in namings:
        for own in data.draw(st.lists(names, unique=True, max_size=5)):
            claim = Claim(backend=naming.backend, prefix=naming.prefix, name=naming.renamed.get(own, own))
            if claim not in own_names:
                own_names[claim] = own
                claims.append(claim)
    scheme = Scheme(strategy=strategy)
    for shown, claim in resolve(claims, scheme, {}).claims_by_name.items():
        assert (claim.backend, own_names[claim]) in PossibleOwners(scheme, namings).of("tool", shown)
