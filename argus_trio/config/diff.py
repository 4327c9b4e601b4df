"""What is different between two configurations, as far as their backends are concerned: by name, and by what it takes.

A backend's spec has two parts. What its connections were opened with (`part="link"` in the model) takes a new one to
change; the rest is changed in place.
"""

from __future__ import annotations

import attrs

from argus_trio.config.model.backend import BackendSpec
from argus_trio.config.model.config import Config


@attrs.frozen(kw_only=True)
class Difference:
    """Names of enabled backends, each in one of these; in the order of the new file, `removed` in that of the old."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    """Those that need another link."""
    adjusted: tuple[str, ...]
    """Those whose link stays and whose rest is another."""
    untouched: tuple[str, ...]


def enabled(config: Config) -> dict[str, BackendSpec]:
    """The backends that are to run, in the order of the file."""
    return {name: spec for name, spec in config.backends.items() if spec.enabled}


def difference(before: Config, now: Config) -> Difference:
    """What it takes to get from one to the other."""
    old, new = enabled(before), enabled(now)
    kept = [name for name in new if name in old]
    same_link = [name for name in kept if is_same_link(old[name], new[name])]
    return Difference(
        added=tuple(name for name in new if name not in old),
        removed=tuple(name for name in old if name not in new),
        changed=tuple(name for name in kept if name not in same_link),
        adjusted=tuple(name for name in same_link if old[name] != new[name]),
        untouched=tuple(name for name in same_link if old[name] == new[name]),
    )


def is_same_link(old: BackendSpec, new: BackendSpec) -> bool:
    """Whether a connection that was opened with one of them serves the other as well; secrets are compared too."""
    return type(old) is type(new) and all(
        getattr(old, field.name) == getattr(new, field.name)
        for field in attrs.fields(type(old))
        if field.metadata.get("part") == "link"
    )


def shows_the_same(old: BackendSpec, new: BackendSpec) -> bool:
    """Whether the same listing comes out under the same names."""
    return (old.prefix, old.filters, old.tool_overrides) == (new.prefix, new.filters, new.tool_overrides)
