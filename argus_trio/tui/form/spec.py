"""What a JSON Schema wants at one place: a schema with its `$ref`, `allOf`, `oneOf` and types read. Pure.

Whatever a server publishes is read somehow: what is not understood is a field that takes JSON. Draft 2020-12, and what
older drafts spelled otherwise.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Final, Literal
from urllib.parse import unquote

import attrs

FormFieldKind = Literal["text", "integer", "number", "choice", "object", "array", "alternatives", "raw"]
FieldSchema = Mapping[str, object]

MOST_REFERENCES: Final = 32
"""How many `$ref` lead on at one place before it is taken for a circle."""
MOST_MERGED: Final = 256
"""How many schemas are read as one: parts that refer to each other in turn double with each step."""
MOST_PROPERTIES: Final = 500
"""How many properties of one object have fields; the others can be written as JSON."""
MOST_OPTIONS: Final = 1000
"""How many values of an `enum`, or alternatives, are offered."""
_INDEX: Final = re.compile("[0-9]{1,9}")
_KINDS: Final[Mapping[str, FormFieldKind]] = {
    "string": "text",
    "integer": "integer",
    "number": "number",
    "object": "object",
    "array": "array",
}


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
    default: str | None = None
    """As JSON."""
    options: tuple[FieldOption, ...] = ()
    properties: tuple[Property, ...] = ()
    left_out: int = 0
    """How many properties have no field for want of room."""
    others: object = None
    """The schema of members that have no name; None where there may be none of them, or nobody says."""
    items: object = None
    """The schema of the items of an array behind those of `prefix`."""
    prefix: tuple[object, ...] = ()
    least_items: int = 0
    most_items: int | None = None
    alternatives: tuple[tuple[str, object], ...] = ()
    """The schemas of which one holds, each with what it is called."""
    is_secret: bool = False


@attrs.frozen
class SchemaReader:
    """Reads parts of one schema, which `$ref` can name."""

    root: object

    def spec(self, schema: object) -> FieldSpec:
        """What is wanted by a part of the schema."""
        whole = self._merged(schema)
        about = _About.of(whole)
        if options := _options(whole):
            return about.spec("choice", options=options)
        if (named := self._alternatives(whole)) is not None:
            consts = [_const(self._merged(each)) for _, each in named]
            if all(each is not None for each in consts):
                titled = zip(named, consts, strict=True)
                options = tuple(FieldOption(json=const or "", title=name) for (name, _), const in titled)
                return about.spec("choice", options=options)
            return about.spec("alternatives", alternatives=named)
        return self._typed(whole, about)

    def _typed(self, whole: FieldSchema, about: _About) -> FieldSpec:
        kind = _type_of(whole)
        if kind == "boolean":
            options = tuple(FieldOption(json=each, title=each) for each in ("true", "false"))
            return about.spec("choice", options=options)
        if kind == "null":
            return about.spec("choice", options=(FieldOption(json="null", title="null"),))
        if kind == "object":
            properties, left_out = _properties(whole)
            others = whole.get("additionalProperties")
            if others is True or (others is None and not properties):
                others = {}
            others = None if others is False else others
            return about.spec("object", properties=properties, left_out=left_out, others=others)
        if kind == "array":
            return _array(whole, about)
        return about.spec(_KINDS.get(kind, "raw"))

    def _alternatives(self, whole: FieldSchema) -> tuple[tuple[str, object], ...] | None:
        own = ("oneOf", "anyOf", "title", "description", "default")
        rest = {key: value for key, value in whole.items() if key not in own}
        for word in ("oneOf", "anyOf"):
            found = _list(whole.get(word))[:MOST_OPTIONS]
            if len(found) > 1:
                return tuple((self._name(each, at), _both(rest, each)) for at, each in enumerate(found))
        types = [each for each in _list(whole.get("type")) if isinstance(each, str)]
        if len(types) > 1:
            return tuple((each, {**rest, "type": each}) for each in types)
        return None

    def _name(self, schema: object, at: int) -> str:
        """What an alternative is called: its title, what tells it apart, the name it is defined by, its type."""
        whole = self._merged(schema)
        if isinstance(title := whole.get("title"), str) and title:
            return title
        if (const := _const(whole)) is not None:
            return const.strip('"')
        members = whole.get("properties")
        if isinstance(members, Mapping):
            for name, each in members.items():
                if isinstance(each, Mapping) and (const := _const(each)) is not None:
                    return f"{name} {const}"
        if isinstance(schema, Mapping) and isinstance(reference := schema.get("$ref"), str):
            return reference.rpartition("/")[2] or f"{at + 1}"
        return _type_of(whole) or f"{at + 1}"

    def _merged(self, schema: object) -> FieldSchema:
        """A schema with what it refers to and all of its `allOf` in one; the one option of a `oneOf` as well."""
        return self._merge(schema, MOST_REFERENCES, count(1))

    def _merge(self, schema: object, references: int, merged: Iterator[int]) -> FieldSchema:
        if not isinstance(schema, Mapping) or next(merged) > MOST_MERGED:
            return {}
        whole: FieldSchema = schema
        if isinstance(reference := whole.get("$ref"), str) and references > 0:
            beside = {key: value for key, value in whole.items() if key != "$ref"}
            whole = _both(self._merge(self._found(reference), references - 1, merged), beside)
        parts = [*_list(whole.get("allOf"))[:MOST_REFERENCES]]
        for word in ("oneOf", "anyOf"):
            if len(only := _list(whole.get(word))) == 1:
                parts += only
        for part in parts if references > 0 else ():
            whole = _both(whole, self._merge(part, references - 1, merged))
        return {key: value for key, value in whole.items() if key != "allOf"} if parts else whole

    def _found(self, reference: str) -> object:
        """What a local pointer leads to (RFC 6901); nothing for any other one."""
        path, _, pointer = reference.partition("#")
        if path or (pointer and not pointer.startswith("/")):
            return None
        at = self.root
        for token in pointer.split("/")[1:]:
            name = unquote(token).replace("~1", "/").replace("~0", "~")
            if isinstance(at, Mapping):
                at = at.get(name)
            elif (
                isinstance(at, Sequence) and not isinstance(at, str) and _INDEX.fullmatch(name) and int(name) < len(at)
            ):
                at = at[int(name)]
            else:
                return None
        return at


@attrs.frozen(kw_only=True)
class _About:
    """What any field says of itself."""

    title: str
    description: str
    hint: str
    default: str | None
    is_secret: bool

    @classmethod
    def of(cls, schema: FieldSchema) -> _About:
        title, description = schema.get("title"), schema.get("description")
        return cls(
            title=title if isinstance(title, str) else "",
            description=description if isinstance(description, str) else "",
            hint=_hint(schema),
            default=json.dumps(schema["default"]) if "default" in schema else None,
            is_secret=schema.get("format") == "password" or schema.get("writeOnly") is True,
        )

    def spec(self, kind: FormFieldKind, **more: object) -> FieldSpec:
        known = attrs.asdict(self, recurse=False)
        return FieldSpec(kind=kind, **{**known, **more})


def _type_of(schema: FieldSchema) -> str:
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


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


def _both(first: FieldSchema, second: object) -> FieldSchema:
    """Two schemas that hold at once, as far as fields show it."""
    if not isinstance(second, Mapping):
        return first
    whole = {**first, **second}
    members = [each for each in (first.get("properties"), second.get("properties")) if isinstance(each, Mapping)]
    if len(members) == 2:
        whole["properties"] = {**members[0], **members[1]}
    if required := [*_list(first.get("required")), *_list(second.get("required"))]:
        whole["required"] = required
    return whole


def _const(schema: FieldSchema) -> str | None:
    if "const" in schema:
        return json.dumps(schema["const"], ensure_ascii=False)
    values = _list(schema.get("enum"))
    return json.dumps(values[0], ensure_ascii=False) if len(values) == 1 else None


def _options(schema: FieldSchema) -> tuple[FieldOption, ...]:
    if "const" in schema:
        values: list[object] = [schema["const"]]
    else:
        values = _list(schema.get("enum"))[:MOST_OPTIONS]
    names = _list(schema.get("enumNames"))
    return tuple(
        FieldOption(
            json=json.dumps(value, ensure_ascii=False),
            title=str(names[at]) if at < len(names) else value if isinstance(value, str) else json.dumps(value),
        )
        for at, value in enumerate(values)
    )


def _properties(schema: FieldSchema) -> tuple[tuple[Property, ...], int]:
    members = schema.get("properties")
    known = members if isinstance(members, Mapping) else {}
    required = {each for each in _list(schema.get("required")) if isinstance(each, str)}
    named = {**known, **{each: {} for each in sorted(required - set(known))}}
    all_of_them = tuple(
        Property(name=str(name), schema=each, is_required=name in required)
        for name, each in sorted(named.items(), key=lambda item: item[0] not in required)
    )
    return all_of_them[:MOST_PROPERTIES], max(len(all_of_them) - MOST_PROPERTIES, 0)


def _array(schema: FieldSchema, about: _About) -> FieldSpec:
    prefix = _list(schema.get("prefixItems")) or _list(schema.get("items"))
    items = schema.get("additionalItems" if isinstance(schema.get("items"), list) else "items", {})
    least, most = schema.get("minItems"), schema.get("maxItems")
    return about.spec(
        "array",
        prefix=tuple(prefix),
        items=None if items is False else items,
        least_items=least if isinstance(least, int) else len(prefix),
        most_items=most if isinstance(most, int) else None,
    )


def _hint(schema: FieldSchema) -> str:
    words = [_type_of(schema)]
    if isinstance(form := schema.get("format"), str):
        words.append(form)
    for word, sign in (("minimum", ">="), ("exclusiveMinimum", ">"), ("maximum", "<="), ("exclusiveMaximum", "<")):
        if isinstance(bound := schema.get(word), int | float) and not isinstance(bound, bool):
            words.append(f"{sign} {bound}")
    for word, said in (("minLength", "at least"), ("maxLength", "at most")):
        if isinstance(bound := schema.get(word), int):
            words.append(f"{said} {bound} characters")
    if isinstance(pattern := schema.get("pattern"), str):
        words.append(f"as {pattern[:40]}")
    return " ".join(each for each in words if each)
