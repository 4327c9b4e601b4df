"""JSON as clients' files have it: with comments and trailing commas, and each value with the place where it stands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

import attrs

DEEPEST: Final = 100
"""How deep values may be nested: files of clients are 6 deep, and a reader that recurses has an end."""

_SPACE: Final = re.compile(r"(?:[ \t\r\n\ufeff]+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_TEXT: Final = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
_SCALAR: Final = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null")


class JsonFault(Exception):
    """A text that is no JSON: what is wrong, and where."""

    def __init__(self, message: str, text: str, offset: int) -> None:
        self.line = line_of(text, offset)
        self.column = offset - text.rfind("\n", 0, offset)
        super().__init__(message)


@attrs.frozen(kw_only=True)
class JsonNode:
    """A value and where it stands: `text[start:end]`."""

    start: int
    end: int
    scalar: str | int | float | bool | None = None
    items: tuple[JsonNode, ...] | None = None
    """Of a list."""
    members: tuple[JsonMember, ...] | None = None
    """Of an object, in the order of the file; a name that stands twice is here twice."""

    def member(self, *names: str) -> JsonNode | None:
        """The value below these names; the last, where one stands twice. None if there is none."""
        node: JsonNode | None = self
        for name in names:
            if node is None or node.members is None:
                return None
            node = next((each.node for each in reversed(node.members) if each.name == name), None)
        return node

    def plain(self) -> object:
        """The value alone."""
        if self.members is not None:
            return {each.name: each.node.plain() for each in self.members}
        if self.items is not None:
            return [each.plain() for each in self.items]
        return self.scalar


@attrs.frozen(kw_only=True)
class JsonMember:
    """A member of an object; its name begins at `start`."""

    name: str
    start: int
    node: JsonNode


def read_jsonc(text: str) -> JsonNode:
    """The value that a text holds. Raises JsonFault."""
    reader = _JsonReader(text)
    node = reader.value(reader.after_space(0), 0)
    if (end := reader.after_space(node.end)) < len(text):
        raise JsonFault("there is more behind the end", text, end)
    return node


def line_of(text: str, offset: int) -> int:
    """The number of the line in which a place stands, from 1."""
    return text.count("\n", 0, offset) + 1


@attrs.frozen
class _JsonReader:
    text: str

    def after_space(self, at: int) -> int:
        """The next place that is neither space nor comment."""
        found = _SPACE.match(self.text, at)
        return at if found is None else found.end()

    def value(self, at: int, depth: int) -> JsonNode:
        """The value that begins here."""
        if depth > DEEPEST:
            raise JsonFault(f"nested more than {DEEPEST} deep", self.text, at)
        character = self.text[at : at + 1]
        if character == "{":
            members = tuple(self._members(at, depth))
            return JsonNode(start=at, end=self._end(members[-1].node.end if members else at + 1, "}"), members=members)
        if character == "[":
            items = tuple(self._items(at, depth))
            return JsonNode(start=at, end=self._end(items[-1].end if items else at + 1, "]"), items=items)
        if character == '"':
            return JsonNode(start=at, end=self._text_end(at), scalar=self._text(at))
        found = _SCALAR.match(self.text, at)
        if found is None:
            raise JsonFault("a value is missing" if character else "the file ends too early", self.text, at)
        return JsonNode(start=at, end=found.end(), scalar=json.loads(found[0]))

    def _members(self, at: int, depth: int) -> Iterator[JsonMember]:
        at = self.after_space(at + 1)
        while self.text[at : at + 1] != "}":
            if self.text[at : at + 1] != '"':
                raise JsonFault("a name in double quotes is missing", self.text, at)
            start, name = at, self._text(at)
            at = self.after_space(self._text_end(at))
            if self.text[at : at + 1] != ":":
                raise JsonFault("a colon is missing", self.text, at)
            node = self.value(self.after_space(at + 1), depth + 1)
            yield JsonMember(name=name, start=start, node=node)
            at = self._next(node.end, "}")

    def _items(self, at: int, depth: int) -> Iterator[JsonNode]:
        at = self.after_space(at + 1)
        while self.text[at : at + 1] != "]":
            node = self.value(at, depth + 1)
            yield node
            at = self._next(node.end, "]")

    def _next(self, at: int, closing: str) -> int:
        """Where what follows a value begins: behind its comma, or at the end."""
        at = self.after_space(at)
        if self.text[at : at + 1] == ",":
            return self.after_space(at + 1)
        if self.text[at : at + 1] != closing:
            raise JsonFault(f"a comma or {closing} is missing", self.text, at)
        return at

    def _end(self, at: int, closing: str) -> int:
        """Behind the closing bracket, which is known to be there; a comma may stand before it."""
        return self.text.index(closing, self._next(at, closing)) + 1

    def _text(self, at: int) -> str:
        try:
            found: str = json.loads(self.text[at : self._text_end(at)])
        except ValueError:
            raise JsonFault("a text has an escape that is none", self.text, at) from None
        return found

    def _text_end(self, at: int) -> int:
        found = _TEXT.match(self.text, at)
        if found is None:
            raise JsonFault("a text does not end on its line", self.text, at)
        return found.end()
