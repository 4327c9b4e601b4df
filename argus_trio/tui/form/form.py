"""A form on the screen: the tree of fields as rows, which of them is meant, and how keys change it; or the same as
JSON. It is pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Final

import attrs
import msgspec

from argus_trio import Value
from argus_trio.tui.form.filling import MOST_FILLED, filled
from argus_trio.tui.form.judge import judged
from argus_trio.tui.form.keys import changed, inserted, numbered
from argus_trio.tui.form.node import MOST_CHILDREN, FieldMaker, FieldNode, node_at, replaced
from argus_trio.tui.form.reader import SchemaReader
from argus_trio.tui.form.rows import FormRow, row_for, rows_of, unfolded
from argus_trio.tui.form.spec import TYPED
from argus_trio.tui.form.syntax import not_json
from argus_trio.tui.form.value import WrongField, json_of, json_shown, with_secrets
from argus_trio.tui.parts.area import AREA_CHARACTERS, EditedText
from argus_trio.tui.parts.line import EditedLine

_MOVES: Final = {"down": 1, "tab": 1, "up": -1, "shift tab": -1, "page down": 10, "page up": -10}
_TOO_LARGE: Final = f"it has more than {MOST_FILLED} values, or lists of more than {MOST_CHILDREN}: it stays JSON"


@attrs.frozen(kw_only=True)
class Form(Value):
    """A form for one schema."""

    schema: object
    root: FieldNode
    at: int = 0
    """Which row is meant."""
    raw: EditedText | None = None
    """The same as JSON, where that is edited instead."""
    secrets: tuple[str, ...] = attrs.field(default=(), repr=False)
    """What is not shown in it, as JSON."""
    area: EditedText | None = None
    """The text of the row that is meant, where it is edited with room for its lines."""
    wrong: tuple[WrongField, ...] = ()
    """What was wrong when it was last to be sent, or to become a form again."""
    unjudged: str = ""
    """What nobody has looked at before it is sent, and why."""
    note: str = ""
    """What has come of the latest key, where that is not seen."""
    send: str = "Call"
    """What its last row says."""
    is_touched: bool = False
    """Whether anything was typed or chosen."""

    @property
    def maker(self) -> FieldMaker:
        """Makes parts of it."""
        return FieldMaker(SchemaReader(self.schema))

    @cached_property
    def rows(self) -> tuple[FormRow, ...]:
        """All rows that are in sight, folded ones left out; the last one sends."""
        return rows_of(self.root)

    @property
    def row(self) -> FormRow:
        """The row that is meant."""
        return self.rows[min(self.at, len(self.rows) - 1)]

    @property
    def is_at_send(self) -> bool:
        """Whether Enter sends it."""
        return self.raw is None and self.area is None and self.row.kind == "send"

    @property
    def text(self) -> str:
        """What it says as JSON, as far as it can be said."""
        if self.raw is not None:
            return with_secrets(self.raw.text, self.secrets)
        return json_of(self.root)[0] or "{}"

    def judged(self) -> Form:
        """The form with what is wrong with it now; it can be sent if there is nothing."""
        wrong: tuple[WrongField, ...] = ()
        text = self.text
        if self.raw is None:
            wrong = json_of(self.root)[1]
        if not wrong and (what := not_json(self.raw.text if self.raw else text, is_object=True)):
            wrong = (WrongField((), what),)
        unjudged = ""
        if not wrong:
            verdict = judged(self.schema, text)
            wrong, unjudged = verdict.wrong, verdict.unjudged
        form = attrs.evolve(self, wrong=wrong, unjudged=unjudged)
        return form if not wrong or self.raw is not None else form.at_place(wrong[0].where)

    def at_place(self, where: tuple[str, ...]) -> Form:
        """The form with the row of a place meant, which comes in sight."""
        root = unfolded(self.root, where)
        at = row_for(rows_of(root), where)
        return self if at is None else attrs.evolve(self, root=root, at=at, area=None)

    @property
    def arguments(self) -> dict[str, msgspec.Raw]:
        """What it says, each member as it is written."""
        return msgspec.json.decode(self.text.encode(), type=dict[str, msgspec.Raw])

    def toggled(self) -> Form:
        """As JSON, or as a form again; JSON that is broken stays as it is, and says where."""
        if self.raw is None:
            text, secrets = json_shown(self.root)
            raw = EditedText(tuple(_pretty(text).split("\n")))
            note = "secrets stand aside, and are put in when it is sent" if secrets else ""
            return attrs.evolve(self, raw=raw, secrets=secrets, area=None, wrong=(), note=note)
        if what := not_json(self.raw.text, is_object=True):
            return attrs.evolve(self, wrong=(WrongField((), what),))
        form = self.filled(self.text.encode())
        return attrs.evolve(self, note=_TOO_LARGE) if form is None else form

    def filled(self, raw: bytes) -> Form | None:
        """A form with a value; None where it is too large for one."""
        maker = attrs.evolve(self.maker, left=MOST_FILLED)
        try:
            root = filled(maker, self.root, raw)
        except (msgspec.DecodeError, UnicodeDecodeError):  # of what no encoding can say, deep inside
            return None
        if maker.left <= 0 or root.spec.kind == "raw":
            return None
        return attrs.evolve(self, root=root, raw=None, secrets=(), area=None, wrong=(), note="", at=0)

    def pressed(self, key: str) -> Form | None:
        """The form after a key; None for one that means nothing to it."""
        if self.raw is not None:
            edited = EditedText.pasted(self.raw, "  ") if key == "tab" else self.raw.pressed(key)
            return None if edited is None else self._edited(edited)
        if self.area is not None:
            return self._in_area(self.area, key)
        row = self.row
        if key in _MOVES or (key == "enter" and row.kind == "field" and row.node.spec.kind in TYPED):
            return attrs.evolve(self, at=max(0, min(self.at + _MOVES.get(key, 1), len(self.rows) - 1)), note="")
        if key == "f4":
            return self._with_area(row)
        if row.kind == "field" and row.node.is_added and key == "ctrl d":
            return self._without(row)
        if key in ("meta up", "meta down") and row.path:
            return self._moved(row, -1 if key == "meta up" else 1)
        node = changed(self.maker, row, key)
        if node is None:
            said = _refused(row, key)
            return attrs.evolve(self, note=said) if said else None
        return self._with(row, node)

    def clicked(self, at: int) -> Form:
        """The form with another row meant, or the cursor in another line."""
        if (text := self.raw or self.area) is not None:
            row = max(0, min(at, len(text.lines) - 1))
            return self._edited(attrs.evolve(text, row=row, column=min(text.column, len(text.lines[row]))))
        return attrs.evolve(self, at=max(0, min(at, len(self.rows) - 1)), note="")

    def pasted(self, text: str) -> Form:
        """The form with a text put in at the cursor; told where it has no room, or no place."""
        if self.raw is not None or self.area is not None:
            area = self.raw or self.area or EditedText()
            room = AREA_CHARACTERS - len(area.text)
            form = self._edited(area.pasted(text))
        else:
            row = self.row
            if row.kind not in ("field", "add member") or (row.kind == "field" and row.node.spec.kind not in TYPED):
                return attrs.evolve(self, note="nothing can be pasted here")
            room = AREA_CHARACTERS - len(row.node.line.text)
            added = text.replace("\r\n", "\n").replace("\r", "\n")[:room]
            if row.kind != "field" or row.node.spec.kind != "text":
                added = " ".join(added.split())
            line = inserted(row.node.line, added)
            is_present = row.node.is_present or bool(added)
            form = self._with(row, attrs.evolve(row.node, line=line, is_present=is_present, is_null=False))
        cut = len(text) - room
        note = f"{cut} characters were left out: no more than {AREA_CHARACTERS} are taken" if cut > 0 else ""
        return attrs.evolve(form, note=note)

    def _edited(self, edited: EditedText) -> Form:
        if self.raw is not None:
            is_touched = self.is_touched or edited.lines != self.raw.lines
            return attrs.evolve(self, raw=edited, is_touched=is_touched, note="", wrong=())
        row = self.row
        is_present = bool(edited.text) or row.node.is_present
        node = attrs.evolve(row.node, line=EditedLine(edited.text), is_present=is_present, is_null=False)
        return attrs.evolve(self._with(row, node) if edited.text != row.node.line.text else self, area=edited, note="")

    def _in_area(self, area: EditedText, key: str) -> Form | None:
        if key in ("f4", "esc"):
            return attrs.evolve(self, area=None, note="")
        edited = area.pressed(key)
        return None if edited is None else self._edited(edited)

    def _with_area(self, row: FormRow) -> Form:
        if row.kind != "field" or row.node.spec.kind not in ("text", "raw") or row.node.spec.is_secret:
            return attrs.evolve(self, note="only a text has several lines")
        before = row.node.line.text[: row.node.line.at].split("\n")
        area = EditedText(tuple(row.node.line.text.split("\n")), len(before) - 1, len(before[-1]))
        return attrs.evolve(self, area=area, note="F4 or Esc closes the text")

    def _with(self, row: FormRow, node: FieldNode) -> Form:
        is_touched = self.is_touched or node != row.node
        wrong = tuple(each for each in self.wrong if each.where[: len(row.where)] != row.where)
        return attrs.evolve(
            self, root=replaced(self.root, row.path, lambda _: node), is_touched=is_touched, wrong=wrong, note=""
        )

    def _without(self, row: FormRow) -> Form:
        """The form without an item or member that was added."""
        *above, at = row.path
        parent = node_at(self.root, tuple(above))
        after = numbered(parent, [*parent.children[:at], *parent.children[at + 1 :]])
        root = replaced(self.root, tuple(above), lambda _: after)
        return attrs.evolve(self, root=root, is_touched=True, wrong=(), note="")

    def _moved(self, row: FormRow, by: int) -> Form | None:
        *above, at = row.path
        parent = node_at(self.root, tuple(above))
        if parent.spec.kind != "array" or not 0 <= at + by < len(parent.children):
            return None
        children = list(parent.children)
        children.insert(at + by, children.pop(at))
        root = replaced(self.root, tuple(above), lambda _: numbered(parent, children))
        form = attrs.evolve(self, root=root, is_touched=True, wrong=(), note="")
        places = [number for number, each in enumerate(form.rows) if each.path == (*above, at + by)]
        return attrs.evolve(form, at=places[0])


def form_of(schema: object, values: Mapping[str, msgspec.Raw] | None = None, *, send: str = "Call") -> Form:
    """The form of a schema, with values where there are some."""
    root = FieldMaker(SchemaReader(schema)).made(schema, "", is_required=True)
    if root.spec.kind not in ("object", "alternatives"):
        schema = {"type": "object"}
        root = FieldMaker(SchemaReader(schema)).made(schema, "", is_required=True)
    form = Form(schema=schema, root=root, send=send)
    if values is None:
        return form
    raw = msgspec.json.encode(values)
    if (known := form.filled(raw)) is not None:
        return known
    text = EditedText.of(_pretty(raw.decode("utf-8", "replace")))
    return attrs.evolve(form, raw=text, note=_TOO_LARGE)


def _refused(row: FormRow, key: str) -> str:
    """Why a key does nothing, where one would wonder."""
    if key == "ctrl d" and row.kind == "field" and row.node.is_required:
        return "it is required, and cannot be left out"
    if row.kind in ("add item", "add member") and len(row.node.children) >= MOST_CHILDREN:
        return f"there are {MOST_CHILDREN} already: more can be written as JSON (F2)"
    if row.kind == "add member" and key == "enter":
        return "there is such a member already" if row.node.line.text else "type its name first"
    return ""


def _pretty(text: str) -> str:
    return msgspec.json.format(text.encode("utf-8", "replace"), indent=2).decode("utf-8", "replace")
