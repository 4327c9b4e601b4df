"""The values of a form: one node for each place of the schema, with what is typed or chosen there. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.tui.form.reader import SchemaReader
from argus_trio.tui.form.spec import TYPED, FieldSpec
from argus_trio.tui.parts.line import EditedLine

DEEPEST: Final = 8
"""How deep required members are made at once; deeper ones are made when they are opened, as a schema may go on for
ever."""
MOST_MADE: Final = 2000
"""How many places are made at once; what is beyond is made when it is opened."""
MOST_AT_FIRST: Final = 20
"""How many items of an array are made at once because its schema wants so many at least."""
MOST_CHILDREN: Final = 1000
"""How many items or members one place takes in the form; more can be written as JSON."""

Path = tuple[int, ...]
"""Where a node is: the numbers of children, from the root on."""


@attrs.frozen(kw_only=True)
class FieldNode(Value):
    """One place. A node that is not present is left out of the value."""

    name: str
    """The name of the member; the number of the item, from 1 on."""
    spec: FieldSpec
    is_required: bool
    is_present: bool
    line: EditedLine = attrs.field(factory=EditedLine)
    """What is typed: of texts, numbers and raw JSON; of an object the name of the member that is to be added."""
    is_null: bool = False
    """Whether it is null instead of what would be typed."""
    at: int = -1
    """Which option or alternative is chosen; -1 is none."""
    ticked: tuple[int, ...] = ()
    """Which of several options are chosen, in this order."""
    children: tuple[FieldNode, ...] = ()
    """Of an object its members, of an array its items, of an alternative the one that is chosen."""
    is_open: bool = True
    """Whether its children are in sight."""
    is_made: bool = True
    """Whether its children are made: those of a schema that goes on for ever are not, until it is opened."""
    is_added: bool = False
    """Whether its name is not of the schema: it can be taken away."""


@attrs.define(eq=False, repr=False)
class FieldMaker:
    """Makes nodes, and no more than so many at once."""

    reader: SchemaReader
    left: int = MOST_MADE

    def made(
        self,
        schema: object,
        name: str,
        *,
        is_required: bool,
        within: tuple[str, ...] = (),
        is_added: bool = False,
        depth: int = 0,
    ) -> FieldNode:
        """The node of a schema as it is at first: what is required is there, with its default. `within` are the
        references that led to it."""
        self.left -= 1
        spec = self.reader.spec(schema)
        is_typed = spec.kind in TYPED
        is_present = (is_required or is_added) and not is_typed
        node = FieldNode(name=name, spec=spec, is_required=is_required, is_present=is_present, is_added=is_added)
        if is_typed and is_required and spec.default is not None:
            return self.begun(node)
        if not is_present:
            return attrs.evolve(node, is_open=False)
        reference = schema.get("$ref") if isinstance(schema, Mapping) else None
        if isinstance(reference, str):
            if reference in within:
                return attrs.evolve(node, is_open=False, is_made=False)
            within = (*within, reference)
        return self.begun(node, within, depth)

    def begun(self, node: FieldNode, within: tuple[str, ...] = (), depth: int = 0) -> FieldNode:
        """A node that has become present, as its schema wants it at least."""
        spec = node.spec
        node = attrs.evolve(node, is_present=True, is_open=True, is_made=True, is_null=False)
        if spec.kind in ("object", "array", "alternatives") and (depth >= DEEPEST or self.left <= 0):
            return attrs.evolve(node, is_open=False, is_made=False)
        if spec.kind == "object":
            children = tuple(
                self.made(each.schema, each.name, is_required=each.is_required, within=within, depth=depth + 1)
                for each in spec.properties
            )
            return attrs.evolve(node, children=children)
        if spec.kind == "array":
            count = min(spec.least_items, MOST_AT_FIRST)
            return attrs.evolve(node, children=tuple(self.item(spec, at, within, depth + 1) for at in range(count)))
        if spec.kind == "choice":
            defaults = [at for at, each in enumerate(spec.options) if each.json == spec.default]
            return attrs.evolve(node, at=defaults[0] if defaults else 0 if len(spec.options) == 1 else -1)
        if spec.kind == "alternatives":
            return self.chosen(node, 0, within, depth)
        if spec.kind == "many":
            return node
        is_null = spec.is_nullable and spec.default == "null"
        return attrs.evolve(node, line=EditedLine(spec.default_text), is_null=is_null)

    def item(self, spec: FieldSpec, at: int, within: tuple[str, ...] = (), depth: int = 0) -> FieldNode:
        """An item of an array that is new."""
        schema = spec.prefix[at] if at < len(spec.prefix) else spec.items
        return self.made(schema, str(at + 1), is_required=True, within=within, is_added=True, depth=depth)

    def chosen(self, node: FieldNode, at: int, within: tuple[str, ...] = (), depth: int = 0) -> FieldNode:
        """A node of alternatives with another one chosen; what both have, by name and kind, is kept."""
        _, schema = node.spec.alternatives[at]
        child = self.made(schema, "", is_required=True, within=within, depth=depth + 1)
        if not child.is_made:
            child = self.begun(child, within, 0) if depth == 0 else child
        if node.children:
            child = _kept(node.children[0], child)
        return attrs.evolve(node, at=at, children=(child,), is_present=True, is_open=True, is_made=True)


def _kept(before: FieldNode, after: FieldNode) -> FieldNode:
    if before.spec.kind != "object" or after.spec.kind != "object":
        return after
    known = {child.name: child for child in before.children}
    children = tuple(
        attrs.evolve(known[child.name], is_required=child.is_required)
        if child.name in known and known[child.name].spec == child.spec
        else child
        for child in after.children
    )
    return attrs.evolve(after, children=children)


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
