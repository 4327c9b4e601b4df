"""TOML, changed in one table: every other byte stays as it is.

A table that does not stand under a header of its own, such as an inline one, is left to its owner.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Collection, Mapping
from typing import Final

from argus_trio.client_files.changing.editing import EditRefused

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+\Z")
_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")
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
    except RecursionError:
        raise EditRefused("is no TOML: nested too deep") from None


def put_table(text: str, path: tuple[str, ...], value: TomlTree, *, stale: Collection[str] = ()) -> str:
    """The text with these keys in the table under this path of names, and without the stale ones.

    A table that is not there yet comes at the end; of one that is, no line is touched but those of these keys.

    Raises:
        EditRefused: it is no TOML, or what is there is written in a way that cannot be changed.
    """
    tree = toml_of(text)
    there = _at(tree, path)
    if there is not None and not isinstance(there, dict):
        raise _by_hand(path)
    kept = {name: each for name, each in (there or {}).items() if name not in stale}
    expected = {**kept, **value}
    if there == expected:
        return text
    newline = "\r\n" if "\r\n" in text else "\n"
    header = f"[{'.'.join(_key(each) for each in path)}]{newline}"
    lines = "".join(f"{_line(name, each)}{newline}" for name, each in value.items())
    if there is None:
        gap = "" if not text.strip("\ufeff") else newline if text.endswith("\n") else newline * 2
        edited = text + gap + header + lines
    else:
        edited = _with_lines(text, path, there, value, stale)
    return _verified(edited, _put(tree, path, expected), path)


def _with_lines(text: str, path: tuple[str, ...], there: TomlTree, value: TomlTree, stale: Collection[str]) -> str:
    span = _span(text, path)
    if span is None:
        raise _by_hand(path)
    head, *lines = _lines(text[span[0] : span[1]])
    newline = "\r\n" if "\r\n" in text else "\n"
    if not head.endswith("\n"):
        head += newline
    changed = {name: each for name, each in value.items() if there.get(name) != each}
    own = next((number for number, line in enumerate(lines) if _header(line) is not None), len(lines))
    kept: list[str] = []
    for line in lines[:own]:
        name = _name_in(line)
        if name in changed:
            kept.append(_line(name, changed.pop(name)) + _behind_value(line))
        elif name is None or name not in stale:
            kept.append(line)
    added = [_line(name, each) + newline for name, each in changed.items()]
    return text[: span[0]] + "".join([head, *added, *kept, *lines[own:]]) + text[span[1] :]


def _name_in(line: str) -> str | None:
    """The key that a line sets, all of it."""
    try:
        tree = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return None
    return next(iter(tree)) if len(tree) == 1 and not line.lstrip().startswith("[") else None


def _behind_value(line: str) -> str:
    """What stands behind the value of a line: space, a comment, the end of the line."""
    whole = tomllib.loads(line)
    for at in (at for at, character in enumerate(line) if character == "#"):
        try:
            if tomllib.loads(line[:at]) == whole:
                return line[len(line[:at].rstrip()) :]
        except tomllib.TOMLDecodeError:
            continue
    return line[len(line.rstrip()) :]


def _line(name: str, value: object) -> str:
    return f"{_key(name)} = {_written(value)}"


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
    edited = before + text[span[1] :]
    expected = _put(tree, path, None)
    if not _at(expected, path[:-1]):  # with its last table the one above is gone too
        expected = _put(tree, path[:-1], None)
    return _verified(edited, expected, path)


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
    for line in _lines(text):
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


def _lines(text: str) -> list[str]:
    """The lines with their ends; TOML knows no other ends than these."""
    return _LINE.findall(text)


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
