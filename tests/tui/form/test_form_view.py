"""Forms as they are seen: text in so many columns and rows."""

from __future__ import annotations

import msgspec
import pytest

from argus_trio.manage_client.clean import width
from argus_trio.tui.form.form import Form, form_of
from argus_trio.tui.kit.edited import edited_piece, shown_piece
from argus_trio.tui.parts.look import Appearance
from argus_trio.tui.screens.calling.form import form_view

LOOK = Appearance()
SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "description": "Who it is", "examples": ["Ada"]},
        "count": {"type": "integer", "minimum": 2},
        "colour": {"enum": ["red", "green"], "default": "red"},
        "note": {"type": ["string", "null"]},
        "key": {"type": "string", "format": "password"},
        "tags": {"type": "array", "items": {"enum": ["x", "y"]}},
        "inner": {"type": "object", "properties": {"deep": {"type": "string"}}, "required": ["deep"]},
    },
    "required": ["name", "count", "inner"],
}


def seen(form: Form, columns: int = 80, rows: int = 20, look: Appearance = LOOK) -> list[str]:
    return [line.decode().rstrip() for line in form_view(form, look, columns, rows).render((columns, rows)).text]


def pressed(form: Form, *keys: str) -> Form:
    for key in keys:
        for each in key[1:] if key.startswith("=") else [key]:
            form = form.pressed(each) or form
    return form


def line_of(form: Form, name: str) -> str:
    (line,) = [
        each
        for each in seen(form)
        if "──" not in each and each[2:].startswith((f"{name} ", f"{name}* ", f"  {name}* "))
    ]
    return line[26:].strip()


def test_each_field_says_what_it_wants_and_what_it_has() -> None:
    form = pressed(form_of(SCHEMA), "down")
    assert line_of(form, "name") == "· e.g. Ada (required)"
    assert line_of(form, "colour") == "◂ — ▸  left out"
    assert line_of(form, "note") == "· string or null"
    assert line_of(form, "tags") == "▸ left out"
    assert line_of(form, "inner") == "▾ 1 member"
    form = pressed(form, *["down"] * 3, "right", "down", "ctrl n", "down", "=ab", "down", " ", "down", " ")
    assert line_of(form, "colour") == "◂ red ▸"
    assert line_of(form, "note") == "(empty text)"
    assert line_of(form, "key") == "••"
    assert line_of(form, "tags") == "▾ 1 of 2 chosen"
    assert any("[x] x" in line for line in seen(form))


def test_what_is_wrong_stands_beside_its_field_and_all_of_it_below() -> None:
    form = pressed(form_of(SCHEMA), "tab", "=1", "tab")
    assert "!count*" in [line[1:8] for line in seen(form)] or "it must be at least 2" in line_of(form, "count")
    below = seen(form.judged())
    assert " ! count: it must be at least 2" in below
    assert " ! name: it is required" in below or " ! inner . deep: it is required" in below


def test_what_is_typed_wrong_is_told_below_as_one_types() -> None:
    assert " ! a whole number is wanted" in seen(pressed(form_of(SCHEMA), "tab", "=x"))


def test_nothing_of_a_secret_is_seen() -> None:
    form = form_of(SCHEMA, {"key": msgspec.Raw(b'"hunter2"'), "name": msgspec.Raw(b'"Ada"')})
    assert "hunter2" not in "".join(seen(form) + seen(form.toggled()))


@pytest.mark.parametrize(("columns", "rows"), [(80, 17), (120, 36), (80, 4), (24, 3), (1, 1)])
@pytest.mark.parametrize("is_raw", [False, True])
def test_a_form_can_be_seen_at_any_size(columns: int, rows: int, is_raw: bool) -> None:
    form = form_of(SCHEMA)
    form = form.toggled() if is_raw else form
    assert len(seen(form, columns, rows)) == rows
    assert len(seen(pressed(form.judged(), "f4", "enter"), columns, rows)) == rows


def test_a_terminal_without_unicode_sees_ascii() -> None:
    look = Appearance(is_unicode=False)
    form = pressed(form_of(SCHEMA), "=a", "meta enter", "=b", "tab", "tab")
    assert "".join(seen(form, look=look)).isascii()


def test_what_servers_write_does_nothing_to_a_terminal() -> None:
    evil = "\x1b[31mred\u202e\r\n"
    schema = {
        "type": "object",
        "properties": {
            evil: {"type": "string", "title": evil, "description": evil, "default": evil, "examples": [evil]}
        },
        "required": [evil],
    }
    form = form_of(schema)
    for each in (form, form.judged(), form.toggled(), pressed(form, "f4")):
        assert all(line.isprintable() for line in seen(each))


@pytest.mark.parametrize(
    "text", ["", "plain", "日本語テキスト" * 9, "e\u0301" * 30, "a\nb\tc", "\x1b[0m" * 9, "x" * 300]
)
def test_a_line_that_is_edited_has_its_cursor_in_sight(text: str) -> None:
    for at in range(len(text) + 1):
        piece = edited_piece(text, at, 20, LOOK)
        assert any(not isinstance(each, str) and each[0] == "cursor" for each in piece)
        assert width("".join(each[1] for each in piece if not isinstance(each, str))) <= 20
    assert width(shown_piece(text, 20, LOOK)) <= 20
