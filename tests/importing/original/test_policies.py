"""`authorization` becomes `rbac`: never more is allowed than the policies say, and the same where that can be said."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from argus_trio.config.policy import policy_of
from argus_trio.core.access.target import Target
from tests.importing.original.support import imported, loaded, told, written


@attrs.frozen(kw_only=True)
class Tool:
    """A tool as clients of the original knew it."""

    backend: str
    group: str
    name: str
    separator: str = "_"

    @property
    def before(self) -> str:
        return f"{self.backend}{self.separator}{self.name}"

    @property
    def resources(self) -> tuple[str, ...]:
        return (f"tool:{self.before}", f"server:{self.backend}", f"group:{self.group}")


Policy = dict[str, object]
BACKENDS = {"docs": "safe", "my_files": "safe", "web": "default"}
NAMES = ("read", "write", "files_x", "delete_all")
TOOLS = [Tool(backend=backend, group=group, name=name) for backend, group in BACKENDS.items() for name in NAMES]
ROLES = ("admin", "reader", "guest")
GLOBS = st.sampled_from(
    (
        "*",
        "tool:*",
        "tool:docs_*",
        "tool:docs_read",
        "tool:my_files_*",
        "tool:my_files_read",
        "tool:*_write",
        "tool:*files*",
        "tool:my*",
        "tool:?ocs_read",
        "tool:*read",
        "tool:[a-m]*",
        "server:docs",
        "server:my_files",
        "server:*",
        "server:w?b",
        "server:nobody",
        "group:safe",
        "group:*",
        "tool*",
    )
)
POLICIES = st.lists(
    st.fixed_dictionaries(
        {
            "effect": st.sampled_from(["allow", "deny"]),
            "roles": st.lists(st.sampled_from([*ROLES, "*", "r*"]), min_size=1, max_size=2),
            "resources": st.lists(GLOBS, min_size=1, max_size=3),
        }
    ),
    max_size=5,
)


def allowed_before(policies: Sequence[Policy], default: str, roles: set[str], tool: Tool) -> bool:
    """What the first policy says that speaks of one of the roles and of the tool."""
    for policy in policies:
        wanted, resources = policy["roles"], policy["resources"]
        assert isinstance(wanted, list)
        assert isinstance(resources, list)
        is_of_role = any(fnmatchcase(role, glob) for role in roles for glob in wanted)
        if is_of_role and any(fnmatchcase(each, glob) for each in tool.resources for glob in resources):
            return policy["effect"] == "allow"
    return default == "allow"


def file_with(policies: Sequence[Policy], default: str, strategy: str = "prefix") -> str:
    return written(
        {
            "backends": {
                name: {"type": "stdio", "command": "uvx", "args": [name], "group": group}
                for name, group in BACKENDS.items()
            },
            "incoming_auth": {"type": "jwt", "issuer": "https://idp.example", "audience": "argus"},
            "authorization": {"enabled": True, "default_effect": default, "policies": list(policies)},
            "conflict_resolution": {"strategy": strategy},
        }
    )


def here(tool: Tool) -> Target:
    backend = tool.backend.replace("_", "-")
    return Target(kind="tool", shown=f"{backend}_{tool.name}", backend=backend, own=tool.name)


def allowed_now(text: str, roles: set[str], tool: Tool) -> bool:
    policy = policy_of(loaded(imported(text)))
    return policy.decide(policy.perspective(frozenset(roles), ""), here(tool)).is_allowed


@settings(deadline=None)
@given(policies=POLICIES, default=st.sampled_from(["allow", "deny"]))
def test_nothing_is_allowed_that_was_not(policies: list[Policy], default: str) -> None:
    policy = policy_of(loaded(imported(file_with(policies, default))))
    for roles in ({"admin"}, {"reader"}, {"guest", "reader"}, {"stranger"}, set[str]()):
        perspective = policy.perspective(frozenset(roles), "")
        for tool in TOOLS:
            if policy.decide(perspective, here(tool)).is_allowed:
                assert allowed_before(policies, default, roles, tool), (tool, roles)


@settings(deadline=None)
@given(resources=st.lists(GLOBS.filter(lambda glob: glob != "tool*"), min_size=1, max_size=4))
def test_allows_alone_mean_the_same_for_roles_that_are_named(resources: list[str]) -> None:
    policies: list[Policy] = [{"effect": "allow", "roles": ["reader"], "resources": resources}]
    policy = policy_of(loaded(imported(file_with(policies, "deny"))))
    perspective = policy.perspective(frozenset({"reader"}), "")
    for tool in TOOLS:
        if tool.backend != "my_files":  # whose tools have other names here
            assert policy.decide(perspective, here(tool)).is_allowed == allowed_before(
                policies, "deny", {"reader"}, tool
            )


def test_the_first_of_two_that_do_not_meet_stays_first() -> None:
    policies: list[Policy] = [
        {"effect": "deny", "roles": ["*"], "resources": ["tool:docs_write"]},
        {"effect": "allow", "roles": ["reader"], "resources": ["server:docs"]},
    ]
    text = file_with(policies, "deny")
    allowed = {tool.before for tool in TOOLS if allowed_now(text, {"reader"}, tool)}
    assert allowed == {"docs_read", "docs_files_x", "docs_delete_all"}


def test_an_allow_before_a_deny_of_more_keeps_what_it_allows_where_the_default_is_deny() -> None:
    policies: list[Policy] = [
        {"effect": "allow", "roles": ["reader"], "resources": ["tool:docs_read"]},
        {"effect": "deny", "roles": ["reader"], "resources": ["*"]},
    ]
    text = file_with(policies, "deny")
    assert [tool.before for tool in TOOLS if allowed_now(text, {"reader"}, tool)] == ["docs_read"]


def test_a_deny_between_allows_forbids_more_and_says_so() -> None:
    policies: list[Policy] = [
        {"effect": "allow", "roles": ["reader"], "resources": ["tool:docs_read"]},
        {"effect": "deny", "roles": ["reader"], "resources": ["tool:docs_*"]},
        {"effect": "allow", "roles": ["reader"], "resources": ["*"]},
    ]
    found = imported(file_with(policies, "deny"))
    assert "a deny wins over every allow here: tool:docs_* is denied though an earlier policy" in told(found)


def test_policies_that_were_not_enabled_are_told_and_left_out() -> None:
    text = written({"backends": {}, "authorization": {"policies": [{"roles": ["a"], "resources": ["*"]}]}})
    found = imported(text)
    assert "middleware" not in found.tree
    assert "it is not enabled" in told(found)


def test_everything_is_never_the_management_api() -> None:
    policies: list[Policy] = [{"effect": "allow", "roles": ["admin"], "resources": ["*"]}]
    policy = policy_of(loaded(imported(file_with(policies, "deny"))))
    manage = Target(kind="manage", shown="admin")
    assert not policy.decide(policy.perspective(frozenset({"admin"}), ""), manage).is_allowed
