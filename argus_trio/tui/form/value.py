"""A form as the JSON that it says, and JSON as a form: both keep numbers and texts as they are written. Pure."""

from __future__ import annotations

import json
import re
from typing import Final

import attrs
import msgspec

from argus_trio.tui.form.node import MOST_CHILDREN, FieldNode, begun, chosen, item, made
from argus_trio.tui.form.spec import FieldSpec, SchemaReader
from argus_trio.tui.parts.line import EditedLine

INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)")
NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


@attrs.frozen
class WrongField:
    """What is wrong at one place, in words. The place is its names, from the outermost in."""

    where: tuple[str, ...]
    what: str


def json_of(node: FieldNode, where: tuple[str, ...] = ()) -> tuple[str | None, tuple[WrongField, ...]]:
    """What a node says as JSON, None for what is left out; and what is wrong. What is no value of its kind is a text
    there, so that none of it is lost on the way to JSON and back."""
    if not node.is_present:
        return None, ()
    spec = node.spec
    if spec.kind == "object":
        return _members(node, where)
    if spec.kind == "array":
        found = [json_of(child, (*where, child.name)) for child in node.children]
        return f"[{','.join(text or 'null' for text, _ in found)}]", tuple(wrong for _, each in found for wrong in each)
    if spec.kind == "choice":
        if 0 <= node.at < len(spec.options):
            return spec.options[node.at].json, ()
        return None, (WrongField(where, "choose one"),) if node.is_required else ()
    if spec.kind == "alternatives":
        return json_of(node.children[0], where) if node.children else (None, (WrongField(where, "choose one"),))
    return _typed(node, where)


def _members(node: FieldNode, where: tuple[str, ...]) -> tuple[str, tuple[WrongField, ...]]:
    members, wrong = [], list[WrongField]()
    for child in node.children:
        text, of_child = json_of(child, (*where, child.name))
        wrong += of_child
        if text is not None:
            members.append(f"{json.dumps(child.name, ensure_ascii=False)}:{text}")
        elif child.is_required and not of_child:
            wrong.append(WrongField((*where, child.name), "it is required"))
    if name := node.line.text.strip():
        wrong.append(WrongField(where, f"{name} is typed and not added: Enter adds it"))
    return f"{{{','.join(members)}}}", tuple(wrong)


def _typed(node: FieldNode, where: tuple[str, ...]) -> tuple[str | None, tuple[WrongField, ...]]:
    text = node.line.text
    quoted = json.dumps(text, ensure_ascii=False)
    if node.spec.kind == "text":
        return quoted, ()
    text = text.strip()
    if not text:
        return None, (WrongField(where, "it is required"),) if node.is_required else ()
    if node.spec.kind == "integer" and not INTEGER.fullmatch(text):
        return quoted, (WrongField(where, "a whole number is wanted"),)
    if node.spec.kind == "number" and not NUMBER.fullmatch(text):
        return quoted, (WrongField(where, "a number is wanted, such as 1.5 or 2e3"),)
    if node.spec.kind == "raw":
        try:
            msgspec.json.decode(text.encode(), type=msgspec.Raw)
            json.loads(text)
        except (ValueError, RecursionError) as error:
            return quoted, (WrongField(where, f'JSON is wanted, such as "text", 1 or [1, 2]: {error}'),)
    return text, ()


def filled(reader: SchemaReader, node: FieldNode, raw: bytes, depth: int = 0) -> FieldNode:
    """A node with a value; what its schema has no place for is kept as JSON."""
    node = begun(reader, node, depth)
    kind, text = node.spec.kind, raw.decode("utf-8", "replace").strip()
    if kind == "object" and text.startswith("{"):
        return _filled_object(reader, node, raw, depth)
    if kind == "array" and text.startswith("["):
        values = msgspec.json.decode(raw, type=list[msgspec.Raw])
        if len(values) > MOST_CHILDREN:
            return _as_raw(node, text)
        items = tuple(
            filled(reader, item(reader, node.spec, at, depth + 1), bytes(each), depth + 1)
            for at, each in enumerate(values)
        )
        return attrs.evolve(node, children=items)
    if kind == "choice":
        value = json.loads(raw)
        same = [at for at, each in enumerate(node.spec.options) if json.loads(each.json) == value]
        return attrs.evolve(node, at=same[0]) if same else _as_raw(node, text)
    if kind == "alternatives":
        fitting = [at for at in range(len(node.spec.alternatives)) if _fits(reader, node.spec, at, text)]
        node = chosen(reader, node, fitting[0] if fitting else 0, depth)
        return attrs.evolve(node, children=(filled(reader, node.children[0], raw, depth + 1),))
    if kind == "text" and text.startswith('"'):
        value = json.loads(text)
        return attrs.evolve(node, line=EditedLine(value)) if "\n" not in value else _as_raw(node, text)
    fits = {"integer": INTEGER, "number": NUMBER}.get(kind)
    if kind == "raw" or (fits and fits.fullmatch(text)):
        return attrs.evolve(node, line=EditedLine(text))
    if fits and text.startswith('"'):
        typed = json.loads(text)
        if typed.strip() and "\n" not in typed and not fits.fullmatch(typed.strip()):
            return attrs.evolve(node, line=EditedLine(typed))
    return _as_raw(node, text)


def _filled_object(reader: SchemaReader, node: FieldNode, raw: bytes, depth: int) -> FieldNode:
    values = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    known = {child.name for child in node.children}
    children = [
        filled(reader, child, bytes(values[child.name]), depth + 1)
        if child.name in values
        else attrs.evolve(child, is_present=False)
        for child in node.children
    ]
    for name in [each for each in values if each not in known][:MOST_CHILDREN]:
        schema = node.spec.others if isinstance(node.spec.others, dict) else {}
        child = made(reader, schema, name, is_required=False, depth=depth + 1, is_added=True)
        children.append(filled(reader, child, bytes(values[name]), depth + 1))
    return attrs.evolve(node, children=tuple(children))


def _as_raw(node: FieldNode, text: str) -> FieldNode:
    """A place whose value is not of its schema: it is kept, as JSON."""
    spec = FieldSpec(kind="raw", title=node.spec.title, description=node.spec.description, hint=node.spec.hint)
    return attrs.evolve(node, spec=spec, line=EditedLine(text), children=(), is_present=True)


def _fits(reader: SchemaReader, spec: FieldSpec, at: int, text: str) -> bool:
    """Whether a value looks as if it were meant for an alternative: by its type, and by what it says where one value
    alone is allowed."""
    inner = reader.spec(spec.alternatives[at][1])
    if inner.kind == "object":
        if not text.startswith("{"):
            return False
        values = msgspec.json.decode(text.encode(), type=dict[str, msgspec.Raw])
        for each in inner.properties:
            if each.is_required and each.name not in values:
                return False
            options = reader.spec(each.schema).options
            if each.name in values and options:
                value = json.loads(bytes(values[each.name]))
                if all(json.loads(option.json) != value for option in options):
                    return False
        return True
    if inner.kind == "choice":
        return any(json.loads(option.json) == json.loads(text) for option in inner.options)
    begins = {"text": '"', "array": "["}.get(inner.kind)
    if begins:
        return text.startswith(begins)
    numbers = {"integer": INTEGER, "number": NUMBER}.get(inner.kind)
    return numbers is None or numbers.fullmatch(text) is not None
