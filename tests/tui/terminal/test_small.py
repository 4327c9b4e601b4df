"""The mouse, the clipboard, what the environment says, and palettes, as tables."""

from __future__ import annotations

import base64
from collections.abc import Mapping

import pytest

from argus_trio.tui.kit.zone import ZoneHit
from argus_trio.tui.message import Clicked, Key, Wheeled
from argus_trio.tui.parts.look import Appearance, PaletteName
from argus_trio.tui.terminal.appearance import appearance, why_not
from argus_trio.tui.terminal.clipboard import COPY_BYTES, copied, told
from argus_trio.tui.terminal.keys import MouseInput
from argus_trio.tui.terminal.mouse import DOUBLE_SECONDS, Mouse
from argus_trio.tui.terminal.palettes import PALETTES

UTF8 = {"LANG": "en_US.UTF-8", "TERM": "xterm-256color"}


def pressed(button: int = 1, column: int = 0) -> MouseInput:
    return MouseInput(event="mouse press", button=button, column=column, row=0)


def mouse() -> Mouse:
    return Mouse(lambda column, row: ZoneHit("rows", column) if column < 5 else ZoneHit("tab") if column < 7 else None)


def test_a_click_is_what_it_meets() -> None:
    assert mouse().told(pressed(column=3), 0.0) == (Clicked(zone="rows", at=3),)
    assert mouse().told(pressed(column=9), 0.0) == ()
    assert mouse().told(pressed(button=3), 0.0) == ()
    assert mouse().told(MouseInput(event="mouse release", button=0, column=0, row=0), 0.0) == ()


def test_the_wheel_is_lines() -> None:
    assert mouse().told(pressed(button=4), 0.0) == (Wheeled(-3),)
    assert mouse().told(pressed(button=5), 0.0) == (Wheeled(3),)


def test_two_clicks_on_a_row_are_enter_as_well() -> None:
    used = mouse()
    used.told(pressed(), 1.0)
    assert used.told(pressed(), 1.0 + DOUBLE_SECONDS) == (Clicked(zone="rows", is_double=True), Key("enter"))
    assert used.told(pressed(), 1.5) == (Clicked(zone="rows"),)  # the third of three is one of its own


def test_two_clicks_that_are_no_double_click() -> None:
    used = mouse()
    used.told(pressed(), 1.0)
    assert used.told(pressed(column=1), 1.1) == (Clicked(zone="rows", at=1),)
    assert used.told(pressed(column=1), 2.0) == (Clicked(zone="rows", at=1),)
    used.told(pressed(column=6), 3.0)
    assert used.told(pressed(column=6), 3.1) == (Clicked(zone="tab", is_double=True),)


@pytest.mark.parametrize(
    ("environ", "palette", "is_unicode"),
    [
        (UTF8, "dark", True),
        ({**UTF8, "NO_COLOR": "1"}, "mono", True),
        ({**UTF8, "NO_COLOR": ""}, "dark", True),
        ({"LANG": "en_US.UTF-8"}, "mono", True),
        ({**UTF8, "COLORFGBG": "0;15"}, "light", True),
        ({**UTF8, "COLORFGBG": "15;default;0"}, "dark", True),
        ({**UTF8, "LANG": "C"}, "dark", False),
        ({**UTF8, "LANG": "C", "LC_CTYPE": "C.UTF-8"}, "dark", False),
        ({**UTF8, "LANG": "de_DE.ISO-8859-1"}, "dark", False),
        ({**UTF8, "LANG": "C", "LC_ALL": "C.UTF-8"}, "dark", True),
        ({**UTF8, "LC_ALL": "C"}, "dark", False),
        ({**UTF8, "LANG": "de_DE.utf8@euro"}, "dark", True),
        ({"TERM": "linux"}, "dark", False),
    ],
)
def test_the_environment_says_how_it_is_shown(
    environ: Mapping[str, str], palette: PaletteName, is_unicode: bool
) -> None:
    assert appearance(environ) == Appearance(palette=palette, is_unicode=is_unicode)


def test_a_terminal_that_can_place_no_text_is_refused() -> None:
    assert "TERM=dumb" in (why_not({"TERM": "dumb"}) or "")
    assert why_not({}) is None
    assert why_not({"TERM": "vt100"}) is None


def test_a_text_is_copied_by_osc_52() -> None:
    code = base64.b64encode("日本".encode()).decode()
    assert copied("日本", {}) == f"\x1b]52;c;{code}\x07"
    assert copied("日本", {"TMUX": "x"}) == f"\x1b]52;c;{code}\x07\x1bPtmux;\x1b\x1b]52;c;{code}\x07\x1b\\"
    assert "tmux" in told("the call", {"TMUX": "x"})
    assert "tmux" not in told("the call", {})


def test_screen_gets_it_in_pieces() -> None:
    sent = copied("x" * 3000, {"STY": "x"})
    pieces = sent.removesuffix("\x1b\\").split("\x1b\\")
    assert len(pieces) > 1
    assert all(piece.startswith("\x1bP") and len(piece) < 768 for piece in pieces)
    assert base64.b64decode("".join(piece[2:] for piece in pieces)[7:-1]) == b"x" * 3000


def test_what_no_clipboard_takes_is_refused() -> None:
    copied("x" * COPY_BYTES, {})
    with pytest.raises(ValueError, match="too long"):
        copied("x" * (COPY_BYTES + 1), {})
    with pytest.raises(ValueError, match="no clipboard"):
        copied("x", {"TERM": "linux"})


def test_palettes_have_the_same_names() -> None:
    names = [[entry[0] for entry in palette] for palette in PALETTES.values()]
    assert names[0] == names[1] == names[2]
    assert len(set(names[0])) == len(names[0])


def test_what_a_cursor_marks_is_seen_without_colours() -> None:
    for name in ("cursor", "match", "head"):
        assert next(entry[1] for entry in PALETTES["mono"] if entry[0] == name) == "standout"
