"""What is wanted at one place of a form, as it was read from a schema, and what any field says of itself. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, Literal

import attrs

from argus_trio import Value

FormFieldKind = Literal["text", "integer", "number", "choice", "many", "object", "array", "alternatives", "raw"]
FieldSchema = Mapping[str, object]
TYPED: Final = ("text", "integer", "number", "raw")
"""Kinds of which a line is typed."""
_HINTED: Final = 60
"""How many characters of a pattern or an example are shown."""
_SAID: Final[Mapping[str, str]] = {
    "minimum": ">= {}",
    "exclusiveMinimum": "> {}",
    "maximum": "<= {}",
    "exclusiveMaximum": "< {}",
    "multipleOf": "a multiple of {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {}",
    "maxItems": "at most {}",
}


@attrs.frozen(kw_only=True)
class FieldOption(Value):
    """One of several values that are offered."""

    json: str
    title: str


@attrs.frozen(kw_only=True)
class Property(Value):
    """A member of an object."""

    name: str
    schema: object
    is_required: bool


@attrs.frozen(kw_only=True)
class FieldSpec(Value):
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


@attrs.frozen(kw_only=True)
class FieldAbout(Value):
    """What any field says of itself."""

    title: str
    description: str
    hint: str
    example: str
    default: str | None
    rules: FieldSchema
    is_secret: bool

    @classmethod
    def of(cls, schema: FieldSchema) -> FieldAbout:
        """That of a schema whose references are read."""
        title, description = schema.get("title"), schema.get("description")
        examples = listed(schema.get("examples")) or ([schema["example"]] if "example" in schema else [])
        return cls(
            title=title if isinstance(title, str) else "",
            description=description if isinstance(description, str) else "",
            hint=hint_of(schema),
            example=_shown(examples[0]) if examples else "",
            default=json.dumps(schema["default"], ensure_ascii=False) if "default" in schema else None,
            rules=schema,
            is_secret=schema.get("format") == "password" or schema.get("writeOnly") is True,
        )

    def spec(self, kind: FormFieldKind, **more: object) -> FieldSpec:
        """What is wanted, with what is said of it."""
        known: dict[str, object] = {each.name: getattr(self, each.name) for each in attrs.fields(FieldAbout)}
        return FieldSpec(kind=kind, **{**known, **more})  # type: ignore[arg-type]  # each kind has fields of its own


def listed(value: object) -> list[object]:
    """A list of the schema; none where it is something else."""
    return list(value) if isinstance(value, list | tuple) else []


def type_of(schema: FieldSchema) -> str:
    """The type that a schema names, or that its other words mean; empty where nothing tells."""
    kind = schema.get("type")
    if isinstance(kind, list) and len(kind) == 1:
        kind = kind[0]
    if isinstance(kind, str):
        return kind
    if "properties" in schema or "additionalProperties" in schema:
        return "object"
    if "items" in schema or "prefixItems" in schema:
        return "array"
    return "string" if any(word in schema for word in ("pattern", "minLength", "maxLength", "format")) else ""


def hint_of(schema: FieldSchema) -> str:
    """The type in a word or two, with its format and bounds."""
    form = schema.get("format")
    words = [f"{type_of(schema)} {form}".strip() if isinstance(form, str) else type_of(schema)]
    for word, said in _SAID.items():
        if isinstance(bound := schema.get(word), int | float) and not isinstance(bound, bool):
            text = said.format(bound)
            words.append(text.removesuffix("s") if bound == 1 and text.endswith("characters") else text)
    if isinstance(pattern := schema.get("pattern"), str):
        words.append(f"as {pattern[:_HINTED]}")
    if schema.get("uniqueItems") is True:
        words.append("all different")
    return ", ".join(each for each in words if each)


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return " ".join(text.split())[:_HINTED]
