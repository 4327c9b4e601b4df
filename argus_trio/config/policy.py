"""The policy that a configuration says: the rules of `type: rbac` and of `views`, read."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType

from argus_trio.config.model.authorization import Role, View
from argus_trio.config.model.config import Config
from argus_trio.config.model.middleware import RbacSpec
from argus_trio.core.access.policy import OPEN_POLICY, Policy, RoleRules, ViewRules
from argus_trio.core.access.rules import AccessRule


def policy_of(config: Config) -> Policy:
    """The policy of a configuration that was checked."""
    rbac = next((spec for spec in config.middleware if isinstance(spec, RbacSpec)), None)
    if rbac is None and not config.views:
        return OPEN_POLICY
    views = MappingProxyType({name: _view_rules(view) for name, view in config.views.items()})
    if rbac is None:
        return Policy(views=views)
    return Policy(
        has_roles=True,
        allows_by_default=rbac.default == "allow",
        roles=MappingProxyType({name: _role_rules(role) for name, role in rbac.roles.items()}),
        views=views,
    )


def _role_rules(role: Role) -> RoleRules:
    return RoleRules(
        allow=_rules(role.allow),
        deny=_rules(role.deny),
        endpoints=None if role.views is None else frozenset(role.views),
    )


def _view_rules(view: View) -> ViewRules:
    globs = {"tool": view.tools, "resource": view.resources, "prompt": view.prompts}
    return ViewRules(
        backends=None if view.backends is None else frozenset(view.backends),
        deny=_rules(f"{kind}:{glob}" for kind, each in globs.items() for glob in each.deny),
        allow=MappingProxyType(
            {kind: _rules(f"{kind}:{glob}" for glob in each.allow) for kind, each in globs.items() if each.allow}
        ),
    )


def _rules(texts: Iterable[str]) -> tuple[AccessRule, ...]:
    return tuple(AccessRule.of(text) for text in texts)
