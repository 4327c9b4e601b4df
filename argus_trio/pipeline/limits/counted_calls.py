"""What one limit of the file counts: which calls, and in which words it is spoken of. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import translate
from typing import Final

import attrs

from argus_trio.config.model.middleware import RateLimit

COUNTED: Final = ("tools/call", "prompts/get", "resources/read", "completion/complete")
"""What a limit counts that names neither methods nor tools."""
TOOL_CALL: Final = "tools/call"


@attrs.frozen(eq=False, repr=False)
class CountedCalls:
    """The calls that one limit counts."""

    limit: RateLimit
    methods: re.Pattern[str]
    tools: re.Pattern[str] | None
    """Their names, where not all tools count."""

    @classmethod
    def of(cls, limit: RateLimit) -> CountedCalls:
        """Those of a limit of the file."""
        methods = limit.methods or ((TOOL_CALL,) if limit.tools else COUNTED)
        return cls(limit, _any_of(methods), _any_of(limit.tools) if limit.tools else None)

    def concerned(self, method: str, tool: str | None) -> dict[str, object]:
        """The limit as the client of a call is told: of what else it may name nothing is said."""
        told: dict[str, object] = {"scope": self.limit.scope, "calls": self.limit.calls, "per": _short(self.limit.per)}
        if self.limit.burst is not None:
            told["burst"] = self.limit.burst
        if self.limit.methods:
            told["method"] = method
        if self.limit.tools:
            told["tool"] = tool
        return told


def in_words(limit: RateLimit) -> dict[str, object]:
    """The limit as the file says it."""
    said = {name: value for name, value in attrs.asdict(limit).items() if value not in (None, ())}
    return {**said, "per": _short(limit.per)}


def rate_of(limit: RateLimit) -> str:
    """How much it allows, and to whom."""
    return f"{limit.calls} per {limit.per:g} s " + ("for each client" if limit.scope == "principal" else "for all")


def _short(seconds: float) -> float:
    return int(seconds) if seconds == int(seconds) else seconds


def _any_of(globs: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(translate, globs)))
