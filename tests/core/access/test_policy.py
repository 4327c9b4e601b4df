"""The policy: deny wins, a condition is meant, and what holds does not depend on an order."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio import Value
from argus_trio.core.access.conditions.condition import RuleCondition
from argus_trio.core.access.policy import (
    MOST_DECISIONS,
    OPEN_POLICY,
    Perspective,
    Policy,
    RoleRules,
    ViewRules,
)
from argus_trio.core.access.principal import OPERATOR_ROLE
from argus_trio.core.access.rules import AccessRule
from argus_trio.core.access.sight import sight
from argus_trio.core.access.target import Target
from tests.stopwatch import cost

X = RuleCondition(pointer="/x", steps=("x",), one_of=("1",))
Y = RuleCondition(pointer="/y", steps=("y",), absent=True)
TOOL = Target(kind="tool", shown="docs__a", backend="docs", own="a")
RULES = st.sampled_from(
    [
        "*",
        "tool:*",
        "tool:docs__*",
        "tool:docs__a",
        "tool:*b",
        "backend:docs",
        "backend:docs/tool:a",
        "prompt:*",
        "backend:web/tool:*",
        "manage:read",
        "manage:*",
        "method:*",
    ]
)
TARGETS = st.builds(
    Target,
    kind=st.sampled_from(["tool", "prompt", "method", "manage"]),
    shown=st.sampled_from(["docs__a", "docs__b", "web__b", "read", "admin"]),
    backend=st.sampled_from(["docs", "web", None]),
    own=st.sampled_from(["a", "b"]),
)
ROLES = st.dictionaries(
    st.sampled_from(["r", "s", "t"]),
    st.tuples(st.lists(RULES, max_size=4), st.lists(RULES, max_size=2)),
    max_size=3,
)


def rules(texts: list[str] | tuple[str, ...]) -> tuple[AccessRule, ...]:
    return tuple(map(AccessRule.of, texts))


def role(
    *allow: str, deny: tuple[str, ...] = (), when: Mapping[str, tuple[RuleCondition, ...]] | None = None
) -> RoleRules:
    return RoleRules(allow=rules(allow), deny=rules(deny), when=when or {})


def policy(roles: Mapping[str, RoleRules], *, default: bool = False, **more: object) -> Policy:
    return Policy(has_roles=True, allows_by_default=default, roles=roles, **more)  # type: ignore[arg-type]  # by key


def made(roles: Mapping[str, tuple[list[str], list[str]]], *, default: bool = False) -> Policy:
    return policy({name: role(*allow, deny=tuple(deny)) for name, (allow, deny) in roles.items()}, default=default)


@given(ROLES, TARGETS, st.booleans())
def test_a_deny_of_any_role_wins_then_an_allow_then_the_default(
    roles: dict[str, tuple[list[str], list[str]]], target: Target, default: bool
) -> None:
    found = made(roles, default=default)
    decision = found.decide(found.perspective(frozenset(roles), ""), target)
    denied = any(AccessRule.of(text).matches(target) for _, deny in roles.values() for text in deny)
    allowed = any(AccessRule.of(text).matches(target) for allow, _ in roles.values() for text in allow)
    by_default = default and target.kind != "manage"
    assert decision.is_allowed == (not denied and (allowed or by_default))
    assert decision.because


@given(ROLES, TARGETS)
def test_a_role_that_denies_nothing_never_takes_away(
    roles: dict[str, tuple[list[str], list[str]]], target: Target
) -> None:
    mild = {name: (allow, list[str]()) for name, (allow, _) in roles.items()}
    found = made(mild)
    for fewer in roles:
        some, every = (found.perspective(frozenset(each), "") for each in ({*roles} - {fewer}, roles))
        assert not found.decide(some, target).is_allowed or found.decide(every, target).is_allowed


@given(ROLES, TARGETS, st.permutations(["r", "s", "t"]))
def test_the_order_of_roles_does_not_matter(
    roles: dict[str, tuple[list[str], list[str]]], target: Target, order: list[str]
) -> None:
    one, other = made(roles), made({name: roles[name] for name in order if name in roles})
    who = one.perspective(frozenset(roles), "")
    assert one.decide(who, target).is_allowed == other.decide(who, target).is_allowed


@given(ROLES, TARGETS)
def test_a_decision_that_is_kept_is_the_same(roles: dict[str, tuple[list[str], list[str]]], target: Target) -> None:
    found = made(roles)
    who = found.perspective(frozenset(roles), "")
    assert found.decide(who, target) == found.decide(who, attrs.evolve(target)) == made(roles).decide(who, target)


def test_a_rule_with_conditions_shows_and_allows_only_under_them() -> None:
    found = policy({"r": role("tool:docs__*", when={"tool:docs__*": (X, Y)})})
    who = found.perspective(frozenset(["r"]), "")
    assert found.shows(who, TOOL)
    decision = found.decide(who, TOOL)
    assert decision.failing(b'{"x": "1"}') == ()
    assert decision.failing(b'{"x": "1", "y": 2}') == (Y,)
    assert decision.failing(b"") == (X,)


@pytest.mark.parametrize("default", [False, True])
def test_conditions_are_meant_whatever_the_default_is(default: bool) -> None:
    found = policy({"r": role("tool:docs__*", when={"tool:docs__*": (X,)})}, default=default)
    assert found.decide(found.perspective(frozenset(["r"]), ""), TOOL).failing(b"{}") == (X,)


def test_a_rule_without_conditions_lifts_those_of_another() -> None:
    found = policy({"r": role("tool:docs__*", when={"tool:docs__*": (X,)}), "s": role("*")})
    assert found.decide(found.perspective(frozenset(["r", "s"]), ""), TOOL).failing(b"{}") == ()


def test_one_of_several_conditional_rules_is_enough() -> None:
    found = policy({"r": role("tool:*", when={"tool:*": (X,)}), "s": role("tool:d*", when={"tool:d*": (Y,)})})
    decision = found.decide(found.perspective(frozenset(["r", "s"]), ""), TOOL)
    assert decision.failing(b"{}") == ()
    assert decision.failing(b'{"y": 1}') == (X,)
    assert decision.because == "role r allows tool:* or role s allows tool:d*"


def test_every_scope_of_every_rule_is_needed_and_binds_only_tokens_with_scopes() -> None:
    scopes = (
        (AccessRule.of("tool:docs__*"), ("docs.read", "docs.write")),
        (AccessRule.of("*"), ("all", "docs.read")),
        (AccessRule.of("prompt:*"), ("prompts",)),
    )
    found = policy({"r": role("tool:*", "manage:read")}, scopes=scopes)
    decision = found.decide(found.perspective(frozenset(["r"]), ""), TOOL)
    assert decision.missing(frozenset()) == ("docs.read", "docs.write", "all")
    assert decision.missing(frozenset(["docs.read"])) == ("docs.write", "all")
    assert decision.missing(None) == ()
    assert found.may_manage(frozenset(["r"]), "read")
    assert not found.may_manage(frozenset(["r"]), "read", frozenset())


def test_managing_takes_a_rule_and_no_default_gives_it() -> None:
    found = policy(
        {"r": role("manage:read"), "s": role("*"), "v": RoleRules(allow=rules(("*",)), endpoints=frozenset())}
    )
    assert found.may_manage(frozenset(["r"]), "read")
    assert not found.may_manage(frozenset(["r"]), "admin")
    assert found.may_manage(frozenset(["s"]), "admin")
    assert not found.may_manage(frozenset(["v"]), "read")
    assert not policy({}, default=True).may_manage(frozenset(), "read")


def test_a_view_hides_and_never_widens() -> None:
    view = ViewRules(backends=frozenset(["docs"]), deny=rules(("tool:*b",)))
    found = policy({"r": role("tool:docs__*"), "v": RoleRules(allow=rules(("*",)), endpoints=frozenset(["safe"]))})
    found = attrs.evolve(found, views={"safe": view})
    plain, safe = (found.perspective(frozenset(["r"]), endpoint) for endpoint in ("", "safe"))
    hidden = Target(kind="tool", shown="docs__b", backend="docs", own="b")
    assert found.shows(plain, hidden)
    assert not found.shows(safe, hidden)
    assert found.shows(safe, TOOL)
    assert not found.shows(safe, Target(kind="tool", shown="web__a", backend="web", own="a"))
    assert found.perspective(frozenset(["v"]), "").roles == frozenset()


def test_where_there_are_no_rules_everything_is_shown() -> None:
    assert OPEN_POLICY.is_open
    assert OPEN_POLICY.shows(Perspective(), TOOL)


@pytest.mark.parametrize(
    ("rule", "kinds"),
    [
        ("tool:*", set[str]()),
        ("*", set[str]()),
        ("backend:docs", {"tool", "prompt", "resource", "method"}),
        ("backend:docs/prompt:*", {"prompt"}),
    ],
)
def test_it_is_known_for_what_the_backend_matters(rule: str, kinds: set[str]) -> None:
    for found in (
        policy({"r": role(rule), "s": role("backend:other")}),
        policy({"r": role("*", deny=(rule,))}),
        policy({"r": role("*")}, scopes=((AccessRule.of(rule), ("s",)),)),
    ):
        for _ in range(2):
            assert found.by_backend(found.perspective(frozenset(["r"]), "")) == kinds
    assert policy({"r": role(rule)}).by_backend(Perspective()) == set()
    of_view = policy({}, views={"v": ViewRules(backends=frozenset(["docs"]))})
    assert len(of_view.by_backend(Perspective(endpoint="v"))) == 4


def test_names_that_clients_make_up_fill_no_memory() -> None:
    found = policy({"r": role("tool:*")})
    who = found.perspective(frozenset(["r"]), "")
    for number in range(MOST_DECISIONS + 10):
        found.decide(who, Target(kind="tool", shown=f"t{number}"))
    found.decide(who, Target(kind="tool", shown="t" * 8000))
    assert len(found._decisions) == 10


def test_a_decision_of_three_roles_of_ten_rules_is_cheap() -> None:
    each = [f"tool:{name}__*" for name in "abcdefghij"]
    found = policy({name: role(*each, deny=("tool:*delete*",)) for name in ("r", "s", "t")})
    roles = frozenset(["r", "s", "t"])

    def decide() -> None:
        for number in range(200):
            found.decide(found.perspective(roles, ""), Target(kind="tool", shown=f"j__{number % 4}"))

    assert cost(decide) < 40


@given(ROLES, TARGETS, st.sampled_from(["", "v"]))
def test_no_rule_and_no_view_binds_the_operator(
    roles: dict[str, tuple[list[str], list[str]]], target: Target, endpoint: str
) -> None:
    view = ViewRules(backends=frozenset(), deny=rules(["*"]))
    scoped = ((AccessRule.of("*"), ("s",)),)
    found = attrs.evolve(made(roles), views={"v": view}, scopes=scoped)
    for each in (found, Policy(views={"v": view})):
        perspective = each.perspective(frozenset({OPERATOR_ROLE, "r"}), endpoint)
        assert each.shows(perspective, target)
        assert target.kind not in ("tool", "prompt") or sight(each, perspective)(target)
        assert each.by_backend(perspective) == frozenset()
    decision = found.decide(found.perspective(frozenset({OPERATOR_ROLE}), endpoint), target)
    assert (decision.is_allowed, decision.scopes, decision.grants) == (True, (), ())
    assert found.may_manage(frozenset({OPERATOR_ROLE}), "admin")


@pytest.mark.parametrize("kind", [Target, Perspective])
def test_what_each_decision_looks_up_is_compared_by_methods_of_its_own(kind: type[Value]) -> None:
    assert kind.__eq__ is not Value.__eq__
    assert kind.__hash__ is not Value.__hash__
