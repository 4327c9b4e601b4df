"""A configuration of the original Argus while it is read: each value that is taken, and everything else that is told.

What no reader takes is told at the end (`told`): so nothing of a file is lost in silence.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from argus_trio.client_files.server import FileProblem
from argus_trio.config.read.document import Document
from argus_trio.config.read.key_path import KeyPath, dotted
from argus_trio.config.read.scalar import Scalar, Tree, as_bool, as_float, as_int, described
from argus_trio.importing.result import ImportNote, NoteKind


@attrs.define(eq=False, repr=False, kw_only=True)
class OriginalSource:
    """One file, read key by key."""

    path: str
    document: Document
    notes: list[tuple[int, ImportNote]] = attrs.field(factory=list, init=False)
    """What is told, each with its line."""
    problems: list[FileProblem] = attrs.field(factory=list, init=False)
    taken: set[KeyPath] = attrs.field(factory=set, init=False)
    """The key paths whose values were read, or told of."""

    def tree(self, *key_path: str | int) -> Tree | None:
        """What stands there, without taking it; None where nothing does."""
        node: Tree | None = self.document.root
        for part in key_path:
            if isinstance(node, dict) and isinstance(part, str):
                node = node.get(part)
            elif isinstance(node, list) and isinstance(part, int) and part < len(node):
                node = node[part]
            else:
                return None
        return None if isinstance(node, Scalar) and node.is_null else node

    def text(self, *key_path: str | int) -> str | None:
        """The text there."""
        node = self._take(key_path)
        if isinstance(node, Scalar):
            return node.text
        if node is not None:
            self._unfit(key_path, "a text", node)
        return None

    def texts(self, *key_path: str | int) -> list[str]:
        """The list of texts there; what is no text among them is a problem."""
        node = self._take(key_path)
        if node is None:
            return []
        if not isinstance(node, list):
            self._unfit(key_path, "a list", node)
            return []
        for index, each in enumerate(node):
            if not isinstance(each, Scalar):
                self._unfit((*key_path, index), "a text", each)
        return [each.text for each in node if isinstance(each, Scalar)]

    def mapping(self, *key_path: str | int) -> dict[str, str]:
        """The mapping of texts there."""
        node = self._take(key_path)
        if node is None:
            return {}
        if not isinstance(node, dict):
            self._unfit(key_path, "a mapping", node)
            return {}
        for name, each in node.items():
            if not isinstance(each, Scalar):
                self._unfit((*key_path, name), "a text", each)
        return {name: "" if each.is_null else each.text for name, each in node.items() if isinstance(each, Scalar)}

    def flag(self, *key_path: str | int, default: bool) -> bool:
        """The boolean there; quotes make no difference, as they did not."""
        node = self._take(key_path)
        if node is None:
            return default
        value = as_bool(Scalar(text=node.text, is_plain=True)) if isinstance(node, Scalar) else None
        if value is None:
            self._unfit(key_path, "true or false", node)
            return default
        return value

    def number(self, *key_path: str | int, minimum: float, maximum: float = float("inf")) -> float | None:
        """The number there; one that is out of bounds is a problem."""
        node = self._take(key_path)
        if node is None:
            return None
        plain = Scalar(text=node.text, is_plain=True) if isinstance(node, Scalar) else None
        value = None if plain is None else as_int(plain) if as_int(plain) is not None else as_float(plain)
        if value is None or not minimum <= value <= maximum:
            bounds = f"from {minimum:g}" + (f" to {maximum:g}" if maximum != float("inf") else "")
            self._unfit(key_path, f"a number {bounds}", node)
            return None
        return value

    def names(self, *key_path: str | int) -> list[str]:
        """The keys of the mapping there; anything but a mapping is a problem. Nothing is taken."""
        node = self.tree(*key_path)
        if node is not None and not isinstance(node, dict):
            self._unfit(key_path, "a mapping", node)
        return list(node) if isinstance(node, dict) else []

    def entries(self, *key_path: str | int) -> Iterator[int]:
        """The indexes of the list there; anything but a list is a problem."""
        node = self.tree(*key_path)
        if node is not None and not isinstance(node, list):
            self._unfit(key_path, "a list", node)
        return iter(range(len(node)) if isinstance(node, list) else ())

    def note(self, kind: NoteKind, key_path: KeyPath, what: str) -> None:
        """Tell the user something of what stands there."""
        self.notes.append((self.line(key_path), ImportNote(kind=kind, where=self.where(key_path), what=what)))

    def tell(self, kind: NoteKind, key_path: KeyPath, what: str) -> None:
        """The same; what stands there is told of then."""
        self.taken.add(key_path)
        self.note(kind, key_path, what)

    def told(self) -> tuple[ImportNote, ...]:
        """The notes in the order of the file."""
        return tuple(note for _, note in sorted(self.notes, key=lambda each: each[0]))

    def fault(self, key_path: KeyPath, what: str) -> None:
        """Note why the file is not imported; the first fault of a place is told."""
        line = self.line(key_path)
        named = f"{dotted(key_path)}: {what}" if key_path else what
        if not any(each.line == line and each.what == named for each in self.problems):
            self.problems.append(FileProblem(path=self.path, line=line, what=named))

    def where(self, key_path: KeyPath) -> str:
        """The place as the user finds it."""
        return f"{self.path}:{self.line(key_path)} {dotted(key_path)}".rstrip()

    def line(self, key_path: KeyPath) -> int:
        """The line of what stands there, or of what it would stand in."""
        while key_path and key_path not in self.document.lines:
            key_path = key_path[:-1]
        return self.document.lines.get(key_path, 1)

    def _take(self, key_path: KeyPath) -> Tree | None:
        self.taken.add(key_path)
        return self.tree(*key_path)

    def _unfit(self, key_path: KeyPath, expected: str, found: Tree | None) -> None:
        self.fault(key_path, f"expected {expected}, found {'nothing' if found is None else described(found)}")
