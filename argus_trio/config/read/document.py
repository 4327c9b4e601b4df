"""YAML text to a tree of mappings, lists and scalars with the line of each: the only module that knows YAML.

Scalars stay as they are written, tags and duplicate keys are refused, anchors and merge keys are followed. All is
bounded: neither a deeply nested text nor one whose aliases multiply costs more than its size.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import attrs
import yaml
import yaml.reader

from argus_trio import Value
from argus_trio.config.read.key_path import KeyPath
from argus_trio.config.read.scalar import Scalar, Tree
from argus_trio.errors import Problem

MAX_DEPTH = 24
"""How deeply a document may nest: far deeper than any configuration, and no danger to the recursion here."""
MAX_NODES = 50_000
"""How many values a document may have, aliases counted as often as they are used."""

_YAML = "tag:yaml.org,2002:"
_MERGE = f"{_YAML}merge"
_TAGS = frozenset(
    _YAML + name for name in ("null", "bool", "int", "float", "str", "timestamp", "value", "merge", "seq", "map")
)
_NO_TOKEN = re.compile(r"found character '([@`%])' that cannot start any token")
_QUOTED = {"@": "@scope/package", "`": "`text`", "%": "%d"}
"""How such texts look in quotes, by the sign that they begin with."""


@attrs.frozen(kw_only=True)
class Document(Value):
    """A text that was read as YAML."""

    root: Tree | None
    """The tree of the document; None if the text is empty."""
    lines: dict[KeyPath, int]
    """The line on which each key path stands."""
    problems: tuple[tuple[KeyPath, int, str], ...] = ()
    """What is wrong with the text as YAML: key path, line and message of each problem."""


class NotYaml(Exception):
    """The text cannot be read as YAML at all; `problem` says why and where."""

    def __init__(self, message: str, line: int, hint: str = "") -> None:
        super().__init__(message)
        self.problem = Problem(path="", message=message, line=line, hint=hint)


def read_document(text: str) -> Document:
    """The one YAML document in the text.

    Raises:
        NotYaml: the text is no YAML, nests too deeply, or has too many values.
    """
    node = _compose(text)
    reader = _Reader()
    if node is None or _is_null(node):
        return Document(root=None, lines={})
    root = reader.tree(node, ())
    return Document(root=root, lines=reader.lines, problems=tuple(reader.problems))


class _Loader(yaml.SafeLoader):
    """PyYAML's loader with a limit to its recursion, and to what it makes: a long list costs it seconds."""

    depth = 0
    nodes = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        self.depth += 1
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise NotYaml(f"more than {MAX_NODES} values", self.line + 1)
        if self.depth > MAX_DEPTH:
            raise NotYaml(f"nested more than {MAX_DEPTH} levels deep", self.line + 1)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _compose(text: str) -> yaml.Node | None:
    try:
        return _Loader(text).get_single_node()
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise NotYaml("not valid YAML: a control character that YAML does not allow", line) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise NotYaml(f"not valid YAML: {error.problem} (column {column})", line, _hint(error, text)) from None
    except (ValueError, OverflowError):  # PyYAML's own scanner, at an escape such as "\U00110000"
        raise NotYaml("not valid YAML: an escape in double quotes that is no character", 1) from None


def _hint(error: yaml.MarkedYAMLError, text: str) -> str:
    """What to write instead, for the mistakes that people make: tabs, and texts that hold a sign of YAML's."""
    problem, mark = str(error.problem), error.problem_mark
    if mark and problem.startswith("expected ','") and text[mark.index - 1 : mark.index + 1] == "${":
        return 'a text with ${...} in it needs quotes inside {} and [], as in {TOKEN: "${TOKEN}"}'
    if "'\\t'" in problem:
        return "indent with spaces"
    if found := _NO_TOKEN.search(problem):
        return f'a text that begins with {found[1]} needs quotes, as in "{_QUOTED[found[1]]}"'
    if "undefined alias" in problem or error.context == "while scanning an alias":
        return 'a text that begins with * needs quotes, as in "*_file"'
    if problem.startswith(("expected <block end>", "mapping values are not allowed")):
        return "what belongs together begins in one column, see the lines above; a text with ': ' in it needs quotes"
    return ""


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and Scalar(text=node.value, is_plain=node.style is None).is_null


@attrs.define(eq=False, repr=False)
class _Reader:
    """Makes a tree out of PyYAML's nodes, and notes lines and problems on the way."""

    lines: dict[KeyPath, int] = attrs.field(factory=dict)
    problems: list[tuple[KeyPath, int, str]] = attrs.field(factory=list)
    left: int = MAX_NODES
    """How many values may still come."""

    def tree(self, node: yaml.Node, key_path: KeyPath) -> Tree:
        line = node.start_mark.line + 1
        self._spend(line)
        if len(key_path) > MAX_DEPTH:
            raise NotYaml("nested too deeply, perhaps by an alias inside of what it names", line)
        self.lines.setdefault(key_path, line)
        if node.tag not in _TAGS:
            self.problems.append((key_path, line, "YAML tags mean nothing here"))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, key_path)
        if isinstance(node, yaml.SequenceNode):
            return [self.tree(each, (*key_path, index)) for index, each in enumerate(node.value)]
        return Scalar(
            text=self._text(node, key_path), is_plain=isinstance(node, yaml.ScalarNode) and node.style is None
        )

    def _mapping(self, node: yaml.MappingNode, key_path: KeyPath) -> Tree:
        tree: dict[str, Tree] = {}
        for key, value in self._direct_entries(node, key_path):
            tree[key] = self.tree(value, (*key_path, key))
        for key_node, value in self._merged(node, key_path, 0):
            name = self._key(key_node, key_path)
            if name is not None and name not in tree:
                self.lines[(*key_path, name)] = key_node.start_mark.line + 1
                tree[name] = self.tree(value, (*key_path, name))
        return tree

    def _direct_entries(self, node: yaml.MappingNode, key_path: KeyPath) -> Iterator[tuple[str, yaml.Node]]:
        first: dict[str, int] = {}
        for key_node, value in node.value:
            if key_node.tag == _MERGE:
                continue
            key = self._key(key_node, key_path)
            if key is None:
                continue
            line = key_node.start_mark.line + 1
            if key in first:
                self.problems.append(((*key_path, key), line, f"the key is there twice, first on line {first[key]}"))
                continue
            first[key] = line
            self.lines[(*key_path, key)] = line
            yield key, value

    def _merged(self, node: yaml.MappingNode, key_path: KeyPath, depth: int) -> Iterator[tuple[yaml.Node, yaml.Node]]:
        """The entries that the mapping's merge keys bring in, the nearest first."""
        for key_node, value in node.value:
            if key_node.tag != _MERGE:
                continue
            line = key_node.start_mark.line + 1
            sources = value.value if isinstance(value, yaml.SequenceNode) else [value]
            for source in sources:
                self._spend(line)
                if not isinstance(source, yaml.MappingNode) or depth > MAX_DEPTH:
                    self.problems.append(
                        (key_path, line, "<< takes a mapping, or a list of mappings, that it is not part of")
                    )
                    continue
                yield from (entry for entry in source.value if entry[0].tag != _MERGE)
                yield from self._merged(source, key_path, depth + 1)

    def _key(self, node: yaml.Node, key_path: KeyPath) -> str | None:
        self._spend(node.start_mark.line + 1)
        if isinstance(node, yaml.ScalarNode):
            return self._text(node, key_path)
        self.problems.append((key_path, node.start_mark.line + 1, "a key is text, not a list or a mapping"))
        return None

    def _text(self, node: yaml.Node, key_path: KeyPath) -> str:
        text = str(node.value)
        if any("\ud800" <= character <= "\udfff" for character in text):
            self.problems.append((key_path, node.start_mark.line + 1, "half of a surrogate pair is no character"))
            return ""
        return text

    def _spend(self, line: int) -> None:
        self.left -= 1
        if self.left < 0:
            raise NotYaml(f"more than {MAX_NODES} values, aliases counted as often as they are used", line)
