"""Rules: what they say, and what they speak of."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.core.access.rules import KINDS, AccessRule, NoRule
from argus_trio.core.access.target import Target

DOCS = Target(kind="tool", shown="docs__find", backend="docs", own="search")
NAMES = st.text(st.sampled_from("ab_*?/:."), min_size=1, max_size=5)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tool",
        "tool:",
        "tools:x",
        ":x",
        "docs__x",
        "backend:",
        "backend:/tool:x",
        "backend:docs/x",
        "**",
        "backend:docs/",
        "backend:docs/manage:read",
        "Tool:x",
        "backend:docs/backend:x",
    ],
)
def test_what_is_no_rule_says_why(text: str) -> None:
    with pytest.raises(NoRule, match=r"rule is|named|belong"):
        AccessRule.of(text)


@pytest.mark.parametrize(
    "text",
    [
        "*",
        "tool:*",
        "tool:docs__*",
        "tool:docs__find",
        "tool:*find",
        "backend:docs",
        "backend:d*/tool:search",
        "backend:docs/tool:*",
        "backend:*/tool:s[ei]arch",
    ],
)
def test_a_rule_speaks_of_what_is_shown_or_of_what_the_backend_calls_it(text: str) -> None:
    assert AccessRule.of(text).matches(DOCS)


@pytest.mark.parametrize(
    "text",
    [
        "prompt:*",
        "tool:search",
        "tool:DOCS__*",
        "backend:docs/tool:find",
        "backend:docs/tool:docs__find",
        "backend:doc/tool:*",
        "backend:other",
        "backend:docs/prompt:*",
        "manage:*",
    ],
)
def test_a_rule_does_not_speak_of_anything_else(text: str) -> None:
    assert not AccessRule.of(text).matches(DOCS)


def test_a_rule_for_a_backend_does_not_speak_of_what_belongs_to_nobody_known() -> None:
    unknown = Target(kind="tool", shown="search", own="search")
    assert not AccessRule.of("backend:*/tool:*").matches(unknown)
    assert not AccessRule.of("backend:*").matches(unknown)
    assert AccessRule.of("tool:*").matches(unknown)


def test_any_spelling_of_a_uri_counts() -> None:
    spelled = Target(kind="resource", shown="f:/a%20b", spellings=("f:/a b",), backend="docs", own="f:/a%20b")
    for text in ("resource:f:/a b", "resource:f:/a%20b", "backend:docs/resource:f:/a b"):
        assert AccessRule.of(text).matches(spelled)
    assert not AccessRule.of("resource:f:/a").matches(spelled)


@given(st.sampled_from(sorted(KINDS)), NAMES, NAMES)
def test_a_glob_is_the_glob_of_filters(kind: str, glob: str, name: str) -> None:
    rule = AccessRule.of(f"{kind}:{glob}")
    target = Target(kind=kind, shown=name)  # type: ignore[arg-type]  # one of KINDS
    assert rule.matches(target) == fnmatchcase(name, glob)


@given(NAMES, NAMES, NAMES, NAMES)
def test_a_new_name_for_clients_never_widens_a_rule_for_a_backend(glob: str, own: str, one: str, other: str) -> None:
    rule = AccessRule.of(f"backend:docs/tool:{glob}")
    targets = [Target(kind="tool", shown=shown, backend="docs", own=own) for shown in (one, other)]
    assert rule.matches(targets[0]) == rule.matches(targets[1]) == fnmatchcase(own, glob)
