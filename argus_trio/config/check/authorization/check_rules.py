"""Checks one rule of `type: rbac`: whether it can be read, and as far as the file tells, matches anything."""

from __future__ import annotations

import re
from collections.abc import Collection
from fnmatch import fnmatchcase
from typing import Final, get_args

import attrs

from argus_trio.config.model.config import Config
from argus_trio.config.policy import possible_owners
from argus_trio.config.read.findings import Findings
from argus_trio.config.read.key_path import KeyPath
from argus_trio.core.access.access import ManageRight
from argus_trio.core.access.rules import KINDS, AccessRule, NoRule
from argus_trio.core.catalog.names import PossibleOwners

RIGHTS: Final = tuple(f"manage:{right}" for right in get_args(ManageRight))
_WILD: Final = re.compile(r"[*?\[]")
_DECIDED_OTHERWISE: Final = {
    "tools/call": "tool:",
    "prompts/get": "prompt:",
    "resources/read": "resource:",
    "resources/subscribe": "resource:",
    "resources/unsubscribe": "resource:",
    "completion/complete": "prompt: and resource:",
}
_FREE: Final = ("tools/list", "prompts/list", "resources/list", "resources/templates/list", "initialize", "ping")


@attrs.define(eq=False, repr=False)
class RuleCheck:
    """Checks the rules of one file."""

    config: Config
    names: Collection[str]
    """The backends of the file, also those that could not be read."""
    findings: Findings
    _owners: PossibleOwners = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._owners = possible_owners(self.config)

    def check(self, text: str, key_path: KeyPath) -> None:
        """Report the rule if it is none; warn if it can match nothing."""
        try:
            AccessRule.of(text)
        except NoRule as error:
            self.findings.add(key_path, str(error), hint(text))
            return
        backend, name = _parts(text)
        kind, _, glob = name.partition(":")
        if kind == "manage" and not any(fnmatchcase(right, name) for right in RIGHTS):
            self.findings.add(key_path, "there is no such right", f"write {', '.join(RIGHTS[:-1])} or {RIGHTS[-1]}")
        elif message := self._matches_nothing(backend, kind, glob):
            self.findings.warn(key_path, f"it matches nothing: {message}")

    def _matches_nothing(self, backend: str, kind: str, glob: str) -> str:
        if kind == "method" and (message := _not_by_method(glob)):
            return message
        if not self.names or set(self.names) != set(self.config.backends):
            return ""
        if backend:
            return self._not_of_backend(backend, kind, glob)
        if kind not in ("tool", "prompt"):
            return ""
        if not _WILD.search(glob):
            return "" if self._owners.of(kind, glob) else "no backend shows a name like that"
        head, separator = _WILD.split(glob, maxsplit=1)[0], self._owners.scheme.separator
        if self._owners.scheme.strategy != "prefix" or not all(each.prefix for each in self._owners.namings):
            return ""
        starts = [each.prefix + separator for each in self._owners.namings]
        if any(start.startswith(head) or head.startswith(start) for start in starts):
            return ""
        return f"names begin with {' or '.join(starts[:8])}" if starts else "no backend is enabled"

    def _not_of_backend(self, glob: str, kind: str, own: str) -> str:
        meant = [each for name, each in self.config.backends.items() if fnmatchcase(name, glob)]
        if not meant:
            return f"there is no backend {glob}; there are: {', '.join(self.names)}"
        meant = [each for each in meant if each.enabled]
        if not meant:
            return f"the backend {glob} is not enabled"
        if kind in ("tool", "prompt") and not _WILD.search(own):
            filters = [each.filters.tools if kind == "tool" else each.filters.prompts for each in meant]
            hiding = [
                any(fnmatchcase(own, deny) for deny in each.deny)
                or (bool(each.allow) and not any(fnmatchcase(own, allow) for allow in each.allow))
                for each in filters
            ]
            return "the filters of the backend hide it from everybody" if all(hiding) else ""
        return ""


def hint(text: str) -> str:
    """What to write instead of what is no rule."""
    backend, rest = _parts(text)
    kind, colon, glob = rest.partition(":")
    start = f"backend:{backend}/" if backend else ""
    if colon and glob and kind.removesuffix("s") in KINDS:
        return f"write {start}{kind.removesuffix('s')}:{glob}"
    if text.startswith("manage") and not glob:
        return f"write {', '.join(RIGHTS[:-1])} or {RIGHTS[-1]}"
    if not colon and rest:
        return f"for the tool of that name write {start}tool:{rest}"
    return f"for example {start or ''}tool:search*"


def _parts(text: str) -> tuple[str, str]:
    """The backend of a rule, if it names one, and what follows."""
    if not text.startswith("backend:"):
        return "", text
    backend, _, rest = text.removeprefix("backend:").partition("/")
    return backend, rest


def _not_by_method(glob: str) -> str:
    if rules := _DECIDED_OTHERWISE.get(glob):
        return f"{glob} is decided by rules with {rules}"
    if glob in _FREE:
        return f"{glob} is open to everybody, and shows what there is for each"
    return "tasks belong to whoever began them" if glob.startswith("tasks/") else ""
