"""What each role may do: the rules of `type: rbac`, the conditions that look into arguments, and the views."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import attrs

from argus_trio import Value
from argus_trio.config.model.about import about
from argus_trio.config.model.plain import PlainScalar
from argus_trio.config.model.visibility import Globs


@attrs.frozen(kw_only=True)
class ArgumentCondition(Value):
    """What one argument has to be; every key that is given must hold."""

    equals: PlainScalar | None = attrs.field(default=None, metadata=about("it is this value"))
    one_of: tuple[PlainScalar, ...] | None = attrs.field(default=None, metadata=about("it is one of these values"))
    glob: str | None = attrs.field(default=None, metadata=about("it is a text that this glob matches"))
    under: str | None = attrs.field(
        default=None, metadata=about("it is a path at or below this one, once both are normalised")
    )
    min: float | None = attrs.field(default=None, metadata=about("it is a number, and not below this one"))
    max: float | None = attrs.field(default=None, metadata=about("it is a number, and not above this one"))
    absent: bool | None = attrs.field(default=None, metadata=about("true: it is not given; false: it is"))


@attrs.frozen(kw_only=True)
class Role(Value):
    """What one role may do. Rules are KIND:GLOB, or backend:NAME/KIND:GLOB with the backend's own names."""

    allow: tuple[str, ...] = attrs.field(default=(), metadata=about("the rules that let pass; * is everything"))
    deny: tuple[str, ...] = attrs.field(
        default=(), metadata=about("the rules that keep out, whatever this or another role of the principal allows")
    )
    when: Mapping[str, Mapping[str, ArgumentCondition]] = attrs.field(
        default=MappingProxyType({}),
        metadata=about("conditions of a rule of allow, by the rule, then by the JSON pointer of an argument"),
    )
    views: tuple[str, ...] | None = attrs.field(
        default=None, metadata=about("the views that the role is good for; without it, all endpoints")
    )


@attrs.frozen(kw_only=True)
class View(Value):
    """One more endpoint, which shows a part of what there is."""

    backends: tuple[str, ...] | None = attrs.field(
        default=None, metadata=about("the backends that are shown; without it, all")
    )
    tools: Globs = attrs.field(default=Globs(), metadata=about("by the name shown"))
    resources: Globs = attrs.field(default=Globs(), metadata=about("by URI, or by URI template"))
    prompts: Globs = attrs.field(default=Globs(), metadata=about("by the name shown"))


DefaultDecision = Literal["deny", "allow"]
