"""What any field says of itself, as its schema has it: title, description, type and bounds in words. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

import attrs

from argus_trio.tui.form.spec import FieldSchema, FieldSpec, FormFieldKind

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
class FieldAbout:
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
    words = [type_of(schema)]
    if isinstance(form := schema.get("format"), str):
        words.append(form)
    for word, said in _SAID.items():
        if isinstance(bound := schema.get(word), int | float) and not isinstance(bound, bool):
            words.append(said.format(bound))
    if isinstance(pattern := schema.get("pattern"), str):
        words.append(f"as {pattern[:_HINTED]}")
    if schema.get("uniqueItems") is True:
        words.append("all different")
    return ", ".join(each for each in words if each)


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return " ".join(text.split())[:_HINTED]
