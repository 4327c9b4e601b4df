"""Scalars of the file, and how they are read as a number, a boolean or a text.

Where a text belongs, a plain scalar is taken as it is written, so that `VERSION: 1.10` and `DEBUG: yes` are these texts
and none of YAML 1.1's readings of them. Only where a number or a boolean belongs is a plain scalar read as one.
"""

from __future__ import annotations

import math
import re

import attrs

from argus_trio import Value

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_INT = re.compile(r"[+-]?(?:0|[1-9][0-9_]{0,30}|0x[0-9a-fA-F_]{1,16})")
_FLOAT = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,4})?")


@attrs.frozen(kw_only=True)
class Scalar(Value):
    """A scalar as it is written in the file."""

    text: str = attrs.field(repr=False)
    is_plain: bool = False
    """Whether the scalar is written without quotes."""
    is_spliced: bool = False
    """Whether a part of the text was brought in by `${...}`."""

    @property
    def is_null(self) -> bool:
        """Whether the scalar says nothing, as a key with nothing behind it does."""
        return self.is_plain and not self.is_spliced and self.text in _NULLS

    @property
    def is_readable(self) -> bool:
        """Whether the scalar may be read as something else than text: quotes say no, `${...}` always may be."""
        return self.is_plain or self.is_spliced


Tree = Scalar | list["Tree"] | dict[str, "Tree"]
"""The content of a file: mappings, lists and scalars."""


def as_bool(scalar: Scalar) -> bool | None:
    """The boolean that the scalar says, or None."""
    return _BOOLS.get(scalar.text.lower()) if scalar.is_readable else None


def as_int(scalar: Scalar) -> int | None:
    """The whole number that the scalar says, or None; on a leading zero and on `1:30` YAML 1.1 and people disagree."""
    if not scalar.is_readable or not _INT.fullmatch(scalar.text) or scalar.text.endswith("_"):
        return None
    try:
        return int(scalar.text, 0)
    except ValueError:  # doubled underscores
        return None


def as_float(scalar: Scalar) -> float | None:
    """The finite number that the scalar says, or None."""
    if not scalar.is_readable:
        return None
    if (whole := as_int(scalar)) is not None:
        return float(whole)
    if not _FLOAT.fullmatch(scalar.text):
        return None
    number = float(scalar.text)
    return number if math.isfinite(number) else None


def described(tree: Tree) -> str:
    """What was found, for a report: a number or a boolean as it is written, of anything else only its kind."""
    match tree:
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case Scalar(is_spliced=True):
            return "what ${...} brought in"
    if tree.is_null:
        return "nothing"
    if tree.is_plain and (as_bool(tree) is not None or as_float(tree) is not None):
        return tree.text
    return "text" if tree.is_plain else "text in quotes"
