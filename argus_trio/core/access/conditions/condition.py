"""Conditions: what the arguments of a call have to be, for a rule to allow it.

They judge what the backend will read: arguments are looked at raw, on the way of a JSON pointer alone (RFC 6901), and
what two programs may read as two different values holds no condition.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from enum import Enum
from math import isinf
from typing import Final

import attrs
import msgspec

from argus_trio import Value
from argus_trio.core.access.conditions.paths import is_under
from argus_trio.wire.envelope import Params, decode_array, decode_object, decode_string, without_strings

MAX_DIGITS: Final = 400
"""The longest number, in characters, that is compared: no float that is written out in full is longer."""
_LITERALS: Final[Mapping[bytes, bool | None]] = {b"true": True, b"false": False, b"null": None}
_ESCAPE: Final = re.compile(r"~(?![01])")
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,8}")


class NoPointer(ValueError):
    """The text is no JSON pointer to a member of an object; the first argument says what is expected."""


class Missing(Enum):
    """Why there is no value: nothing is given there, or what is given can be read in two ways, or in none."""

    ABSENT = "absent"
    UNCLEAR = "unclear"


class Shape(Enum):
    """A value that is no scalar: no condition compares it."""

    CONTAINER = "container"


ComparedScalar = str | bool | Decimal | Shape | None


@attrs.frozen(kw_only=True)
class RuleCondition(Value):
    """What the value at one JSON pointer has to be; all that is given must hold."""

    pointer: str
    steps: tuple[str, ...]
    text: str = attrs.field(default="", eq=False)
    """The condition in words of the file, for who may read that."""
    one_of: tuple[ComparedScalar, ...] | None = None
    glob: re.Pattern[str] | None = None
    under: str | None = None
    min: Decimal | None = None
    max: Decimal | None = None
    absent: bool | None = None
    """True: nothing may be given there; False: something has to be, `null` included."""

    def holds(self, arguments: bytes) -> bool:
        """Whether the raw arguments of a call meet it; empty ones, where there are none, are an object without members.

        What is not given meets nothing but `absent`.
        """
        found = find(arguments or b"{}", self.steps)
        if isinstance(found, Missing):
            return found is Missing.ABSENT and self.absent is True
        if self.absent:
            return False
        value = scalar(found)
        return not isinstance(value, Missing) and self._admits(value)

    def _admits(self, value: ComparedScalar) -> bool:
        if self.one_of is not None and not any(type(each) is type(value) and each == value for each in self.one_of):
            return False
        if self.glob is not None and not (isinstance(value, str) and self.glob.match(value)):
            return False
        if self.under is not None and not (isinstance(value, str) and is_under(value, self.under)):
            return False
        if self.min is not None and not (isinstance(value, Decimal) and value >= self.min):
            return False
        return self.max is None or (isinstance(value, Decimal) and value <= self.max)


def pointer_steps(pointer: str) -> tuple[str, ...]:
    """The names and numbers on the way of a JSON pointer (RFC 6901, section 4). Raises `NoPointer`."""
    if not pointer.startswith("/") or _ESCAPE.search(pointer):
        raise NoPointer("expected a JSON pointer such as /path or /filter/owner; in a name / is ~1, and ~ is ~0")
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer[1:].split("/"))


def find(raw: bytes | msgspec.Raw, steps: tuple[str, ...]) -> msgspec.Raw | bytes | Missing:
    """The raw value that the steps lead to.

    On the way no object may have two members of one name, nor one whose name differs from the step by case alone: there
    are programs that read either.
    """
    value: msgspec.Raw | bytes = raw
    for step in steps:
        try:
            match bytes(value).lstrip()[:1]:
                case b"{":
                    fields = decode_object(value)
                    if _is_ambiguous(value, fields, step):
                        return Missing.UNCLEAR
                    following = fields.get(step)
                case b"[":
                    members = decode_array(value)
                    is_there = _INDEX.fullmatch(step) and int(step) < len(members)
                    following = members[int(step)] if is_there else None
                case b"n":
                    following = None
                case _:  # a text may be JSON once more to the program that reads it
                    return Missing.UNCLEAR
        except msgspec.DecodeError:
            return Missing.UNCLEAR
        if following is None:
            return Missing.ABSENT
        value = following
    return value


def scalar(raw: bytes | msgspec.Raw) -> ComparedScalar | Missing:
    """The value of raw JSON; a number exactly as it is written, unless it is beyond what a float can hold."""
    text = bytes(raw).strip()
    if text[:1] in (b"{", b"["):
        return Shape.CONTAINER
    if text in _LITERALS:
        return _LITERALS[text]
    try:
        return decode_string(text) if text[:1] == b'"' else number(text.decode("ascii"))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Missing.UNCLEAR


def number(text: str) -> Decimal | Missing:
    """The number that the text says."""
    if len(text) > MAX_DIGITS:
        return Missing.UNCLEAR
    try:
        value, as_float = Decimal(text), float(text)
    except (InvalidOperation, ValueError):
        return Missing.UNCLEAR
    if isinf(as_float) or not value.is_finite() or (value and not as_float):
        return Missing.UNCLEAR
    return value


def _is_ambiguous(raw: bytes | msgspec.Raw, fields: Params, step: str) -> bool:
    colons = without_strings(bytes(raw)).count(b":")
    within = sum(without_strings(bytes(value)).count(b":") for value in fields.values())
    if colons != len(fields) + within:  # a member that another one of its name has replaced has a colon, too
        return True
    folded = step.casefold()
    return any(name != step and name.casefold() == folded for name in fields)
