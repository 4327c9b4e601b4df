"""What makes a broken text readable: right as a plain look at each character, and in little time."""

from __future__ import annotations

import json
import re

from hypothesis import example, given
from hypothesis import strategies as st

from argus_trio.wire.passing.mending import MAX_HALVES, client_text, mend_text

HALVES = ["\\ud83d", "\\ude00", "\\uD83D", "\\uDE00", "\\udbff\\udfff"]
PIECES = ["\\\\", "\\", "u", *HALVES, "\\u00e9", "ud800", "d", "\\n", "a"]
FIRST, SECOND, ANY = (rf"\\u[dD][{of}][0-9a-fA-F]{{2}}" for of in ("89abAB", "c-fC-F", "89a-fA-F"))
TOKEN = re.compile(rf"{FIRST}{SECOND}|({ANY})|\\.|.", re.DOTALL)


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
@example("\\ud83d" + "\\\\" * 100 + "\\ude00")
@example("\\\\" * 100 + "\\ud83d\\ude00")
def test_half_a_character_is_a_mark_and_all_else_stays(text: str) -> None:
    wanted = TOKEN.sub(lambda found: "\\ufffd" if found[1] else found[0], text).encode()
    assert mend_text(text.encode()) == wanted
    assert client_text(text.encode()) == wanted


def test_a_text_with_more_halves_than_are_looked_at_stays_as_it_is() -> None:
    most = b"\\ud83d\\ude00" * (MAX_HALVES // 2)
    assert mend_text(most) is most
    assert mend_text(most[12:] + b"\\ud800") == most[12:] + b"\\ufffd"
    more = most + b"\\ud800"
    assert mend_text(more) is more


def test_what_is_mended_can_be_read() -> None:
    assert json.loads(mend_text(b'\xef\xbb\xbf{"a":"\xff\\ud83d \\ude00\\\\ud800"}')) == {
        "a": "\ufffd\ufffd \ufffd\\ud800"
    }
