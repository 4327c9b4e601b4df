"""What is wanted at one place of a form, as it was read from a schema. Pure values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, Literal

import attrs

FormFieldKind = Literal["text", "integer", "number", "choice", "many", "object", "array", "alternatives", "raw"]
FieldSchema = Mapping[str, object]
TYPED: Final = ("text", "integer", "number", "raw")
"""Kinds of which a line is typed."""


@attrs.frozen(kw_only=True)
class FieldOption:
    """One of several values that are offered."""

    json: str
    title: str


@attrs.frozen(kw_only=True)
class Property:
    """A member of an object."""

    name: str
    schema: object
    is_required: bool


@attrs.frozen(kw_only=True)
class FieldSpec:
    """What is wanted at one place."""

    kind: FormFieldKind
    title: str = ""
    description: str = ""
    hint: str = ""
    """The type in a word or two, with its format and bounds."""
    example: str = ""
    """How a value may look."""
    default: str | None = None
    """As JSON."""
    rules: FieldSchema = attrs.field(factory=dict, repr=False)
    """The schema, for what is judged while one types."""
    options: tuple[FieldOption, ...] = ()
    properties: tuple[Property, ...] = ()
    left_out: int = 0
    """How many properties, options or alternatives are not shown for want of room."""
    others: object = None
    """The schema of members that have no name; None where there may be none of them, or nobody says."""
    items: object = None
    """The schema of the items of an array behind those of `prefix`."""
    prefix: tuple[object, ...] = ()
    least_items: int = 0
    most_items: int | None = None
    alternatives: tuple[tuple[str, object], ...] = ()
    """The schemas of which one holds, each with what it is called."""
    is_nullable: bool = False
    """Whether null may stand instead of what is typed."""
    is_secret: bool = False

    @property
    def default_text(self) -> str:
        """The default as it would be typed; empty where there is none, or another kind of value."""
        if self.default is None or self.kind not in TYPED:
            return ""
        if self.kind == "text":
            value = json.loads(self.default)
            return value if isinstance(value, str) else ""
        return "" if self.default == "null" and self.is_nullable else self.default
