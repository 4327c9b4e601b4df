"""Resource templates (RFC 6570) as regular expressions: which URIs a template can mean, for routing only.

Whether a URI is really served is for the backend to say, so the expressions are generous.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.core.catalog.uris import comparable, origin

MAX_URI: Final = 2048
"""The longest URI, in characters, that a template matches: several variables against a long text cost much time."""

_EXPRESSION: Final = re.compile(r"\{([+#./;?&]?)([^{}]*)\}")
_BY_OPERATOR: Final = {
    "": r"[^/?#]+",
    "+": r".+",
    "#": r"(?:#.*)?",
    ".": r"(?:\.[^/?#]+)?",
    "/": r"(?:/[^?#]+)?",
    ";": r"(?:;[^/?#]*)?",
    "?": r"(?:\?[^#]*)?",
    "&": r"(?:&[^#]*)?",
}


_PLACE: Final = "\ue000"
"""Stands for an expression while the text around it is brought into its comparable form: no URI has it."""
_PLACE_COMPARED: Final = comparable(f"x:{_PLACE}")[2:]


@attrs.frozen
class UriTemplate(Value):
    """A resource template. Its expression is compiled for the first URI that begins as it does: there may be thousands
    of templates, and each takes some 50 us, whenever a catalog is made."""

    text: str
    """As its backend spells it."""

    def matches(self, uri: str) -> bool:
        """Whether it can mean `uri`, in full. `{path*}` crosses slashes, as `{+path}` does."""
        return uri.startswith(self._start) and len(uri) <= MAX_URI and self._pattern.fullmatch(uri) is not None

    @cached_property
    def compared(self) -> ComparedTemplate:
        """The template for URIs in their comparable form."""
        return _compared(self.text)

    @cached_property
    def _start(self) -> str:
        return self.text.partition("{")[0]

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return _compiled(*_pieces(self.text))


@attrs.frozen(kw_only=True)
class ComparedTemplate(Value):
    """A template by which URIs are found that a client spells otherwise than its backend does."""

    literals: tuple[str, ...]
    """The text around the expressions, as the backend spells it."""
    compared: tuple[str, ...]
    """The same in its comparable form."""
    parts: tuple[str, ...]
    """What each expression matches, as a group."""
    origin: str | None
    """The scheme and the authority that all URIs of the template have; None where an expression is part of them."""

    def spelled(self, uri: str, as_compared: str) -> str | None:
        """A URI, which is given in its comparable form as well, with the template's own spelling of what is text there;
        None if the template cannot mean it.

        As it is where an expression may be part of its host: that may be a name in which capitals count.
        """
        if not as_compared.startswith(self.compared[0]) or len(uri) > MAX_URI:
            return None
        found = self._pattern.fullmatch(as_compared)
        if found is None or self.origin is None:
            return None if found is None else uri
        return "".join(text + (value or "") for text, value in zip(self.literals, (*found.groups(), ""), strict=True))

    def may_serve(self, other: str) -> bool:
        """Whether URIs with this origin, one of `origin`, may be served by who has the template."""
        scheme = self.literals[0].partition(":")[0].lower() if ":" in self.literals[0] else ""
        return other == self.origin if self.origin is not None else not scheme or other.startswith(f"{scheme}:")

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return _compiled(self.compared, self.parts)


def _compared(template: str) -> ComparedTemplate:
    literals, parts = _pieces(template)
    compared = comparable(_PLACE.join(literals)).split(_PLACE_COMPARED)
    if len(compared) != len(literals):  # an expression stood where a part of the URI is left out, or in the scheme
        compared = literals
    whole = _ORIGIN.match(literals[0]) if parts else re.match(r".*", template, re.DOTALL)
    return ComparedTemplate(
        literals=tuple(literals),
        compared=tuple(compared),
        parts=tuple(f"({part})" for part in parts),
        origin=origin(comparable(whole[0])) if whole is not None else None,
    )


_ORIGIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?://[^/?#]*[/?#]|[^/])")
"""The beginning of a text that has a whole scheme and a whole authority, or says that there is none."""


def _pieces(template: str) -> tuple[list[str], list[str]]:
    """The text around the expressions of a template, and what matches each: one text more than expressions.

    Neighbours of one kind are one expression: they match what one does, without the backtracking between them.
    """
    literals, parts = [""], list[str]()
    end = 0
    for found in _EXPRESSION.finditer(template):
        literals[-1] += template[end : found.start()]
        operator, variables = found[1], found[2]
        part = _BY_OPERATOR["+" if not operator and variables.endswith("*") else operator]
        if literals[-1] or not parts or parts[-1] != part:
            parts.append(part)
            literals.append("")
        end = found.end()
    literals[-1] += template[end:]
    return literals, parts


def _compiled(literals: Sequence[str], parts: Sequence[str]) -> re.Pattern[str]:
    text = "".join(re.escape(literal) + part for literal, part in zip(literals, (*parts, ""), strict=True))
    return re.compile(text, re.DOTALL)
