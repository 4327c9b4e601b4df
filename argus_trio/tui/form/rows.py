"""A form as rows: one for each place that is in sight, and one for what can be added. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import attrs

from argus_trio import Value
from argus_trio.tui.form.node import FieldNode, Path

RowKind = Literal["field", "option", "add item", "add member", "send"]


@attrs.frozen(kw_only=True)
class FormRow(Value):
    """One row of a form."""

    path: Path
    depth: int
    kind: RowKind
    node: FieldNode
    where: tuple[str, ...]
    number: int = 0
    """Which option it is."""


def rows_of(root: FieldNode) -> tuple[FormRow, ...]:
    """All rows that are in sight, folded ones left out; the last one sends."""
    rows = _rows(root, (), 0, ())
    if root.spec.kind == "alternatives":
        rows.insert(0, _row("field", root, (), 0, ()))
    return (*rows, _row("send", root, (), 0, ()))


def _row(kind: RowKind, node: FieldNode, path: Path, depth: int, where: tuple[str, ...], number: int = 0) -> FormRow:
    return FormRow(kind=kind, node=node, path=path, depth=depth, where=where, number=number)


def _rows(node: FieldNode, path: Path, depth: int, where: tuple[str, ...]) -> list[FormRow]:
    rows: list[FormRow] = []
    if path:
        rows.append(_row("field", node, path, depth - 1, where))
    if not node.is_present or not node.is_open:
        return rows
    spec = node.spec
    if spec.kind == "alternatives" and node.children:
        child = node.children[0]
        inner = _rows(child, (*path, 0), max(depth, 1), where)
        # what an alternative says of itself stands in its row; its members stand where it does
        return rows + (inner[1:] if child.spec.kind in ("object", "array", "many") and child.is_made else inner)
    if spec.kind == "many":
        rows += [_row("option", node, path, depth, where, number) for number in range(len(spec.options))]
    for at, child in enumerate(node.children):
        rows += _rows(child, (*path, at), depth + 1, (*where, child.name))
    if spec.kind == "array" and (spec.items is not None or len(node.children) < len(spec.prefix)):
        if spec.most_items is None or len(node.children) < spec.most_items:
            rows.append(_row("add item", node, path, depth, where))
    elif spec.kind == "object" and node.is_made and spec.others is not None:
        rows.append(_row("add member", node, path, depth, where))
    return rows


def row_for(rows: Sequence[FormRow], where: tuple[str, ...]) -> int | None:
    """The row of a place, or of what it is in; None where there is none in sight."""
    for length in range(len(where), 0, -1):
        for at, row in enumerate(rows):
            if row.kind == "field" and row.where == where[:length]:
                return at
    return None


def unfolded(node: FieldNode, where: tuple[str, ...]) -> FieldNode:
    """The same with everything open that a place is in."""
    if not where or not node.is_present:
        return node
    rest = where if node.spec.kind == "alternatives" else where[1:]
    children = tuple(
        unfolded(child, rest) if node.spec.kind == "alternatives" or child.name == where[0] else child
        for child in node.children
    )
    return attrs.evolve(node, is_open=True, children=children)
