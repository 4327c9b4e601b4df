"""Texts of JSON with comments, as hypothesis makes them: any value, any spacing, comments wherever they may stand."""

from __future__ import annotations

import json

from hypothesis import strategies as st

SPACES = st.sampled_from(["", "", " ", "\n", "\n  ", "\r\n\t", " // a, {b}\n", ' /* " } */ ', "\n    // c\r\n  "])
NAMES = st.sampled_from(["a", "b", "mcpServers", "argus", "x y", 'q"\\', "é", "inputs"])
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-999, 999), st.text(max_size=6), st.just("// no comment"))


@st.composite
def objects(draw: st.DrawFn, depth: int = 3) -> str:
    """An object."""
    names = draw(st.lists(NAMES, max_size=4, unique=True))
    return draw(
        enclosed("{", [f"{json.dumps(each)}{draw(SPACES)}:{draw(SPACES)}{draw(values(depth))}" for each in names], "}")
    )


@st.composite
def values(draw: st.DrawFn, depth: int) -> str:
    """Any value."""
    if depth > 0 and draw(st.booleans()):
        if draw(st.booleans()):
            return draw(objects(depth - 1))
        return draw(enclosed("[", draw(st.lists(values(depth - 1), max_size=3)), "]"))
    return json.dumps(draw(SCALARS), ensure_ascii=draw(st.booleans()))


@st.composite
def enclosed(draw: st.DrawFn, opening: str, pieces: list[str], closing: str) -> str:
    """Members or items between brackets, with a comma behind the last one or without."""
    text = opening + draw(SPACES)
    for number, piece in enumerate(pieces):
        text += piece + draw(SPACES)
        if number < len(pieces) - 1 or draw(st.booleans()):
            text += "," + draw(SPACES)
    return text + closing


@st.composite
def files(draw: st.DrawFn) -> str:
    """The text of a file that holds an object."""
    return draw(st.sampled_from(["", "\ufeff"])) + draw(SPACES) + draw(objects()) + draw(SPACES)
