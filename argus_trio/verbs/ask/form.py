"""The form of an elicitation: its schema as fields, in the order of the schema. Sans I/O.

Everything that the specification lets a server ask for is here; beyond it, objects within objects become forms of their
own, lists of other things one answer a line, and what is none of these is asked for as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import attrs
import msgspec

from argus_trio import Value
from argus_trio.manage_client.values import Option, WrongValue, boolean, counted, number, one_of, some_of, text_value

MOST_DEPTH: Final = 5
"""How deep forms may lie within forms; what is deeper is asked for as JSON."""
NOTHING: Final = object()
"""Stands for a default that is not there."""

FieldKind = Literal["text", "number", "boolean", "choice", "choices", "form", "list", "json"]


@attrs.frozen(kw_only=True)
class Field(Value):
    """One thing that is asked for."""

    name: str
    kind: FieldKind
    schema: Mapping[str, object]
    is_required: bool
    options: tuple[Option, ...] = ()
    fields: tuple[Field, ...] = ()
    """Of a form: its fields. Of a list: what one of its items is, alone."""

    @property
    def label(self) -> str:
        """How it is called."""
        return str(self.schema.get("title") or self.name)

    @property
    def default(self) -> object:
        """What is sent if nothing is typed; `NOTHING` where there is no default."""
        return self.schema.get("default", NOTHING)

    @property
    def hint(self) -> str:
        """What is wanted, in a few words."""
        words = [_KINDS[self.kind], *_bounds(self.schema)]
        if self.kind == "text" and isinstance(form := self.schema.get("format"), str):
            words[0] = form
        elif self.kind == "number" and self.schema.get("type") == "integer":
            words[0] = "whole number"
        words.append("required" if self.is_required else "optional")
        return ", ".join(words)

    def parse(self, text: str) -> object:
        """The value of what was typed, for all but forms and lists. Raises WrongValue."""
        match self.kind:
            case "boolean":
                return boolean(text)
            case "number":
                return number(text, self.schema)
            case "choice":
                return one_of(text, self.options)
            case "choices":
                return some_of(text, self.options, self.schema)
            case "text":
                return text_value(text, self.schema)
            case _:
                return _json(text)


_KINDS: Final[Mapping[FieldKind, str]] = {
    "text": "text",
    "number": "number",
    "boolean": "yes or no",
    "choice": "one of these",
    "choices": "some of these, with commas between",
    "form": "several answers",
    "list": "one a line, an empty line ends it",
    "json": "JSON",
}


def fields_of(schema: object, depth: int = 0) -> tuple[Field, ...]:
    """The fields of a form's schema."""
    if not isinstance(schema, dict):
        return ()
    properties, required = schema.get("properties"), schema.get("required")
    if not isinstance(properties, dict):
        return ()
    names = required if isinstance(required, list) else []
    return tuple(_field(name, each, name in names, depth) for name, each in properties.items())


def _field(name: str, schema: object, is_required: bool, depth: int) -> Field:
    own: Mapping[str, object] = schema if isinstance(schema, dict) else {}
    kind, options, fields = _kind(own, depth)
    return Field(name=name, kind=kind, schema=own, is_required=is_required, options=options, fields=fields)


def _kind(schema: Mapping[str, object], depth: int) -> tuple[FieldKind, tuple[Option, ...], tuple[Field, ...]]:
    if options := _options(schema):
        return "choice", options, ()
    items = schema.get("items")
    match schema.get("type"):
        case "string":
            return "text", (), ()
        case "number" | "integer":
            return "number", (), ()
        case "boolean":
            return "boolean", (), ()
        case "array" if isinstance(items, dict) and (options := _options(items)):
            return "choices", options, ()
        case "array" if isinstance(items, dict) and depth < MOST_DEPTH and items.get("type") not in (None, "array"):
            return "list", (), (_field("", items, True, depth + 1),)
        case "object" if depth < MOST_DEPTH and (fields := fields_of(schema, depth + 1)):
            return "form", (), fields
    return "json", (), ()


def _options(schema: Mapping[str, object]) -> tuple[Option, ...]:
    values, names = schema.get("enum"), schema.get("enumNames")
    if isinstance(values, list):
        titles = names if isinstance(names, list) and len(names) == len(values) else values
        return tuple(Option(value=value, title=str(title)) for value, title in zip(values, titles, strict=True))
    for key in ("oneOf", "anyOf"):
        titled = schema.get(key)
        if isinstance(titled, list) and titled and all(isinstance(each, dict) and "const" in each for each in titled):
            return tuple(Option(value=each["const"], title=str(each.get("title") or each["const"])) for each in titled)
    return ()


def _bounds(schema: Mapping[str, object]) -> Sequence[str]:
    words = []
    for least, most, what in (
        ("minimum", "maximum", ""),
        ("minLength", "maxLength", "character"),
        ("minItems", "maxItems", ""),
    ):
        low, high = schema.get(least), schema.get(most)
        if isinstance(low, int | float) and isinstance(high, int | float):
            words.append(f"{low} to {high} {what}s" if what else f"{low} to {high}")
        elif isinstance(low, int | float) and low:
            words.append(f"at least {counted(int(low), what) if what else low}")
        elif isinstance(high, int | float):
            words.append(f"at most {counted(int(high), what) if what else high}")
    return words


def _json(text: str) -> object:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        raise WrongValue('JSON is wanted, such as {"a": 1}, [1, 2] or "text"') from None
