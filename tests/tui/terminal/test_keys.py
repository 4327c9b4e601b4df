"""What is typed, in any pieces, as a table of bytes and messages."""

from __future__ import annotations

import time

import pytest

from argus_trio.tui.message import Key, Pasted
from argus_trio.tui.terminal.keys import PASTE_BYTES, PASTE_SECONDS, REST_SECONDS, KeyReader, MouseInput, PasteCut

TYPED = [
    (b"a", [Key("a")]),
    (b"jk", [Key("j"), Key("k")]),
    (b"\x1b[A\x1b[B", [Key("up"), Key("down")]),
    (b"\x1bOA", [Key("up")]),
    (b"\x1b[5~\x1b[6~", [Key("page up"), Key("page down")]),
    (b"\x1b[15~", [Key("f5")]),
    (b"\r", [Key("enter")]),
    (b"\t\x1b[Z", [Key("tab"), Key("shift tab")]),
    (b"\x7f\x08", [Key("backspace"), Key("backspace")]),
    (b"\x10", [Key("ctrl p")]),
    ("é日👍".encode(), [Key("é"), Key("日"), Key("👍")]),
    (b"\x1b[<0;3;5M", [MouseInput(event="mouse press", button=1, column=2, row=4)]),
    (b"\x1b[<64;3;5M", [MouseInput(event="mouse press", button=4, column=2, row=4)]),
    (b"\x1b[200~a\r\nb\rc\x1b[201~", [Pasted("a\nb\nc")]),
    (b"x\x1b[200~\x1b[Aq\x1b[201~y", [Key("x"), Pasted("\x1b[Aq"), Key("y")]),
    (b"\x1b[200~\x1b[201~", [Pasted("")]),
    (b"\x1b[200~" + "日本".encode() + b"\x1b[201~", [Pasted("日本")]),
    (b"\x1b[200~\xff\x1b[201~", [Pasted("�")]),
    (b"\x1b[201~", []),
    (b"\x1b[99;99z", []),
    (b"\x1b[?2026;2$y", []),
    (b"\x1b[24;80R", []),
]


@pytest.mark.parametrize(("raw", "meant"), TYPED)
def test_bytes_are_messages(raw: bytes, meant: list[object]) -> None:
    assert KeyReader().fed(raw) == meant


@pytest.mark.parametrize(("raw", "meant"), TYPED)
def test_they_come_in_any_pieces(raw: bytes, meant: list[object]) -> None:
    for at in range(1, len(raw)):
        reader = KeyReader()
        assert [*reader.fed(raw[:at]), *reader.fed(raw[at:])] == meant
    reader = KeyReader()
    assert [each for byte in raw for each in reader.fed(bytes([byte]))] == meant
    assert reader.patience is None


def test_escape_is_a_key_once_nothing_follows() -> None:
    reader = KeyReader()
    assert reader.fed(b"\x1b") == []
    assert reader.patience == REST_SECONDS
    assert reader.ended() == [Key("esc")]
    assert reader.patience is None


def test_a_paste_whose_end_got_lost_ends_after_a_while() -> None:
    reader = KeyReader()
    assert reader.fed(b"\x1b[200~half") == []
    assert reader.patience == PASTE_SECONDS
    assert reader.ended() == [Pasted("half")]
    assert reader.fed(b"q") == [Key("q")]


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_a_paste_that_is_too_long_is_cut_and_that_is_told(size: int) -> None:
    raw = b"\x1b[200~" + b"x" * (PASTE_BYTES + 10_000) + b"\x1b[201~y"
    reader = KeyReader()
    sizes = size if size > 1 else 100_000
    found = [each for at in range(0, len(raw), sizes) for each in reader.fed(raw[at : at + sizes])]
    assert found == [Pasted("x" * PASTE_BYTES), PasteCut(), Key("y")]


def test_a_paste_of_exactly_what_is_kept_is_whole() -> None:
    assert KeyReader().fed(b"\x1b[200~" + b"x" * PASTE_BYTES + b"\x1b[201~") == [Pasted("x" * PASTE_BYTES)]


def test_what_is_typed_without_brackets_takes_no_time() -> None:
    reader, begun = KeyReader(), time.process_time()
    assert len(reader.fed(b"x" * 4096)) == 4096
    assert time.process_time() - begun < 1.0
