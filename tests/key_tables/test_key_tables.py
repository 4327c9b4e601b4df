"""docs/configuration.md and docs/middleware.md have every key, as the schema has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.key_tables.tables import CLASSES, KINDS_OF_BACKENDS, classes, rows, told, updated
from tests.key_tables.words import default_of, type_of

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("configuration.md", "middleware.md")


@pytest.mark.parametrize("name", PAGES)
def test_the_tables_of_a_page_are_those_of_the_schema(name: str, request: pytest.FixtureRequest) -> None:
    path = DOCS / name
    if request.config.getoption("--update"):
        path.write_text(updated(path.read_text()))
    page = path.read_text()
    assert told(page)
    assert page == updated(page), "run with --update to write them"


def test_every_key_of_the_file_stands_in_exactly_one_table() -> None:
    tables = [what for name in PAGES for what in told((DOCS / name).read_text())]
    assert sorted(tables) == sorted({"backends", *CLASSES})
    assert set(CLASSES.values()) == set(classes()) - {"SseBackend"}, "a class of the model has no table"


def test_what_every_backend_has_stands_in_one_table_and_not_again() -> None:
    common = {key for key, *_ in rows("backends")}
    found = {key: {name for name, *_ in rows(key)} for key in ("stdio backends", "backends elsewhere")}
    assert "`enabled`" in common
    assert all(common.isdisjoint(each) for each in found.values())
    keys = {f"`{key}`" for kind in KINDS_OF_BACKENDS for key in classes()[kind]["properties"]}  # type: ignore[attr-defined]  # an object
    assert common.union(*found.values()) == keys


def test_no_meaning_breaks_its_table() -> None:
    for what in ("backends", *CLASSES):
        for row in rows(what):
            assert all(cell and "\n" not in cell for cell in row), row


@pytest.mark.parametrize(
    ("part", "word"),
    [
        ({"anyOf": [{"type": "integer", "minimum": 1}, {"$ref": "#/$defs/spliced"}, {"type": "null"}]},
         "whole number, 1 at least"),
        ({"anyOf": [{"type": "integer", "minimum": 0, "maximum": 9}]}, "whole number, 0 to 9"),
        ({"anyOf": [{"enum": ["auto", "1", 1]}, {"$ref": "#/$defs/spliced"}]}, "`auto`, `1`"),
        ({"type": ["string", "number", "boolean", "null"]}, "text"),
        ({"type": ["string", "number", "boolean"], "minLength": 1}, "path"),
        ({"type": ["array", "null"], "items": {"type": ["string", "number", "boolean"]}}, "list of texts"),
        ({"type": "object", "additionalProperties": {"$ref": "#/$defs/View"}}, "mapping of names to mappings"),
        ({"const": "stdio"}, "`stdio`"),
    ],
)  # fmt: skip
def test_a_type_is_said_in_words(part: dict[str, object], word: str) -> None:
    assert type_of(part) == word


def test_a_default_is_said_as_it_is_written() -> None:
    assert default_of({"default": 4 * 1024 * 1024, "description": "bytes"}, is_required=False) == "`4194304` (4 MiB)"
    assert default_of({"default": 16384, "description": "connections"}, is_required=False) == "`16384`"
    assert default_of({"default": True, "description": ""}, is_required=False) == "`true`"
    assert default_of({"default": 30.0, "description": ""}, is_required=False) == "`30`"
    assert default_of({"description": ""}, is_required=True) == "required"
