"""JSON as clients' files have it: with comments and trailing commas, and each value with the place where it stands.

A file of tens of megabytes, of which a few members are asked for, is read at the speed of `json`: a list or an object
that is plain JSON is checked by it as a whole, and divided into its nodes when somebody looks into it.
"""

from __future__ import annotations

import functools
import json
import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Final, NoReturn

import attrs

from argus_trio import Value

DEEPEST: Final = 100
"""How deep values may be nested: files of clients are 6 deep, and a reader that recurses has an end."""

_MOST_REFUSED: Final = 100
"""After how many lists and objects with comments the others are read one by one as well: `json` counts the lines
before each of its errors, and a file with thousands of comments would be counted thousands of times."""
_SPACE: Final = re.compile(r"(?:[ \t\r\n\ufeff]++|//[^\n]*+|/\*.*?\*/)*+", re.DOTALL)
_TEXT: Final = re.compile(r'"(?:[^"\\\x00-\x1f]++|\\.)*+"')
_SCALAR: Final = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null", re.ASCII)
_NEWLINE: Final = re.compile("\n")


class JsonFault(Exception):
    """A text that is no JSON: what is wrong, and where."""

    def __init__(self, message: str, text: str, offset: int) -> None:
        self.line = line_of(text, offset)
        self.column = offset - text.rfind("\n", 0, offset)
        super().__init__(message)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class JsonNode:
    """A value and where it stands: `text[start:end]`."""

    start: int
    end: int
    scalar: str | int | float | bool | None = None
    _inside: _Inside | _Divided | None = attrs.field(default=None, repr=False)
    """What is in a list or an object; none in a scalar."""

    @property
    def items(self) -> tuple[JsonNode, ...] | None:
        """Of a list; None of anything else."""
        return None if self._inside is None else self._inside.items

    @property
    def members(self) -> tuple[JsonMember, ...] | None:
        """Of an object, in the order of the file; a name that stands twice is here twice."""
        return None if self._inside is None else self._inside.members

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
class JsonMember(Value):
    """A member of an object; its name begins at `start`."""

    name: str
    start: int
    node: JsonNode


@attrs.define(eq=False, repr=False)
class _Inside:
    """What is in a list or an object: divided when it is asked for, unless it is already."""

    reader: _JsonReader
    start: int
    depth: int

    @functools.cached_property
    def items(self) -> tuple[JsonNode, ...] | None:
        return tuple(self.reader.items(self.start, self.depth)) if self.reader.text[self.start] == "[" else None

    @functools.cached_property
    def members(self) -> tuple[JsonMember, ...] | None:
        return tuple(self.reader.members(self.start, self.depth)) if self.reader.text[self.start] == "{" else None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class _Divided:
    """What is in a list or an object that no JSON text holds."""

    items: tuple[JsonNode, ...] | None = None
    members: tuple[JsonMember, ...] | None = None


def node_of_list(items: Iterable[JsonNode], *, at: int) -> JsonNode:
    """A list out of another notation, which stands at a place."""
    return JsonNode(start=at, end=at, inside=_Divided(items=tuple(items)))


def node_of_members(members: Iterable[JsonMember], *, at: int) -> JsonNode:
    """An object out of another notation, which stands at a place."""
    return JsonNode(start=at, end=at, inside=_Divided(members=tuple(members)))


def read_jsonc(text: str) -> JsonNode:
    """The value that a text holds. Raises JsonFault."""
    reader = _JsonReader(text)
    node = reader.value(reader.after_space(0), 0)
    if (end := reader.after_space(node.end)) < len(text):
        if text[end] == ":":
            raise JsonFault("`{` before it and `}` behind it are missing", text, node.start)
        raise JsonFault("there is more behind the end", text, end)
    return node


def line_of(text: str, offset: int) -> int:
    """The number of the line in which a place stands, from 1."""
    return text.count("\n", 0, offset) + 1


@attrs.frozen
class TextLines(Value):
    """The lines of a text, for many places in a large one."""

    text: str = attrs.field(repr=False)
    _ends: array[int] = attrs.field(init=False, repr=False)

    @_ends.default
    def _where_lines_end(self) -> array[int]:
        return array("Q", (each.start() for each in _NEWLINE.finditer(self.text)))

    def line(self, offset: int) -> int:
        """The number of the line in which a place stands, from 1."""
        return bisect_left(self._ends, offset) + 1


def _refuse(constant: str) -> NoReturn:
    """`json` reads NaN and Infinity, which are none."""
    raise ValueError(constant)


_PLAIN: Final = json.JSONDecoder(parse_constant=_refuse)


@attrs.define(eq=False, repr=False)
class _JsonReader:
    text: str
    refused: int = 0
    """How many lists and objects were no plain JSON; each costs a look over the text before it."""

    def after_space(self, at: int) -> int:
        """The next place that is neither space nor comment."""
        found = _SPACE.match(self.text, at)
        at = at if found is None else found.end()
        if self.text.startswith("/*", at):
            raise JsonFault("a comment does not end", self.text, at)
        return at

    def value(self, at: int, depth: int) -> JsonNode:
        """The value that begins here."""
        if depth > DEEPEST:
            raise JsonFault(f"nested more than {DEEPEST} deep", self.text, at)
        character = self.text[at : at + 1]
        if character and character in "{[":
            return self._container(at, depth)
        if character == '"':
            return JsonNode(start=at, end=self._text_end(at), scalar=self._text(at))
        found = _SCALAR.match(self.text, at)
        if found is None:
            raise JsonFault("a value is missing" if character else "the file ends too early", self.text, at)
        try:
            return JsonNode(start=at, end=found.end(), scalar=json.loads(found[0]))
        except ValueError:  # Python reads no integer of thousands of digits
            raise JsonFault("a number is too long", self.text, at) from None

    def _container(self, at: int, depth: int) -> JsonNode:
        """The list or object that begins here: as a whole if it is plain JSON, else one by one."""
        inside = _Inside(self, at, depth)
        try:
            value, end = _PLAIN.raw_decode(self.text, at) if self.refused < _MOST_REFUSED else (None, at)
        except (ValueError, RecursionError):
            self.refused += 1
        else:
            if end > at and depth + _depth_of(value) <= DEEPEST:
                return JsonNode(start=at, end=end, inside=inside)
        if self.text[at] == "{":
            members = inside.members or ()
            return JsonNode(start=at, end=self._end(members[-1].node.end if members else at + 1, "}"), inside=inside)
        items = inside.items or ()
        return JsonNode(start=at, end=self._end(items[-1].end if items else at + 1, "]"), inside=inside)

    def members(self, at: int, depth: int) -> Iterator[JsonMember]:
        """What is in the object that begins here."""
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

    def items(self, at: int, depth: int) -> Iterator[JsonNode]:
        """What is in the list that begins here."""
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
        return self._next(at, closing) + 1

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


def _depth_of(value: object) -> int:
    """How deep a value is nested: 1 is a list of scalars."""
    depth, level = 0, [value]
    while level:
        depth += 1
        level = [
            inner
            for each in level
            for inner in (each.values() if isinstance(each, dict) else each if isinstance(each, list) else ())
            if isinstance(inner, (dict, list))
        ]
    return depth
