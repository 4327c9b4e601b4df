"""A call and its result as lines of so many columns, each with what its keys do. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final, Literal

import attrs
import msgspec

from argus_trio.manage_client.clean import clean, one_line, width
from argus_trio.manage_client.moments import size
from argus_trio.tui.calls.call import CallUnderWay, PastCall
from argus_trio.tui.calls.document import Block, ResultDocument
from argus_trio.tui.calls.tree import TreePath, path_text, tree_lines

LineDoes = Literal["", "fold", "follow"]
Toggled = frozenset[TreePath]
LOG: Final[TreePath] = ("log",)
ARGUMENTS: Final[TreePath] = ("arguments",)
_TAB: Final = "    "
_LEVELS: Final = {"debug": "dim", "info": "info", "notice": "info", "warning": "warn"}
"""The attributes of log levels; all that are graver are bad."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ShownLine:
    """One line. Its text is clean and fits."""

    text: str
    attribute: str = ""
    does: LineDoes = ""
    """What Enter does with it."""
    path: TreePath = ()
    """What is folded or unfolded by it."""
    place: str = ""
    """Where its value stands in the JSON, as JSONPath writes it."""
    value: object = attrs.field(default=None, repr=False)
    """The value of this line in a tree."""
    block: Block | None = None
    """The part of the result that it belongs to."""
    is_open: bool = False
    """Whether what it folds is unfolded."""


def wrapped_text(text: str, columns: int) -> Iterator[str]:
    """A text that others wrote as clean lines of so many columns, broken at white space where there is some."""
    columns = max(columns, 2)
    for line in text.replace("\r\n", "\n").split("\n"):
        rest = clean(line).replace("\t", _TAB)
        start = 0
        while len(rest) - start > columns // 2:
            end = _end(rest, start, columns)
            if end >= len(rest):
                break
            space = rest.rfind(" ", start, end + 1)
            if space > start:
                end = space
            yield rest[start:end]
            start = end + 1 if rest[end] == " " else end
        yield rest[start:]


def _end(text: str, start: int, columns: int) -> int:
    """Where so many columns end that begin at `start`."""
    piece = text[start : start + columns]
    if piece.isascii() and len(piece) == columns:
        return start + columns
    taken = 0
    for at in range(start, len(text)):
        taken += width(text[at])
        if taken > columns:
            return at
    return len(text)


@lru_cache(maxsize=4)
def document_lines(document: ResultDocument, toggled: Toggled, columns: int, is_unicode: bool) -> tuple[ShownLine, ...]:
    """The lines of a result. They are made once for each size and folding: a huge one takes its time."""
    lines = [ShownLine(text=each, attribute="dim") for fact in document.facts for each in wrapped_text(fact, columns)]
    many = len(document.blocks) > 1
    for number, block in enumerate(document.blocks):
        lines += _block_lines(block, number, toggled, columns, is_unicode, has_title=many)
    if document.hidden:
        lines.append(ShownLine(text=f"{document.hidden} more parts are not shown; S saves all", attribute="warn"))
    return tuple(lines)


def _block_lines(
    block: Block, number: int, toggled: Toggled, columns: int, is_unicode: bool, *, has_title: bool
) -> Iterator[ShownLine]:
    title = one_line(block.title)
    if block.kind == "link":
        arrow = "→" if is_unicode else "->"
        for text in wrapped_text(f"{arrow} {title}", columns):
            yield ShownLine(text=text, attribute="label", does="follow", block=block)
        return
    if block.kind == "binary":
        yield ShownLine(text=f"[{title}]  s saves it", attribute="label", block=block)
        return
    if block.kind == "note":
        yield ShownLine(text=f"[{title}]", attribute="warn" if "valid" in title else "dim", block=block)
        return
    if has_title or block.cut or title not in ("text", "structured content"):
        yield ShownLine(text=title, attribute="title", block=block)
    if block.kind == "json":
        root: TreePath = ("result", number)
        shown = toggled ^ {root} if block.is_folded else toggled
        yield from json_lines(block.value, root, shown, columns, is_unicode, block=block)
    else:
        for text in wrapped_text(block.text, columns):
            yield ShownLine(text=text, block=block)
    if block.cut:
        told = f"{size(block.cut)} more are not shown; s saves all of it"
        yield ShownLine(text=told, attribute="warn", block=block)


def json_lines(
    value: object, root: TreePath, toggled: Toggled, columns: int, is_unicode: bool, *, block: Block | None = None
) -> Iterator[ShownLine]:
    """The lines of a tree of JSON. The paths of its folds begin with `root`."""
    opened, closed = ("▾", "▸") if is_unicode else ("-", "+")
    for line in tree_lines(value, toggled, root):
        sign = (opened if line.is_open else closed) if line.is_fold else " "
        indent = "  " * min(line.depth, columns // 4)
        label = f"{one_line(line.label)}: " if line.label else ""
        text = clean(line.text) if not line.is_fold or is_unicode else line.text.replace("…", "..")
        attribute = "warn" if line.is_note else "label" if line.is_fold else ""
        head = f"{indent}{sign} {label}"
        for piece in wrapped_text(head + text, columns):
            yield ShownLine(
                text=piece,
                attribute=attribute,
                does="fold" if line.is_fold else "",
                path=line.path,
                place=path_text(line.path[len(root) :]),
                value=line.value,
                block=block,
                is_open=line.is_open,
            )


def call_lines(
    call: CallUnderWay,
    past: PastCall | None,
    document: ResultDocument | None,
    toggled: Toggled,
    columns: int,
    *,
    is_unicode: bool,
) -> tuple[ShownLine, ...]:
    """All lines of a call: what came of it, what it said, what it was called with."""
    lines: list[ShownLine] = []
    if past is not None:
        lines += _outcome_lines(past, columns)
    if document is not None:
        lines += document_lines(document, toggled, columns, is_unicode)
    if past is not None and past.outcome.is_forgotten:
        told = "its result is kept no more: the results of later calls took its place; r calls again"
        lines += [ShownLine(text=each, attribute="warn") for each in wrapped_text(told, columns)]
    is_open = (past is None or past.outcome.kind in ("problem", "broke", "cancelled")) != (LOG in toggled)
    count = len(call.lines) + call.lost
    lines += _section(LOG, f"Log ({count})", is_open and count > 0, is_unicode)
    if is_open:
        lines += _log_lines(call, columns)
    is_open = (past is None) != (ARGUMENTS in toggled)
    if call.kind != "resource":
        lines += _section(ARGUMENTS, "Arguments", is_open, is_unicode)
        if is_open:
            lines += json_lines(_plain(call.arguments), ARGUMENTS, toggled, columns, is_unicode)
    return tuple(lines)


def _plain(value: object) -> object:
    try:
        return msgspec.json.decode(msgspec.json.encode(value))
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return str(value)


def _section(path: TreePath, title: str, is_open: bool, is_unicode: bool) -> list[ShownLine]:
    opened, closed = ("▾", "▸") if is_unicode else ("-", "+")
    text = f"{opened if is_open else closed} {title}"
    return [ShownLine(text=""), ShownLine(text=text, attribute="title", does="fold", path=path, is_open=is_open)]


def _outcome_lines(past: PastCall, columns: int) -> Iterator[ShownLine]:
    if past.outcome.kind == "tool_error":
        yield ShownLine(text="The tool says that it failed:", attribute="bad")
    for text in wrapped_text(past.outcome.why, columns) if past.outcome.why else ():
        yield ShownLine(text=text, attribute="bad" if past.outcome.kind != "cancelled" else "warn")


def _log_lines(call: CallUnderWay, columns: int) -> Iterator[ShownLine]:
    if call.lost:
        yield ShownLine(text=f"{call.lost} lines before these are kept no more", attribute="warn")
    for line in call.lines:
        word = line.level or ("asks" if line.kind == "ask" else "says")
        attribute = _LEVELS.get(word, "bad") if line.level else "label"
        for at, text in enumerate(wrapped_text(line.text, columns - 12)):
            yield ShownLine(text=f"  {one_line(word)[:9] if at == 0 else '':<9} {text}", attribute=attribute)
