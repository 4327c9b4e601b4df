"""The policy that a configuration says: the rules of `type: rbac` and of `views`, read; and how it names things."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from types import MappingProxyType

import attrs

from argus_trio.config.model.authorization import ArgumentCondition, Role, View
from argus_trio.config.model.config import Config
from argus_trio.config.model.middleware import RbacSpec
from argus_trio.core.access.conditions.condition import ComparedScalar, RuleCondition, pointer_steps
from argus_trio.core.access.conditions.paths import base_of
from argus_trio.core.access.policy import OPEN_POLICY, Policy, RoleRules, ViewRules
from argus_trio.core.access.rules import AccessRule, compiled_glob
from argus_trio.core.catalog.names import NamingOf, PossibleOwners, Scheme
from argus_trio.wire.envelope import encode


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
        scopes=tuple((AccessRule.of(rule), scopes) for rule, scopes in rbac.scopes.items()),
    )


def possible_owners(config: Config) -> PossibleOwners:
    """Whose a name can be, as far as the configuration says so."""
    resolution = config.conflict_resolution
    scheme = Scheme(strategy=resolution.strategy, separator=resolution.separator, order=resolution.order)
    namings = (
        NamingOf(
            backend=name,
            prefix=name if backend.prefix is None else backend.prefix,
            renamed={own: each.name for own, each in backend.tool_overrides.items() if each.name is not None},
        )
        for name, backend in config.backends.items()
        if backend.enabled
    )
    return PossibleOwners(scheme, tuple(namings))


def condition_of(pointer: str, written: ArgumentCondition) -> RuleCondition:
    """The condition on the argument at a JSON pointer.

    Raises:
        ValueError: it cannot be meant; the first argument says what is expected.
    """
    one_of = None if written.one_of is None else tuple(map(_scalar, written.one_of))
    return RuleCondition(
        pointer=pointer,
        steps=pointer_steps(pointer),
        text=_text(written),
        one_of=one_of if written.equals is None else (_scalar(written.equals),),
        glob=None if written.glob is None else compiled_glob(written.glob),
        under=None if written.under is None else base_of(written.under),
        min=None if written.min is None else _number(written.min),
        max=None if written.max is None else _number(written.max),
        absent=written.absent,
    )


def _text(written: ArgumentCondition) -> str:
    given = {key: value for key, value in attrs.asdict(written).items() if value is not None}
    return ", ".join(f"{key}: {encode(value).decode()}" for key, value in given.items())


def _scalar(value: object) -> ComparedScalar:
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int | float):
        return _number(value)
    raise ValueError("expected a text, a number, true, false or null")


def _number(value: float) -> Decimal:
    number = Decimal(repr(value))  # as it is written, and not what is nearest to it in binary
    if not number.is_finite():
        raise ValueError("expected a number that is finite")
    return number


def _role_rules(role: Role) -> RoleRules:
    return RoleRules(
        allow=_rules(role.allow),
        deny=_rules(role.deny),
        when=MappingProxyType(
            {
                rule: tuple(condition_of(pointer, each) for pointer, each in conditions.items())
                for rule, conditions in role.when.items()
            }
        ),
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
