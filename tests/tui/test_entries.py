"""The search of the tools page, and what there is to know of an entry, in lines."""

from __future__ import annotations

import time
from functools import partial

import msgspec
import pytest

from argus_trio.manage_client.clean import width
from argus_trio.tui.state.details import LONGEST_DESCRIPTION, details
from argus_trio.tui.state.entries import EntrySearch, ShownEntry, entries, entry_of, found
from argus_trio.tui.state.outline import DetailLine, outline
from tests.stopwatch import cost
from tests.tui.catalogs import SCHEMA, catalog, named, world_with

CATALOG = catalog(
    named("files__read", description="Take what was written."),
    named("files__write", title="Put it there", description="Write."),
    named("write"),
    named("overwrite", "desk"),
    named("desk__Größe", "desk", original_name="measure", renamed=True),
)


def names(words: str, **more: object) -> list[str]:
    return [each.key for each in found(CATALOG, EntrySearch(words=words, **more)).shown]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("write", ["write", "files__write", "overwrite"]),
        ("WRITE", ["write", "files__write", "overwrite"]),
        ("write files", ["files__write"]),
        ("writ take", ["files__read"]),
        ("put", ["files__write"]),
        ("measure", ["desk__Größe"]),
        ("GRÖSSE", ["desk__Größe"]),
        ("fwrt", ["files__write"]),
        ("zq", []),
        ("zzz", []),
        ("   ", ["files__read", "files__write", "write", "overwrite", "desk__Größe"]),
    ],
)
def test_names_come_first_and_every_word_has_to_stand_somewhere(words: str, first: list[str]) -> None:
    assert names(words, kinds=frozenset({"tool"}))[: len(first) or None] == first


def test_letters_are_looked_for_only_where_no_word_is_found() -> None:
    assert found(CATALOG, EntrySearch(words="fwrt")).is_fuzzy
    assert not found(CATALOG, EntrySearch(words="write")).is_fuzzy
    assert not found(CATALOG, EntrySearch(words="fwrtq")).is_fuzzy


def test_kinds_are_counted_whichever_are_shown() -> None:
    told = found(CATALOG, EntrySearch(words="note", kinds=frozenset({"template"})))
    assert [each.key for each in told.shown] == ["note://{id}"]
    assert told.counts == {"tool": 0, "prompt": 0, "resource": 1, "template": 1}


def test_a_backend_and_what_is_hidden_narrow_it() -> None:
    assert names("", backend="desk")[:2] == ["overwrite", "desk__Größe"]
    known = catalog()
    assert "files__gone" in [each.key for each in found(known, EntrySearch()).shown]
    assert "files__gone" not in [each.key for each in found(known, EntrySearch(with_hidden=False)).shown]
    assert entry_of(known, "tool", "files__gone") is None
    assert entry_of(known, "tool", "files__read") is entries(known)[0]
    assert found(None, EntrySearch()).shown == entries(None) == ()


def test_a_catalog_of_five_thousand_is_searched_as_fast_as_keys_are_pressed() -> None:
    many = catalog(*(named(f"backend{at % 50}__tool_{at}", description="what it does " * 20) for at in range(5000)))
    entries(many)
    for words in ("4", "tool_49", "does what 4999", "b9tl4999", "qqqq"):
        # One turn, for what was searched for is remembered.
        assert cost(partial(found, many, EntrySearch(words=words)), turns=1) < 800


def texts(lines: tuple[DetailLine, ...]) -> list[str]:
    return ["".join(text for _, text in line) for line in lines]


def shown_of(name: str, **more: object) -> ShownEntry:
    return entries(catalog(named(name, "files", **more)))[0]


def test_a_schema_is_an_outline() -> None:
    assert texts(outline(msgspec.json.encode(SCHEMA), 60)) == [
        "  path*  string  Where it lies.",
        '  mode   one of "fast", "whole", default "fast"',
        "  at     string date-time",
        "  node   Node: object",
        "    next  Node: object, as above",
        "    n     integer",
    ]


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({}, ["  any JSON"]),
        (True, ["  any JSON"]),
        ({"type": "object", "additionalProperties": False}, ["  nothing"]),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, ["  any name  integer"]),
        ({"type": "array", "items": {"type": "string"}}, ["  each  string"]),
        ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, ["  or string   string", "  or integer  integer"]),
        ({"properties": {"a": {"const": 1}, "b": {"type": "boolean"}}}, ["  a  always 1", "  b  boolean"]),
        ({"properties": {"a\x1b[2J": {"description": "\u202ex"}}}, ["  a\\x1b[2J  any JSON  \\u202ex"]),
    ],
)
def test_any_schema_is_told(schema: object, told: list[str]) -> None:
    assert texts(outline(msgspec.json.encode(schema), 60)) == told


@pytest.mark.parametrize("raw", [b"{", b"[" * 5000, b'"\xff"', b" " * 2_000_001])
def test_a_schema_that_cannot_be_read_says_so(raw: bytes) -> None:
    (line,) = outline(raw, 40)
    assert line[0][0] == "warn"


def test_a_schema_that_unfolds_without_end_costs_no_more_than_is_shown() -> None:
    wide = {f"p{at}": {"$ref": f"#/$defs/d{at % 30}"} for at in range(200)}
    bomb = {"properties": wide, "$defs": {f"d{at}": {"type": "object", "properties": wide} for at in range(30)}}
    began = time.process_time()
    lines = outline(msgspec.json.encode(bomb), 80)
    assert time.process_time() - began < 1
    assert texts(lines[-1:]) == ["  more than 1000 lines; J shows all of it as JSON"]


def test_details_keep_paragraphs_and_say_in_words_what_a_tool_says_of_itself() -> None:
    hints = msgspec.Raw(b'{"readOnlyHint":false,"destructiveHint":true,"idempotentHint":true,"openWorldHint":true}')
    entry = shown_of(
        "t",
        title="The tool",
        description="One\n\n  - two\n\x1b[31m",
        annotations=hints,
        original_name="o",
        renamed=True,
    )
    lines = texts(details(entry, world_with(), 60))
    for told in (
        "title: The tool",
        "there called: o",
        "backend: files",
        "it says: MAY DESTROY what cannot be brought back",
        "it says: changes something",
        "  - two",
        "\\x1b[31m",
        "Input  * must be given",
    ):
        assert told in lines
    assert lines[lines.index("One") : lines.index("  - two")] == ["One", ""]


def test_details_say_why_an_entry_is_hidden_and_what_a_prompt_takes() -> None:
    known = {each.key: each for each in entries(catalog())}
    hidden = texts(details(known["files__gone"], world_with(), 80))
    assert hidden[1] == "hidden from clients, cannot be called: filtered by tools.exclude"
    assert texts(details(known["desk__review"], world_with(), 60))[-1] == "  language*  Which one."
    assert "type: text/plain" in texts(details(known["note://1"], world_with(), 60))


def test_a_description_without_end_is_cut_and_says_so() -> None:
    entry = shown_of("t", description="x" * (LONGEST_DESCRIPTION + 10))
    lines = texts(details(entry, world_with(), 40))
    assert "and 10 more characters; J shows all of it" in lines
    assert max(map(width, lines)) <= 44
