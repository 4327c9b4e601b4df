"""JSON with comments changed in one place: what is put in is there, and every other byte is where it was."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argus_trio.client_files.changing.editing import EditRefused, put_item, put_member, without_item, without_member
from argus_trio.client_files.jsonc import read_jsonc
from tests.client_files.changing import jsonc_texts

PATH = ("mcpServers", "argus")
ENTRY = {"url": "http://h/mcp", "args": ["a", "b"]}


def plain(text: str) -> object:
    return read_jsonc(text).plain()


def with_entry(before: object, path: tuple[str, ...] = PATH, entry: object = ENTRY) -> object:
    assert isinstance(before, dict)
    if len(path) == 1:
        return {**before, path[0]: entry}
    return {**before, path[0]: with_entry(before.get(path[0], {}), path[1:], entry)}


def is_refused(before: object) -> bool:
    assert isinstance(before, dict)
    return "mcpServers" in before and not isinstance(before["mcpServers"], dict)


def common(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    return next(
        (at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), min(len(one), len(other))
    )


@settings(deadline=None)
@given(jsonc_texts.files())
def test_the_entry_is_there_and_all_else_says_what_it_said(text: str) -> None:
    before = plain(text)
    if is_refused(before):
        with pytest.raises(EditRefused):
            put_member(text, PATH, ENTRY)
        return
    assert plain(put_member(text, PATH, ENTRY)) == with_entry(before)


@settings(deadline=None)
@given(jsonc_texts.files())
def test_what_is_put_in_is_one_piece_and_at_most_a_comma_before_it(text: str) -> None:
    before = plain(text)
    assert isinstance(before, dict)
    servers = before.get("mcpServers", {})
    if is_refused(before) or "argus" in servers:
        return
    after = put_member(text, PATH, ENTRY)
    head = common(text, after)
    if not after.endswith(text[head:]):
        assert after[head] == ","
        assert after.endswith(text[head + common(text[head:], after[head + 1 :]) :])


@settings(deadline=None)
@given(jsonc_texts.files())
def test_an_entry_that_is_replaced_leaves_what_is_before_and_behind_it_as_it_was(text: str) -> None:
    if is_refused(plain(text)):
        return
    first = put_member(text, PATH, ENTRY)
    second = put_member(first, PATH, {"command": "c"})
    node = read_jsonc(first).member(*PATH)
    assert node is not None
    assert second.startswith(first[: node.start])
    assert second.endswith(first[node.end :])
    assert plain(second) == with_entry(plain(text), entry={"command": "c"})


@settings(deadline=None)
@given(jsonc_texts.files())
def test_an_entry_that_is_there_already_changes_no_byte(text: str) -> None:
    if is_refused(plain(text)):
        return
    once = put_member(text, PATH, ENTRY)
    assert put_member(once, PATH, ENTRY) == once


@settings(deadline=None)
@given(jsonc_texts.files())
def test_what_is_taken_out_again_leaves_what_was_said_before(text: str) -> None:
    before = plain(text)
    if is_refused(before):
        return
    assert isinstance(before, dict)
    servers = {name: each for name, each in before.get("mcpServers", {}).items() if name != "argus"}
    after = without_member(put_member(text, PATH, ENTRY), PATH)
    assert plain(after) == {**before, "mcpServers": servers}


@settings(deadline=None)
@given(jsonc_texts.files(), st.sampled_from(["inputs", "a"]))
def test_an_item_is_put_at_the_end_of_a_list_and_taken_out_again(text: str, name: str) -> None:
    before = plain(text)
    assert isinstance(before, dict)
    there = before.get(name, [])
    if not isinstance(there, list):
        with pytest.raises(EditRefused):
            put_item(text, (name,), {"id": 1})
        return
    after = put_item(text, (name,), {"id": 1})
    assert plain(after) == {**before, name: [*there, {"id": 1}]}
    assert plain(without_item(after, (name,), len(there))) == {**before, name: there}


CASES: Mapping[str, tuple[str, str]] = {
    "an empty file": (
        "",
        '{\n  "mcpServers": {\n    "argus": {\n      "url": "http://h/mcp",\n      "args": ["a", "b"]\n    }\n  }\n}\n',
    ),
    "an empty object": (
        "{}",
        '{"mcpServers": {"argus": {"url": "http://h/mcp", "args": ["a", "b"]}}}',
    ),
    "one line": (
        '{"mcpServers":{"a":{}}}',
        '{"mcpServers":{"a":{}, "argus": {"url": "http://h/mcp", "args": ["a", "b"]}}}',
    ),
    "tabs, a comment at the end of a line, no comma behind the last": (
        '{\n\t"mcpServers": {\n\t\t"a": {} // last\n\t}\n}\n',
        '{\n\t"mcpServers": {\n\t\t"a": {}, // last\n\t\t"argus": {\n\t\t\t"url": "http://h/mcp",\n\t\t\t'
        '"args": ["a", "b"]\n\t\t}\n\t}\n}\n',
    ),
    "four spaces, a comma behind the last, other keys": (
        '{\n    "mcpServers": {\n        "a": {},\n    },\n    "theme": 1\n}',
        '{\n    "mcpServers": {\n        "a": {},\n        "argus": {\n            "url": "http://h/mcp",\n'
        '            "args": ["a", "b"]\n        },\n    },\n    "theme": 1\n}',
    ),
    "lines that end in CRLF, a BOM": (
        '\ufeff{\r\n  "mcpServers": {\r\n  }\r\n}\r\n',
        '\ufeff{\r\n  "mcpServers": {\r\n    "argus": {\r\n      "url": "http://h/mcp",\r\n      '
        '"args": ["a", "b"]\r\n    }\r\n  }\r\n}\r\n',
    ),
    "comments alone": (
        "// nothing yet\n",
        '// nothing yet\n{\n  "mcpServers": {\n    "argus": {\n      "url": "http://h/mcp",\n      '
        '"args": ["a", "b"]\n    }\n  }\n}\n',
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_written_as_the_file_is(name: str) -> None:
    before, after = CASES[name]
    assert put_member(before, PATH, ENTRY) == after


def test_a_comment_before_the_end_stays_before_the_entry() -> None:
    text = '{\n  "mcpServers": {\n    "a": {},\n    // "b": {}\n  }\n}'
    after = put_member(text, PATH, {})
    assert after == '{\n  "mcpServers": {\n    "a": {},\n    // "b": {}\n    "argus": {},\n  }\n}'


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("[]", 1, "holds no JSON object"),
        ('{\n"mcpServers": []\n}', 2, "mcpServers is no object"),
        ('{\n\n"mcpServers": {,}\n}', 3, "a name in double quotes is missing"),
        ('{"a": ' + "1" * 5000 + "}", 1, "a number is too long"),
        ('{"a": ' + "[" * 200 + "]" * 200 + "}", 1, "nested more than 100 deep"),
        ('{"mcpServers": {}', 1, "comma or } is missing"),
    ],
)
def test_what_is_no_file_of_a_client_is_refused_with_its_line(text: str, line: int, what: str) -> None:
    with pytest.raises(EditRefused, match=what) as refused:
        put_member(text, PATH, ENTRY)
    assert refused.value.line == line


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{\n  "a": 1,\n  "argus": {}, // mine\n  "b": 2\n}', '{\n  "a": 1,\n   // mine\n  "b": 2\n}'),
        ('{\n  "a": 1, // x\n  "argus": {}\n}', '{\n  "a": 1 // x\n}'),
        ('{\n  "a": 1,\n  "argus": {},\n}', '{\n  "a": 1,\n}'),
        ('{\n  // about\n  "argus": {}, "b": 2\n}', '{\n  // about\n   "b": 2\n}'),
        ('{"argus": {} /* c */, "b": 2}', '{ /* c */ "b": 2}'),
        ('{"argus": 1, "argus": 2}', "{}"),
        ('{"a": {"x": 1}, "argus": 2}', '{"a": {"x": 1}}'),
        ('{ "argus": 1, "a": 2 }', '{ "a": 2 }'),
        ('{"a": 1}', '{"a": 1}'),
    ],
)
def test_what_is_taken_out_takes_its_comma_and_its_line_along_but_no_comment(before: str, after: str) -> None:
    assert without_member(before, ("argus",)) == after


@settings(deadline=None)
@given(st.text(st.sampled_from('[]{}:,"\\/*\n\r\t a1-e.\ufeff'), max_size=30))
def test_whatever_it_is_it_is_changed_rightly_or_refused(text: str) -> None:
    try:
        after = put_member(text, PATH, ENTRY)
    except EditRefused:
        return
    found = read_jsonc(after).member(*PATH)
    assert found is not None
    assert found.plain() == ENTRY
