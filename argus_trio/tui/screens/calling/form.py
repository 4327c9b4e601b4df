"""The view of a form: its rows, what is meant by the one at the cursor, and what is wrong."""

from __future__ import annotations

import urwid

from argus_trio.manage_client.clean import cut, one_line, width, wrapped
from argus_trio.tui.form.check import typed_wrong
from argus_trio.tui.form.form import Form
from argus_trio.tui.form.rows import FormRow
from argus_trio.tui.form.spec import TYPED
from argus_trio.tui.form.value import WrongField
from argus_trio.tui.kit.cells import Markup, plain
from argus_trio.tui.kit.edited import edited_piece, shown_piece
from argus_trio.tui.kit.pane import TitleLine
from argus_trio.tui.kit.rows import Rows
from argus_trio.tui.parts.area import EditedText
from argus_trio.tui.parts.look import Appearance

_MOST_WRONG = 4
"""How many things that are wrong are told at once below the form."""
_DEEPEST_SHOWN = 6
"""Deeper rows are not moved further to the right."""


def form_view(form: Form, look: Appearance, columns: int, rows: int) -> urwid.Widget:
    """A form in so many columns and rows: the lines below tell of the row at the cursor, and of what is wrong."""
    below = urwid.Pile(_below(form, look, columns, rows))
    room = max(rows - below.rows((columns,)), 1)
    if (text := form.raw or form.area) is not None:
        return urwid.Frame(_area(text, look, columns, room), footer=below)
    shown = form.rows
    at = min(form.at, len(shown) - 1)

    def draw(number: int) -> Markup:
        return _row(shown[number], form, look, columns, is_meant=number == at)

    top = max(0, min(at - room // 2, len(shown) - room))
    return urwid.Frame(Rows(len(shown), draw, top=top), footer=below)


def _area(text: EditedText, look: Appearance, columns: int, rows: int) -> urwid.Widget:
    top = max(0, min(text.row - rows // 2, len(text.lines) - rows))
    digits = max(len(str(len(text.lines))), 3)

    def draw(number: int) -> Markup:
        line, room = text.lines[number], columns - digits - 2
        counted = ("dim", f"{number + 1:>{digits}} ")
        if number != text.row:
            return [counted, shown_piece(line, room, look)]
        return [counted, *edited_piece(line, text.column, room, look)]

    return Rows(len(text.lines), draw, top=top)


def _row(row: FormRow, form: Form, look: Appearance, columns: int, *, is_meant: bool) -> Markup:
    mark = look.sign("▸", ">") if is_meant else " "
    indent = "  " * min(row.depth, _DEEPEST_SHOWN)
    if row.kind == "send":
        return [mark, " ", ("cursor" if is_meant else "key", f"[{form.send}]")]
    if row.kind in ("add item", "add member"):
        return [mark, " ", indent, ("key", "+ "), *_added(row, look, is_meant)]
    if row.kind == "option":
        tick = "[x]" if row.number in row.node.ticked else "[ ]"
        return [mark, " ", indent, ("key", tick), " ", cut(one_line(row.node.spec.options[row.number].title), columns)]
    node = row.node
    names = _name_columns(columns)
    name = one_line(node.name) or "one of"
    name = cut(f"{indent}{name}{'*' if node.is_required and not node.is_added else ''}", names)
    wrong = _wrong_beside(row, form, is_meant)
    line: list[str | tuple[str, str]] = [
        ("title" if is_meant else "name", mark),
        ("error", "!") if wrong else " ",
        ("title" if node.is_required else "label", name + " " * (names - width(name))),
        " ",
        *_value(row, look, columns - names - 4, is_meant),
    ]
    room = columns - width(plain(line)) - 3
    return [*line, ("error", f"  {cut(wrong, room)}")] if wrong and room > 8 else line


def _name_columns(columns: int) -> int:
    return max(24, min(columns * 3 // 10, 44))


def _added(row: FormRow, look: Appearance, is_meant: bool) -> list[str | tuple[str, str]]:
    if row.kind == "add item":
        return [("dim", "add an item")]
    line = row.node.line
    name = edited_piece(line.text, line.at, 24, look) if is_meant else [shown_piece(line.text, 24, look)]
    return [("dim", "add a member named "), *name]


def _wrong_beside(row: FormRow, form: Form, is_meant: bool) -> str:
    """What is wrong with a row, or with what is folded into it; at the cursor it is told below, as one types."""
    if not is_meant and row.node.spec.kind in TYPED and (wrong := typed_wrong(row.node)):
        return one_line(wrong)
    length = len(row.where)
    is_folded = not row.node.is_open
    for each in form.wrong:
        if each.where == row.where or (is_folded and each.where[:length] == row.where):
            return one_line(each.what)
    return ""


def _value(row: FormRow, look: Appearance, room: int, is_meant: bool) -> list[str | tuple[str, str]]:
    node, spec = row.node, row.node.spec
    none = look.sign("—", "-")
    if spec.kind == "choice":
        if not 0 <= node.at < len(spec.options):
            return [*_turner(none, look), ("dim", "  not chosen (required)" if node.is_required else "  left out")]
        return _turner(cut(one_line(spec.options[node.at].title), room - 6), look)
    if spec.kind == "alternatives":
        if not node.is_present or not 0 <= node.at < len(spec.alternatives):
            return [*_turner(none, look), ("dim", "  left out")]
        name = cut(one_line(spec.alternatives[node.at][0]), room - 16)
        return [*_turner(name, look), ("dim", f"  {node.at + 1} of {len(spec.alternatives)}")]
    if spec.kind in ("object", "array", "many"):
        sign = look.sign("▾", "v") if node.is_open and node.is_present else look.sign("▸", "+")
        return [("key", sign), ("dim", f" {_counted(row)}")]
    return _line(row, look, room, is_meant)


def _turner(text: str, look: Appearance) -> list[str | tuple[str, str]]:
    return [("key", look.sign("◂ ", "< ")), ("name", text), ("key", look.sign(" ▸", " >"))]


def _counted(row: FormRow) -> str:
    node = row.node
    if not node.is_present:
        return "left out"
    if not node.is_made:
        return "not opened"
    if node.spec.kind == "many":
        return f"{len(node.ticked)} of {len(node.spec.options)} chosen"
    count, what = len(node.children), "item" if node.spec.kind == "array" else "member"
    return f"{count} {what}{'' if count == 1 else 's'}"


def _line(row: FormRow, look: Appearance, room: int, is_meant: bool) -> list[str | tuple[str, str]]:
    """What is typed; in brackets what cannot be seen, and behind a dot what is only a word about it."""
    node, spec = row.node, row.node.spec
    text = look.sign("•", "*") * len(node.line.text) if spec.is_secret else node.line.text
    if is_meant and (text or not node.is_present):
        edited = edited_piece(text, node.line.at, room, look)
        # the cursor stands where the dot is else: nothing moves as one goes on
        return edited if text else [("cursor", " "), ("dim", cut(_wanted(row, look)[1:], room - 1))]
    if not node.is_present:
        return [("dim", cut(_wanted(row, look), room))]
    if node.is_null or not text:
        told = "(null)" if node.is_null else "(empty text)"
        return [("cursor", " "), ("info", told)] if is_meant else [("info", told)]
    return [("name", shown_piece(text, room, look))]


def _wanted(row: FormRow, look: Appearance) -> str:
    node, spec = row.node, row.node.spec
    if spec.default_text and not spec.is_secret:
        said = f"default {spec.default_text}"
    elif spec.default == "null":
        said = f"default null, {spec.hint}"
    else:
        said = f"e.g. {spec.example}" if spec.example else spec.hint or "any JSON"
    dot = look.sign("·", "-")
    return one_line(f"{dot} {said}" + (" (required)" if node.is_required else ""))


def _below(form: Form, look: Appearance, columns: int, rows: int) -> list[urwid.Widget]:
    """What is wanted at the cursor, and what is wrong."""
    is_roomy = rows >= 16
    told: list[Markup] = []
    if form.raw is not None:
        title = TitleLine("as JSON", look, note=f"line {form.raw.row + 1}, column {form.raw.column + 1}")
    else:
        row = form.row
        note = f"{one_line(row.node.spec.hint)}   " if row.kind in ("field", "option") and row.path else ""
        place = " . ".join(one_line(each) for each in row.where) or f"{len(form.rows) - 1} fields"
        title = TitleLine(place, look, note=f"{note}{form.at + 1} of {len(form.rows)}")
        told = [("dim", line) for line in _about(row, columns - 2, 2 if is_roomy else 1)]
        told.append(("dim", cut(_extra(row), columns - 2)))
    wrong = _wrong_below(form, columns - 2)
    told += wrong or ([("warn", cut(one_line(form.note), columns - 2))] if form.note else [""])
    return [title, *(urwid.Padding(urwid.Text(each, wrap="clip"), left=1) for each in told)]


def _about(row: FormRow, columns: int, count: int) -> list[str]:
    spec = row.node.spec
    if row.kind == "send":
        about = "Enter or F5 sends what is filled in; F2 shows it as JSON"
    elif row.kind in ("add item", "add member"):
        about = "Enter adds one" if row.kind == "add item" else "Type a name, and Enter adds it"
    else:
        title = one_line(spec.title)
        title = "" if title.lower().replace(" ", "_") == row.node.name.lower() else title
        about = ": ".join(each for each in (title, one_line(spec.description[:1000])) if each)
    lines = wrapped(about[: 4 * columns], max(columns, 8))
    if len(lines) > count:
        lines = [*lines[: count - 1], cut(" ".join(lines[count - 1 :]), columns)]
    return [*lines, *[""] * (count - len(lines))]


def _extra(row: FormRow) -> str:
    spec = row.node.spec
    if row.kind != "field" or not row.path:
        return ""
    parts = []
    if spec.kind in ("choice", "many"):
        parts.append(" | ".join(one_line(each.title) for each in spec.options[:40]))
    if spec.kind == "alternatives":
        parts.append(" | ".join(one_line(name) for name, _ in spec.alternatives[:40]))
    if spec.default is not None and not spec.is_secret:
        parts.append(f"default {one_line(spec.default)[:80]}")
    if spec.example:
        parts.append(f"e.g. {one_line(spec.example)}")
    if spec.left_out:
        parts.append(f"{spec.left_out} more only as JSON (F2)")
    if spec.is_nullable:
        parts.append("Ctrl-N: null")
    return "   ".join(parts)


def _wrong_below(form: Form, columns: int) -> list[Markup]:
    """What is wrong where one types; else the list of what was wrong when it was to be sent."""
    if form.raw is None and form.row.kind == "field" and (typed := typed_wrong(form.row.node)):
        return [("error", cut(f"! {one_line(typed)}", columns))]
    lines: list[Markup] = [("error", cut(_told(each), columns)) for each in form.wrong[:_MOST_WRONG]]
    if len(form.wrong) > _MOST_WRONG:
        lines[-1] = ("error", f"! and {len(form.wrong) - _MOST_WRONG + 1} more")
    return lines


def _told(wrong: WrongField) -> str:
    where = " . ".join(one_line(each) for each in wrong.where)
    return f"! {where}: {one_line(wrong.what)}" if where else f"! {one_line(wrong.what)}"
