"""What there is for whom: roles and views as one decision, the same for lists, calls and everything else.

The decision takes names alone: whether something exists, or how it stands, has no part in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import attrs

from argus_trio.core.access.rules import AccessRule
from argus_trio.core.access.target import Target


@attrs.frozen(kw_only=True)
class Perspective:
    """Whose view of the whole it is: the roles that count, and the endpoint. There are few different ones."""

    roles: frozenset[str] = frozenset()
    endpoint: str = ""
    """The view whose endpoint it is; empty for the one that shows all."""


@attrs.frozen(kw_only=True, eq=False)
class RoleRules:
    """What one role may do."""

    allow: tuple[AccessRule, ...] = ()
    deny: tuple[AccessRule, ...] = ()
    endpoints: frozenset[str] | None = None
    """The views that it is good for; None for every endpoint."""


@attrs.frozen(kw_only=True, eq=False)
class ViewRules:
    """What one view shows."""

    backends: frozenset[str] | None = None
    """None for all of them."""
    deny: tuple[AccessRule, ...] = ()
    allow: Mapping[str, tuple[AccessRule, ...]] = MappingProxyType({})
    """The rules that let pass, by kind; where a kind has none, all of it passes."""

    def shows(self, target: Target) -> bool:
        """Whether the view shows it."""
        if self.backends is not None and target.backend is not None and target.backend not in self.backends:
            return False
        if any(rule.matches(target) for rule in self.deny):
            return False
        allow = self.allow.get(target.kind, ())
        return not allow or any(rule.matches(target) for rule in allow)


@attrs.frozen(kw_only=True)
class Decision:
    """Whether something is allowed, and what decided it, in words of the file."""

    is_allowed: bool
    because: str


@attrs.frozen(kw_only=True, eq=False)
class Policy:
    """What one configuration allows whom."""

    has_roles: bool = False
    """Whether there are rules for roles at all; without them only views make a difference."""
    allows_by_default: bool = False
    """What holds where no rule of any role of the principal decides."""
    roles: Mapping[str, RoleRules] = MappingProxyType({})
    views: Mapping[str, ViewRules] = MappingProxyType({})

    @property
    def is_open(self) -> bool:
        """Whether everybody sees everything at every endpoint."""
        return not self.has_roles and not self.views

    def perspective(self, roles: frozenset[str], endpoint: str) -> Perspective:
        """The perspective of a principal with these roles at this endpoint: equal for all who see the same."""
        if not self.has_roles:
            return EVERYTHING if endpoint not in self.views else Perspective(endpoint=endpoint)
        known = frozenset(role for role in roles if role in self.roles and self._is_good(role, endpoint))
        return Perspective(roles=known, endpoint=endpoint if endpoint in self.views else "")

    def shows(self, perspective: Perspective, target: Target) -> bool:
        """Whether it exists from there. What its arguments are, and which scopes a token has, does not count here."""
        view = self.views.get(perspective.endpoint)
        if view is not None and not view.shows(target):
            return False
        return not self.has_roles or self.decide(perspective, target).is_allowed

    def decide(self, perspective: Perspective, target: Target) -> Decision:
        """What the rules of these roles say: a deny of any of them wins, then an allow of any."""
        rules = [(name, self.roles[name]) for name in sorted(perspective.roles)]
        for name, role in rules:
            for rule in role.deny:
                if rule.matches(target):
                    return Decision(is_allowed=False, because=f"role {name} denies {rule.text}")
        for name, role in rules:
            for rule in role.allow:
                if rule.matches(target):
                    return Decision(is_allowed=True, because=f"role {name} allows {rule.text}")
        word = "allow" if self.allows_by_default else "deny"
        return Decision(is_allowed=self.allows_by_default, because=f"no rule decides; default: {word}")

    def _is_good(self, role: str, endpoint: str) -> bool:
        endpoints = self.roles[role].endpoints
        return endpoints is None or endpoint in endpoints


EVERYTHING: Final = Perspective()
"""The perspective from which nothing is hidden, where there are no rules for roles."""
OPEN_POLICY: Final = Policy()
"""The policy of a configuration without roles and views."""
