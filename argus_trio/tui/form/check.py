"""What is wrong with what is typed into one field, in words, while it is typed. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Final

from argus_trio.manage_client.values import WrongValue, text_value
from argus_trio.tui.form.node import FieldNode
from argus_trio.tui.form.spec import FieldSpec
from argus_trio.tui.form.syntax import not_json

INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)")
NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_BOUNDS: Final[Sequence[tuple[str, Callable[[Decimal, Decimal], bool], str]]] = (
    ("minimum", Decimal.__lt__, "it must be at least"),
    ("maximum", Decimal.__gt__, "it must be at most"),
    ("exclusiveMinimum", Decimal.__le__, "it must be more than"),
    ("exclusiveMaximum", Decimal.__ge__, "it must be less than"),
)


def typed_wrong(node: FieldNode) -> str:
    """What is wrong with what is typed there; empty where nothing is, or nothing is typed."""
    if not node.is_present or node.is_null:
        return ""
    spec, text = node.spec, node.line.text
    if spec.kind == "text":
        return _text_wrong(spec, text)
    text = text.strip()
    if not text:
        return ""
    if spec.kind == "integer":
        return _number_wrong(spec, text) if INTEGER.fullmatch(text) else "a whole number is wanted"
    if spec.kind == "number":
        return _number_wrong(spec, text) if NUMBER.fullmatch(text) else "a number is wanted, such as 1.5 or 2e3"
    if spec.kind == "raw" and (wrong := not_json(text)):
        return f'JSON is wanted, such as "text", 1 or [1, 2]: {wrong}'
    return ""


def _text_wrong(spec: FieldSpec, text: str) -> str:
    try:
        text.encode()
        text_value(text, spec.rules)
    except UnicodeEncodeError:
        return "half of a character is in it, which cannot be sent"
    except WrongValue as wrong:
        return str(wrong)
    return ""


def _number_wrong(spec: FieldSpec, text: str) -> str:
    """Whether it breaks its bounds. It is compared as it is written: no number is too large for that."""
    try:
        number = Decimal(text)
        for word, breaks, said in _BOUNDS:
            bound = spec.rules.get(word)
            if isinstance(bound, int | float) and not isinstance(bound, bool) and breaks(number, Decimal(str(bound))):
                return f"{said} {bound}"
    except InvalidOperation:  # an exponent beyond all bounds: the server may say what it thinks of it
        return ""
    return ""
