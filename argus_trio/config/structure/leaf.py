"""Single values: how text, numbers, booleans, paths and chosen words are read, and what to say if they do not fit."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Literal, get_args, get_origin

import attrs
from cattrs import Converter

from argus_trio.config.model.plain import PlainMapping, PlainScalar
from argus_trio.config.read.key_path import KeyPath
from argus_trio.config.read.scalar import Scalar, Tree, as_bool, as_float, as_int, described
from argus_trio.config.structure.heritage import TYPES

_AMOUNT = re.compile(r"([0-9]{1,9}) ?([A-Za-z]{1,7})")
_UNITS: Final[Mapping[object, tuple[str, Mapping[str, int]]]] = {
    float: ("seconds", {"s": 1, "sec": 1, "seconds": 1, "m": 60, "min": 60, "minutes": 60, "h": 3600, "d": 86400}),
    int: (
        "bytes",
        {"b": 1, "k": 1 << 10, "kb": 1 << 10, "kib": 1 << 10}
        | {"m": 1 << 20, "mb": 1 << 20, "mib": 1 << 20, "g": 1 << 30, "gb": 1 << 30, "gib": 1 << 30},
    ),
}
"""What numbers are in, and the units that people write behind them, by type: every fraction here is a duration."""


class Unfit(Exception):
    """A part of the file is not what has to be there. `below` leads from where it was raised to what is wrong."""

    def __init__(self, message: str, hint: str = "", *, below: KeyPath = (), is_all: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.below = below
        self.is_all = is_all
        """Whether the whole part is lost by it, not only what is wrong in it."""


def register(converter: Converter) -> None:
    """Teach the converter to read text, numbers, booleans, paths and chosen words."""
    converter.register_structure_hook(str, _text)
    converter.register_structure_hook(bool, _bool)
    converter.register_structure_hook(int, lambda tree, _: _number(tree, int, {}))
    converter.register_structure_hook(float, lambda tree, _: _number(tree, float, {}))
    converter.register_structure_hook(Path, _path)
    converter.register_structure_hook(PlainScalar, _plain_scalar)
    converter.register_structure_hook(PlainMapping, _plain_mapping)
    converter.register_structure_hook_func(lambda kind: _origin(kind) is Literal, _word)


def bounded(field: attrs.Attribute[object]) -> Callable[[Tree, object], float] | None:
    """The hook that reads a number within the limits of its field, which may be None too; None if it has no limits."""
    kind = next((each for each in (int, float) if each in (field.type, *get_args(field.type))), None)
    if kind is not None and ("minimum" in field.metadata or "maximum" in field.metadata):
        return lambda tree, _: _number(tree, kind, field.metadata)
    return None


def is_null(tree: Tree) -> bool:
    """Whether the tree says nothing, as a key with nothing behind it does."""
    return isinstance(tree, Scalar) and tree.is_null


def is_absent(tree: Tree, field: attrs.Attribute[object]) -> bool:
    """Whether the key counts as not given: its value says nothing.

    Where a path belongs, `~` is more likely meant to be the home directory than YAML's null.
    """
    if not isinstance(tree, Scalar) or not tree.is_null:
        return False
    return tree.text != "~" or Path not in (field.type, *get_args(field.type))


def is_mapping(kind: object) -> bool:
    """Whether the type is a mapping."""
    return _origin(kind) is Mapping


def is_tuple(kind: object) -> bool:
    """Whether the type is a tuple."""
    return _origin(kind) is tuple


def _origin(kind: object) -> object:
    return get_origin(kind)


def unfit_type(kind: Tree | None, guess: str | None, types: tuple[str, ...]) -> Unfit:
    """The fault of a backend whose type is missing or none of `types`; `guess` is the type that it looks like."""
    expected = f"expected one of {', '.join(types)}"
    if kind is None or is_null(kind):
        hint = f"write type: {guess}" if guess else ""
        return Unfit(f"missing: {expected}", hint, below=("type",), is_all=guess is None)
    if not isinstance(kind, Scalar):
        return Unfit(f"{expected}, found {described(kind)}", below=("type",), is_all=guess is None)
    meant = TYPES.get(kind.text.lower())
    if meant not in types:
        meant = _nearest(kind.text, types)
    hint = f"did you mean {meant!r}?" if meant else ""
    return Unfit(f"{expected}, found {_shown(kind)}", hint, below=("type",), is_all=guess is None)


def _text(tree: Tree, _: object) -> str:
    if not isinstance(tree, Scalar):
        raise Unfit(f"expected text, found {described(tree)}")
    if tree.is_null:
        raise Unfit("expected text, found nothing", 'write "" for an empty text')
    return tree.text


def _bool(tree: Tree, _: object) -> bool:
    value = as_bool(tree) if isinstance(tree, Scalar) else None
    if value is None:
        raise Unfit(f"expected true or false, found {described(tree)}", _without_quotes(tree, as_bool))
    return value


def _number(tree: Tree, kind: object, limits: Mapping[object, object]) -> float:
    read: Callable[[Scalar], float | None] = as_int if kind is int else as_float
    value = read(tree) if isinstance(tree, Scalar) else None
    if value is None and "written" in limits and isinstance(tree, Scalar):
        value = _written_as_text(tree, kind, read)
    low, high = limits.get("minimum"), limits.get("maximum")
    expected = "expected a whole number" if kind is int else "expected a number"
    if low is not None:
        expected += f" from {low} to {high}" if high is not None else f" of at least {low}"
    if value is None:
        raise Unfit(
            f"{expected}, found {described(tree)}",
            _example(kind, limits) or _without_quotes(tree, read) or _without_unit(tree, kind),
        )
    if (isinstance(low, int | float) and value < low) or (isinstance(high, int | float) and value > high):
        raise Unfit(f"{expected}, found {described(tree)}", _example(kind, limits))
    return value


def _written_as_text(tree: Scalar, kind: object, read: Callable[[Scalar], float | None]) -> float | None:
    """A number in quotes, or with one of the units of its type."""
    found = _AMOUNT.fullmatch(tree.text)
    factor = _UNITS[kind][1].get(found[2].lower()) if found else None
    return int(found[1]) * factor if found and factor else read(attrs.evolve(tree, is_plain=True))


def _plain_scalar(tree: Tree, _: object) -> object:
    if not isinstance(tree, Scalar):
        raise Unfit(f"expected a text, a number or a boolean, found {described(tree)}")
    return plain(tree)


def _plain_mapping(tree: Tree, _: object) -> object:
    if not isinstance(tree, dict):
        raise Unfit(f"expected a mapping, found {described(tree)}")
    return plain(tree)


def plain(tree: Tree) -> object:
    """The value of a tree whose meaning is not known here: only plain scalars are numbers, booleans or None."""
    match tree:
        case dict():
            return {key: plain(value) for key, value in tree.items()}
        case list():
            return [plain(value) for value in tree]
    if tree.is_null:
        return None
    for read in (as_bool, as_int, as_float):
        value = read(tree) if tree.is_plain else None
        if value is not None:
            return value
    return tree.text


def _path(tree: Tree, _: object) -> Path:
    if isinstance(tree, Scalar) and tree.is_null:
        hint = 'an unquoted ~ is YAML\'s null: write "~"' if tree.text == "~" else ""
        raise Unfit("expected a path, found nothing", hint)
    text = _text(tree, str)
    if not text or "\0" in text:
        raise Unfit("expected a path, found an empty text" if not text else "expected a path, found a NUL character")
    return Path(text)


def _word(tree: Tree, kind: object) -> str:
    words = tuple(str(word) for word in get_args(kind))
    if isinstance(tree, Scalar) and tree.text in words:
        return tree.text
    expected = f"expected one of {', '.join(words)}" if len(words) > 1 else f'expected "{words[0]}"'
    if not isinstance(tree, Scalar):
        raise Unfit(f"{expected}, found {described(tree)}")
    meant = _nearest(tree.text, words) if not tree.is_spliced else None
    raise Unfit(f"{expected}, found {_shown(tree)}", f"did you mean {meant!r}?" if meant else "")


def _shown(scalar: Scalar) -> str:
    return described(scalar) if scalar.is_spliced or scalar.is_null or len(scalar.text) > 40 else repr(scalar.text)


def _nearest(text: str, words: tuple[str, ...]) -> str | None:
    return next(iter(difflib.get_close_matches(text.lower(), words, n=1)), None)


def _without_quotes(tree: Tree, read: Callable[[Scalar], object]) -> str:
    if isinstance(tree, Scalar) and not tree.is_readable:
        bare = attrs.evolve(tree, is_plain=True)
        if read(bare) is not None:
            return f"write {tree.text} without quotes"
    return ""


def _example(kind: object, limits: Mapping[object, object]) -> str:
    if "written" not in limits:
        return ""
    return "such as 512m or 2g" if kind is int else "such as 0.5 or 2"


def _without_unit(tree: Tree, kind: object) -> str:
    """What to write instead of `30s` or `64MiB`; "" for anything else, and for what `${...}` brought in."""
    found = _AMOUNT.fullmatch(tree.text) if isinstance(tree, Scalar) and not tree.is_spliced else None
    noun, units = _UNITS.get(kind, ("", {}))
    if found is None or (factor := units.get(found[2].lower())) is None:
        return ""
    return f"it is in {noun}, without a unit: write {int(found[1]) * factor}"
