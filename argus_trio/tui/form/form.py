"""A form on the screen: the tree of fields as rows, which of them is meant, and how keys change it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, Literal

import attrs
import msgspec

from argus_trio.tui.form.judge import judged
from argus_trio.tui.form.node import (
    MOST_CHILDREN,
    FieldNode,
    Path,
    begun,
    chosen,
    item,
    made,
    node_at,
    replaced,
)
from argus_trio.tui.form.spec import SchemaReader
from argus_trio.tui.form.value import WrongField, filled, json_of
from argus_trio.tui.parts.area import EditedText
from argus_trio.tui.parts.line import EditedLine

RowKind = Literal["field", "add item", "add member", "send"]
_MOVES: Final = {"down": 1, "tab": 1, "up": -1, "shift tab": -1, "page down": 10, "page up": -10}
_TYPED: Final = ("text", "integer", "number", "raw")


@attrs.frozen(kw_only=True)
class FormRow:
    """One row of a form."""

    path: Path
    depth: int
    kind: RowKind
    node: FieldNode
    where: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Form:
    """A form for one schema."""

    schema: object
    root: FieldNode
    at: int = 0
    """Which row is meant."""
    raw: EditedText | None = None
    """The same as JSON, where that is edited instead."""
    wrong: tuple[WrongField, ...] = ()
    """What was wrong when it was last to be sent, or to become a form again."""
    send: str = "Call"
    """What its last row says."""
    is_touched: bool = False
    """Whether anything was typed or chosen."""

    @property
    def reader(self) -> SchemaReader:
        """Reads parts of the schema."""
        return SchemaReader(self.schema)

    @property
    def rows(self) -> tuple[FormRow, ...]:
        """All rows that are in sight, folded ones left out; the last one sends."""
        return (*_rows(self.root, (), 0, ()), _row("send", self.root, (), 0, ()))

    @property
    def row(self) -> FormRow:
        """The row that is meant."""
        rows = self.rows
        return rows[min(self.at, len(rows) - 1)]

    @property
    def text(self) -> str:
        """What it says as JSON, as far as it can be said."""
        return self.raw.text if self.raw is not None else json_of(self.root)[0] or "{}"

    def judged(self) -> Form:
        """The form with what is wrong with it now; it can be sent if there is nothing."""
        if self.raw is not None:
            if wrong := _not_json(self.raw.text):
                return attrs.evolve(self, wrong=(wrong,))
            return attrs.evolve(self, wrong=judged(self.schema, self.raw.text))
        text, wrong_fields = json_of(self.root)
        wrong_fields = wrong_fields or judged(self.schema, text or "{}")
        form = attrs.evolve(self, wrong=wrong_fields)
        places = [at for at, row in enumerate(self.rows) if wrong_fields and row.where == wrong_fields[0].where]
        return attrs.evolve(form, at=places[0]) if places else form

    @property
    def arguments(self) -> dict[str, msgspec.Raw]:
        """What it says, each member as it is written."""
        return msgspec.json.decode(self.text.encode(), type=dict[str, msgspec.Raw])

    def toggled(self) -> Form:
        """As JSON, or as a form again; JSON that is broken stays as it is, and says where."""
        if self.raw is None:
            text, _ = json_of(self.root)
            return attrs.evolve(self, raw=EditedText(tuple(_pretty(text or "{}").split("\n"))), wrong=())
        if wrong := _not_json(self.raw.text):
            return attrs.evolve(self, wrong=(wrong,))
        root = filled(self.reader, self.root, self.raw.text.encode())
        return attrs.evolve(self, root=root, raw=None, wrong=(), at=0)

    def pressed(self, key: str) -> Form | None:
        """The form after a key; None for one that means nothing to it."""
        if self.raw is not None:
            edited = self.raw.pressed(key)
            return None if edited is None else attrs.evolve(self, raw=edited, is_touched=True)
        if key in _MOVES:
            return attrs.evolve(self, at=max(0, min(self.at + _MOVES[key], len(self.rows) - 1)))
        row = self.row
        if row.kind == "send":
            return None
        change = self._adding(row, key) if row.kind != "field" else self._field(row, key)
        return None if change is None else attrs.evolve(change, is_touched=True, wrong=())

    def pasted(self, text: str) -> Form:
        """The form with a text put in at the cursor."""
        if self.raw is not None:
            return attrs.evolve(self, raw=self.raw.pasted(text), is_touched=True)
        row = self.row
        if row.kind == "send" or row.node.spec.kind not in _TYPED:
            return self
        line, one = row.node.line, " ".join(text.split("\n"))
        line = EditedLine(line.text[: line.at] + one + line.text[line.at :], line.at + len(one))
        return self._with(row.path, lambda node: attrs.evolve(node, line=line, is_present=True))

    def _field(self, row: FormRow, key: str) -> Form | None:
        node, spec = row.node, row.node.spec
        if key == "ctrl d" and (node.is_added or (not node.is_required and node.is_present)):
            return self._without(row)
        if key in ("meta up", "meta down") and row.path:
            return self._moved(row, -1 if key == "meta up" else 1)
        if spec.kind in _TYPED:
            return self._typed(row, key)
        if spec.kind == "choice" and key in ("left", "right", " ", "enter"):
            count = len(spec.options)
            least = 0 if node.is_required and node.at >= 0 else -1
            at = node.at + (-1 if key == "left" else 1)
            at = least if at >= count else count - 1 if at < least else at
            return self._with(row.path, lambda each: attrs.evolve(each, at=at, is_present=at >= 0 or each.is_required))
        if spec.kind == "alternatives" and key in ("left", "right", " ", "enter"):
            count = len(spec.alternatives)
            at = (node.at + (-1 if key == "left" else 1)) % count
            return self._with(row.path, lambda each: chosen(self.reader, each, at, row.depth))
        if spec.kind in ("object", "array") and key in (" ", "enter", "left", "right"):
            return self._folded(row, key)
        return None

    def _typed(self, row: FormRow, key: str) -> Form | None:
        node = row.node
        if key == "enter":
            if node.is_present:
                return attrs.evolve(self, at=min(self.at + 1, len(self.rows) - 1))
            return self._with(row.path, lambda each: begun(self.reader, each, row.depth))
        before = node.line
        line = before.pressed(key)
        if line is None:
            return None
        is_emptied = key in ("backspace", "delete", "ctrl u") and not line.text and not node.is_required
        is_present = not is_emptied and (node.is_present or line.text != before.text)
        return self._with(row.path, lambda each: attrs.evolve(each, line=line, is_present=is_present))

    def _folded(self, row: FormRow, key: str) -> Form:
        node = row.node
        if not node.is_present or (not node.children and node.spec.kind == "object" and node.spec.properties):
            return self._with(row.path, lambda each: begun(self.reader, each, 0))
        is_open = {"left": False, "right": True}.get(key, not node.is_open)
        return self._with(row.path, lambda each: attrs.evolve(each, is_open=is_open))

    def _adding(self, row: FormRow, key: str) -> Form | None:
        node = row.node
        if row.kind == "add item":
            if key not in ("enter", " ") or len(node.children) >= MOST_CHILDREN:
                return None
            added = item(self.reader, node.spec, len(node.children), row.depth)
            return self._with(row.path, lambda each: attrs.evolve(each, children=(*each.children, added)))
        if key == "enter":
            name = node.line.text
            if not name or any(child.name == name for child in node.children) or len(node.children) >= MOST_CHILDREN:
                return None
            member = made(self.reader, node.spec.others, name, is_required=False, depth=row.depth, is_added=True)
            return self._with(
                row.path, lambda each: attrs.evolve(each, children=(*each.children, member), line=EditedLine())
            )
        line = node.line.pressed(key)
        return None if line is None else self._with(row.path, lambda each: attrs.evolve(each, line=line))

    def _without(self, row: FormRow) -> Form:
        """The form without an item or member, or with one that is optional left out."""
        node = row.node
        if not node.is_added:
            return self._with(
                row.path,
                lambda each: attrs.evolve(each, is_present=False, line=EditedLine(), at=-1, children=(), is_open=False),
            )
        *above, at = row.path

        def left(parent: FieldNode) -> FieldNode:
            return attrs.evolve(parent, children=_numbered(parent, [*parent.children[:at], *parent.children[at + 1 :]]))

        return self._with(tuple(above), left)

    def _moved(self, row: FormRow, by: int) -> Form | None:
        *above, at = row.path
        parent = node_at(self.root, tuple(above))
        if parent.spec.kind != "array" or not 0 <= at + by < len(parent.children):
            return None
        children = list(parent.children)
        children.insert(at + by, children.pop(at))
        form = self._with(tuple(above), lambda each: attrs.evolve(each, children=_numbered(each, children)))
        places = [number for number, each in enumerate(form.rows) if each.path == (*above, at + by)]
        return attrs.evolve(form, at=places[0])

    def _with(self, path: Path, change: Callable[[FieldNode], FieldNode]) -> Form:
        return attrs.evolve(self, root=replaced(self.root, path, change))


def form_of(schema: object, values: Mapping[str, msgspec.Raw] | None = None, *, send: str = "Call") -> Form:
    """The form of a schema, with values where there are some."""
    reader = SchemaReader(schema)
    root = made(reader, schema, "", is_required=True)
    if root.spec.kind != "object":
        reader = SchemaReader({"type": "object"})
        root = made(reader, {"type": "object"}, "", is_required=True)
    if values is not None:
        root = filled(reader, root, msgspec.json.encode(values))
    return Form(schema=reader.root, root=root, send=send)


def _numbered(parent: FieldNode, children: list[FieldNode]) -> tuple[FieldNode, ...]:
    if parent.spec.kind != "array":
        return tuple(children)
    return tuple(attrs.evolve(each, name=str(at + 1)) for at, each in enumerate(children))


def _row(kind: RowKind, node: FieldNode, path: Path, depth: int, where: tuple[str, ...]) -> FormRow:
    return FormRow(kind=kind, node=node, path=path, depth=depth, where=where)


def _rows(node: FieldNode, path: Path, depth: int, where: tuple[str, ...]) -> list[FormRow]:
    rows: list[FormRow] = []
    if path:
        rows.append(_row("field", node, path, depth - 1, where))
    if not node.is_present or not node.is_open:
        return rows
    if node.spec.kind == "alternatives" and node.children:
        child = node.children[0]
        inner = _rows(child, (*path, 0), depth, where)
        return rows + (inner[1:] if child.spec.kind in ("object", "array") else inner)
    for at, child in enumerate(node.children):
        rows += _rows(child, (*path, at), depth + 1, (*where, child.name))
    if node.spec.kind == "array" and (node.spec.items is not None or len(node.children) < len(node.spec.prefix)):
        if node.spec.most_items is None or len(node.children) < node.spec.most_items:
            rows.append(_row("add item", node, path, depth, where))
    elif node.spec.kind == "object" and node.spec.others is not None:
        rows.append(_row("add member", node, path, depth, where))
    return rows


def _pretty(text: str) -> str:
    return msgspec.json.format(text.encode(), indent=2).decode()


def _not_json(text: str) -> WrongField | None:
    try:
        msgspec.json.decode(text.encode(), type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        digits = re.search(r"byte ([0-9]+)", str(error))
        before = text.encode("utf-8", "replace")[: int(digits[1])].decode("utf-8", "replace") if digits else text
        lines = before.split("\n")
        what = (
            str(error) if digits else "the text ends before the JSON does" if "truncated" in str(error) else str(error)
        )
        said = f"line {len(lines)}, column {len(lines[-1]) + 1}: {what}"
        return WrongField((), said)
    return None
