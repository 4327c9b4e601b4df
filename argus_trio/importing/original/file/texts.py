"""What stands in texts of the original: variables, and references to its secret store."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from argus_trio.client_files.server import VariableReference, WrittenText
from argus_trio.config.read.key_path import KeyPath
from argus_trio.config.read.scalar import Scalar, Tree
from argus_trio.importing.original.file.source import OriginalSource
from argus_trio.importing.secret_forms import HiddenPiece, unnamed_pieces
from argus_trio.importing.variables import VariableBook, variable_name

OWNER: Final = "argus"
"""Whose variables are those of no backend."""
_REFERENCE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(:-[^${}]*)?\}")
_STORED: Final = re.compile(r"([A-Za-z]+ )?secret:([^\s:]+)")


@attrs.define(eq=False, repr=False, kw_only=True)
class OriginalTexts:
    """Reads the texts of one file, and writes them as they are written here."""

    source: OriginalSource
    book: VariableBook
    provider: str
    """The kind of secret store that the file names; empty where none was looked into."""
    _named: set[str] = attrs.field(factory=set, init=False)
    """The variables that the file names."""
    _defaults_told: set[str] = attrs.field(factory=set, init=False)

    def __attrs_post_init__(self) -> None:
        texts = list(_texts(self.source.tree()))
        self._named |= {found[1] for text in texts for found in _REFERENCE.finditer(text)}
        stored = {found[2] for text in texts if (found := _STORED.fullmatch(text))}
        self.book.reserved = frozenset(self._named | {self._stored_name(each) for each in stored})

    def read(self, text: str, key_path: KeyPath) -> WrittenText:
        """The text in words that all programs share."""
        if (stored := _STORED.fullmatch(text)) is not None:
            return self._stored(stored, key_path)
        parts: list[str | VariableReference] = []
        at = 0
        for found in _REFERENCE.finditer(text):
            default = None if found[2] is None else found[2][2:]
            if default is not None and found[0] not in self._defaults_told:
                self._defaults_told.add(found[0])
                self.source.note("changed", key_path, f"the original knew no defaults; {found[1]} has one from now on")
            parts += [text[at : found.start()], VariableReference(name=found[1], default=default)]
            at = found.end()
        parts.append(text[at:])
        return WrittenText(tuple(each for each in parts if each != ""))

    def written(self, text: str, key_path: KeyPath, owner: str = OWNER) -> str:
        """The text as it is written here; what looks like a secret in it is moved."""
        return self.book.written(unnamed_pieces(self.read(text, key_path)), owner)

    def plain(self, text: str, key_path: KeyPath) -> str:
        """The same of a text that holds no secret, such as a glob or a path."""
        return self.book.written(self.read(text, key_path).parts, OWNER)

    def secret(self, text: str, name: str, key_path: KeyPath) -> str:
        """The same of a text that is a secret: it is moved to a variable, called so if that is free."""
        read = self.read(text, key_path)
        pieces = read.parts if read.literal is None else (HiddenPiece(value=text, name=name, is_own=True),)
        return self.book.written(pieces, OWNER)

    def _stored(self, stored: re.Match[str], key_path: KeyPath) -> WrittenText:
        scheme, name = stored[1] or "", stored[2]
        if scheme or not self.provider:
            why = "stood within a text" if scheme else "was not looked up: secrets are not enabled"
            what = f"secret:{name} {why}, so that the original sent it as it stands; here it is filled in"
            self.source.note("changed", key_path, what)
        how = f"what `argus-mcp secret get {name}` prints" if self.provider in ("file", "keyring") else "a secret"
        reference = VariableReference(name=self._stored_name(name), is_secret=True, about=how)
        return WrittenText((scheme, reference) if scheme else (reference,))

    def _stored_name(self, name: str) -> str:
        """The variable for an entry of the secret store; with `env` it is one already."""
        own = variable_name(name).upper()
        return variable_name(f"SECRET_{own}") if self.provider == "env" or own in self._named else own


def _texts(tree: Tree | None) -> Iterator[str]:
    if isinstance(tree, Scalar):
        yield tree.text
        return
    below: Iterable[Tree] = tree.values() if isinstance(tree, dict) else tree or ()
    for each in below:
        yield from _texts(each)
