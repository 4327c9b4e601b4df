"""What a policy shows of whole lists from one perspective: as `Policy.shows` says it, with the rules joined."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

import attrs

from argus_trio.core.access.policy import OF_OPERATOR, Perspective, Policy
from argus_trio.core.access.rules import AccessRule
from argus_trio.core.access.target import Target, TargetKind

_KINDS: Final[tuple[TargetKind, ...]] = ("tool", "prompt", "resource")
"""What lists have."""


def sight(policy: Policy, perspective: Perspective) -> Callable[[Target], bool]:
    """Whether an entry of a list exists from there."""
    by_kind = {kind: _KindSight.of(policy, perspective, kind) for kind in _KINDS}

    def shows(target: Target) -> bool:
        return by_kind[target.kind].shows(target)

    return shows


@attrs.frozen(kw_only=True, eq=False, repr=False)
class _JoinedRules:
    """Rules of one kind: those by the name shown as one pattern, those by the backend one by one."""

    shown: re.Pattern[str] | None
    by_backend: tuple[AccessRule, ...]

    @classmethod
    def of(cls, rules: Iterable[AccessRule], kind: TargetKind) -> _JoinedRules | None:
        """None where there are none."""
        given = list(rules)
        fitting = [rule for rule in given if rule.kind in (None, kind)]
        shown = ["" if rule.name is None else rule.name.pattern for rule in fitting if rule.backend is None]
        by_backend = tuple(rule for rule in fitting if rule.backend is not None)
        if not given:
            return None
        return cls(shown=re.compile("|".join(shown)) if shown else None, by_backend=by_backend)

    def match(self, target: Target) -> bool:
        if self.shown is not None:
            if self.shown.match(target.shown) is not None:
                return True
            if target.spellings and any(self.shown.match(each) is not None for each in target.spellings):
                return True
        return bool(self.by_backend) and any(rule.matches(target) for rule in self.by_backend)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class _KindSight:
    """What is shown of one kind."""

    backends: frozenset[str] | None
    """Those of the view; None for all."""
    deny: _JoinedRules | None
    """What view and roles keep out."""
    view_allow: _JoinedRules | None
    """What has to let pass for the view; None where nothing has to."""
    allow: _JoinedRules | None
    default: bool

    @classmethod
    def of(cls, policy: Policy, perspective: Perspective, kind: TargetKind) -> _KindSight:
        if perspective == OF_OPERATOR:
            return cls(backends=None, deny=None, view_allow=None, allow=None, default=True)
        view = policy.views.get(perspective.endpoint)
        roles = [policy.roles[name] for name in perspective.roles]
        denying = [*(view.deny if view is not None else ()), *(rule for role in roles for rule in role.deny)]
        return cls(
            backends=None if view is None else view.backends,
            deny=_JoinedRules.of(denying, kind),
            view_allow=None if view is None else _JoinedRules.of(view.allow.get(kind, ()), kind),
            allow=_JoinedRules.of((rule for role in roles for rule in role.allow), kind),
            default=policy.allows_by_default or not policy.has_roles,
        )

    def shows(self, target: Target) -> bool:
        if self.backends is not None and target.backend is not None and target.backend not in self.backends:
            return False
        if self.deny is not None and self.deny.match(target):
            return False
        if self.view_allow is not None and not self.view_allow.match(target):
            return False
        return self.default or (self.allow is not None and self.allow.match(target))
