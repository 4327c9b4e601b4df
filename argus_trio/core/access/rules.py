"""Rules: `KIND:GLOB` for what is shown, `backend:NAME/KIND:GLOB` for what backends call it, `*` for everything.

A rule with a backend goes by the backend's own names, so that no rename and no prefix widens it.
"""

from __future__ import annotations

import re
from fnmatch import translate
from typing import Final, get_args

import attrs

from argus_trio import Value
from argus_trio.core.access.target import Target, TargetKind

KINDS: Final[frozenset[str]] = frozenset(get_args(TargetKind))
"""What may stand before the first colon, besides `backend`."""
_EVERYTHING: Final = "*"
_BACKEND: Final = "backend:"
FORMS: Final = "a rule is KIND:GLOB, backend:NAME/KIND:GLOB, backend:NAME, or *"


class NoRule(ValueError):
    """The text is no rule; the first argument says why."""


@attrs.frozen(kw_only=True)
class AccessRule(Value):
    """One rule, read."""

    text: str
    """The rule as it is written."""
    kind: str | None = attrs.field(eq=False)
    """What it speaks of; None where it means every kind."""
    backend: re.Pattern[str] | None = attrs.field(eq=False)
    """Whose it has to be; None where that does not matter."""
    name: re.Pattern[str] | None = attrs.field(eq=False)
    """How it has to be called: by its own name where a backend is given, else by the name shown; None for any name."""

    @classmethod
    def of(cls, text: str) -> AccessRule:
        """The rule that the text says. Raises `NoRule`."""
        if text == _EVERYTHING:
            return cls(text=text, kind=None, backend=None, name=None)
        backend: re.Pattern[str] | None = None
        rest = text
        if text.startswith(_BACKEND):
            name, slash, rest = text.removeprefix(_BACKEND).partition("/")
            if not name:
                raise NoRule(f"no backend is named; {FORMS}")
            backend = compiled_glob(name)
            if not slash:
                return cls(text=text, kind=None, backend=backend, name=None)
        kind, colon, glob = rest.partition(":")
        if not colon or not glob or kind not in KINDS:
            raise NoRule(f"{FORMS}, with KIND one of {', '.join(sorted(KINDS))}")
        if backend is not None and kind == "manage":
            raise NoRule("manage:read, manage:operate and manage:admin belong to no backend")
        return cls(text=text, kind=kind, backend=backend, name=compiled_glob(glob))

    def matches(self, target: Target) -> bool:
        """Whether it speaks of this target."""
        if self.kind is not None and self.kind != target.kind:
            return False
        if self.backend is None:
            return self.name is None or self._is_called(target.shown, target.spellings)
        if target.backend is None or self.backend.match(target.backend) is None:
            return False
        return self.name is None or self._is_called(target.own, target.spellings)

    def _is_called(self, name: str, spellings: tuple[str, ...]) -> bool:
        if self.name is None or self.name.match(name) is not None:
            return True
        return bool(spellings) and any(self.name.match(each) is not None for each in spellings)


def compiled_glob(glob: str) -> re.Pattern[str]:
    """The glob, for `match`: as in `filters` case counts, and `*` matches slashes too."""
    return re.compile(translate(glob))
