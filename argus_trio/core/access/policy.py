"""What there is for whom: roles and views as one decision, the same for lists, calls and everything else.

The decision takes names alone: whether something exists, or how it stands, has no part in it. What a call says beside
names counts for the call only: its arguments where a rule has conditions, and the scopes of its token.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.core.access.conditions.condition import RuleCondition
from argus_trio.core.access.principal import OPERATOR_ROLE
from argus_trio.core.access.rules import AccessRule
from argus_trio.core.access.target import Target, TargetKind

MOST_DECISIONS: Final = 4096
"""How many decisions are kept, of each policy: as many as there are names in use with a few different roles."""
LONGEST_KEPT: Final = 256
"""The longest name, in characters, whose decision is kept: clients make up names, and a URI may be long."""


@attrs.frozen(kw_only=True, eq=True, unsafe_hash=True)  # each decision looks it up
class Perspective(Value):
    """Whose view of the whole it is: the roles that count, and the endpoint. There are few different ones."""

    roles: frozenset[str] = frozenset()
    endpoint: str = ""
    """The view whose endpoint it is; empty for the one that shows all."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RoleRules:
    """What one role may do."""

    allow: tuple[AccessRule, ...] = ()
    deny: tuple[AccessRule, ...] = ()
    when: Mapping[str, tuple[RuleCondition, ...]] = MappingProxyType({})
    """The conditions under which a rule of `allow` allows, by its text."""
    endpoints: frozenset[str] | None = None
    """The views that it is good for; None for every endpoint."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
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
class Grant(Value):
    """A rule that allows something under conditions, all of which have to hold."""

    because: str
    conditions: tuple[RuleCondition, ...]

    def failing(self, arguments: bytes) -> tuple[RuleCondition, ...]:
        """The conditions that these raw arguments do not meet."""
        return tuple(condition for condition in self.conditions if not condition.holds(arguments))


@attrs.frozen(kw_only=True)
class Decision(Value):
    """Whether something is there for a role, and what decided it, in words of the file."""

    is_allowed: bool
    because: str
    grants: tuple[Grant, ...] = ()
    """Where it is allowed under conditions alone: a call passes that meets those of any one of them."""
    scopes: tuple[str, ...] = ()
    """What a token has to be good for besides, in the order of the file."""

    def missing(self, scopes: frozenset[str] | None) -> tuple[str, ...]:
        """The scopes that are missing; none where the credential is of a kind that has no scopes."""
        return () if scopes is None else tuple(scope for scope in self.scopes if scope not in scopes)

    def failing(self, arguments: bytes) -> tuple[RuleCondition, ...]:
        """The conditions that a call with these raw arguments fails: of the first rule, where each has one."""
        first: tuple[RuleCondition, ...] = ()
        for grant in self.grants:
            failing = grant.failing(arguments)
            if not failing:
                return ()
            first = first or failing
        return first


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Policy:
    """What one configuration allows whom."""

    has_roles: bool = False
    """Whether there are rules for roles at all; without them only views make a difference."""
    allows_by_default: bool = False
    """What holds where no rule of any role of the principal decides; managing is never allowed by default."""
    roles: Mapping[str, RoleRules] = MappingProxyType({})
    views: Mapping[str, ViewRules] = MappingProxyType({})
    scopes: tuple[tuple[AccessRule, tuple[str, ...]], ...] = ()
    """What tokens need besides: the scopes of every rule that matches."""
    _decisions: dict[tuple[Perspective, Target], Decision] = attrs.field(factory=dict, init=False, repr=False)
    _by_backend: dict[Perspective, frozenset[TargetKind]] = attrs.field(factory=dict, init=False, repr=False)

    @property
    def is_open(self) -> bool:
        """Whether everybody sees everything at every endpoint."""
        return not self.has_roles and not self.views

    def perspective(self, roles: frozenset[str], endpoint: str) -> Perspective:
        """The perspective of a principal with these roles at this endpoint: equal for all who see the same."""
        if OPERATOR_ROLE in roles:
            return OF_OPERATOR if self.has_roles else EVERYTHING
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

    def by_backend(self, perspective: Perspective) -> frozenset[TargetKind]:
        """The kinds of which it matters, from there, whose something is."""
        kinds = self._by_backend.get(perspective)
        if kinds is None:
            kinds = self._kinds_by_backend(perspective)
            if len(self._by_backend) >= MOST_DECISIONS:
                self._by_backend.clear()
            self._by_backend[perspective] = kinds
        return kinds

    def may_manage(self, roles: frozenset[str], right: str, scopes: frozenset[str] | None = None) -> bool:
        """Whether these roles, and a token of these scopes, let manage; those that are bound to views do not."""
        target = Target(kind="manage", shown=right)
        decision = self.decide(self.perspective(roles, ""), target)
        return decision.is_allowed and not decision.missing(scopes)

    def decide(self, perspective: Perspective, target: Target) -> Decision:
        """What the rules of these roles say: a deny of any of them wins, then an allow of any."""
        key = (perspective, target)
        decision = self._decisions.get(key)
        if decision is None:
            decision = self._decided(perspective, target)
            if len(target.shown) <= LONGEST_KEPT:
                if len(self._decisions) >= MOST_DECISIONS:
                    self._decisions.clear()
                self._decisions[key] = decision
        return decision

    def _decided(self, perspective: Perspective, target: Target) -> Decision:
        if perspective == OF_OPERATOR:
            return Decision(is_allowed=True, because="the operator may do everything")
        rules = [(name, self.roles[name]) for name in sorted(perspective.roles)]
        for name, role in rules:
            for rule in role.deny:
                if rule.matches(target):
                    return Decision(is_allowed=False, because=f"role {name} denies {rule.text}")
        grants: list[Grant] = []
        for name, role in rules:
            for rule in role.allow:
                if rule.matches(target):
                    because = f"role {name} allows {rule.text}"
                    conditions = role.when.get(rule.text, ())
                    if not conditions:
                        return Decision(is_allowed=True, because=because, scopes=self._scopes_of(target))
                    grants.append(Grant(because=because, conditions=conditions))
        if grants:  # whatever the default is: who writes a condition means it
            because = " or ".join(grant.because for grant in grants)
            return Decision(is_allowed=True, because=because, grants=tuple(grants), scopes=self._scopes_of(target))
        allows = self.allows_by_default and target.kind != "manage"
        because = f"no rule decides; default: {'allow' if self.allows_by_default else 'deny'}"
        if self.allows_by_default and not allows:
            because += ", which is not for manage"
        return Decision(is_allowed=allows, because=because, scopes=self._scopes_of(target) if allows else ())

    def _kinds_by_backend(self, perspective: Perspective) -> frozenset[TargetKind]:
        if perspective == OF_OPERATOR:
            return frozenset()
        roles = [self.roles[name] for name in perspective.roles]
        rules = [rule for role in roles for rule in (*role.allow, *role.deny)]
        rules += [rule for rule, _ in self.scopes]
        found = {rule.kind for rule in rules if rule.backend is not None}
        view = self.views.get(perspective.endpoint)
        if None in found or (view is not None and view.backends is not None):
            return _OF_BACKENDS
        return frozenset(kind for kind in _OF_BACKENDS if kind in found)

    def _scopes_of(self, target: Target) -> tuple[str, ...]:
        needed = (scope for rule, scopes in self.scopes if rule.matches(target) for scope in scopes)
        return tuple(dict.fromkeys(needed))

    def _is_good(self, role: str, endpoint: str) -> bool:
        endpoints = self.roles[role].endpoints
        return endpoints is None or endpoint in endpoints


_OF_BACKENDS: Final[frozenset[TargetKind]] = frozenset(("tool", "prompt", "resource", "method"))
EVERYTHING: Final = Perspective()
"""The perspective from which nothing is hidden, where there are no rules for roles."""
OF_OPERATOR: Final = Perspective(roles=frozenset({OPERATOR_ROLE}))
"""The perspective of the operator where there are rules for roles: none of them, and no view, hides anything."""
OPEN_POLICY: Final = Policy()
"""The policy of a configuration without roles and views."""
