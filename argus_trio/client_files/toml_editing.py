"""TOML, changed in one table: every other byte stays as it is.

A table that does not stand under a header of its own, such as an inline one, is left to its owner.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from typing import Final

from argus_trio.client_files.editing import EditRefused

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+\Z")
_AT_LINE: Final = re.compile(r"at line (\d+)")

TomlTree = Mapping[str, object]
"""What a text of TOML says."""


def toml_of(text: str) -> TomlTree:
    """What a text says. Raises EditRefused."""
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        found = _AT_LINE.search(str(error))
        raise EditRefused(f"is no TOML: {error}", int(found[1]) if found else 0) from None


def put_table(text: str, path: tuple[str, ...], value: TomlTree) -> str:
    """The text with this table under this path of names: at the end, or in place of what is there.

    Raises:
        EditRefused: it is no TOML, or what is there is written in a way that cannot be replaced.
    """
    tree = toml_of(text)
    if _at(tree, path) == value:
        return text
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = [f"[{'.'.join(_key(each) for each in path)}]"]
    lines += [f"{_key(name)} = {_written(each)}" for name, each in value.items()]
    table = newline.join(lines) + newline
    span = _span(text, path)
    if span is not None:
        edited = text[: span[0]] + table + text[span[1] :]
    else:
        gap = "" if not text.strip("\ufeff") else newline if text.endswith("\n") else newline * 2
        edited = text + gap + table
    return _verified(edited, _put(tree, path, value), path)


def without_table(text: str, path: tuple[str, ...]) -> str:
    """The text without the table under this path of names. Raises EditRefused."""
    tree = toml_of(text)
    if _at(tree, path) is None:
        return text
    span = _span(text, path)
    if span is None:
        raise _by_hand(path)
    before = text[: span[0]]
    for gap in ("\r\n\r\n", "\n\n"):
        if before.endswith(gap):
            before = before[: -len(gap) // 2]
            break
    expected = _put(tree, path, None)
    edited = before + text[span[1] :]
    if toml_of(edited) not in (
        expected,
        _put(tree, path[:-1], None) if len(_table(tree, path[:-1])) == 1 else expected,
    ):
        raise _by_hand(path)
    return edited


def _verified(edited: str, expected: TomlTree, path: tuple[str, ...]) -> str:
    try:
        if toml_of(edited) == expected:
            return edited
    except EditRefused:
        pass
    raise _by_hand(path)


def _by_hand(path: tuple[str, ...]) -> EditRefused:
    return EditRefused(f"{'.'.join(path)} is written in a way that cannot be changed safely; change it by hand")


def _span(text: str, path: tuple[str, ...]) -> tuple[int, int] | None:
    """From the header of a table to behind its last line, tables below it included."""
    start, at, end = None, 0, 0
    for line in text.splitlines(keepends=True):
        header = _header(line)
        if start is None:
            if header == path:
                start = at + len(line) - len(line.lstrip("\ufeff"))
        elif header is not None and header[: len(path)] != path:
            break
        at += len(line)
        if line.strip() and not line.lstrip().startswith("#"):
            end = at
    return None if start is None else (start, end)


def _header(line: str) -> tuple[str, ...] | None:
    """The names in the header of a table; None for any other line."""
    if not line.lstrip(" \t\ufeff").startswith("["):
        return None
    try:
        tree: object = tomllib.loads(line.strip("\ufeff \t\r\n"))
    except tomllib.TOMLDecodeError:
        return None
    names: list[str] = []
    while isinstance(tree, dict) and tree:
        ((name, tree),) = tree.items()
        names.append(name)
    return tuple(names)


def _table(tree: TomlTree, path: tuple[str, ...]) -> TomlTree:
    found = _at(tree, path)
    return found if isinstance(found, dict) else {}


def _at(tree: TomlTree, path: tuple[str, ...]) -> object:
    found: object = tree
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _put(tree: TomlTree, path: tuple[str, ...], value: TomlTree | None) -> TomlTree:
    """A tree with another one under a path of names in it; or, with None, without it."""
    name, *rest = path
    if rest:
        below = tree.get(name, {})
        if not isinstance(below, dict):
            raise EditRefused(f"{name} is no table")
        return {**tree, name: _put(below, tuple(rest), value)}
    without = {key: each for key, each in tree.items() if key != name}
    return without if value is None else {**without, name: value}


def _key(name: str) -> str:
    return name if _BARE.match(name) else json.dumps(name)


def _written(value: object) -> str:
    """A text, or a list of texts. JSON's escapes are TOML's too, but for the one character that it leaves bare."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
