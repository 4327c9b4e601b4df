"""The original's `authorization` as `type: rbac`: the same where that can be said, otherwise what allows less.

There the first policy that speaks of a role and a name decides. Here a deny of any role wins over every allow. The two
agree unless a deny stands between allows of the same names: such a deny is kept, and so forbids more than it did.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import translate
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.core.access.principal import OPERATOR_ROLE
from argus_trio.importing.original.file.source import OriginalSource
from argus_trio.importing.original.naming import OriginalNaming

_SECTION: Final = "authorization"
_RESOURCE: Final = re.compile(r"(tool|resource|prompt|server|group):(.+)", re.DOTALL)
_EVERYTHING: Final = ("*", "**", "*:*")
_KINDS: Final = ("tool:*", "resource:*", "prompt:*")
_WILD: Final = re.compile(r"[*?\[]")
_EFFECTS: Final = ("allow", "deny")


@attrs.frozen(kw_only=True)
class OriginalPolicy(Value):
    """One policy, in the order of the file."""

    index: int
    is_deny: bool
    roles: tuple[str, ...]
    """Globs of roles."""
    rules: tuple[str, ...]
    """What it speaks of, as rules of `type: rbac`."""


def rbac_of(
    source: OriginalSource, *, naming: OriginalNaming, groups: Mapping[str, list[str]], roles: Iterable[str]
) -> dict[str, object] | None:
    """The middleware that decides; `roles` are those that credentials of the file have."""
    is_enabled = source.flag(_SECTION, "enabled", default=False)
    default = source.text(_SECTION, "default_effect") or "deny"
    if default not in _EFFECTS:
        source.fault((_SECTION, "default_effect"), "expected allow or deny")
    policies = [_policy(source, index, naming, groups) for index in source.entries(_SECTION, "policies")]
    if not is_enabled:
        if source.tree(_SECTION) is not None:
            source.note(
                "left out", (_SECTION,), "it is not enabled: everybody who comes in may do everything, as before"
            )
        return None
    what = "the original never applied its policies; from now on they hold. See `argus-trio explain PRINCIPAL NAME`"
    source.note("changed", (_SECTION,), what)
    known = _known_roles(source, policies, roles)
    has_wild_deny = any(each.is_deny and _is_wild(each) for each in policies)
    if default == "allow" and has_wild_deny:
        what = "a deny for roles by a glob cannot bind roles that are not named: who has none of the named is denied"
        source.note("changed", (_SECTION, "default_effect"), what)
        policies = [*policies, OriginalPolicy(index=len(policies), is_deny=False, roles=("*",), rules=_KINDS)]
        default = "deny"
    return {"type": "rbac", "default": default, "roles": _roles(source, policies, known, default)}


def _policy(
    source: OriginalSource, index: int, naming: OriginalNaming, groups: Mapping[str, list[str]]
) -> OriginalPolicy:
    place = (_SECTION, "policies", index)
    source.names(*place)
    effect = source.text(*place, "effect") or "allow"
    if effect not in _EFFECTS:
        source.fault((*place, "effect"), "expected allow or deny")
    is_deny = effect == "deny"
    rules: list[str] = []
    for at, resource in enumerate(source.texts(*place, "resources")):
        found = _rules(resource, naming, groups, is_deny=is_deny)
        if not found:
            what = f"{resource} speaks of nothing that there is: write tool:GLOB, resource:GLOB, prompt:GLOB"
            source.note("left out", (*place, "resources", at), f"{what} or backend:NAME")
        rules += found
    roles = tuple(source.texts(*place, "roles"))
    return OriginalPolicy(index=index, is_deny=is_deny, roles=roles, rules=tuple(dict.fromkeys(rules)))


def _rules(resource: str, naming: OriginalNaming, groups: Mapping[str, list[str]], *, is_deny: bool) -> list[str]:
    """The rules that a resource is: of an allow never more than it meant, of a deny never less."""
    if resource in _EVERYTHING:
        return ["*"] if is_deny else list(_KINDS)
    found = _RESOURCE.fullmatch(resource)
    if found is None:
        return ["*"] if is_deny and _WILD.search(resource) else []
    kind, glob = found[1], found[2]
    if kind in ("tool", "prompt"):
        return [f"{kind}:{glob}", *_by_new_names(kind, glob, naming, is_deny=is_deny)]
    if kind == "resource":
        return [f"{kind}:{glob}"]
    matches = re.compile(translate(glob)).match
    names = naming.names
    owners = (
        list(names) if kind == "server" else [name for group, each in groups.items() if matches(group) for name in each]
    )
    return [f"backend:{names[name]}" for name in owners if kind == "group" or matches(name)]


def _by_new_names(kind: str, glob: str, naming: OriginalNaming, *, is_deny: bool) -> list[str]:
    """The rules for what a glob matched by names that have changed; a deny that may have matched one holds for all."""
    rules: list[str] = []
    head = _WILD.split(glob, maxsplit=1)[0]
    for each in naming.changed:
        if head.startswith(each.before):
            rules.append(f"{kind}:{each.after}{glob.removeprefix(each.before)}")
        elif is_deny and each.before.startswith(head) and _WILD.search(glob) and glob != "*":
            rules.append(f"backend:{each.backend}/{kind}:*")
    return rules


def _known_roles(source: OriginalSource, policies: list[OriginalPolicy], roles: Iterable[str]) -> list[str]:
    named = [role for policy in policies for role in policy.roles if not _WILD.search(role)]
    known = [role for role in dict.fromkeys([*named, *roles]) if role]
    if OPERATOR_ROLE in known:
        source.note("left out", (_SECTION, "policies"), f"{OPERATOR_ROLE} is a role of the gateway's own")
    if any(_is_wild(policy) for policy in policies):
        what = f"a glob of roles stands for those that are named ({', '.join(known) or 'there are none'})"
        source.note("changed", (_SECTION, "policies"), f"{what}, and in a deny for all of them")
    return [role for role in known if role != OPERATOR_ROLE]


def _is_wild(policy: OriginalPolicy) -> bool:
    return any(_WILD.search(role) for role in policy.roles)


def _roles(source: OriginalSource, policies: list[OriginalPolicy], known: list[str], default: str) -> dict[str, object]:
    roles: dict[str, dict[str, list[str]]] = {role: {} for role in known}
    for at, policy in enumerate(policies):
        key = "deny" if policy.is_deny else "allow"
        rules = [rule for rule in policy.rules if not _is_idle(policy, rule, policies[at + 1 :], default)]
        if policy.is_deny:
            _tell_of_earlier(source, policy, rules, policies[:at])
        for role in known:
            if _is_meant(policy, role):
                kept = roles[role].setdefault(key, [])
                kept += [rule for rule in rules if rule not in kept]
    return {role: {key: rules for key, rules in each.items() if rules} for role, each in roles.items()}


def _is_meant(policy: OriginalPolicy, role: str) -> bool:
    """Whether it holds for a role; a deny by a glob does for each, as who has it may have one that is not named."""
    if policy.is_deny and _is_wild(policy):
        return True
    return any(re.match(translate(each), role) for each in policy.roles)


def _is_idle(policy: OriginalPolicy, rule: str, later: list[OriginalPolicy], default: str) -> bool:
    """Whether a deny says nothing that the default does not: no later allow speaks of the same."""
    if not policy.is_deny or default != "deny":
        return False
    return not any(_may_meet(rule, other) for each in later if not each.is_deny for other in each.rules)


def _tell_of_earlier(
    source: OriginalSource, policy: OriginalPolicy, rules: list[str], earlier: list[OriginalPolicy]
) -> None:
    for before in earlier:
        met = [rule for rule in rules if any(_may_meet(rule, other) for other in before.rules)]
        if not before.is_deny and met:
            place = (_SECTION, "policies", policy.index)
            what = f"a deny wins over every allow here: {', '.join(met)} is denied though an earlier policy"
            source.note(
                "changed", place, f"{what} (line {source.line((_SECTION, 'policies', before.index))}) allows of it"
            )
            return


def _may_meet(one: str, other: str) -> bool:
    """Whether two rules may speak of the same name; what is not known counts as yes."""
    if "*" in (one, other) or one.startswith("backend:") != other.startswith("backend:"):
        return True
    if one.startswith("backend:"):
        return one == other
    kind, _, glob = one.partition(":")
    other_kind, _, other_glob = other.partition(":")
    if kind != other_kind:
        return False
    head, other_head = (_WILD.split(each, maxsplit=1)[0] for each in (glob, other_glob))
    if not _WILD.search(glob):
        return re.match(translate(other_glob), glob) is not None
    if not _WILD.search(other_glob):
        return re.match(translate(glob), other_glob) is not None
    return head.startswith(other_head) or other_head.startswith(head)
