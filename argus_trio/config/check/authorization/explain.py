"""What a principal may do and which rule says so, from the configuration alone: `argus-trio explain`."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.config.check.authorization.check_rules import RIGHTS, hint
from argus_trio.config.model.authentication import ApiKeyMethod, BearerMethod
from argus_trio.config.model.config import Config
from argus_trio.config.model.middleware import AuthenticationSpec, RbacSpec
from argus_trio.config.policy import policy_of, possible_owners
from argus_trio.core.access.policy import Decision, Policy
from argus_trio.core.access.principal import OPERATOR, OPERATOR_ROLE
from argus_trio.core.access.rules import KINDS, AccessRule, NoRule
from argus_trio.core.access.target import Target, TargetKind
from argus_trio.core.catalog.names import Claim, NamingOf, PossibleOwners, prefixed
from argus_trio.core.catalog.uris import spellings

_KINDS: Final[dict[str, TargetKind]] = {
    "tool": "tool",
    "prompt": "prompt",
    "resource": "resource",
    "method": "method",
    "manage": "manage",
}


class NoQuestion(ValueError):
    """The question cannot be answered; the first argument says what to write."""


@attrs.frozen(kw_only=True)
class Question(Value):
    """What is asked: whether a principal may use something."""

    principal: str
    name: str
    """KIND:NAME as clients see it, backend:NAME/KIND:NAME as the backend does, or the name of a tool that is shown."""
    roles: tuple[str, ...] = ()
    """Roles that it has besides those that the file gives it."""
    arguments: bytes | None = None
    """Raw arguments; None asks what they would have to be."""
    endpoint: str = ""
    """The view; empty for the endpoint that shows all."""


@attrs.frozen(kw_only=True)
class Explanation(Value):
    """The answer, and why, line by line."""

    is_allowed: bool
    lines: tuple[str, ...]


def explain(config: Config, question: Question) -> Explanation:
    """Whether it may, and which rule of the file says so.

    Raises:
        NoQuestion: it names what cannot be, or a view or backend that there is not.
    """
    if question.endpoint and question.endpoint not in config.views:
        there_are = f"there are: {', '.join(config.views)}" if config.views else "there are none"
        raise NoQuestion(f"there is no view {question.endpoint}; {there_are}")
    if question.principal == OPERATOR:
        return _of_operator(config)
    given = roles_of(config, question.principal)
    roles = frozenset((*(given or ()), *question.roles)) - {OPERATOR_ROLE}
    has = f"{question.principal} has the roles {', '.join(sorted(roles))}" if roles else ""
    lines = [has or f"{question.principal} has no roles"]
    if given is None and not question.roles:
        lines[0] += "; the file has no credential of that name: what a token or a proxy says is told by --role"
    if OPERATOR_ROLE in question.roles:
        lines.append(f"the role {OPERATOR_ROLE} is the gateway's own: whoever brings it comes in without it")
    policy = policy_of(config)
    perspective = policy.perspective(roles, question.endpoint)
    targets = _targets(config, question.name, policy.by_backend(perspective))
    if not any(isinstance(spec, RbacSpec) for spec in config.middleware):
        return _without_rbac(config, question, targets)
    kind, colon, _ = question.name.partition(":")
    if colon and kind not in (*KINDS, "backend"):
        lines.append(f"no kind is called {kind}, so it is taken for a tool; there are {', '.join(_KINDS)}, backend")
    lines += [f"no role {role} in rbac" for role in sorted(roles) if role not in policy.roles]
    answers = [_answer(policy, question, roles, target) for target in targets]
    # Where it is not known whose a URI or a method is, those backends are asked that may be.
    is_allowed = (any if targets[0].kind in ("resource", "method") else all)(answer.is_allowed for answer in answers)
    for target, answer in zip(targets, answers, strict=True):
        of = f"if it is {target.own} of {target.backend}: " if len(targets) > 1 else ""
        lines += [of + line for line in answer.lines]
    return Explanation(is_allowed=is_allowed, lines=(("allowed" if is_allowed else "denied"), *lines))


def _of_operator(config: Config) -> Explanation:
    management = config.server.management
    if management.token is None and management.socket is None:
        because = "there is no operator: server.management names neither a token nor a socket"
        return Explanation(is_allowed=False, lines=("denied", because))
    because = "the operator comes by server.management, to the management API alone, and may do everything"
    return Explanation(is_allowed=True, lines=("allowed", because))


def _answer(policy: Policy, question: Question, roles: frozenset[str], target: Target) -> Explanation:
    view = policy.views.get(question.endpoint)
    if view is not None and target.kind != "manage" and not view.shows(target):
        return Explanation(is_allowed=False, lines=(f"the view {question.endpoint} does not show it",))
    perspective = policy.perspective(roles, "" if target.kind == "manage" else question.endpoint)
    decision = policy.decide(perspective, target)
    lines = [decision.because]
    bound = sorted(roles & policy.roles.keys() - perspective.roles)
    lines += [f"role {role} is not good for this endpoint" for role in bound]
    if not decision.is_allowed:
        return Explanation(is_allowed=False, lines=tuple(lines))
    is_met = True
    if decision.grants:
        is_met = question.arguments is None or not decision.failing(question.arguments)
        lines += _conditions(decision, question.arguments)
    if decision.scopes:
        lines.append(f"a token that has scopes needs {' '.join(decision.scopes)}")
    return Explanation(is_allowed=is_met, lines=tuple(lines))


def _conditions(decision: Decision, arguments: bytes | None) -> Iterator[str]:
    for grant in decision.grants:
        failing = () if arguments is None else grant.failing(arguments)
        for condition in grant.conditions:
            word = "when" if arguments is None else "but not met:" if condition in failing else "met:"
            yield f"{word} {condition.pointer} {condition.text}"


def _without_rbac(config: Config, question: Question, targets: tuple[Target, ...]) -> Explanation:
    if targets[0].kind == "manage":
        is_allowed = not any(isinstance(spec, AuthenticationSpec) for spec in config.middleware)
        why = "nobody is asked who they are" if is_allowed else "without type: rbac nobody who is known may manage"
    else:
        view = policy_of(config).views.get(question.endpoint)
        is_allowed = view is None or all(map(view.shows, targets))
        why = (
            "without type: rbac everything is open to whoever is let in"
            if is_allowed
            else f"the view {question.endpoint} does not show it"
        )
    return Explanation(is_allowed=is_allowed, lines=("allowed" if is_allowed else "denied", why))


def roles_of(config: Config, principal: str) -> tuple[str, ...] | None:
    """The roles that the file gives to all credentials of this name; None if it has none."""
    found: list[tuple[str, ...]] = []
    for spec in config.middleware:
        if not isinstance(spec, AuthenticationSpec):
            continue
        if principal == "anonymous" and spec.anonymous is not None:
            found.append(spec.anonymous.roles)
        for method in spec.methods:
            if isinstance(method, BearerMethod):
                found += [token.roles for token in method.tokens if token.principal == principal]
            elif isinstance(method, ApiKeyMethod):
                found += [key.roles for key in method.keys if key.principal == principal]
    return tuple(role for roles in found for role in roles if role != OPERATOR_ROLE) if found else None


def _targets(config: Config, name: str, by_backend: Container[TargetKind]) -> tuple[Target, ...]:
    owners = possible_owners(config)
    if name.startswith("backend:"):
        return (_of_backend(owners, name),)
    kind, colon, shown = name.partition(":")
    if kind not in KINDS or not colon:  # a tool's own name holds no colon, but may begin with anything
        kind, shown = "tool", name
    if not shown:
        raise NoQuestion("NAME is empty; write tool:NAME, prompt:NAME, resource:URI, method:NAME or manage:RIGHT")
    if kind == "manage" and name not in RIGHTS:
        raise NoQuestion(f"there is no right {name}; write {', '.join(RIGHTS)}")
    alike = spellings(shown) if kind == "resource" else (shown,)
    plain = Target(kind=_KINDS[kind], shown=alike[0], spellings=alike[1:])
    if kind == "manage" or plain.kind not in by_backend:
        return (plain,)
    found = owners.of(kind, shown)
    if kind not in ("tool", "prompt"):
        found = tuple((naming.backend, alike[0]) for naming in owners.namings)
    return tuple(attrs.evolve(plain, backend=backend, own=own) for backend, own in found) or (plain,)


def _of_backend(owners: PossibleOwners, name: str) -> Target:
    try:
        rule = AccessRule.of(name)
    except NoRule as error:
        raise NoQuestion(f"{error}; {hint(name)}") from None
    backend, _, rest = name.removeprefix("backend:").partition("/")
    kind, _, own = rest.partition(":")
    naming = next((each for each in owners.namings if each.backend == backend), None)
    if naming is None:
        there_are = ", ".join(each.backend for each in owners.namings)
        raise NoQuestion(f"no backend {backend} is enabled; there are: {there_are}")
    if rule.kind is None or not own:
        raise NoQuestion(f"write what of it: backend:{backend}/tool:NAME")
    return Target(kind=_KINDS[kind], shown=_shown(owners, naming, kind, own), backend=backend, own=own)


def _shown(owners: PossibleOwners, naming: NamingOf, kind: str, own: str) -> str:
    if kind not in ("tool", "prompt"):
        return own
    bare = naming.renamed.get(own, own) if kind == "tool" else own
    if owners.scheme.strategy != "prefix":
        return bare
    return prefixed(Claim(backend=naming.backend, prefix=naming.prefix, name=bare), owners.scheme.separator)
