"""Catalogs as perspectives see them: what is left out, what stays, and how quickly they are made."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.config.policy import policy_of
from argus_trio.core.access.policy import EVERYTHING, Policy, RoleRules, ViewRules
from argus_trio.core.access.rules import AccessRule
from argus_trio.core.access.sight import sight
from argus_trio.core.access.target import Target
from argus_trio.core.catalog.catalog import EMPTY, Catalog, Entry, Published, build
from argus_trio.core.catalog.names import Scheme
from argus_trio.core.catalog.paging import PAGE
from argus_trio.core.catalog.restricted import (
    MOST_KEPT,
    RestrictedCatalogs,
    backends_in,
    differing_kinds,
    restricted,
)
from argus_trio.core.catalog.uris import resource_target
from argus_trio.wire.envelope import encode_raw
from argus_trio.wire.revisions import Era
from tests.perspectives.whole import AUTHENTICATION, config_of
from tests.stopwatch import cost


def entry(name: str, member: str = "name", *, legacy: bool = False) -> Entry:
    fields = {member: encode_raw(name), "description": encode_raw("x" * 150)}
    return Entry(
        key=name, shown_name=name, fields=fields, legacy_fields={**fields, "old": encode_raw(1)} if legacy else None
    )


def published(backend: str, *names: str, resources: tuple[str, ...] = (), prefix: str | None = None) -> Published:
    return Published(
        backend=backend,
        prefix=backend if prefix is None else prefix,
        tools=tuple(map(entry, names)),
        prompts=tuple(map(entry, names)),
        resources=tuple(entry(uri, "uri") for uri in resources if "{" not in uri),
        templates=tuple(entry(uri, "uriTemplate") for uri in resources if "{" in uri),
        serves_resources=bool(resources),
    )


def many(count: int) -> Catalog:
    return build([published("b", *(f"tool_{number:05}" for number in range(count)))], Scheme(), {})


def test_what_is_hidden_is_in_no_list_and_has_no_route() -> None:
    full = build([published("a", "read", "write", resources=("file:///a", "file:///w/{p}", "file:///w"))], Scheme(), {})
    seen = restricted(full, lambda target: "w" not in target.own)
    assert list(seen.tools) == list(seen.prompts) == ["a__read"]
    assert list(seen.named["tools"]) == ["a__read"]
    assert list(seen.resources) == ["file:///a"]
    assert seen.templates == ()
    assert all(b"w" not in seen.lists[kind] for kind in ("tools", "prompts", "resources", "templates"))
    assert seen.listed("tools", Era.LEGACY).whole == seen.lists["tools"]
    assert full.lists["tools"] == build([published("a", "read", "write")], Scheme(), {}).lists["tools"]


def test_a_restricted_list_is_what_would_be_listed_of_the_rest() -> None:
    full = build([published("a", "read", "write", "zap")], Scheme(), {})
    rest = build([published("a", "read", "zap")], Scheme(), {})
    assert restricted(full, lambda target: "write" not in target.shown).lists == rest.lists


def test_where_nothing_is_hidden_it_is_the_same_catalog() -> None:
    full = many(3)
    assert restricted(full, lambda _: True) is full


def test_what_legacy_clients_read_otherwise_is_restricted_too() -> None:
    modern = Published(backend="a", prefix="", tools=(entry("read", legacy=True), entry("write", legacy=True)))
    seen = restricted(build([modern], Scheme(), {}), lambda target: target.shown == "read")
    assert seen.listed("tools", Era.LEGACY).keys == ("read",)
    assert b'"old"' in seen.listed("tools", Era.LEGACY).whole
    assert b'"old"' not in seen.listed("tools", Era.MODERN).whole


def test_hiding_the_winner_of_a_name_does_not_promote_the_loser() -> None:
    full = build([published("a", "x", prefix=""), published("b", "x", prefix="")], Scheme(strategy="first-wins"), {})
    seen = restricted(full, lambda target: target.backend != "a")
    assert (list(full.tools), list(seen.tools)) == (["x"], [])


def test_a_long_list_goes_on_in_pages_by_its_keys() -> None:
    full = many(3 * PAGE)
    seen = restricted(full, lambda target: int(target.own[-1]) % 2 == 0).paged["tools"]
    first, last = seen.page(None)
    second, end = seen.page(last)
    counts = tuple(len(json.loads(b"[%b]" % page)) for page in (first, second))
    assert (counts, end) == ((PAGE, PAGE // 2), None)
    assert len(seen.keys) == 3 * PAGE // 2


def test_backends_are_those_with_an_entry_and_kinds_differ_by_routes_as_well() -> None:
    one = build([published("a", "x", prefix=""), published("b", resources=("u://{x}",))], Scheme(), {})
    other = build([published("c", "x", prefix=""), published("b", resources=("u://{x}",))], Scheme(), {})
    assert backends_in(one) == {"a", "b"}
    assert one.lists == other.lists
    assert differing_kinds(one, other) == {"tools", "prompts"}
    assert differing_kinds(one, one) == frozenset()


RULES = f"""
backends: {{b: {{type: stdio, command: x}}}}
middleware: {AUTHENTICATION}
  - type: rbac
    default: deny
    roles: {{r: {{allow: ["tool:b__tool_001*", "tool:b__tool_002*", "prompt:*"], deny: ["tool:b__tool_0011*"]}}}}
views: {{safe: {{tools: {{deny: ["*write*", "*delete*"]}}}}}}
"""


def test_each_perspective_has_its_catalog_made_once_and_the_latest_are_kept() -> None:
    catalogs = RestrictedCatalogs(Policy(views={str(n): ViewRules(deny=(AccessRule.of("*"),)) for n in range(100)}))
    full = many(2)
    first = catalogs.of(full, frozenset(), "0")
    assert catalogs.of(full, frozenset({"whoever"}), "0") is first
    for number in range(1, MOST_KEPT + 1):
        catalogs.of(full, frozenset(), str(number))
    assert len(catalogs) == MOST_KEPT
    assert catalogs.of(full, frozenset(), "0") is not first
    catalogs.keep_only([many(1)])
    assert len(catalogs) == 0


def test_at_an_endpoint_that_is_gone_there_is_nothing() -> None:
    catalogs = RestrictedCatalogs(Policy())
    assert catalogs.of(many(2), frozenset(), "gone") is EMPTY
    assert not catalogs.shows(Target(kind="tool", shown="b__tool_00000"), frozenset(), "gone")


GLOBS = st.sampled_from(["*", "a*", "*b", "a?", "[ab]*", "ab", "b__*"])
NAMES = st.text("ab_", min_size=1, max_size=3)
KIND = st.sampled_from(["tool", "prompt", "resource"])
TEXTS = st.one_of(
    st.just("*"),
    st.builds("{}:{}".format, KIND, GLOBS),
    st.builds("backend:{}".format, GLOBS),
    st.builds("backend:{}/{}:{}".format, GLOBS, KIND, GLOBS),
)
RULE_LISTS = st.lists(TEXTS.map(AccessRule.of), max_size=3).map(tuple)
ROLES = st.builds(RoleRules, allow=RULE_LISTS, deny=RULE_LISTS)
VIEWS = st.builds(
    ViewRules,
    backends=st.none() | st.frozensets(NAMES, max_size=2),
    deny=RULE_LISTS,
    allow=st.dictionaries(KIND, RULE_LISTS, max_size=2),
)
POLICIES = st.builds(
    Policy,
    has_roles=st.booleans(),
    allows_by_default=st.booleans(),
    roles=st.fixed_dictionaries({"r": ROLES, "s": ROLES}),
    views=st.fixed_dictionaries({"v": VIEWS}),
)
TARGETS = st.builds(Target, kind=KIND, shown=NAMES, backend=NAMES, own=NAMES)


@given(policy=POLICIES, target=TARGETS, roles=st.frozensets(st.sampled_from("rs")), endpoint=st.sampled_from(["", "v"]))
def test_what_is_seen_of_lists_is_what_the_policy_decides(
    policy: Policy, target: Target, roles: frozenset[str], endpoint: str
) -> None:
    perspective = policy.perspective(roles, endpoint)
    assert sight(policy, perspective)(target) == policy.shows(perspective, target)


def test_from_everywhere_everything_is_seen_without_rules() -> None:
    assert sight(Policy(), EVERYTHING)(Target(kind="tool", shown="x"))


@pytest.mark.parametrize("endpoint", ["", "safe"])
def test_a_view_of_500_tools_costs_as_much_as_writing_some_ten_thousand_numbers(endpoint: str) -> None:
    full, policy = many(500), policy_of(config_of(RULES))
    assert cost(lambda: RestrictedCatalogs(policy).of(full, frozenset({"r"}), endpoint)) < 50


RESOURCE_RULES = [
    ('deny: ["resource:file:///a b*"]', "file:///a%20b", False),
    ('deny: ["resource:file:///ü"]', "file:///%C3%BC", False),
    ('deny: ["resource:https://h/"]', "HTTPS://H", False),
    ('deny: ["resource:file:///key"]', "file:///pub/../key", False),
    ('deny: ["backend:a/resource:file:///a b"]', "file:///a%20b", False),
    ('deny: ["resource:file:///other"]', "file:///a%20b", True),
]


@pytest.mark.parametrize(("rules", "uri", "is_shown"), RESOURCE_RULES)
def test_a_resource_is_listed_where_it_can_be_read_however_a_rule_and_its_backend_spell_it(
    rules: str, uri: str, is_shown: bool
) -> None:
    config = config_of(
        f"""
backends: {{a: {{type: stdio, command: x}}}}
middleware: {AUTHENTICATION}
  - {{type: rbac, roles: {{guest: {{allow: ["resource:*"], {rules}}}, some: {{{rules.replace("deny", "allow")}}}}}}}
"""
    )
    full = build([published("a", resources=(uri,))], Scheme(), {})
    policy = policy_of(config)
    for role, expected in (("guest", is_shown), ("some", not is_shown)):
        perspective = policy.perspective(frozenset({role}), "")
        assert policy.shows(perspective, resource_target(uri, "a")) is expected
        assert list(restricted(full, sight(policy, perspective)).resources) == ([uri] if expected else [])
