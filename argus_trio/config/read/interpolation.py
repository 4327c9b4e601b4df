"""Interpolation: `${VAR}`, `${VAR:-default}` and `${file:PATH}` in a text.

A default and a file's path may hold further `${...}`. `$${` stands for a literal `${`. Neither the environment nor the
file system is known here: both are handed in as callables.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import attrs

from argus_trio import Value

MAX_NESTING = 4
"""How deeply `${...}` may stand in one another: more than anybody can read."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TOKEN = re.compile(r"\$\$\{|\$\{|\}")
_FORMS = "the forms are ${VAR}, ${VAR:-default} and ${file:PATH}; $${ is a literal ${"


class Malformed(Exception):
    """The text holds a `${` that begins none of the three forms. The first argument says what is wrong."""


class Unavailable(Exception):
    """A file cannot be read; raised by `Filling.file`. The first argument is the reason, without the file's content."""


@attrs.frozen(kw_only=True)
class Variable(Value):
    """A part of a template: `${name}` or `${name:-default}`."""

    name: str
    default: Template | None = None


@attrs.frozen(kw_only=True)
class FromFile(Value):
    """A part of a template: `${file:path}`."""

    path: Template


Template = tuple["str | Variable | FromFile", ...]
"""A text taken apart: literal parts, and those that are to be filled in."""


@attrs.frozen(kw_only=True)
class Brought(Value):
    """One value that was filled in; `variable` names the variable that held it, None for a file's content."""

    value: str = attrs.field(repr=False)
    variable: str | None = None


@attrs.define(eq=False, repr=False, kw_only=True)
class Filling:
    """Fills templates, and notes what was filled in and what could not be."""

    variable: Callable[[str], str | None]
    """Gives the value of a variable, or None."""
    file: Callable[[str], str]
    """Gives the text of a file, or raises Unavailable."""
    places: str = ""
    """Where a variable can be set, for people: ` in argus.env or in the environment`."""
    brought: list[Brought] = attrs.field(factory=list, init=False)
    """The values that were filled in."""
    faults: list[tuple[str, str]] = attrs.field(factory=list, init=False)
    """What could not be filled in: for each a message that names the variable or the file, and a hint."""

    def fill(self, template: Template) -> str:
        """The text of the template; what could not be filled in is left out of it and is in `faults`."""
        return "".join(part if isinstance(part, str) else self._value(part) for part in template)

    def _value(self, part: Variable | FromFile) -> str:
        if isinstance(part, FromFile):
            return self._content(part)
        value = self.variable(part.name)
        if not value and part.default is not None:
            return self.fill(part.default)
        if value is None:
            hint = f"set it{self.places}, or give a default: ${{{part.name}:-default}}"
            self.faults.append((f"the variable {part.name} is not set", hint))
            return ""
        self.brought.append(Brought(value=value, variable=part.name))
        return value

    def _content(self, part: FromFile) -> str:
        inner = Filling(variable=self.variable, file=self.file, places=self.places)
        path = inner.fill(part.path)
        if inner.faults:
            self.faults += inner.faults
            return ""
        try:
            content = self.file(path).rstrip("\r\n")
        except Unavailable as error:
            named = "".join(each if isinstance(each, str) else "${…}" for each in part.path)
            self.faults.append((f"the file {named!r} cannot be read: {error}", ""))
            return ""
        self.brought.append(Brought(value=content))
        return content


def parse(text: str) -> Template:
    """The template of the text.

    Raises:
        Malformed: a `${` begins none of the three forms.
    """
    template, _ = _until(text, 0, 0)
    return template


def _until(text: str, start: int, depth: int) -> tuple[Template, int]:
    """The template from `start` to the end of the text, or inside of a form (`depth` > 0) to its `}`; and its end."""
    if depth > MAX_NESTING:
        raise Malformed(f"${{...}} nested more than {MAX_NESTING} levels deep")
    parts: list[str | Variable | FromFile] = []
    at = start
    while (token := _TOKEN.search(text, at)) is not None:
        literal = text[at : token.start()]
        at = token.end()
        if token.group() == "$${":
            parts.append(literal + "${")
        elif token.group() == "${":
            parts.append(literal)
            form, at = _form(text, at, depth + 1)
            parts.append(form)
        elif depth:
            parts.append(literal)
            return _joined(parts), at
        else:
            parts.append(literal + "}")
    if depth:
        raise Malformed("a ${ without its }: " + _FORMS)
    parts.append(text[at:])
    return _joined(parts), len(text)


def _form(text: str, at: int, depth: int) -> tuple[Variable | FromFile, int]:
    if text.startswith("file:", at):
        path, end = _until(text, at + len("file:"), depth)
        if not path:
            raise Malformed("${file:} without a path: " + _FORMS)
        return FromFile(path=path), end
    name = _NAME.match(text, at)
    if name is None:
        raise Malformed("a ${ without the name of a variable: " + _FORMS)
    at = name.end()
    if text.startswith("}", at):
        return Variable(name=name.group()), at + 1
    if text.startswith(":-", at):
        default, end = _until(text, at + len(":-"), depth)
        return Variable(name=name.group(), default=default), end
    raise Malformed(f"${{{name.group()} is followed by something else than }} or :- : {_FORMS}")


def _joined(parts: list[str | Variable | FromFile]) -> Template:
    return tuple(part for part in parts if part != "")
