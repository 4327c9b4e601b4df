"""The difference between two configurations, as far as backends are concerned: which, and what it takes to change.

A backend's spec has two parts. A change of what its connections were opened with (`part="link"` in the model) takes a
new connection; the rest is changed in place.
"""

from __future__ import annotations

from collections.abc import Collection

import attrs

from argus_trio import Value
from argus_trio.config.model.backend import BackendSpec
from argus_trio.config.model.config import Config


@attrs.frozen(kw_only=True)
class Difference(Value):
    """The names of enabled backends, each in one field; in the order of the new file, `removed` in that of the old."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    """The backends that need another link."""
    adjusted: tuple[str, ...]
    """The backends whose link stays while the rest of their spec differs."""
    untouched: tuple[str, ...]


def enabled(config: Config) -> dict[str, BackendSpec]:
    """The specs of the backends that are to run, by name, in the order of the file."""
    return {name: spec for name, spec in config.backends.items() if spec.enabled}


def difference(before: Config, now: Config, anew: Collection[str] = ()) -> Difference:
    """The difference that takes the backends of `before` to those of `now`, with another link for those in `anew`."""
    old, new = enabled(before), enabled(now)
    in_both = [name for name in new if name in old]
    same_link = [name for name in in_both if name not in anew and is_same_link(old[name], new[name])]
    return Difference(
        added=tuple(name for name in new if name not in old),
        removed=tuple(name for name in old if name not in new),
        changed=tuple(name for name in in_both if name not in same_link),
        adjusted=tuple(name for name in same_link if old[name] != new[name]),
        untouched=tuple(name for name in same_link if old[name] == new[name]),
    )


def is_same_link(old: BackendSpec, new: BackendSpec) -> bool:
    """Whether a connection that was opened with one spec serves the other as well; secrets are compared too."""
    is_same = type(old) is type(new) and all(
        getattr(old, field.name) == getattr(new, field.name)
        for field in attrs.fields(type(old))
        if field.metadata.get("part") == "link"
    )
    return is_same and old.limits.message == new.limits.message  # a link is opened with that one too


def shows_the_same(old: BackendSpec, new: BackendSpec) -> bool:
    """Whether both specs show the same listing of the backend under the same names."""
    return (old.prefix, old.filters, old.tool_overrides) == (new.prefix, new.filters, new.tool_overrides)


def keeping(config: Config, last: Config, names: Collection[str]) -> Config:
    """The configuration `config`, with these backends as they are in `last`."""
    specs = {name: last.backends[name] if name in names else spec for name, spec in config.backends.items()}
    return attrs.evolve(config, backends=specs)


def is_same(config: Config, last: Config) -> bool:
    """Whether nothing differs, the order of the backends included."""
    return config == last and list(config.backends) == list(last.backends)
