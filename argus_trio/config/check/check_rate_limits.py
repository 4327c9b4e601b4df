"""Checks whether the limits on how often calls may be made count something, and each something of its own. No I/O."""

from __future__ import annotations

import difflib
import re
from fnmatch import translate
from typing import Final

from argus_trio.config.model.config import Config
from argus_trio.config.model.middleware import RateLimit, RateLimitSpec, is_at_arrival
from argus_trio.config.read.findings import Findings
from argus_trio.config.read.key_path import KeyPath, dotted

COUNTABLE: Final = (
    "tools/list",
    "tools/call",
    "prompts/list",
    "prompts/get",
    "resources/list",
    "resources/templates/list",
    "resources/read",
    "resources/subscribe",
    "resources/unsubscribe",
    "subscriptions/listen",
    "completion/complete",
    "tasks/get",
    "tasks/list",
    "tasks/result",
    "tasks/update",
    "tasks/cancel",
)
"""The methods of MCP that pass the middleware; those of extensions do too."""
_TOOL_CALL: Final = "tools/call"
_AT_THE_EDGE: Final = frozenset(
    {"initialize", "ping", "server/discover", "logging/setLevel", "roots/list"}
    | {"sampling/createMessage", "elicitation/create"}
)
_NOTIFICATIONS: Final = "notifications/"
_GLOBBING: Final = re.compile(r"[*?\[]")

_EXAMPLE: Final = "for example {scope: principal, calls: 120, per: 60}"
_NEAR: Final = 0.75
"""How alike a word has to be to a method for a slip of the pen."""

Seen = dict[tuple[bool, RateLimit], KeyPath]


def check_rate_limits(config: Config, findings: Findings) -> None:
    """Report limits that count nothing, or the same as another; not where an entry before them could not be read."""
    seen: Seen = {}
    if ("middleware", len(config.middleware)) in findings.lines:
        return
    for number, spec in enumerate(config.middleware):
        if isinstance(spec, RateLimitSpec):
            place: KeyPath = ("middleware", number, "limits")
            if (*place, len(spec.limits)) in findings.lines:
                continue
            if not spec.limits:
                findings.add(place, "expected at least one limit", _EXAMPLE)
            early = is_at_arrival(spec, config.middleware)
            for index, limit in enumerate(spec.limits):
                _check_limit(limit, (*place, index), findings, early=early)
                _check_new((early, limit), (*place, index), findings, seen)


def _check_limit(limit: RateLimit, place: KeyPath, findings: Findings, *, early: bool) -> None:
    if early:
        for key in ("methods", "tools"):
            if getattr(limit, key):
                message = "before authentication nothing is known of a request but its address: what it asks is not"
                findings.add((*place, key), message, f"put this limit behind authentication, or leave {key} out")
        return
    for index, method in enumerate(limit.methods):
        _check_method(method, (*place, "methods", index), findings)
        if limit.tools and not _matches(method, (_TOOL_CALL,)):
            message = "a limit with tools counts calls of tools alone"
            findings.add((*place, "methods", index), message, "write a limit of its own for this method")
    for index, glob in enumerate(limit.tools):
        if not glob:
            findings.add((*place, "tools", index), "an empty glob matches nothing", "* matches everything")


def _check_method(method: str, place: KeyPath, findings: Findings) -> None:
    if method in COUNTABLE or _matches(method, COUNTABLE):
        return
    if not method:
        findings.add(place, "an empty glob matches nothing", "* matches everything")
    elif method in _AT_THE_EDGE or method.startswith(_NOTIFICATIONS):
        hint = "a rate_limit that stands before authentication counts every request, by address"
        findings.add(place, "the gateway answers this itself, and no middleware is asked: nothing would count", hint)
    elif near := difflib.get_close_matches(method, COUNTABLE, n=1, cutoff=_NEAR):
        findings.add(place, "unknown method", f"did you mean {near[0]!r}?")
    elif not _GLOBBING.search(method) and "/" not in method:
        findings.add(place, "expected a method, or a glob of methods", f"for example {', '.join(COUNTABLE[:4])}")
    else:
        hint = "it counts if an extension of a backend has it"
        findings.warn(place, "no method of MCP is called so", hint)


def _check_new(limit: tuple[bool, RateLimit], place: KeyPath, findings: Findings, seen: Seen) -> None:
    before = seen.setdefault(limit, place)
    if before is not place:
        findings.add(place, f"the same limit stands at {dotted(before)}: both would be one", "leave one of them out")


def _matches(glob: str, methods: tuple[str, ...]) -> bool:
    return any(re.match(translate(glob), method) for method in methods)
