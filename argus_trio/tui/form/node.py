"""The values of a form: one node for each place of the schema, with what is typed or chosen there. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

import attrs

from argus_trio.tui.form.spec import FieldSpec, SchemaReader
from argus_trio.tui.parts.line import EditedLine

DEEPEST: Final = 8
"""How deep required members are made at once; deeper ones are made when they are opened, as a schema may go on for
ever."""
MOST_MADE: Final = 20
"""How many items of an array are made at once because its schema wants so many at least."""
MOST_CHILDREN: Final = 1000
"""How many items or members one place takes in the form; more can be written as JSON."""

Path = tuple[int, ...]
"""Where a node is: the numbers of children, from the root on."""


@attrs.frozen(kw_only=True)
class FieldNode:
    """One place. A node that is not present is left out of the value."""

    name: str
    """The name of the member; the number of the item, from 1 on."""
    spec: FieldSpec
    is_required: bool
    is_present: bool
    line: EditedLine = attrs.field(factory=EditedLine)
    """What is typed: of texts, numbers and raw JSON; of an object the name of the member that is to be added."""
    at: int = -1
    """Which option or alternative is chosen; -1 is none."""
    children: tuple[FieldNode, ...] = ()
    """Of an object its members, of an array its items, of an alternative the one that is chosen."""
    is_open: bool = True
    """Whether its children are in sight."""
    is_added: bool = False
    """Whether its name is not of the schema: it can be taken away."""


def made(
    reader: SchemaReader, schema: object, name: str, *, is_required: bool, depth: int = 0, is_added: bool = False
) -> FieldNode:
    """The node of a schema as it is at first: what is required is there, with its default."""
    spec = reader.spec(schema)
    is_present = is_required or is_added
    node = FieldNode(name=name, spec=spec, is_required=is_required, is_present=is_present, is_added=is_added)
    if is_present:
        return begun(reader, node, depth)
    return attrs.evolve(node, is_open=False)


def begun(reader: SchemaReader, node: FieldNode, depth: int) -> FieldNode:
    """A node that has become present, as its schema wants it at least."""
    spec = node.spec
    if spec.kind == "object":
        if depth >= DEEPEST:
            return attrs.evolve(node, is_present=True, children=(), is_open=False)
        children = tuple(
            made(reader, each.schema, each.name, is_required=each.is_required, depth=depth + 1)
            for each in spec.properties
        )
        return attrs.evolve(node, is_present=True, children=children, is_open=True)
    if spec.kind == "array":
        items = tuple(item(reader, spec, at, depth + 1) for at in range(min(spec.least_items, MOST_MADE)))
        return attrs.evolve(node, is_present=True, children=items if depth < DEEPEST else (), is_open=True)
    if spec.kind == "choice":
        defaults = [at for at, each in enumerate(spec.options) if each.json == spec.default]
        return attrs.evolve(node, is_present=True, at=defaults[0] if defaults else 0 if len(spec.options) == 1 else -1)
    if spec.kind == "alternatives":
        return chosen(reader, attrs.evolve(node, is_present=True), 0, depth) if depth < DEEPEST else node
    return attrs.evolve(node, is_present=True, line=EditedLine(default_text(spec)))


def default_text(spec: FieldSpec) -> str:
    """The default as it would be typed."""
    if spec.default is None:
        return ""
    if spec.kind == "text":
        value = json.loads(spec.default)
        return value if isinstance(value, str) else spec.default
    return spec.default


def item(reader: SchemaReader, spec: FieldSpec, at: int, depth: int) -> FieldNode:
    """An item of an array that is new."""
    schema = spec.prefix[at] if at < len(spec.prefix) else spec.items
    return made(reader, schema, str(at + 1), is_required=True, depth=depth, is_added=True)


def chosen(reader: SchemaReader, node: FieldNode, at: int, depth: int) -> FieldNode:
    """A node of alternatives with another one chosen."""
    _, schema = node.spec.alternatives[at]
    child = made(reader, schema, "", is_required=True, depth=depth + 1)
    return attrs.evolve(node, at=at, children=(child,), is_present=True, is_open=True)


def node_at(root: FieldNode, path: Path) -> FieldNode:
    """The node that a path leads to."""
    for step in path:
        root = root.children[step]
    return root


def replaced(root: FieldNode, path: Path, change: Callable[[FieldNode], FieldNode]) -> FieldNode:
    """The whole with one node changed."""
    if not path:
        return change(root)
    step, *rest = path
    child = replaced(root.children[step], tuple(rest), change)
    return attrs.evolve(root, children=(*root.children[:step], child, *root.children[step + 1 :]))
