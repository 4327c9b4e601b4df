"""Reads a JSON Schema: what is wanted at one place, its `$ref`, `allOf`, `oneOf` and types read. Pure.

Whatever a server publishes is read somehow: what is not understood is a field that takes JSON. Draft 2020-12, and what
older drafts spelled otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import unquote

import attrs

from argus_trio import Value
from argus_trio.tui.form.spec import (
    FieldAbout,
    FieldOption,
    FieldSchema,
    FieldSpec,
    FormFieldKind,
    Property,
    listed,
    type_of,
)

MOST_MERGED: Final = 200
"""How many schemas are put together at one place, by `$ref` and `allOf`; what more there is, is judged alone."""
MOST_PROPERTIES: Final = 500
"""How many properties of one object have fields; the others can be written as JSON."""
MOST_OPTIONS: Final = 1000
"""How many values of an `enum` are offered."""
MOST_ALTERNATIVES: Final = 100
"""How many alternatives of a `oneOf` are offered."""
MOST_TICKED: Final = 100
"""How many options a list may be chosen from, each with a row of its own."""
_KINDS: Final[Mapping[str, FormFieldKind]] = {"string": "text", "integer": "integer", "number": "number"}
_NULLABLE: Final = ("text", "integer", "number")
_SHAPES: Final = frozenset(
    {"type", "properties", "items", "prefixItems", "enum", "const", "$ref", "oneOf", "anyOf", "allOf", "format"}
)
"""Words by which an alternative differs in what is shown; one without them only judges."""
_MORE_MEMBERS: Final = ("patternProperties", "if", "dependentSchemas", "dependencies", "unevaluatedProperties")
"""Words by which an object may have members of which no property tells."""
_NULL: Final = FieldOption(json="null", title="null")


@attrs.define(eq=False, repr=False)
class _Merging:
    """What is left of the schemas that may be put together at one place."""

    left: int = MOST_MERGED


@attrs.frozen
class SchemaReader(Value):
    """Reads parts of one schema, which `$ref` can name."""

    root: object

    def spec(self, schema: object, *, is_inner: bool = False) -> FieldSpec:
        """What is wanted by a part of the schema; an inner one is not looked through, as it may hold itself."""
        if schema is False:
            return FieldSpec(kind="raw", hint="nothing is allowed here")
        whole = self._whole(schema)
        about = FieldAbout.of(whole)
        if options := _options(whole):
            more = max(len(listed(whole.get("enum"))) - MOST_OPTIONS, 0)
            return about.spec("choice", options=options, left_out=more)
        named = self._alternatives(whole)
        if named is None:
            return self._typed(whole, about, is_inner=is_inner)
        wholes = [self._whole(each) for _, each in named]
        consts = [_const(each) for each in wholes]
        if all(each is not None for each in consts):
            titled = zip(named, consts, strict=True)
            return about.spec(
                "choice", options=tuple(FieldOption(json=const or "", title=n) for (n, _), const in titled)
            )
        others = [each for each in wholes if not _is_null(each)]
        has_null = len(others) == 1 and len(wholes) == 2 and not is_inner
        if has_null and (spec := self._nullable(others[0], about)) is not None:
            return spec
        more = max(len(named) - MOST_ALTERNATIVES, 0)
        return about.spec("alternatives", alternatives=named[:MOST_ALTERNATIVES], left_out=more)

    def _nullable(self, schema: FieldSchema, about: FieldAbout) -> FieldSpec | None:
        """A field for what may be null as well; None where it takes more than a line."""
        spec = self.spec(schema, is_inner=True)
        if spec.kind not in ("choice", *_NULLABLE):
            return None
        return attrs.evolve(
            spec,
            title=about.title or spec.title,
            description=about.description or spec.description,
            example=about.example or spec.example,
            default=about.default if about.default is not None else spec.default,
            hint=f"{spec.hint} or null".strip(),
            is_secret=about.is_secret or spec.is_secret,
            options=(*spec.options, _NULL) if spec.kind == "choice" else (),
            is_nullable=spec.kind != "choice",
        )

    def _typed(self, whole: FieldSchema, about: FieldAbout, *, is_inner: bool) -> FieldSpec:
        kind = type_of(whole)
        if kind == "boolean":
            options = tuple(FieldOption(json=each, title=each) for each in ("true", "false"))
            return about.spec("choice", options=options)
        if kind == "null":
            return about.spec("choice", options=(_NULL,))
        if kind == "object":
            properties, left_out = _properties(whole)
            others = whole.get("additionalProperties")
            if others is True or (others is None and (not properties or any(word in whole for word in _MORE_MEMBERS))):
                others = {}
            return about.spec(
                "object", properties=properties, left_out=left_out, others=None if others is False else others
            )
        if kind == "array":
            return self._array(whole, about, is_inner=is_inner)
        return about.spec(_KINDS.get(kind, "raw"))

    def _array(self, schema: FieldSchema, about: FieldAbout, *, is_inner: bool) -> FieldSpec:
        prefix = listed(schema.get("prefixItems")) or listed(schema.get("items"))
        items = schema.get("additionalItems" if isinstance(schema.get("items"), list) else "items", {})
        least, most = schema.get("minItems"), schema.get("maxItems")
        if not prefix and isinstance(items, Mapping) and not is_inner:
            one = self.spec(items, is_inner=True)
            if one.kind == "choice" and 1 < len(one.options) <= MOST_TICKED and one.options[0].json != "true":
                return about.spec("many", options=one.options)
        return about.spec(
            "array",
            prefix=tuple(prefix),
            items=None if items is False else items,
            least_items=least if isinstance(least, int) else len(prefix),
            most_items=most if isinstance(most, int) else None,
        )

    def _alternatives(self, whole: FieldSchema) -> tuple[tuple[str, object], ...] | None:
        own = ("oneOf", "anyOf", "title", "description", "default", "examples")
        rest = {key: value for key, value in whole.items() if key not in own}
        for word in ("oneOf", "anyOf"):
            found = listed(whole.get(word))
            if len(found) > 1 and any(_has_shape(each) for each in found):
                return tuple((self._name(each, at), _both(rest, each)) for at, each in enumerate(found))
        types = [each for each in listed(whole.get("type")) if isinstance(each, str)]
        if len(types) > 1:
            return tuple((each, {**rest, "type": each}) for each in types)
        return None

    def _name(self, schema: object, at: int) -> str:
        """What an alternative is called: its title, what tells it apart, the name it is defined by, its type."""
        whole = self._whole(schema)
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
        return type_of(whole) or f"{at + 1}"

    def _whole(self, schema: object) -> FieldSchema:
        """A schema with what it refers to and all of its `allOf` in one; the one option of a `oneOf` as well."""
        return self._merged(schema, _Merging())

    def _merged(self, schema: object, merging: _Merging) -> FieldSchema:
        if not isinstance(schema, Mapping):
            return {}
        whole: FieldSchema = schema
        merging.left -= 1
        if isinstance(reference := whole.get("$ref"), str) and merging.left > 0:
            beside = {key: value for key, value in whole.items() if key != "$ref"}
            whole = _both(self._merged(self._found(reference), merging), beside)
        parts = listed(whole.get("allOf"))
        for word in ("oneOf", "anyOf"):
            if len(only := listed(whole.get(word))) == 1:
                parts += only
        for part in parts:
            if merging.left <= 0:
                break
            whole = _both(whole, self._merged(part, merging))
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
            elif isinstance(at, Sequence) and not isinstance(at, str) and _is_place(name, at):
                at = at[int(name)]
            else:
                return None
        return at


def _is_place(name: str, within: Sequence[object]) -> bool:
    return name.isascii() and name.isdigit() and len(name) < 9 and int(name) < len(within)


def _has_shape(schema: object) -> bool:
    return isinstance(schema, Mapping) and not _SHAPES.isdisjoint(schema)


def _is_null(schema: FieldSchema) -> bool:
    return schema.get("type") == "null" or ("const" in schema and schema["const"] is None)


def _both(first: FieldSchema, second: object) -> FieldSchema:
    """Two schemas that hold at once, as far as fields show it."""
    if not isinstance(second, Mapping):
        return first
    whole = {**first, **second}
    members = [each for each in (first.get("properties"), second.get("properties")) if isinstance(each, Mapping)]
    if len(members) == 2:
        whole["properties"] = {**members[0], **members[1]}
    if required := [*listed(first.get("required")), *listed(second.get("required"))]:
        whole["required"] = required
    return whole


def _const(schema: FieldSchema) -> str | None:
    if "const" in schema:
        return json.dumps(schema["const"], ensure_ascii=False)
    values = listed(schema.get("enum"))
    return json.dumps(values[0], ensure_ascii=False) if len(values) == 1 else None


def _options(schema: FieldSchema) -> tuple[FieldOption, ...]:
    values = [schema["const"]] if "const" in schema else listed(schema.get("enum"))[:MOST_OPTIONS]
    names = listed(schema.get("enumNames"))
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
    required = {each for each in listed(schema.get("required")) if isinstance(each, str)}
    named = {**known, **{each: {} for each in sorted(required - set(known))}}
    all_of_them = tuple(
        Property(name=str(name), schema=each, is_required=name in required)
        for name, each in sorted(named.items(), key=lambda item: item[0] not in required)
    )
    return all_of_them[:MOST_PROPERTIES], max(len(all_of_them) - MOST_PROPERTIES, 0)
