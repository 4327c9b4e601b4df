"""`${...}` in a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.config.read.interpolation import Brought, Filling, Malformed, Unavailable, parse

VARIABLES = {"A": "one", "B": "two", "EMPTY": "", "DIR": "dir", "WITH": "${A}"}
FILES = {"dir/token": "content\r\n\n", "plain": "text"}


def _file(name: str) -> str:
    if name not in FILES:
        raise Unavailable("there is no such file")
    return FILES[name]


def _filled(text: str) -> tuple[str, Filling]:
    filling = Filling(variable=VARIABLES.get, file=_file)
    return filling.fill(parse(text)), filling


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("", ""),
        ("no form, $A, }, $$ and {}", "no form, $A, }, $$ and {}"),
        ("${A}", "one"),
        ("x${A}y${B}z", "xoneytwoz"),
        ("${EMPTY}", ""),
        ("${EMPTY:-d}", "d"),
        ("${A:-d}", "one"),
        ("${UNSET:-}", ""),
        ("${UNSET:-a: {b}", "a: {b"),
        ("${UNSET:-${B}!}", "two!"),
        ("${file:plain}", "text"),
        ("${file:${DIR}/token}", "content"),
        ("$${A}", "${A}"),
        ("$$${A}", "$${A}"),
        ("${UNSET:-$${x}", "${x"),
        ("${WITH}", "${A}"),
    ],
)
def test_forms_are_filled(text: str, result: str) -> None:
    filled, filling = _filled(text)
    assert filled == result
    assert filling.faults == []


def test_what_came_in_is_told_and_defaults_and_file_names_are_not() -> None:
    filling = _filled("${A} ${UNSET:-default} ${file:${DIR}/token}")[1]
    assert filling.brought == [Brought(value="one", variable="A"), Brought(value="content")]
    assert "content" not in repr(filling.brought)


def test_everything_that_cannot_be_filled_is_told_at_once() -> None:
    filled, filling = _filled("${X}${A}${Y}${file:absent}${file:${Z}/a}")
    assert filled == "one"
    assert [message for message, _ in filling.faults] == [
        "the variable X is not set",
        "the variable Y is not set",
        "the file 'absent' cannot be read: there is no such file",
        "the variable Z is not set",
    ]
    assert filling.faults[0][1] == "set it, or give a default: ${X:-default}"


@pytest.mark.parametrize(
    "text", ["${", "${}", "${A", "${1}", "${A-b}", "${A:?b}", "${A b}", "${file:}", "${file:x", "${-}"]
)
def test_other_forms_are_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        parse(text)


def test_nesting_is_bounded() -> None:
    with pytest.raises(Malformed, match="nested"):
        parse("${A:-" * 5000 + "}" * 5000)


@given(st.text(alphabet="${}:-Afile_ "))
def test_any_text_is_filled_or_malformed(text: str) -> None:
    try:
        template = parse(text)
    except Malformed:
        return
    Filling(variable=VARIABLES.get, file=_file).fill(template)


@given(st.text())
def test_an_escaped_text_comes_out_as_it_was(text: str) -> None:
    # A `$` right before the form would itself become part of the escape.
    text = text.replace("$", "")
    assert _filled(text + "$${" + text)[0] == text + "${" + text
