"""The variables of an import: which stands for which secret, and which have no value yet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import attrs

from argus_trio.client_files.server import VariableReference, WrittenText
from argus_trio.importing.secret_forms import HiddenPiece, TextPiece, named_pieces

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DOLLAR: Final = HiddenPiece(value="$", name="DOLLAR", is_own=True)


def variable_name(text: str) -> str:
    """A text as the name of a variable: one that is one stays as it is."""
    if _VARIABLE.fullmatch(text):
        return text
    name = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_").upper()
    return name if _VARIABLE.fullmatch(name) else f"VAR_{name}".rstrip("_")


@attrs.define(eq=False, repr=False, kw_only=True)
class VariableBook:
    """Gives secrets their variables, one to each value."""

    environ: Mapping[str, str] = attrs.field(repr=False)
    """What the gateway's own environment says, which wins over the env file."""
    reserved: frozenset[str] = frozenset()
    """The variables that files mean already: no secret is given such a name."""
    values: dict[str, str] = attrs.field(factory=dict, repr=False)
    needed: dict[str, str] = attrs.field(factory=dict)
    """What has no value yet, and what it is for."""
    used: list[str] = attrs.field(factory=list)
    """The variables that were given to secrets since somebody emptied the list."""

    def moved(self, piece: HiddenPiece, server: str) -> str:
        """The name of the variable that stands for a secret of a server."""
        for name, value in self.values.items():
            if value == piece.value:
                self.used.append(name)
                return name
        name = next(each for each in _candidates(piece, server) if self._is_free(each, piece.value))
        self.values[name] = piece.value
        self.used.append(name)
        return name

    def _is_free(self, name: str, value: str) -> bool:
        is_taken = name in self.values or name in self.reserved
        return not is_taken and self.environ.get(name, value) == value

    def written(self, pieces: Iterable[TextPiece], server: str) -> str:
        """A text as our configuration has it, with `${NAME}` for secrets and for variables."""
        text = ""
        for piece in _joined(pieces):
            if isinstance(piece, str):
                text += piece.replace("${", "$${")
                continue
            bare = text.rstrip("$")
            if bare != text:  # `$${` would be a literal `${`
                text = bare + f"${{{self.moved(_DOLLAR, server)}}}" * (len(text) - len(bare))
            text += self._reference(piece, server)
        return text

    def _reference(self, piece: VariableReference | HiddenPiece, server: str) -> str:
        if isinstance(piece, HiddenPiece):
            return f"${{{self.moved(piece, server)}}}"
        name = variable_name(piece.name)
        if piece.default is None:
            if name not in self.environ:
                self.needed[name] = self.needed.get(name) or piece.about
            return f"${{{name}}}"
        pieces: tuple[TextPiece, ...] = named_pieces(WrittenText((piece.default,)), name)
        if any(isinstance(each, str) and "}" in each for each in pieces):  # it would end the form
            pieces = (HiddenPiece(value=piece.default, name=name),)
        default = self.written(_defaults(pieces, name), server)
        return f"${{{name}:-{default}}}"


def _defaults(pieces: Iterable[TextPiece], name: str) -> Iterator[TextPiece]:
    """The pieces of a default, whose secret is not the variable of the same name."""
    for piece in pieces:
        if isinstance(piece, HiddenPiece):
            yield HiddenPiece(value=piece.value, name=f"{name}_DEFAULT", is_own=True)
        else:
            yield piece


def own_pieces(pieces: Iterable[TextPiece], name: str) -> Iterator[TextPiece]:
    """The pieces of what a variable holds; a secret that is all of it keeps the variable's name."""
    for piece in pieces:
        if isinstance(piece, HiddenPiece) and piece.name == name:
            yield attrs.evolve(piece, is_own=True)
        else:
            yield piece


def _candidates(piece: HiddenPiece, server: str) -> Iterator[str]:
    own, prefix = variable_name(piece.name), variable_name(server).upper()
    if piece.is_own:
        yield own
    base = own.upper() if own.upper().startswith(f"{prefix}_") else f"{prefix}_{own.upper()}"
    yield base
    number = 2
    while True:
        yield f"{base}_{number}"
        number += 1


def _joined(pieces: Iterable[TextPiece]) -> Iterator[TextPiece]:
    """The pieces with literal ones that follow each other as one: `$` and `{` mean something together."""
    literal = ""
    for piece in pieces:
        if isinstance(piece, str):
            literal += piece
            continue
        if literal:
            yield literal
        literal = ""
        yield piece
    if literal:
        yield literal
