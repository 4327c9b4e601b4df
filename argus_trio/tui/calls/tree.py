"""JSON as a tree that is folded and unfolded, line by line. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import attrs
import msgspec

from argus_trio import Value
from argus_trio.manage_client.clean import json_escaped

CHILDREN_SHOWN: Final = 1000
"""The most members of one value that are shown; how many are not is told, and all are saved."""
STRING_CHARACTERS: Final = 2000
"""The most of one string that is shown in a tree; the whole is copied and saved."""
TREE_LINES: Final = 20_000
"""The most lines of one tree: where all is unfolded that can be, no more are made."""
_OPEN_CHILDREN: Final = 40
"""A value with more members than this is folded at first."""
_OPEN_DEPTH: Final = 3
"""A value deeper than this is folded at first."""

TreePath = tuple[str | int, ...]


@attrs.frozen(kw_only=True)
class TreeLine(Value):
    """One line of a tree."""

    depth: int
    label: str
    """The member's name or number; empty at the root."""
    text: str
    """The value, or what is folded in it; not cleaned."""
    path: TreePath
    value: object = attrs.field(repr=False, eq=False)
    is_fold: bool = False
    is_open: bool = False
    is_note: bool = False
    """Whether it is no value, but tells what is not shown."""


def tree_lines(value: object, toggled: frozenset[TreePath], root: TreePath = ()) -> tuple[TreeLine, ...]:
    """The lines of a value. `toggled` has the paths that are not as they are at first."""
    lines: list[TreeLine] = []
    waiting: list[Iterator[tuple[str | int, object]]] = [iter([("", value)])]
    paths: list[TreePath] = [root]
    while waiting and len(lines) < TREE_LINES:
        entry = next(waiting[-1], None)
        if entry is None:
            waiting.pop()
            paths.pop()
            continue
        name, each = entry
        depth = len(waiting) - 1
        path = (*paths[-1], name) if depth else root
        lines.append(_line(name, each, path, depth, toggled))
        if isinstance(each, _Rest):
            continue
        if lines[-1].is_open:
            waiting.append(_members(each))
            paths.append(path)
    if waiting:
        lines.append(TreeLine(depth=0, label="", text=_CUT, path=(*root, "…"), value=None, is_note=True))
    return tuple(lines)


_CUT: Final = f"more than {TREE_LINES} lines are not shown: fold some, or save it"


@attrs.frozen
class _Rest(Value):
    """So many members that are not shown."""

    count: int


def _line(name: str | int, value: object, path: TreePath, depth: int, toggled: frozenset[TreePath]) -> TreeLine:
    label = f"[{name}]" if isinstance(name, int) else name
    if isinstance(value, _Rest):
        text = f"{value.count} more are not shown; s saves all"
        return TreeLine(depth=depth, label="", text=text, path=path, value=None, is_note=True)
    if isinstance(value, dict | list) and value:
        is_open = (len(value) <= _OPEN_CHILDREN and depth < _OPEN_DEPTH) != (path in toggled)
        unit = ("item" if isinstance(value, list) else "member") + ("" if len(value) == 1 else "s")
        brackets = "[…]" if isinstance(value, list) else "{…}"
        text = f"{brackets} {len(value)} {unit}"
        return TreeLine(depth=depth, label=label, text=text, path=path, value=value, is_fold=True, is_open=is_open)
    return TreeLine(depth=depth, label=label, text=_scalar(value), path=path, value=value)


def _members(value: object) -> Iterator[tuple[str | int, object]]:
    if not isinstance(value, dict | list):
        return
    pairs = iter(value.items()) if isinstance(value, dict) else enumerate(value)
    for count, (name, each) in enumerate(pairs):
        if count == CHILDREN_SHOWN:
            yield "…", _Rest(len(value) - CHILDREN_SHOWN)
            return
        yield name, each


def _scalar(value: object) -> str:
    if isinstance(value, str) and len(value) > STRING_CHARACTERS:
        more = len(value) - STRING_CHARACTERS
        return _json(value[:STRING_CHARACTERS]) + f" and {more} characters more"
    return _json(value)


def _json(value: object) -> str:
    return json_escaped(msgspec.json.encode(value).decode("utf-8", "replace"))


def path_text(path: TreePath) -> str:
    """A path as JSONPath writes it."""
    words = ["$"]
    for part in path:
        if isinstance(part, int):
            words.append(f"[{part}]")
        elif part.isidentifier() and part.isascii():
            words.append(f".{part}")
        else:
            words.append(f"[{_json(part)}]")
    return "".join(words)
