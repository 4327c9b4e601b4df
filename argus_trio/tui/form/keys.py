"""What keys do to one row of a form: the node as it is afterwards. Pure."""

from __future__ import annotations

from typing import Final

import attrs

from argus_trio.tui.form.filling import begun_with_default
from argus_trio.tui.form.node import MOST_CHILDREN, FieldMaker, FieldNode
from argus_trio.tui.form.rows import FormRow
from argus_trio.tui.form.spec import TYPED
from argus_trio.tui.parts.line import EditedLine

_TURNS: Final = {"left": -1, "right": 1, " ": 1, "enter": 1}
_TAKES_AWAY: Final = ("backspace", "delete", "ctrl u")


def changed(maker: FieldMaker, row: FormRow, key: str) -> FieldNode | None:
    """The node of a row after a key; None for one that means nothing to it."""
    node, kind = row.node, row.node.spec.kind
    if row.kind == "add item":
        return _with_item(maker, node, key)
    if row.kind == "add member":
        return _with_member(maker, node, key)
    if row.kind == "option":
        return _ticked(node, row.number) if key in (" ", "enter") else None
    if row.kind == "send":
        return None
    if key == "ctrl d":
        return None if node.is_required or not node.is_present else left_out(node)
    if kind in TYPED:
        return _typed(node, key)
    if kind == "choice":
        return _chosen(node, key)
    if kind == "alternatives":
        return _turned(maker, node, key) if key in _TURNS else None
    return _folded(maker, node, key) if key in _TURNS else None


def left_out(node: FieldNode) -> FieldNode:
    """A node of which nothing is said."""
    return attrs.evolve(
        node, is_present=False, line=EditedLine(), is_null=False, at=-1, ticked=(), children=(), is_open=False
    )


def _typed(node: FieldNode, key: str) -> FieldNode | None:
    spec, before = node.spec, node.line
    if key == "ctrl n":
        return _next_nothing(node)
    if key in ("right", "end") and not node.is_present and spec.default_text:
        return attrs.evolve(node, line=EditedLine(spec.default_text), is_present=True)
    if key == "meta enter" and spec.kind == "text":
        return attrs.evolve(node, line=inserted(before, "\n"), is_present=True, is_null=False)
    line = before.pressed(key)
    if line is None:
        return None
    if line.text == before.text:
        is_undone = key in _TAKES_AWAY and not line.text  # an empty text, or null
        return attrs.evolve(
            node, line=line, is_present=node.is_present and not is_undone, is_null=node.is_null and not is_undone
        )
    return attrs.evolve(node, line=line, is_present=bool(line.text), is_null=False)


def _next_nothing(node: FieldNode) -> FieldNode | None:
    """From nothing said to an empty text, to null, and back: what of it the schema has."""
    empty = attrs.evolve(node, line=EditedLine(), is_present=True, is_null=False)
    states = [left_out(node)]
    if node.spec.kind == "text":
        states.append(empty)
    if node.spec.is_nullable:
        states.append(attrs.evolve(empty, is_null=True))
    if len(states) == 1:
        return None
    at = 0 if not node.is_present else 2 if node.is_null and node.spec.kind == "text" else 1
    if node.is_present and not node.is_null and node.line.text:
        at = 0
    return states[(at + 1) % len(states)]


def inserted(line: EditedLine, text: str) -> EditedLine:
    """A line with a text put in at its cursor."""
    return EditedLine(line.text[: line.at] + text + line.text[line.at :], line.at + len(text))


def _chosen(node: FieldNode, key: str) -> FieldNode | None:
    options = node.spec.options
    if key in _TAKES_AWAY:
        return None if node.is_required else left_out(node)
    if key in _TURNS:
        least = 0 if node.is_required and node.at >= 0 else -1
        at = node.at + _TURNS[key]
        at = least if at >= len(options) else len(options) - 1 if at < least else at
    elif len(key) == 1 and key.isprintable():
        count = len(options)
        after = [(node.at + step) % count for step in range(1, count + 1)]
        found = [each for each in after if options[each].title.lower().startswith(key.lower())]
        if not found:
            return None
        at = found[0]
    else:
        return None
    return attrs.evolve(node, at=at, is_present=at >= 0 or node.is_required)


def _turned(maker: FieldMaker, node: FieldNode, key: str) -> FieldNode:
    """Another alternative; of what is optional, none is one of them."""
    count = len(node.spec.alternatives)
    least = 0 if node.is_required or node.is_added else -1
    at = (node.at if node.is_present else -1) + _TURNS[key]
    at = least if at >= count else count - 1 if at < least else at
    return left_out(node) if at < 0 else maker.chosen(node, at)


def _folded(maker: FieldMaker, node: FieldNode, key: str) -> FieldNode:
    if not node.is_present:
        return begun_with_default(maker, node)
    if not node.is_made:
        return maker.begun(node)
    return attrs.evolve(node, is_open={"left": False, "right": True}.get(key, not node.is_open))


def _ticked(node: FieldNode, number: int) -> FieldNode:
    ticked = set(node.ticked) ^ {number}
    return attrs.evolve(node, ticked=tuple(sorted(ticked)))


def _with_item(maker: FieldMaker, node: FieldNode, key: str) -> FieldNode | None:
    if key not in ("enter", " ") or len(node.children) >= MOST_CHILDREN:
        return None
    item = maker.item(node.spec, len(node.children))
    return attrs.evolve(node, children=(*node.children, item))


def _with_member(maker: FieldMaker, node: FieldNode, key: str) -> FieldNode | None:
    if key != "enter":
        line = node.line.pressed(key)
        return None if line is None else attrs.evolve(node, line=line)
    name = node.line.text
    if not name or any(child.name == name for child in node.children) or len(node.children) >= MOST_CHILDREN:
        return None
    member = maker.made(node.spec.others, name, is_required=False, is_added=True)
    return attrs.evolve(node, children=(*node.children, member), line=EditedLine())


def numbered(parent: FieldNode, children: list[FieldNode]) -> FieldNode:
    """A node with other children, the items of an array numbered anew."""
    if parent.spec.kind == "array":
        children = [attrs.evolve(each, name=str(at)) for at, each in enumerate(children, 1)]
    return attrs.evolve(parent, children=tuple(children))
