"""What of a backend is shown, and how: globs that let names pass, and other names and descriptions."""

from __future__ import annotations

import attrs

from argus_trio import Value
from argus_trio.config.model.about import about


@attrs.frozen(kw_only=True)
class Globs(Value):
    """Which names pass: those that some `allow` glob matches (all, if there is none) and no `deny` glob does."""

    allow: tuple[str, ...] = attrs.field(default=(), metadata=about("globs that let a name pass; none lets all pass"))
    deny: tuple[str, ...] = attrs.field(default=(), metadata=about("globs that hide a name, whatever allow says"))


@attrs.frozen(kw_only=True)
class Filters(Value):
    """What of a backend is shown; globs see the backend's own names (for resources, their URIs)."""

    tools: Globs = attrs.field(default=Globs(), metadata=about("by the tool's own name"))
    resources: Globs = attrs.field(default=Globs(), metadata=about("by URI, or by URI template"))
    prompts: Globs = attrs.field(default=Globs(), metadata=about("by the prompt's own name"))


@attrs.frozen(kw_only=True)
class Override(Value):
    """How one tool is shown instead of how its backend describes it."""

    name: str | None = attrs.field(default=None, metadata=about("the name shown, before any prefix"))
    description: str | None = attrs.field(default=None, metadata=about("the description shown"))
