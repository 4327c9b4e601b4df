"""JSON with comments: what it holds, where it stands, and what is no JSON."""

from __future__ import annotations

import json
import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argus_trio.client_files.jsonc import DEEPEST, JsonFault, JsonNode, TextLines, read_jsonc

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=20
)
SPACES = st.sampled_from(["", " ", "\n", "\t", '// a "comment" [{\n', '/* and, } ] \n" one */', "/**/", "\r\n"])


def deeply(value: object) -> object:
    return json.loads(json.dumps(value))


@given(value=VALUES, indent=st.sampled_from([None, 0, 2]), ascii_only=st.booleans())
def test_what_json_writes_is_read_as_json_reads_it(value: object, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert read_jsonc(text).plain() == json.loads(text)


def spaced(value: object, draw: st.DataObject) -> str:
    """The text of a value, with spaces and comments wherever they may be, and commas behind the last."""
    space = [draw.draw(SPACES) for _ in range(6)]
    comma = draw.draw(st.sampled_from(["", ","]))
    if isinstance(value, dict):
        members = [
            f"{space[0]}{json.dumps(name)}{space[1]}:{space[2]}{spaced(each, draw)}{space[3]}"
            for name, each in value.items()
        ]
        return "{" + ",".join(members) + (comma if members else "") + space[4] + "}" + space[5]
    if isinstance(value, list):
        items = [f"{space[0]}{spaced(each, draw)}{space[1]}" for each in value]
        return "[" + ",".join(items) + (comma if items else "") + space[2] + "]" + space[3]
    return json.dumps(value)


@given(value=VALUES, draw=st.data())
@settings(max_examples=200)
def test_comments_and_trailing_commas_change_nothing_wherever_they_stand(value: object, draw: st.DataObject) -> None:
    text = draw.draw(SPACES) + spaced(value, draw)
    assert read_jsonc(text).plain() == deeply(value)


@given(value=VALUES, draw=st.data())
def test_every_value_stands_where_its_node_says(value: object, draw: st.DataObject) -> None:
    text = spaced(value, draw)

    def look(node: JsonNode) -> None:
        assert read_jsonc(text[node.start : node.end]).plain() == node.plain()
        for member in node.members or ():
            assert text[member.start :].startswith('"')
            look(member.node)
        for item in node.items or ():
            look(item)

    look(read_jsonc(text))


@given(text=st.text(alphabet='{}[]",:/*\\ \n01e-.truefalsn\x00é', max_size=40))
def test_any_text_is_read_as_json_reads_it_or_refused(text: str) -> None:
    try:
        expected: object = json.loads(text)
    except ValueError:
        expected = None
    if expected is not None:
        assert read_jsonc(text).plain() == expected
        return
    with suppress(JsonFault):
        read_jsonc(text).plain()


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "the file ends too early"),
        ('{"a": 1', 1, "a comma or } is missing"),
        ('{\n  "a": }', 2, "a value is missing"),
        ("{\n\n  a: 1}", 3, "a name in double quotes is missing"),
        ('{"a" 1}', 1, "a colon is missing"),
        ('{"a": "b\n"}', 1, "a text does not end on its line"),
        ('{"a": "\\x"}', 1, "a text has an escape that is none"),
        ("[1, 2] 3", 1, "there is more behind the end"),
        ("[1 2]", 1, "a comma or ] is missing"),
        ("[,]", 1, "a value is missing"),
        ("[NaN]", 1, "a value is missing"),
        ("[Infinity]", 1, "a value is missing"),
        ("[01]", 1, "a comma or ] is missing"),
        ("[1]\n/* for ever", 2, "a comment does not end"),
        (f"[{'1' * 5000}]", 1, "a number is too long"),
        ("{'a': 1}", 1, "a name in double quotes is missing"),
    ],
)
def test_what_is_no_json_is_named_with_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(JsonFault) as caught:
        read_jsonc(text)
    assert (caught.value.line, str(caught.value)) == (line, message)


@pytest.mark.parametrize("comment", ["", "// x\n"])
def test_depth_has_an_end_with_comments_and_without(comment: str) -> None:
    assert read_jsonc(comment + "[" * DEEPEST + "]" * DEEPEST).items is not None
    for deeper in (DEEPEST + 2, 100_000):
        with pytest.raises(JsonFault, match="nested more than 100 deep"):
            read_jsonc("[" * deeper + comment + "]" * deeper)


def test_a_name_that_stands_twice_is_there_twice_and_the_last_counts() -> None:
    node = read_jsonc('{"a": 1, "b": {"c": 2}, "a": 3}')
    assert [each.name for each in node.members or ()] == ["a", "b", "a"]
    found = node.member("a")
    assert found is not None
    assert found.scalar == 3
    assert node.member("b", "x") is None
    assert node.member("a", "x") is None


def test_lines_are_counted_alike_one_by_one_and_all_at_once() -> None:
    lines = TextLines("a\nb\n\nc")
    assert [lines.line(at) for at in range(6)] == [1, 1, 2, 2, 3, 4]


def test_twenty_megabytes_are_read_within_seconds() -> None:
    project = {"history": [{"display": "x" * 40, "n": [1, 2, 3]}] * 250, "mcpServers": {"a": {}}}
    written = json.dumps(project, indent=2).replace("\n", "\n    ")
    projects = ",".join(f'\n    "/home/ann/{number}": {written}' for number in range(1000))
    text = f'{{\n  "projects": {{{projects}\n  }}\n}}'
    assert len(text) > 20_000_000
    started = time.process_time()
    found = read_jsonc(text).member("projects")
    assert found is not None
    assert all(each.node.member("mcpServers", "a") is not None for each in found.members or ())
    assert time.process_time() - started < 20  # under two seconds on a laptop; machines of a CI are slower
