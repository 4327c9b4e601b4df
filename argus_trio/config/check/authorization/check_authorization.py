"""Checks `type: rbac` and `views`: rules, conditions, and whether somebody has each role. No I/O."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Final

from argus_trio.config.check.authorization.check_conditions import check_condition
from argus_trio.config.check.authorization.check_rules import RuleCheck
from argus_trio.config.model.authentication import (
    ApiKeyMethod,
    AuthenticationMethod,
    BearerMethod,
    HeaderMethod,
    JwtMethod,
)
from argus_trio.config.model.authorization import Role, View
from argus_trio.config.model.config import Config
from argus_trio.config.model.middleware import AuthenticationSpec, RbacSpec
from argus_trio.config.model.naming import BACKEND_NAME
from argus_trio.config.read.findings import Findings
from argus_trio.config.read.key_path import KeyPath
from argus_trio.core.access.principal import OPERATOR_ROLE

_VIEW_NAME: Final = re.compile(BACKEND_NAME)
_SCOPE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
"""One scope (RFC 6749, 3.3)."""
TAKEN: Final = "messages"
"""The name that no view can have: HTTP+SSE clients post to a path that ends so."""


def check_authorization(config: Config, names: Collection[str], findings: Findings) -> None:
    """Report what does not make sense in roles, rules and views; `names` are the backends of the file."""
    for name, view in config.views.items():
        _check_view(name, view, names, findings)
    found = [(index, spec) for index, spec in enumerate(config.middleware) if isinstance(spec, RbacSpec)]
    for index, _ in found[1:]:
        findings.add(("middleware", index), "there is an rbac already", "write all roles into one")
    if not found:
        return
    index, rbac = found[0]
    path: KeyPath = ("middleware", index)
    is_whole = not any(path[0] == "middleware" for path in findings.faulty)
    if is_whole:  # what was cut out may be the very thing that is missed
        _check_place(config, index, findings)
    rules = RuleCheck(config, names, findings)
    for name, role in rbac.roles.items():
        _check_role(role, (*path, "roles", name), config, rules)
    for rule, scopes in rbac.scopes.items():
        rules.check(rule, (*path, "scopes", rule))
        _check_scopes(scopes, (*path, "scopes", rule), findings)
    if not rbac.roles and rbac.default == "deny":
        findings.warn(path, "nothing is allowed to anybody", 'write roles: {<role>: {allow: ["*"]}}')
    if is_whole:
        _check_who(config, rbac, path, findings)


def _check_view(name: str, view: View, names: Collection[str], findings: Findings) -> None:
    path: KeyPath = ("views", name)
    if name == TAKEN:
        findings.note(path, "a view cannot be called messages", "clients of HTTP+SSE post to /sse/messages")
    elif not _VIEW_NAME.fullmatch(name):
        message = "a view's name has 1 to 32 of the characters A-Z a-z 0-9 _ . - and begins with a letter or a digit"
        findings.note(path, message)
    for index, backend in enumerate(view.backends or ()):
        if backend not in names:
            there_are = f"there are: {', '.join(names)}" if names else ""
            findings.add((*path, "backends", index), "expected the name of a backend", there_are)


def _check_place(config: Config, index: int, findings: Findings) -> None:
    authenticating = [at for at, spec in enumerate(config.middleware) if isinstance(spec, AuthenticationSpec)]
    if not authenticating:
        message = "nobody is asked who they are, so nobody has a role"
        findings.warn(("middleware", index), message, "write type: authentication before it")
    elif authenticating[0] > index:
        message = "it stands before authentication, which is done first all the same"
        findings.warn(("middleware", index), message, "write it behind, so that the file says what happens")


def _check_role(role: Role, path: KeyPath, config: Config, rules: RuleCheck) -> None:
    if path[-1] == OPERATOR_ROLE:
        rules.findings.add(path, "this is a role of the gateway's own", "write another name")
    for key, texts in (("allow", role.allow), ("deny", role.deny)):
        for at, text in enumerate(texts):
            rules.check(text, (*path, key, at))
    for rule, conditions in role.when.items():
        below: KeyPath = (*path, "when", rule)
        if rule not in role.allow:
            hint = f"write it into allow: {rule}" if rule not in role.deny else "a rule of deny has no conditions"
            rules.findings.add(below, "there is no such rule in allow", hint)
        elif rule.startswith("manage:"):
            rules.findings.add(below, "managing has no arguments", "leave the conditions out")
        elif not conditions:
            rules.findings.add(below, "expected a condition", "for example /path: {under: /srv/public}")
        for pointer, condition in conditions.items():
            check_condition(pointer, condition, (*below, pointer), rules.findings)
    for at, view in enumerate(role.views or ()):
        if view not in config.views:
            there_are = f"there are: {', '.join(config.views)}" if config.views else "there are no views"
            rules.findings.add((*path, "views", at), "expected the name of a view", there_are)


def _check_scopes(scopes: tuple[str, ...], path: KeyPath, findings: Findings) -> None:
    if not scopes:
        findings.add(path, "expected a scope", "for example [docs.write]")
    for at, scope in enumerate(scopes):
        if not _SCOPE.fullmatch(scope):
            findings.add((*path, at), "expected one scope, without spaces and quotes", "write each as one of the list")


def _check_who(config: Config, rbac: RbacSpec, path: KeyPath, findings: Findings) -> None:
    """Warn of roles that nobody has, and of scopes that bind nobody."""
    specs = [spec for spec in config.middleware if isinstance(spec, AuthenticationSpec)]
    if not specs:
        return
    methods = [method for spec in specs for method in spec.methods]
    if not any(_brings_roles(method) for method in methods):
        had = {role for spec in specs for role in _given(spec)}
        for role in rbac.roles:
            if role not in had:
                message = "nobody has this role"
                findings.warn((*path, "roles", role), message, "give it to a credential, or leave it out")
    if rbac.scopes and not any(isinstance(method, JwtMethod) for method in methods):
        findings.warn((*path, "scopes"), "they bind nobody", "tokens with scopes come by a method of type: jwt")


def _brings_roles(method: AuthenticationMethod) -> bool:
    """Whether requests say the roles, and not the file."""
    return isinstance(method, JwtMethod) or (isinstance(method, HeaderMethod) and method.roles_header is not None)


def _given(spec: AuthenticationSpec) -> Iterator[str]:
    """Each role that the file itself gives to a credential."""
    if spec.anonymous is not None:
        yield from spec.anonymous.roles
    for method in spec.methods:
        if isinstance(method, BearerMethod):
            yield from (role for token in method.tokens for role in token.roles)
        elif isinstance(method, ApiKeyMethod):
            yield from (role for key in method.keys for role in key.roles)
