"""`key=value` by a tool's schema."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from argus_trio.manage_client.failure import CommandFailed
from argus_trio.verbs.arguments import json_arguments, keyed_arguments

SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {
        "text": {"type": "string"},
        "count": {"type": "integer"},
        "share": {"type": "number"},
        "deep": {"type": "boolean"},
        "names": {"type": "array", "items": {"type": "string"}},
        "numbers": {"type": "array", "items": {"type": "integer"}},
        "options": {"type": "object"},
        "maybe": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "either": {"type": ["string", "integer"]},
        "level": {"enum": ["low", "high"]},
        "size": {"enum": [1, 2]},
        "ref": {"$ref": "#/$defs/Count"},
        "list_or_text": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "integer"}}]},
        "circle": {"$ref": "#/properties/circle"},
        "any": {},
        "odd:": {"type": "integer"},
    },
    "$defs": {"Count": {"type": "integer"}},
}


def encoded(*words: str, schema: dict[str, object] = SCHEMA) -> str:
    return msgspec.json.encode(keyed_arguments(words, schema)).decode()


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("text=1", '{"text":"1"}'),
        ("text=a=b", '{"text":"a=b"}'),
        ("text=", '{"text":""}'),
        ("count=-3", '{"count":-3}'),
        ("count=123456789012345678901234567890", '{"count":123456789012345678901234567890}'),
        ("share=1.50", '{"share":1.50}'),
        ("share=1e400", '{"share":1e400}'),
        ("deep=true", '{"deep":true}'),
        ("deep=No", '{"deep":false}'),
        ("names=a", '{"names":["a"]}'),
        ('names=["a", "b"]', '{"names":["a", "b"]}'),
        ("numbers=1", '{"numbers":[1]}'),
        ('options={"a": 1}', '{"options":{"a": 1}}'),
        ("maybe=3", '{"maybe":3}'),
        ("maybe=null", '{"maybe":null}'),
        ("either=3", '{"either":3}'),
        ("either=x", '{"either":"x"}'),
        ("level=low", '{"level":"low"}'),
        ("size=2", '{"size":2}'),
        ("ref=4", '{"ref":4}'),
        ("list_or_text=x", '{"list_or_text":"x"}'),
        ("circle=x", '{"circle":"x"}'),
        ("any=1", '{"any":"1"}'),
        ("unknown=1", '{"unknown":"1"}'),
        ('text:={"a": [1.0]}', '{"text":{"a": [1.0]}}'),
        ("odd:=3", '{"odd:":3}'),
    ],
)
def test_a_value_has_the_type_of_the_schema(word: str, found: str) -> None:
    assert encoded(word) == found


def test_a_key_again_is_another_item_of_an_array() -> None:
    assert encoded("names=a", "numbers=1", "names=b", "numbers=2") == '{"names":["a","b"],"numbers":[1,2]}'
    assert encoded("list_or_text=1", "list_or_text=2") == '{"list_or_text":[1,2]}'


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("count=x",), "count=x: a whole number is wanted"),
        (("count=1.5",), "a whole number is wanted"),
        (("deep=maybe",), "true or false is wanted"),
        (("numbers=x",), "a whole number is wanted"),
        (("options=x",), "a JSON object"),
        (("text=a", "text=b"), "stands there 2 times"),
        (("text:=1", "text=b"), "stands there twice"),
        (("text=b", "text:=1"), "stands there twice"),
        (("text:=x",), "is no JSON; a text needs quotes"),
        (("text:=[1",), "is no JSON"),
        (("novalue",), "is no argument"),
        (("=x",), "is no argument"),
        ((":=x",), "is no argument"),
    ],
)
def test_what_is_wrong_is_told_with_what_to_write(words: tuple[str, ...], told: str) -> None:
    with pytest.raises(CommandFailed) as failed:
        keyed_arguments(words, SCHEMA)
    assert told in str(failed.value)
    assert failed.value.code == 2


def test_what_the_tool_does_not_have_or_needs_is_told() -> None:
    strict: dict[str, object] = {**SCHEMA, "additionalProperties": False, "required": ["text"]}
    with pytest.raises(CommandFailed, match="the tool has no argument 'txet'; it has: text, count"):
        keyed_arguments(["txet=1"], strict)
    with pytest.raises(CommandFailed, match="missing: text; write text=VALUE"):
        keyed_arguments(["count=1"], strict)


def test_an_equals_sign_may_belong_to_a_key_of_the_schema() -> None:
    schema = {"properties": {"a": {}, "a=b": {"type": "integer"}, "a:": {"type": "integer"}}}
    found = keyed_arguments(["a=b=3", "a=c", "a:=4"], schema)
    assert msgspec.json.decode(msgspec.json.encode(found)) == {"a=b": 3, "a": "c", "a:": 4}
    assert bytes(keyed_arguments(["a=b:=[1]"], schema)["a=b"]) == b"[1]"


def test_arguments_are_json_as_well() -> None:
    assert msgspec.json.encode(json_arguments('{"a": 1.0, "b": {"c": 1e400}}')) == b'{"a":1.0,"b":{"c": 1e400}}'
    for text in ("[1]", "{", "nonsense", '{"a": 1} x'):
        with pytest.raises(CommandFailed):
            json_arguments(text)


@given(
    st.dictionaries(st.text(), st.recursive(st.none() | st.booleans() | st.text(), st.lists, max_leaves=5)), st.text()
)
@example({"enum": [None]}, "")
def test_no_schema_makes_it_fail_otherwise_than_by_saying_what_is_wanted(
    properties: dict[str, object], text: str
) -> None:
    text = text.encode("utf-8", "replace").decode()
    said = said_or_refused(f"a={text}", {"properties": {**properties, "a": properties}})
    assert said.startswith('{"a":') or said.endswith(" is wanted")


def said_or_refused(word: str, schema: dict[str, object]) -> str:
    try:
        return encoded(word, schema=schema)
    except CommandFailed as refused:
        return str(refused)
