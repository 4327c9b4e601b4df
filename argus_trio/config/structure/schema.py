"""The JSON Schema (2020-12) of the configuration file, made from the model, so that nothing is declared twice."""

from __future__ import annotations

import types
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Union, get_args, get_origin

import attrs

from argus_trio.config.model.authentication import AuthenticationMethod
from argus_trio.config.model.backend import BackendSpec
from argus_trio.config.model.config import Config
from argus_trio.config.model.container import NetworkSpec
from argus_trio.config.model.middleware import MiddlewareSpec
from argus_trio.config.model.plain import PlainMapping, PlainScalar
from argus_trio.config.structure.container import WORDS
from argus_trio.config.structure.structure import keys_of

Schema = dict[str, object]

_TEXT: Schema = {"type": ["string", "number", "boolean"]}  # a plain scalar is taken as it is written
_SPLICED: Schema = {"$ref": "#/$defs/spliced"}


def schema() -> dict[str, object]:
    """The JSON Schema of the file; JSON-encodable."""
    definitions: dict[str, object] = {
        "spliced": {
            "type": "string",
            "pattern": r"\$\{",
            "description": "${VAR}, ${VAR:-default} or ${file:PATH}",
        }
    }
    root = _object(Config, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "argus-trio configuration",
        **root,
        "$defs": dict(sorted(definitions.items())),
    }


def _object(cls: type, definitions: dict[str, object]) -> Schema:
    keys = keys_of(cls)
    properties = {name: _property(field, definitions) for name, field in keys.items()}
    required = [name for name, field in keys.items() if field.default is attrs.NOTHING]
    if "type" in keys:  # what tells one kind of backend from another cannot be left out
        properties["type"] = {**_described(keys["type"]), "const": _words(keys["type"].type)[0]}
        required.insert(0, "type")
    described = {"description": " ".join((cls.__doc__ or "").split())}
    found: Schema = {**described, "type": "object", "properties": properties, "additionalProperties": False}
    return {**found, "required": required} if required else found


def _property(field: attrs.Attribute[object], definitions: dict[str, object]) -> Schema:
    found = _value(field.type, field.metadata, definitions)
    if field.default is not attrs.NOTHING:
        found = _or_null(found)
    return {**_described(field), **found}


def _described(field: attrs.Attribute[object]) -> Schema:
    described: Schema = {"description": field.metadata["about"]}
    default = field.default
    if isinstance(default, tuple):
        return {**described, "default": list(default)}
    if default is None or isinstance(default, str | int | float):
        return {**described, "default": default}
    return described


def _value(kind: object, metadata: Mapping[object, object], definitions: dict[str, object]) -> Schema:
    origin, arguments = get_origin(kind), get_args(kind)
    if kind in (BackendSpec, MiddlewareSpec, AuthenticationMethod):
        return {"oneOf": [_reference(each, definitions) for each in arguments]}
    if origin in (Union, types.UnionType):  # the model's only other unions are with None
        return _value(next(each for each in arguments if each is not type(None)), metadata, definitions)
    if origin is Literal:
        return {"anyOf": [{"enum": _enumeration(kind)}, _SPLICED]}
    if origin is tuple:
        items = _value(arguments[0], {}, definitions)
        array: Schema = {"type": "array", "items": items}
        return {"anyOf": [items, array]} if metadata.get("or_one") else array
    if origin is Mapping:
        names = {"propertyNames": {"pattern": metadata["key_pattern"]}} if "key_pattern" in metadata else {}
        return {"type": "object", **names, "additionalProperties": _value(arguments[1], {}, definitions)}
    if kind is NetworkSpec:
        return {"anyOf": [{"enum": list(WORDS)}, _reference(NetworkSpec, definitions), _SPLICED]}
    if isinstance(kind, type) and attrs.has(kind):
        return _reference(kind, definitions)
    return _scalar(kind, metadata)


def _scalar(kind: object, metadata: Mapping[object, object]) -> Schema:
    if kind is PlainScalar:
        return {"type": ["string", "number", "boolean"]}
    if kind is PlainMapping:
        return {"type": "object"}
    if kind is bool:
        return {"anyOf": [{"type": "boolean"}, _SPLICED]}
    if kind in (int, float):
        limits = {key: metadata[key] for key in ("minimum", "maximum") if key in metadata}
        texts: list[Schema] = [{"type": "string", "pattern": metadata["written"]}] if "written" in metadata else []
        return {"anyOf": [{"type": "integer" if kind is int else "number", **limits}, *texts, _SPLICED]}
    if kind is Path:
        return {**_TEXT, "minLength": 1}
    if kind is str and "pattern" in metadata:
        return {"anyOf": [{**_TEXT, "pattern": metadata["pattern"]}, _SPLICED]}
    if kind is str:
        return dict(_TEXT)
    raise TypeError(f"the schema knows no {kind!r}")


def _words(kind: object) -> list[str]:
    return [str(word) for word in get_args(kind)]


def _enumeration(kind: object) -> list[object]:
    """The words of a Literal, and the numbers that YAML makes of those that look like one."""
    words = _words(kind)
    return [*words, *(int(word) for word in words if word.isdigit())]


def _reference(cls: type, definitions: dict[str, object]) -> Schema:
    if cls.__name__ not in definitions:
        definitions[cls.__name__] = {}  # stands in for it, should a class ever hold itself
        definitions[cls.__name__] = _object(cls, definitions)
    return {"$ref": f"#/$defs/{cls.__name__}"}


def _or_null(found: Schema) -> Schema:
    """The schema with null allowed: a key with nothing behind it counts as not given."""
    if "anyOf" in found:
        return {"anyOf": [*_list(found["anyOf"]), {"type": "null"}]}
    if "$ref" in found:
        return {"anyOf": [found, {"type": "null"}]}
    return {**found, "type": [*_list(found["type"]), "null"]}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]
