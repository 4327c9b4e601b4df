"""The OpenAPI document of the management API, made of the operations and their types: `docs/openapi.json`."""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from types import ModuleType
from typing import Final

import attrs
import msgspec

from argus_trio.contract import backends, calls, capabilities, clients, control, events, health, settings
from argus_trio.contract.operation import BASE, Media, NoBody, NoQuery, Operation
from argus_trio.contract.problem import PROBLEMS, ProblemAnswer

_MODULES: Final = (health, backends, capabilities, clients, events, control, calls, settings)
_REFERENCE: Final = "#/components/schemas/{name}"
_PROBLEM_MEDIA: Final = "application/problem+json"
_EVERYWHERE: Final = (
    *("bad-request", "wrong-origin", "method-not-allowed", "wrong-host", "rate-limited", "internal", "overloaded"),
)
"""Problems that every operation has; the next two have those that are not public, and those that have a body."""
_LET_IN: Final = ("unauthorized", "forbidden")
_WITH_BODY: Final = ("too-slow", "too-large", "wrong-media-type")
_TEXT: Final = {"type": "string"}
_STREAM: Final = {"description": "Events as they come (SSE), the data of each a JSON object."}
"""Without a type: some take the schema for that of the body, others for that of each event."""
_PROBLEM: Final = {"$ref": _REFERENCE.format(name=ProblemAnswer.__name__)}
_DONE: Final = 200

JsonObject = dict[str, object]


def operations() -> tuple[Operation, ...]:
    """Every operation of the contract, in the order of its modules."""
    found: list[Operation] = []
    for module in _MODULES:
        for value in vars(module).values():
            each = value.values() if isinstance(value, dict) else (value,)
            found += [one for one in each if isinstance(one, Operation)]
    return tuple(dict.fromkeys(found))


def openapi_document() -> JsonObject:
    """The document, as OpenAPI 3.1 has it."""
    schemas = _schemas()
    paths: dict[str, JsonObject] = {}
    for operation in operations():
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, schemas)
    queries = {operation.query.__name__ for operation in operations()}  # which stand at the operations
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Argus management API",
            "version": "1",
            "description": "How a running gateway is looked at and acted on. docs/management.md explains it.",
        },
        "servers": [{"url": BASE}],
        "security": [{"bearer": []}, {}],
        "paths": paths,
        "components": {
            "schemas": {name: schema for name, schema in schemas.items() if name not in queries},
            "responses": {
                ".".join(words): _problem(words) for words in sorted({w for each in operations() for w in _words(each)})
            },
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "server.management.token, or a credential of the authentication middleware; none "
                    "over the Unix socket, or where nobody is asked.",
                }
            },
        },
    }


def _operation(operation: Operation, schemas: Mapping[str, object]) -> JsonObject:
    told: JsonObject = {
        "operationId": _operation_id(operation),
        "summary": operation.summary,
        "responses": _responses(operation),
    }
    if operation.is_public:
        told["security"] = []
    elif operation.right is not None:
        told["description"] = f"Takes the right manage:{operation.right}."
    parameters = [*_path_parameters(operation), *_query_parameters(operation, schemas), *_headers(operation)]
    if parameters:
        told["parameters"] = parameters
    if operation.body is not None:
        schema = {"$ref": _REFERENCE.format(name=operation.body.__name__)}
        is_needed = any(field.default is attrs.NOTHING for field in attrs.fields(operation.body))
        told["requestBody"] = {"required": is_needed, "content": {"application/json": {"schema": schema}}}
    return told


def _operation_id(operation: Operation) -> str:
    words = re.findall(r"[a-z0-9]+", operation.path.lower())
    return "_".join((operation.method.lower(), *words))


def _responses(operation: Operation) -> JsonObject:
    problems = _problems(operation)
    headers = {"ETag": {"description": "What If-Match compares.", "schema": _TEXT}} if operation.has_etag else {}
    answers: JsonObject = {}
    for status in operation.statuses:
        content: JsonObject = {media: {"schema": _answer_schema(operation, media)} for media in operation.media}
        if str(status) in problems:
            content[_PROBLEM_MEDIA] = {"schema": _PROBLEM}
        meaning = "It is done." if status == _DONE else "It is not so, and the answer tells why."
        answers[str(status)] = {"description": meaning, "headers": headers, "content": content}
    return {**answers, **{status: problem for status, problem in problems.items() if status not in answers}}


def _answer_schema(operation: Operation, media: Media) -> Mapping[str, object]:
    if media != "application/json":
        return _STREAM if media == "text/event-stream" else _TEXT
    if operation.answer is None:
        return {"type": "object"}
    return {"$ref": _REFERENCE.format(name=operation.answer.__name__)}


def _problems(operation: Operation) -> JsonObject:
    """The problems by status; where the answer can have the same one, it is either."""
    told: JsonObject = {}
    for words in _words(operation):
        status = PROBLEMS[words[0]].status
        told[str(status)] = {"$ref": f"#/components/responses/{'.'.join(words)}"}
    return told


def _words(operation: Operation) -> list[tuple[str, ...]]:
    """The problems that an operation has, those of one status together, by status."""
    words = [*_EVERYWHERE, *operation.problems]
    words += () if operation.is_public else _LET_IN
    words += () if operation.body is None else _WITH_BODY
    by_status: dict[int, list[str]] = {}
    for word in dict.fromkeys(words):
        by_status.setdefault(PROBLEMS[word].status, []).append(word)
    return [tuple(by_status[status]) for status in sorted(by_status)]


def _problem(words: Iterable[str]) -> JsonObject:
    description = "; ".join(f"{PROBLEMS[word].title} ({word})" for word in words)
    return {"description": description, "content": {_PROBLEM_MEDIA: {"schema": _PROBLEM}}}


def _path_parameters(operation: Operation) -> Iterator[JsonObject]:
    for name in re.findall(r"\{(\w+)\}", operation.path):
        schema: JsonObject = {"type": "string", "minLength": 1, "pattern": "^[^/]+$"}
        if name == "word":
            schema = {"enum": sorted(PROBLEMS)}
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _query_parameters(operation: Operation, schemas: Mapping[str, object]) -> Iterator[JsonObject]:
    if operation.query is NoQuery:
        return
    schema = schemas[operation.query.__name__]
    if not isinstance(schema, dict):
        return
    for name, each in schema["properties"].items():
        told: JsonObject = {"name": name, "in": "query", "required": name in schema.get("required", ())}
        rest = dict(each)
        if "description" in rest:
            told["description"] = rest.pop("description")
        if {"type": "null"} in rest.get("anyOf", ()):  # left out is what stands for nothing in a query
            rest = next(choice for choice in rest["anyOf"] if choice.get("type") != "null")
        yield {**told, "schema": rest}


def _headers(operation: Operation) -> Iterator[JsonObject]:
    if "changed-since" in operation.problems:
        text = "The ETag of the backend as it was seen; 412 when somebody changed it since."
        yield {"name": "If-Match", "in": "header", "description": text, "schema": _TEXT}
    if operation.method == "GET" and "text/event-stream" in operation.media:
        text = "The id of the last event that came: a stream goes on behind it."
        yield {"name": "Last-Event-ID", "in": "header", "description": text, "schema": _TEXT}


def _schemas() -> dict[str, JsonObject]:
    """The schema of each type, with what is said of it and of its members."""
    types: list[type] = [ProblemAnswer]
    bodies: set[str] = set()
    for operation in operations():
        types += [operation.query, operation.body or NoBody, *([operation.answer] if operation.answer else [])]
        bodies.add((operation.body or NoBody).__name__)
    _, schemas = msgspec.json.schema_components(
        list(dict.fromkeys(types)), schema_hook=_anything, ref_template=_REFERENCE
    )
    told = {name: schemas[name] for name in sorted(schemas) if name != NoQuery.__name__}
    for name, lines in _said_of_members(_modules()).items():
        properties = told.get(name, {}).get("properties", {})
        for member, line in lines.items():
            if member in properties:
                properties[member] = {**properties[member], "description": line}
    for name in bodies:
        told[name]["additionalProperties"] = False
    return told


def _anything(_: type) -> JsonObject:
    """The schema of what may be any JSON: one that is empty would not count."""
    return {"description": "Any JSON."}


def _modules() -> Iterable[ModuleType]:
    return (*_MODULES, sys.modules[ProblemAnswer.__module__], sys.modules[Operation.__module__])


def _said_of_members(modules: Iterable[ModuleType]) -> Mapping[str, Mapping[str, str]]:
    """What is said below the members of each class; nothing where the source is not there."""
    return {name: lines for module in modules for name, lines in _members_in(module)}


def _members_in(module: ModuleType) -> Iterator[tuple[str, dict[str, str]]]:
    try:
        tree = ast.parse(inspect.getsource(module))
    except OSError:
        return
    for cls in tree.body:
        if not isinstance(cls, ast.ClassDef):
            continue
        lines: dict[str, str] = {}
        for field, below in zip(cls.body, cls.body[1:], strict=False):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(below, ast.Expr):
                lines[field.target.id] = " ".join(str(ast.literal_eval(below.value)).split())
        yield cls.name, lines
