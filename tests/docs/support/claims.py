"""What pages name in `backticks`, outside of blocks: where each stands, and what of it there has to be."""

from __future__ import annotations

import argparse
import functools
import re
from collections.abc import Iterator, Mapping

import attrs

from argus_trio.cli.arguments.parser import parser
from argus_trio.config.structure.schema import schema
from argus_trio.contract.openapi import operations
from argus_trio.contract.operation import BASE
from tests.docs.support.blocks import FENCE, HEADING
from tests.docs.support.pages import NAMES, ROOT, text_of

ROW = re.compile(r"\| `argus-trio (?P<command>[\w-]+)[^|`]*` \|.*")
SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
SOURCES = ("argus_trio/**/*.py", "conf/*", "tests/**/*.py", "bench/**/*.py", ".ci/*", "docs/openapi.json")
"""Where what is named stands, if there is such a thing: all but the pages themselves."""


@attrs.frozen(kw_only=True)
class Span:
    """One text in backticks."""

    page: str
    line: int
    heading: str
    text: str
    row: str = ""
    """The command whose row of a table it stands in."""

    @property
    def where(self) -> str:
        return f"{self.page}:{self.line}: `{self.text}`"


def spans_of(page: str, text: str) -> Iterator[Span]:
    """Those of a page, blocks left out."""
    heading, is_fenced = "", False
    for number, line in enumerate(text.split("\n"), 1):
        if FENCE.fullmatch(line):
            is_fenced = not is_fenced
        elif not is_fenced:
            if titled := HEADING.fullmatch(line):
                heading = titled["title"]
            row = found["command"] if (found := ROW.fullmatch(line)) else ""
            for text_found in SPAN.findall(line):
                told = text_found.replace("\\|", "|")
                yield Span(page=page, line=number, heading=heading, text=told, row=row)


def all_spans() -> list[Span]:
    return [span for name in NAMES for span in spans_of(name, text_of(name))]


@functools.cache
def words_of_sources() -> frozenset[str]:
    """Every name, and every dotted one, that stands in a source."""
    text = "\n".join(
        path.read_text(errors="replace")
        for pattern in SOURCES
        for path in ROOT.glob(pattern)
        if path.is_file() and "tests/docs/" not in str(path)
    )
    return frozenset(re.findall(r"\w+", text)) | frozenset(re.findall(r"[\w-]+(?:\.[\w-]+)+", text))


@functools.cache
def keys_below() -> Mapping[str, frozenset[str]]:
    """For each key of the configuration the keys that stand right below it, whatever name stands between them; for ""
    all keys that there are."""
    whole = schema()
    found: dict[str, set[str]] = {"": set()}
    definitions = whole["$defs"]
    assert isinstance(definitions, dict)
    for each in (whole, *definitions.values()):
        for key, value in each.get("properties", {}).items():
            found[""].add(key)
            found.setdefault(key, set()).update(_properties(value, definitions))
    return {key: frozenset(below) for key, below in found.items()}


def _properties(value: object, definitions: Mapping[str, dict[str, object]]) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _properties(each, definitions)
    if isinstance(value, dict):
        properties = value.get("properties", {})
        yield from properties
        if isinstance(reference := value.get("$ref"), str):
            yield from _properties(definitions[reference.rpartition("/")[2]], definitions)
        for inner in ("anyOf", "oneOf", "items", "additionalProperties"):
            if inner in value and not properties:
                yield from _properties(value[inner], definitions)


def is_a_key(dotted: str) -> bool:
    """Whether it is the path of a configuration's key, from the top or from any key above it; the name of a backend or
    the like may stand in it."""
    first, *rest = dotted.split(".")
    below = keys_below()
    if first not in below[""]:
        return False
    at = first
    for key in rest:
        if key in below.get(at, ()):
            at = key
        elif not re.fullmatch(r"[A-Z]+", key):
            return False
    return True


@functools.cache
def options_of() -> Mapping[str, frozenset[str]]:
    """The options of each command; for "" those of all."""
    found: dict[str, frozenset[str]] = {}
    whole = parser()
    every = _options(whole)
    for action in whole._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, command in action.choices.items():
                found[name] = _options(command) | _options(whole)
                every |= found[name]
    return {**found, "": every}


def _options(of: argparse.ArgumentParser) -> frozenset[str]:
    return frozenset(each for action in of._actions for each in action.option_strings)


def is_an_operation(named: str) -> bool:
    """Whether `METHOD PATH`, or a path below `/manage/v1`, is one that there is; NAME and {name} are anything."""
    method, _, path = named.rpartition(" ")
    path = path.partition("?")[0].removeprefix(BASE)
    for each in operations():
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(each.path))
        if re.fullmatch(pattern, path) and method in ("", each.method):
            return True
    return path == "" and not method
