"""The policy that a file says, and how it names things."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from argus_trio.config.model.authorization import ArgumentCondition
from argus_trio.config.model.plain import PlainScalar
from argus_trio.config.policy import condition_of, policy_of, possible_owners
from argus_trio.core.access.policy import OPEN_POLICY
from argus_trio.core.access.target import Target
from tests.config.support.reading import read

PAGE = Path(__file__).parents[2] / "docs" / "middleware.md"


def example() -> str:
    """The example of the section on `type: rbac`."""
    section = PAGE.read_text().partition("## `type: rbac`")[2]
    return section.partition("```yaml\n")[2].partition("```")[0]


def tool(own: str) -> Target:
    return Target(kind="tool", shown=f"docs__{own}", backend="docs", own=own)


def test_the_example_of_the_documentation_decides_as_it_says() -> None:
    config = read(example())
    assert config.warnings == ()
    policy = policy_of(config)
    admin, reader = (policy.perspective(frozenset([role]), "") for role in ("admin", "reader"))
    guest, outside = (policy.perspective(frozenset(["guest"]), endpoint) for endpoint in ("safe", ""))
    assert policy.shows(admin, tool("write"))
    assert policy.decide(admin, tool("write")).missing(frozenset()) == ("docs.write",)
    assert [policy.shows(reader, tool(own)) for own in ("read", "write")] == [True, False]
    assert [policy.shows(each, tool("read")) for each in (guest, outside)] == [True, False]
    decision = policy.decide(guest, tool("read"))
    assert decision.failing(b'{"path":"/srv/public/a"}') == ()
    (failing,) = decision.failing(b'{"path":"/srv/public/../a"}')
    assert (failing.pointer, failing.text) == ("/path", 'under: "/srv/public"')
    assert policy.may_manage(frozenset(["reader"]), "read")


def test_a_file_without_roles_and_views_is_open() -> None:
    assert policy_of(read("backends: {}")) is OPEN_POLICY
    assert not policy_of(read("views: {a: {}}")).has_roles


def test_numbers_are_meant_as_they_are_written() -> None:
    condition = condition_of("/n", ArgumentCondition(equals=PlainScalar(0.1), max=0.3))
    assert condition.one_of == (Decimal("0.1"),)
    assert condition.holds(b'{"n": 0.1}')
    assert condition.holds(b'{"n": 1e-1}')
    assert not condition.holds(b'{"n": 0.2}')


@pytest.mark.parametrize("written", [ArgumentCondition(min=float("inf")), ArgumentCondition(equals=PlainScalar([1]))])
def test_what_cannot_be_compared_is_no_condition(written: ArgumentCondition) -> None:
    with pytest.raises(ValueError, match="expected a"):
        condition_of("/n", written)


def test_names_are_those_of_enabled_backends() -> None:
    owners = possible_owners(
        read(
            """
            backends:
              docs: {type: streamable-http, url: "https://d.example", tool_overrides: {a: {name: b}, c: {}}}
              off: {type: streamable-http, url: "https://o.example", enabled: false}
              web: {type: streamable-http, url: "https://w.example", prefix: w}
            conflict_resolution: {separator: "-"}
            """
        )
    )
    assert owners.of("tool", "docs-b") == (("docs", "a"), ("docs", "b"))
    assert owners.of("tool", "docs-c") == (("docs", "c"),)
    assert owners.of("tool", "w-x") == (("web", "x"),)
    assert owners.of("tool", "off-x") == ()
