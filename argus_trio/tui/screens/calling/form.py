"""The view of a form: its rows, what is meant by the one at the cursor, and what is wrong."""

from __future__ import annotations

from typing import Final

import urwid

from argus_trio.manage_client.clean import cut, one_line, width
from argus_trio.manage_client.values import counted
from argus_trio.tui.form.form import Form, FormRow
from argus_trio.tui.kit.cells import Markup
from argus_trio.tui.kit.rows import Rows
from argus_trio.tui.parts.look import Appearance

_NAME_COLUMNS: Final = 24


def form_view(form: Form, look: Appearance, columns: int, rows: int) -> urwid.Widget:
    """A form in so many columns and rows: the last three tell of the row at the cursor."""
    if form.raw is not None:
        body = _raw(form, columns, rows - 3)
        return urwid.Frame(body, footer=urwid.Pile(_below(form, None, columns)))
    shown = form.rows
    at = min(form.at, len(shown) - 1)

    def draw(number: int) -> Markup:
        return _row(shown[number], form, look, columns, is_meant=number == at)

    height = max(rows - 3, 1)
    top = max(0, min(at - height // 2, len(shown) - height))
    return urwid.Frame(Rows(len(shown), draw, top=top), footer=urwid.Pile(_below(form, shown[at], columns)))


def _raw(form: Form, columns: int, rows: int) -> urwid.Widget:
    text = form.raw
    if text is None:
        return urwid.SolidFill()
    top = max(0, min(text.row - rows // 2, len(text.lines) - rows))

    def draw(number: int) -> Markup:
        line = text.lines[number]
        if number != text.row:
            return _harmless(line)
        return _edited(line, text.column, columns - 1)

    return Rows(len(text.lines), draw, top=top)


def _harmless(line: str) -> str:
    return "".join(each if each.isprintable() else "?" for each in line)


def _edited(line: str, at: int, columns: int) -> Markup:
    """A line with its cursor in sight."""
    left = max(0, at - columns + 2)
    before, under, behind = line[left:at], line[at : at + 1] or " ", line[at + 1 :][: max(columns - (at - left), 0)]
    return [("input", _harmless(before)), ("cursor", _harmless(under)), ("input", _harmless(behind) or " ")]


def _row(row: FormRow, form: Form, look: Appearance, columns: int, *, is_meant: bool) -> Markup:
    mark = look.sign("▸", ">") if is_meant else " "
    indent = "  " * row.depth
    if row.kind == "send":
        return [mark, " ", ("cursor" if is_meant else "key", f"[{form.send}]")]
    node = row.node
    if row.kind == "add item":
        return [mark, indent, ("key", "+ "), ("dim", "add an item")]
    if row.kind == "add member":
        said: list[str | tuple[str, str]] = [mark, indent, ("key", "+ "), ("dim", "add a member named ")]
        edited = _edited(node.line.text, node.line.at, 20) if is_meant else node.line.text
        return [*said, *edited] if isinstance(edited, list) else [*said, edited]
    is_wrong = any(wrong.where == row.where for wrong in form.wrong)
    name = cut(f"{indent}{one_line(node.name)}{'*' if node.is_required and not node.is_added else ''}", _NAME_COLUMNS)
    name = name + " " * (_NAME_COLUMNS - width(name))
    sign = ("error", "!") if is_wrong else ("dim", " ")
    return [mark, sign, ("title" if node.is_required else "label", name), " ", *_value(row, look, columns, is_meant)]


def _value(row: FormRow, look: Appearance, columns: int, is_meant: bool) -> list[str | tuple[str, str]]:
    node, spec = row.node, row.node.spec
    room = columns - _NAME_COLUMNS - 5
    if spec.kind == "choice":
        chosen = spec.options[node.at].title if 0 <= node.at < len(spec.options) else look.sign("—", "-")
        return [
            ("key", look.sign("◂ ", "< ")),
            ("name", cut(one_line(chosen), room - 12)),
            ("key", look.sign(" ▸", " >")),
        ]
    if spec.kind == "alternatives":
        name = spec.alternatives[node.at][0] if 0 <= node.at < len(spec.alternatives) else look.sign("—", "-")
        count = f"  {node.at + 1} of {len(spec.alternatives)}"
        return [
            ("key", look.sign("◂ ", "< ")),
            ("name", cut(one_line(name), room - 16)),
            ("key", look.sign(" ▸", " >")),
            ("dim", count),
        ]
    if spec.kind in ("object", "array"):
        sign = look.sign("▾", "v") if node.is_open and node.is_present else look.sign("▸", "+")
        count = counted(len(node.children), "item" if spec.kind == "array" else "member")
        count = count if node.is_present else "left out"
        return [("key", sign), ("dim", f" {count}")]
    text = look.sign("•", "*") * len(node.line.text) if spec.is_secret else node.line.text
    if is_meant:
        edited = _edited(text, node.line.at, room)
        return edited if isinstance(edited, list) else [edited]
    if not node.is_present:
        return [("dim", cut(one_line(spec.default or spec.hint), room))]
    if not text:
        return [("dim", '""')]
    return [("input", cut(_harmless(text), room))]


def _below(form: Form, row: FormRow | None, columns: int) -> list[urwid.Widget]:
    """Three lines: what is wanted at the cursor, and what is wrong."""
    about, hint = "", ""
    if row is not None and row.kind != "send":
        spec = row.node.spec
        about = one_line(spec.description or spec.title)
        default = f"default {spec.default}" if spec.default is not None else ""
        hint = one_line(
            "; ".join(
                each
                for each in (spec.hint, default, f"{spec.left_out} properties only as JSON" if spec.left_out else "")
                if each
            )
        )
    here = [each for each in form.wrong if row is None or each.where == row.where] or list(form.wrong)
    wrong = f"{'.'.join(here[0].where)}{': ' if here[0].where else ''}{here[0].what}" if here else ""
    more = f" ({len(form.wrong)} in all)" if len(form.wrong) > 1 else ""
    lines: list[Markup] = [
        ("dim", cut(about, columns)),
        ("dim", cut(hint, columns)),
        ("error", cut(one_line(wrong + more), columns)),
    ]
    return [urwid.Text(line, wrap="clip") for line in lines]
