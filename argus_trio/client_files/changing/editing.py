"""JSON with comments, changed in one place: every other byte stays as it is.

Nothing here reads or writes files. What cannot be changed so is refused.
"""

from __future__ import annotations

import json
import re
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.client_files.jsonc import JsonFault, JsonNode, line_of, read_jsonc

_SPACES: Final = " \t\r\n\ufeff"
_ONLY_COMMENTS: Final = re.compile(r"(?:[ \t\r\n\ufeff]+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_DEFAULT_UNIT: Final = "  "


class EditRefused(Exception):
    """A text that is left as it is: why, and in which line, if it is one line's fault."""

    def __init__(self, what: str, line: int = 0) -> None:
        self.line = line
        super().__init__(what)


def root_of(text: str) -> JsonNode | None:
    """The object that a text holds; None for one with nothing but space and comments. Raises EditRefused."""
    found = _ONLY_COMMENTS.match(text)
    if found is not None and found.end() == len(text):
        return None
    try:
        root = read_jsonc(text)
    except JsonFault as fault:
        raise EditRefused(f"is no JSON: {fault} (column {fault.column})", fault.line) from None
    if root.members is None:
        raise EditRefused("holds no JSON object", line_of(text, root.start))
    return root


def put_member(text: str, path: tuple[str, ...], value: object) -> str:
    """The text with this value under this path of names: put in, or in place of what is there. Raises EditRefused."""
    return _checked(_put(text, path, value), _with(_plain(text), path, value))


def put_item(text: str, path: tuple[str, ...], value: object) -> str:
    """The text with this value at the end of the list under this path. Raises EditRefused."""
    root = root_of(text)
    found = None if root is None else root.member(*path)
    if root is None or found is None:
        return put_member(text, path, [value])
    if found.items is None:
        raise EditRefused(f"{'.'.join(path)} is no list", line_of(text, found.start))
    ends = [each.end for each in found.items]
    starts = [each.start for each in found.items]
    edited = _Edit(text, found, root).inserted("", value, starts, ends)
    items = [*(each.plain() for each in found.items), value]
    return _checked(edited, _with(_plain(text), path, items))


def without_member(text: str, path: tuple[str, ...]) -> str:
    """The text without what is under this path of names, each of them where it stands more than once."""
    while (root := root_of(text)) is not None:
        parent = root.member(*path[:-1])
        members = () if parent is None or parent.members is None else parent.members
        index = next((number for number, each in enumerate(members) if each.name == path[-1]), None)
        if parent is None or index is None:
            break
        text = _without(text, parent, [(each.start, each.node.end) for each in members], index)
    return text


def without_item(text: str, path: tuple[str, ...], index: int) -> str:
    """The text without the item of this number of the list under this path."""
    root = root_of(text)
    found = None if root is None else root.member(*path)
    if found is None or found.items is None:
        return text
    return _without(text, found, [(each.start, each.end) for each in found.items], index)


def rendered(value: object, unit: str, newline: str) -> str:
    """A value as it is written: objects over several lines, lists of plain values on one."""
    if isinstance(value, dict) and value:
        lines = [
            f"{json.dumps(name, ensure_ascii=False)}: {rendered(each, unit, newline)}" for name, each in value.items()
        ]
        return "{" + newline + _indented(f",{newline}".join(lines), unit, newline) + newline + "}"
    if isinstance(value, list) and any(isinstance(each, dict | list) for each in value):
        lines = [rendered(each, unit, newline) for each in value]
        return "[" + newline + _indented(f",{newline}".join(lines), unit, newline) + newline + "]"
    return json.dumps(value, ensure_ascii=False)


def _indented(text: str, unit: str, newline: str) -> str:
    return unit + text.replace(newline, newline + unit)


def _put(text: str, path: tuple[str, ...], value: object) -> str:
    root = root_of(text)
    if root is None:
        newline = _newline(text)
        gap = "" if not text or text.endswith(("\n", "\ufeff")) else newline
        return text + gap + rendered(_nested(path, value), _DEFAULT_UNIT, newline) + newline
    node = root
    for number, name in enumerate(path):
        found = node.member(name)
        if found is None:
            members = node.members or ()
            ends, starts = [each.node.end for each in members], [each.start for each in members]
            return _Edit(text, node, root).inserted(name, _nested(path[number + 1 :], value), starts, ends)
        if number < len(path) - 1 and found.members is None:
            raise EditRefused(f"{'.'.join(path[: number + 1])} is no object", line_of(text, found.start))
        node = found
    if node.plain() == value:
        return text
    return text[: node.start] + _Edit(text, node, root).in_place(value) + text[node.end :]


def _nested(path: tuple[str, ...], value: object) -> object:
    for name in reversed(path):
        value = {name: value}
    return value


def _plain(text: str) -> object:
    root = root_of(text)
    return {} if root is None else root.plain()


def _with(plain: object, path: tuple[str, ...], value: object) -> object:
    """A value with another one under a path of names in it."""
    if not path:
        return value
    members = plain if isinstance(plain, dict) else {}
    return {**members, path[0]: _with(members.get(path[0], {}), path[1:], value)}


def _checked(edited: str, expected: object) -> str:
    """The text, if it says what it shall: a mistake here must not cost a file."""
    if _plain(edited) != expected:
        raise EditRefused("is written in a way that cannot be changed safely; change it by hand")
    return edited


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _line_indent(text: str, at: int) -> str:
    """The space that the line of a place begins with."""
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip(_SPACES))].lstrip("\ufeff")


def _begins_line(text: str, at: int) -> bool:
    before = text[text.rfind("\n", 0, at) + 1 : at]
    return not before.strip(_SPACES)


@attrs.frozen
class _Edit(Value):
    """Where something is put into an object or a list, and how it is written there."""

    text: str
    node: JsonNode
    root: JsonNode

    @property
    def unit(self) -> str:
        """By how much the file indents: as its first member that begins a line does."""
        for each in self.root.members or ():
            if _begins_line(self.text, each.start) and "\n" in self.text[: each.start]:
                return _line_indent(self.text, each.start) or _DEFAULT_UNIT
        return _DEFAULT_UNIT

    def in_place(self, value: object) -> str:
        """A value in place of the node."""
        if "\n" not in self.text[self.node.start : self.node.end] and not self._is_spread():
            return json.dumps(value, ensure_ascii=False)
        newline = _newline(self.text)
        indent = _line_indent(self.text, self.node.start)
        return rendered(value, self.unit, newline).replace(newline, newline + indent)

    def inserted(self, name: str, value: object, starts: list[int], ends: list[int]) -> str:
        """The text with a member (or, without a name, an item) behind the last one."""
        text, close = self.text, self.node.end - 1
        label = f"{json.dumps(name, ensure_ascii=False)}: " if name else ""
        space = len(text[:close].rstrip(_SPACES))
        comma_at = ends[-1] if ends and not _has_comma(text, ends[-1], close) else None
        trailing = "," if ends and comma_at is None else ""
        is_flat = "\n" not in text[self.node.start : self.node.end] and (bool(ends) or not self._is_spread())
        if is_flat:
            at, tail = space, ""
            piece = (" " if ends else "") + label + json.dumps(value, ensure_ascii=False) + trailing
        else:
            newline = _newline(text)
            outer = _line_indent(text, self.node.start)
            own = next((_line_indent(text, each) for each in starts if _begins_line(text, each)), outer + self.unit)
            piece = (
                newline + own + label + rendered(value, self.unit, newline).replace(newline, newline + own) + trailing
            )
            break_at = text.find("\n", space, close)
            at = close if break_at < 0 else break_at - (text[break_at - 1] == "\r")
            tail = newline + outer if break_at < 0 else ""
        if comma_at is not None:
            return text[:comma_at] + "," + text[comma_at:at] + piece + tail + text[at:]
        return text[:at] + piece + tail + text[at:]

    def _is_spread(self) -> bool:
        """Whether the file is written over several lines at all."""
        return "\n" in self.text.strip(_SPACES)


def _has_comma(text: str, end: int, close: int) -> bool:
    found = _ONLY_COMMENTS.match(text, end)
    at = end if found is None else found.end()
    return at < close and text[at] == ","


def _comma_at(text: str, end: int) -> int | None:
    found = _ONLY_COMMENTS.match(text, end)
    at = end if found is None else found.end()
    return at if text[at : at + 1] == "," else None


def _without(text: str, parent: JsonNode, spans: list[tuple[int, int]], index: int) -> str:
    """The text without one of the members or items at these places, and without the comma that was for it."""
    start, end = spans[index]
    cuts: list[tuple[int, int]] = []
    own, before = _comma_at(text, end), None
    if own is not None:
        if text[end:own].strip(_SPACES):
            cuts.append((own, own + 1))  # a comment stands between: it stays
        else:
            end = own + 1
            end += 0 if _begins_line(text, start) else len(text[end:]) - len(text[end:].lstrip(" "))
    elif index > 0:
        before = _comma_at(text, spans[index - 1][1])
        if before is not None and not text[before + 1 : start].strip(" "):
            start = before + 1
    line_end = text.find("\n", end, parent.end)
    if _begins_line(text, start) and line_end >= 0 and not text[end:line_end].strip(_SPACES):
        start = text.rfind("\n", 0, start)
        start -= text[start - 1 : start] == "\r" if start > 0 else 0
        end = line_end - (text[line_end - 1] == "\r")
    cuts.append((start, end))
    if before is not None:
        cuts.append((before, before + 1))
    for first, last in sorted(cuts, reverse=True):
        text = text[:first] + text[last:]
    return text
