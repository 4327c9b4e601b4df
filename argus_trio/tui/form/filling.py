"""JSON as the values of a form: numbers and texts stay as they are written, and what has no place is kept as JSON."""

from __future__ import annotations

import json

import attrs
import msgspec

from argus_trio.tui.form.check import INTEGER, NUMBER
from argus_trio.tui.form.node import MOST_CHILDREN, FieldMaker, FieldNode
from argus_trio.tui.form.spec import FieldSpec
from argus_trio.tui.form.syntax import not_json
from argus_trio.tui.parts.line import EditedLine

MOST_FILLED = 5000
"""How many places a value may have that is shown as a form; a larger one stays JSON."""
_DEEPEST = 40
"""What is nested deeper in a value is kept as JSON."""


def filled(maker: FieldMaker, node: FieldNode, raw: bytes, depth: int = 0) -> FieldNode:
    """A node with a value. Where the maker has nothing left afterwards, the value was too large."""
    maker.left -= 1
    text = raw.decode("utf-8", "replace").strip()
    if maker.left <= 0 or depth > _DEEPEST:
        return _as_raw(node, text)
    node = maker.begun(node)
    kind = node.spec.kind
    if node.spec.is_nullable and text == "null":
        return attrs.evolve(node, is_null=True, line=EditedLine())
    if kind == "object" and text.startswith("{"):
        return _filled_object(maker, node, raw, depth)
    if kind == "array" and text.startswith("["):
        return _filled_array(maker, node, raw, depth)
    if kind == "many" and text.startswith("["):
        return _ticked(node, raw, text)
    if kind == "choice":
        at = _option(node.spec, raw)
        return _as_raw(node, text) if at is None else attrs.evolve(node, at=at)
    if kind == "alternatives" and node.is_made:
        fitting = [at for at in range(len(node.spec.alternatives)) if _fits(maker, node.spec, at, text)]
        node = maker.chosen(attrs.evolve(node, children=()), fitting[0] if fitting else 0)
        return attrs.evolve(node, children=(filled(maker, node.children[0], raw, depth + 1),))
    if kind == "text" and text.startswith('"'):
        return attrs.evolve(node, line=EditedLine(json.loads(text)))
    fits = {"integer": INTEGER, "number": NUMBER}.get(kind)
    if kind == "raw" or (fits and fits.fullmatch(text)):
        return attrs.evolve(node, line=EditedLine(text), is_null=False)
    return _as_raw(node, text)


def _filled_object(maker: FieldMaker, node: FieldNode, raw: bytes, depth: int) -> FieldNode:
    values = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    known = {child.name for child in node.children}
    more = [each for each in values if each not in known]
    if len(more) > MOST_CHILDREN:
        return _as_raw(node, raw.decode("utf-8", "replace").strip())
    children = [
        filled(maker, child, bytes(values[child.name]), depth + 1)
        if child.name in values
        else attrs.evolve(child, is_present=False, is_open=False)
        for child in node.children
    ]
    for name in more:
        schema = node.spec.others if isinstance(node.spec.others, dict) else {}
        child = maker.made(schema, name, is_required=False, is_added=True)
        children.append(filled(maker, child, bytes(values[name]), depth + 1))
    return attrs.evolve(node, children=tuple(children))


def _filled_array(maker: FieldMaker, node: FieldNode, raw: bytes, depth: int) -> FieldNode:
    values = msgspec.json.decode(raw, type=list[msgspec.Raw])
    if len(values) > MOST_CHILDREN:
        return _as_raw(node, raw.decode("utf-8", "replace").strip())
    items = [maker.item(node.spec, at) for at in range(len(values))]
    return attrs.evolve(
        node,
        children=tuple(filled(maker, item, bytes(each), depth + 1) for item, each in zip(items, values, strict=True)),
    )


def _ticked(node: FieldNode, raw: bytes, text: str) -> FieldNode:
    places = [_option(node.spec, bytes(each)) for each in msgspec.json.decode(raw, type=list[msgspec.Raw])]
    ticked = tuple(at for at in places if at is not None)
    if len(set(ticked)) < len(places):  # one is of no option, or there twice
        return _as_raw(node, text)
    return attrs.evolve(node, ticked=ticked)


def _option(spec: FieldSpec, raw: bytes) -> int | None:
    """Which option a value is."""
    value = _read(raw)
    same = [at for at, each in enumerate(spec.options) if _is_same(json.loads(each.json), value)]
    return same[0] if same else None


def _read(raw: bytes) -> object:
    try:
        value: object = json.loads(raw)
    except ValueError:  # a number of more digits than Python reads: it is no option
        return object()
    return value


def _is_same(one: object, other: object) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _as_raw(node: FieldNode, text: str) -> FieldNode:
    """A place whose value is not of its schema: it is kept, as JSON."""
    spec = FieldSpec(
        kind="raw",
        title=node.spec.title,
        description=node.spec.description,
        hint=node.spec.hint,
        is_secret=node.spec.is_secret,
    )
    return attrs.evolve(node, spec=spec, line=EditedLine(text), children=(), is_present=True, is_null=False)


def _fits(maker: FieldMaker, spec: FieldSpec, at: int, text: str) -> bool:
    """Whether a value looks as if it were meant for an alternative: by its type, and by what it says where one value
    alone is allowed."""
    inner = maker.reader.spec(spec.alternatives[at][1])
    if inner.kind == "object":
        return _fits_object(maker, inner, text)
    if inner.kind == "choice":
        return _option(inner, text.encode("utf-8", "replace")) is not None
    if inner.is_nullable and text == "null":
        return True
    begins = {"text": '"', "array": "[", "many": "["}.get(inner.kind)
    if begins:
        return text.startswith(begins)
    numbers = {"integer": INTEGER, "number": NUMBER}.get(inner.kind)
    return numbers is None or numbers.fullmatch(text) is not None


def _fits_object(maker: FieldMaker, spec: FieldSpec, text: str) -> bool:
    if not text.startswith("{"):
        return False
    values = msgspec.json.decode(text.encode("utf-8", "replace"), type=dict[str, msgspec.Raw])
    for each in spec.properties:
        if each.name not in values:
            if each.is_required:
                return False
            continue
        inner = maker.reader.spec(each.schema)
        if inner.kind == "choice" and _option(inner, bytes(values[each.name])) is None:
            return False
    return True


def begun_with_default(maker: FieldMaker, node: FieldNode) -> FieldNode:
    """A node that has become present, with the default of its schema where there is one."""
    default = node.spec.default
    if default is not None and node.spec.kind in ("object", "array", "many", "alternatives") and not not_json(default):
        return filled(maker, node, default.encode("utf-8", "replace"))
    return maker.begun(node)
