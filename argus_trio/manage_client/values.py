"""What somebody types as the value that a schema wants, or what is wrong with it, in words. Sans I/O."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Final
from urllib.parse import urlsplit

import attrs

from argus_trio import Value

_YES: Final = frozenset({"y", "yes", "true", "1", "on"})
_NO: Final = frozenset({"n", "no", "false", "0", "off"})
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,300}")
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]{1,300}(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_BOUNDS: Final[Sequence[tuple[str, Callable[[float, float], bool], str]]] = (
    ("minimum", operator.lt, "it must be at least"),
    ("maximum", operator.gt, "it must be at most"),
    ("exclusiveMinimum", operator.le, "it must be more than"),
    ("exclusiveMaximum", operator.ge, "it must be less than"),
)
"""The bounds of a number, and when it breaks them."""
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)*")


class WrongValue(ValueError):
    """What was typed is no such value; the text says what is wanted."""


@attrs.frozen(kw_only=True)
class Option(Value):
    """One of several values, as it is sent and as it is shown."""

    value: object
    title: str


def boolean(text: str) -> bool:
    """Yes or no. Raises WrongValue."""
    if text.lower() in _YES:
        return True
    if text.lower() in _NO:
        return False
    raise WrongValue("answer yes or no")


def number(text: str, schema: Mapping[str, object]) -> int | float:
    """A number within its bounds. Raises WrongValue."""
    if schema.get("type") == "integer":
        if not _INTEGER.fullmatch(text):
            raise WrongValue("a whole number is wanted")
        value: int | float = int(text)
    elif _INTEGER.fullmatch(text):
        value = int(text)
    elif _NUMBER.fullmatch(text) and math.isfinite(float(text)):
        value = float(text)
    else:
        raise WrongValue("a number is wanted")
    for key, is_wrong, words in _BOUNDS:
        bound = schema.get(key)
        if isinstance(bound, int | float) and not isinstance(bound, bool) and is_wrong(value, bound):
            raise WrongValue(f"{words} {bound}")
    return value


def text_value(text: str, schema: Mapping[str, object]) -> str:
    """A text of its length and format. Raises WrongValue."""
    least, most = schema.get("minLength"), schema.get("maxLength")
    if isinstance(least, int) and len(text) < least:
        raise WrongValue(f"it must have at least {counted(least, 'character')}")
    if isinstance(most, int) and len(text) > most:
        raise WrongValue(f"it must have at most {counted(most, 'character')}")
    form = schema.get("format")
    if isinstance(form, str) and (wanted := _not_in_format(text, form)):
        raise WrongValue(wanted)
    return text


def _not_in_format(text: str, form: str) -> str | None:
    """What is wanted instead, where a text is not in a format that is known."""
    try:
        if form == "email" and not _EMAIL.fullmatch(text):
            return "an e-mail address is wanted, such as ada@example.org"
        if form == "uri" and (not urlsplit(text).scheme or " " in text):
            return "a URI is wanted, such as https://example.org/"
        if form == "date" and (len(text) != 10 or not date.fromisoformat(text)):
            return "a date is wanted, such as 2026-11-26"
        if form == "date-time" and datetime.fromisoformat(text).tzinfo is None:
            return "a time zone is missing: write Z or +01:00 behind it"
    except ValueError:
        examples = {"uri": "https://example.org/", "date": "2026-11-26", "date-time": "2026-11-26T18:00:00Z"}
        return f"a {form} is wanted, such as {examples[form]}"
    return None


def one_of(text: str, options: Sequence[Option]) -> object:
    """The value of an option: by what is sent, by its title, or by its number in the list. Raises WrongValue."""
    for option in options:
        if text in (option.value, option.title):
            return option.value
    folded = [option for option in options if text.lower() in (str(option.value).lower(), option.title.lower())]
    if len(folded) == 1:
        return folded[0].value
    if text.isdecimal() and len(text) < 6 and 1 <= int(text) <= len(options):
        return options[int(text) - 1].value
    raise WrongValue(f"choose one of them, by its number from 1 to {len(options)} or its name")


def some_of(text: str, options: Sequence[Option], schema: Mapping[str, object]) -> list[object]:
    """The values of several options, named one after another with commas between. Raises WrongValue."""
    values: list[object] = []
    for part in text.split(","):
        if part.strip() and (value := one_of(part.strip(), options)) not in values:
            values.append(value)
    require_count(values, schema)
    return values


def require_count(values: Sequence[object], schema: Mapping[str, object]) -> None:
    """Raises WrongValue unless there are as many as the schema wants."""
    least, most = schema.get("minItems"), schema.get("maxItems")
    if isinstance(least, int) and len(values) < least:
        raise WrongValue(f"at least {least} are wanted")
    if isinstance(most, int) and len(values) > most:
        raise WrongValue(f"at most {most} are wanted")


def counted(count: int, what: str) -> str:
    """So many of something."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
