"""Forms of JSON Schemas: keys to values, values to JSON, JSON to values."""

from __future__ import annotations

import json

import attrs
import jsonschema  # type: ignore[import-untyped]  # it ships no types
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.tui.form.form import Form, form_of
from argus_trio.tui.form.judge import Verdict, judged
from argus_trio.tui.form.node import MOST_MADE
from argus_trio.tui.form.value import WrongField
from argus_trio.tui.parts.area import EditedText
from tests.servers.desk import SCHEMA


def pressed(form: Form, *keys: str) -> Form:
    """The form after keys; one that begins with `=` is a text that is typed."""
    for key in keys:
        for each in key[1:] if key.startswith("=") else [key]:
            form = form.pressed(each) or form
    return form


def wants(schema: object, *, required: bool = True) -> Form:
    """The form of an object whose one member is `x`."""
    return form_of({"type": "object", "properties": {"x": schema}, "required": ["x"] if required else []})


def said(form: Form) -> object:
    """What a form says, None where something is wrong with it."""
    judged_form = form.judged()
    return None if judged_form.wrong else json.loads(judged_form.text)


@pytest.mark.parametrize(
    ("schema", "keys", "value"),
    [
        ({"type": "string"}, ["=a b"], "a b"),
        ({"type": "string"}, ["ctrl n"], ""),
        ({"type": "string"}, ["=a", "meta enter", "=b"], "a\nb"),
        ({"type": "string", "default": "d"}, ["=e"], "de"),
        ({"type": "string", "default": 'two\n"lines" é'}, [], 'two\n"lines" é'),
        ({"type": "integer"}, ["=-12"], -12),
        ({"type": "number"}, ["=1.50"], 1.5),
        ({"type": "boolean"}, ["right"], True),
        ({"type": "boolean"}, ["left"], False),
        ({"type": "boolean", "default": False}, [], False),
        ({"type": "null"}, [], None),
        ({"const": 7}, [], 7),
        ({"enum": ["a", 1, None, {"k": []}]}, ["right", "right", "right", "right"], {"k": []}),
        ({"oneOf": [{"const": "r", "title": "Red"}, {"const": "g", "title": "Green"}]}, ["right", "right"], "g"),
        ({"type": ["string", "null"]}, ["=s"], "s"),
        ({"type": ["string", "null"]}, ["ctrl n", "ctrl n"], None),
        ({"anyOf": [{"type": "integer"}, {"type": "string"}]}, ["right", "down", "=5"], "5"),
        ({"type": "array", "items": {"type": "integer"}}, ["down", "enter", "up", "down", "=1"], [1]),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, ["down", "=k", "enter", "=4"], {"k": 4}),
        ({"allOf": [{"type": "string"}, {"minLength": 1}]}, ["=z"], "z"),
        ({}, ['=[1, {"a": 2}]'], [1, {"a": 2}]),
        (True, ["=true"], True),
        ({"type": "no such type"}, ["=1"], 1),
        ({"$ref": "#/nowhere"}, ["=1"], 1),
        ({"$ref": "#/properties/x"}, ["=1"], 1),
    ],
)
def test_keys_make_a_value(schema: object, keys: list[str], value: object) -> None:
    form = pressed(wants(schema), *keys)
    text = form.judged().text
    assert json.loads(text) == {"x": value}


@pytest.mark.parametrize(
    ("schema", "keys", "what"),
    [
        ({"type": "integer"}, ["=1.5"], "a whole number is wanted"),
        ({"type": "integer"}, [], "it is required"),
        ({"type": "number"}, ["=one"], "a number is wanted"),
        ({"type": "boolean"}, [], "choose one"),
        ({"type": "integer", "minimum": 3}, ["=2"], "it must be at least 3"),
        ({"type": "string", "minLength": 2}, ["=a"], "it must have at least 2 characters"),
        ({}, ["=[1,"], "JSON is wanted"),
        ({"type": "array", "items": {}, "minItems": 1, "uniqueItems": True}, ["down", "=1", "down", "enter", "=1"], ""),
    ],
)
def test_what_is_wrong_is_said_where_it_is(schema: object, keys: list[str], what: str) -> None:
    form = pressed(wants(schema), *keys).judged()
    assert form.wrong
    assert what in form.wrong[0].what
    assert form.wrong[0].where[:1] == ("x",)


def test_what_is_optional_is_left_out_until_something_is_typed() -> None:
    form = wants({"type": "string"}, required=False)
    assert said(form) == {}
    assert said(pressed(form, "=a")) == {"x": "a"}
    assert said(pressed(form, "=a", "backspace")) == {}
    assert said(pressed(form, "ctrl n")) == {"x": ""}, "an empty text is another value than none"
    assert said(pressed(form, "=a", "ctrl d")) == {}


def test_an_optional_choice_can_be_taken_back() -> None:
    form = wants({"enum": ["a", "b"]}, required=False)
    assert [said(pressed(form, *["right"] * times)) for times in range(4)] == [{}, {"x": "a"}, {"x": "b"}, {}]


def test_numbers_are_sent_as_they_are_written() -> None:
    form = pressed(wants({"type": "number"}), "=12345678901234567890.10")
    assert bytes(form.judged().arguments["x"]) == b"12345678901234567890.10"


def test_a_schema_with_references_alternatives_and_a_nested_array_is_filled_by_keys_alone() -> None:
    form = pressed(
        form_of(SCHEMA),
        *("=Ada", "tab", "tab", "=Main 1", "tab", "right", "tab", "right", "tab", "tab", "=30", "tab", "tab", "tab"),
        *("=pen", "tab", "=2", "tab", " ", "tab", "enter", "=red", "f5"),
    )
    assert said(form) == {
        "customer": "Ada",
        "address": {"street": "Main 1", "country": "DE"},
        "payment": {"kind": "invoice", "days": 30},
        "lines": [{"article": "pen", "count": 2, "tags": ["red"]}],
    }


def test_an_item_that_is_added_is_where_one_types_next() -> None:
    form = pressed(
        wants({"type": "array", "items": {"type": "string"}}), "down", "enter", "=one", "down", "enter", "=two"
    )
    assert said(form) == {"x": ["one", "two"]}


def test_items_are_moved_and_taken_away() -> None:
    form = wants({"type": "array", "items": {"type": "string"}})
    form = pressed(form, "down", "enter", "=one", "down", "enter", "=two", "meta up")
    assert said(form) == {"x": ["two", "one"]}
    assert said(pressed(form, "ctrl d")) == {"x": ["one"]}


def test_a_schema_that_refers_to_itself_is_unfolded_only_as_far_as_one_opens_it() -> None:
    tree = {
        "type": "object",
        "properties": {"root": {"$ref": "#/$defs/node"}},
        "required": ["root"],
        "$defs": {
            "node": {
                "type": "object",
                "properties": {"name": {"type": "string"}, "next": {"$ref": "#/$defs/node"}},
                "required": ["name", "next"],
            }
        },
    }
    form = form_of(tree)
    assert len(form.rows) < 30
    bomb = {"$defs": {str(n): {"allOf": [{"$ref": f"#/$defs/{n + 1}"}] * 2} for n in range(20)}, "$ref": "#/$defs/0"}
    assert form_of({"type": "object", "properties": {"x": bomb}}).rows


def test_the_form_and_its_json_are_the_same() -> None:
    form = pressed(wants({"type": "array", "items": {"type": "integer"}}), "down", "enter", "=5").toggled()
    assert form.raw is not None
    assert json.loads(form.text) == {"x": [5]}
    typed = pressed(form, "down", "end", "=6").toggled()
    assert typed.raw is None or typed.wrong


def test_json_that_is_broken_stays_and_says_where() -> None:
    form = pressed(wants({"type": "string"}, required=False).toggled(), "delete", "delete", '={"x": ')
    form = form.toggled()
    assert form.raw is not None
    assert "line 1" in form.wrong[0].what


def test_values_fill_a_form_and_what_it_has_no_place_for_stays() -> None:
    values = {"x": msgspec.Raw(b'{"kind":"b","n":1.0}'), "other": msgspec.Raw(b"[1,2]")}
    options = [
        {"type": "object", "properties": {"kind": {"const": kind}, "n": {"type": "number"}}, "required": ["kind"]}
        for kind in "ab"
    ]
    form = form_of({"type": "object", "properties": {"x": {"oneOf": options}}}, values)
    assert json.loads(form.text) == {"x": {"kind": "b", "n": 1.0}, "other": [1, 2]}
    assert b'"n":1.0' in form.text.encode()


def test_what_a_schema_refuses_is_kept_as_json_to_be_mended() -> None:
    form = form_of({"type": "object", "properties": {"x": {"type": "integer"}}}, {"x": msgspec.Raw(b'"no"')})
    assert json.loads(form.text) == {"x": "no"}
    assert form.judged().wrong


def test_a_schema_that_is_none_is_no_reason_to_fail() -> None:
    schemas: tuple[object, ...] = (
        None,
        7,
        [],
        "x",
        {"type": 5},
        {"properties": 3},
        {"required": "x"},
        {"oneOf": {}},
        {"enum": 1},
    )
    for schema in schemas:
        form = form_of(schema)
        assert form.rows[-1].kind == "send"
        assert json.loads(form.judged().text) == {}


def test_a_pattern_that_would_take_for_ever_is_left_to_the_server() -> None:
    schema = {"type": "object", "properties": {"x": {"type": "string", "pattern": "^(a+)+$"}}}
    assert judged(schema, json.dumps({"x": "a" * 50 + "!"})) == Verdict(
        unjudged="the pattern ^(a+)+$ is not tried here"
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
WORDS = st.sampled_from(
    ["type", "properties", "items", "enum", "const", "oneOf", "anyOf", "allOf", "$ref", "required", "default", "format"]
)
SCHEMAS = st.recursive(
    JSON, lambda inner: st.dictionaries(WORDS, inner | st.lists(inner, max_size=3), max_size=4), max_leaves=12
)
KEYS = st.lists(st.sampled_from([*"a1-. ", "up", "down", "left", "right", "enter", "backspace", "ctrl d", "meta up"]))


@given(SCHEMAS, KEYS)
def test_no_schema_and_no_keys_break_a_form(schema: object, keys: list[str]) -> None:
    form = form_of({"type": "object", "properties": {"x": schema, "y": {"type": "array", "items": schema}}})
    for key in keys:
        form = form.pressed(key) or form
    form = form.judged()
    if not form.wrong:
        json.loads(form.text)
    form.toggled().toggled()


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=5))
def test_any_value_goes_through_a_form_unharmed(value: dict[str, object]) -> None:
    raw = {name: msgspec.Raw(json.dumps(each).encode()) for name, each in value.items()}
    assert json.loads(form_of({"type": "object"}, raw).text) == value


@pytest.mark.parametrize(
    ("schema", "keys", "value"),
    [
        ({"type": "integer", "default": 3}, [], 3),
        ({"type": ["integer", "null"], "default": None}, [], None),
        ({"anyOf": [{"enum": ["a"]}, {"type": "null"}]}, ["right", "right"], None),
        (
            {"type": "array", "items": {"enum": ["r", "g", "b"]}},
            ["down", "down", "down", " ", "up", "up", " "],
            ["r", "b"],
        ),
        ({"enum": ["red", "green", "grey"]}, ["=g", "=g"], "grey"),
        (
            {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}]},
            ["tab", "=a", "tab", "=1"],
            ["a", 1],
        ),
        ({"type": "string"}, ["=a", "f4", "enter", "=b", "f4"], "a\nb"),
        ({"oneOf": [{"required": ["a"]}, {"required": ["b"]}], "type": "string"}, ["=x"], "x"),
    ],
)
def test_keys_make_values_that_are_harder(schema: object, keys: list[str], value: object) -> None:
    assert json.loads(pressed(wants(schema), *keys).judged().text) == {"x": value}


def test_a_form_of_alternatives_has_a_row_for_them() -> None:
    ways = [{"title": each, "properties": {each: {"type": "string"}}, "required": [each]} for each in ("id", "name")]
    form = form_of({"type": "object", "oneOf": ways, "properties": {"both": {"type": "integer"}}})
    assert said(pressed(form, "right", "tab", "=x")) in ({"name": "x"}, None)
    names = [row.node.name for row in pressed(form, "right").rows[1:-1]]
    assert sorted(names) == ["both", "name"]


def test_what_is_required_is_not_made_up() -> None:
    form = wants({"type": "string"})
    assert form.judged().wrong[0].what == "it is required"
    assert said(pressed(form, "ctrl n")) == {"x": ""}
    assert pressed(form, "ctrl d").note == "it is required, and cannot be left out"


def test_a_default_is_shown_and_taken_over_by_a_key() -> None:
    form = wants({"type": "string", "default": "d"}, required=False)
    assert said(form) == {}
    assert said(pressed(form, "end", "=e")) == {"x": "de"}


def test_an_object_begins_with_its_default() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "default": {"n": 7}}
    assert said(pressed(wants(schema, required=False), "enter")) == {"x": {"n": 7}}


def test_numbers_of_any_length_pass_as_they_are_written() -> None:
    for schema in ({"type": "number"}, {"type": "integer"}, {}):
        text = "9" * 5000
        form = wants(schema).pasted(text).judged()
        assert form.wrong == ()
        assert bytes(form.arguments["x"]) == text.encode()
    assert bytes(pressed(wants({"type": "number"}), "=1e400").arguments["x"]) == b"1e400"


def test_what_is_wrong_as_typed_is_kept_as_a_text_in_json() -> None:
    form = pressed(wants({"type": "integer"}), "=twelve").toggled()
    assert json.loads(form.text) == {"x": "twelve"}
    assert json.loads(form.toggled().text) == {"x": "twelve"}


def test_a_secret_stands_aside_in_json_and_is_sent_all_the_same() -> None:
    form = pressed(wants({"type": "string", "format": "password"}), '=hun"ter2').toggled()
    assert form.raw is not None
    assert "ter2" not in form.raw.text
    assert "ter2" not in repr(form.raw)
    assert said(form) == {"x": 'hun"ter2'}
    assert said(form.toggled()) == {"x": 'hun"ter2'}


def test_a_paste_keeps_its_lines_and_what_is_too_long_is_told() -> None:
    assert said(wants({"type": "string"}).pasted("a\r\nb")) == {"x": "a\nb"}
    form = wants({"type": "string"}).pasted("x" * 1_000_010)
    assert form.note == "10 characters were left out: no more than 1000000 are taken"
    assert wants({"type": "boolean"}).pasted("x").note == "nothing can be pasted here"


def test_a_value_that_is_too_large_for_a_form_stays_json_and_whole() -> None:
    long = list(range(1001))
    form = form_of(
        {"type": "object", "properties": {"x": {"type": "array"}}}, {"x": msgspec.Raw(json.dumps(long).encode())}
    )
    assert json.loads(form.text) == {"x": long}
    wide = {str(n): msgspec.Raw(b"1") for n in range(1001)}
    form = form_of({"type": "object"}, wide)
    assert form.raw is not None
    assert "it stays JSON" in form.note
    assert len(json.loads(form.text)) == 1001


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('{"x": 1,\n "y" 2}', "line 2, column 6: expecting ':' delimiter"),
        ('{"x": NaN}', "NaN is no JSON"),
        ('{"x": 1, "x": 2}', '"x" is there twice in one object'),
        ("[1]", "a JSON object is wanted, such as {}"),
        ('{"x": ' + "[" * 20_000, "it is nested too deep"),
    ],
)
def test_json_that_is_none_says_where(text: str, what: str) -> None:
    form = attrs.evolve(wants({}, required=False).toggled(), raw=EditedText.of(text))
    assert form.judged().wrong == (WrongField((), what),)
    assert form.toggled().raw is not None


def test_schemas_that_multiply_are_made_as_far_as_is_bearable() -> None:
    levels = {
        str(n): {
            "type": "object",
            "properties": {each: {"$ref": f"#/$defs/{n + 1}"} for each in "abcdefgh"},
            "required": list("abcdefgh"),
        }
        for n in range(12)
    }
    form = form_of({"type": "object", "properties": {"x": {"$ref": "#/$defs/0"}}, "required": ["x"], "$defs": levels})
    assert len(form.rows) < 2 * MOST_MADE
    itself = {
        "x": {"anyOf": [{"$ref": "#/properties/x"}, {"type": "null"}]},
        "y": {"items": {"$ref": "#/properties/y"}},
    }
    assert pressed(form_of({"type": "object", "properties": itself}), "right", "down", "enter").rows


def test_what_is_wrong_in_something_folded_comes_in_sight() -> None:
    inner = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    form = pressed(wants(inner), "left").judged()
    assert form.row.where == ("x", "n")
    assert form.wrong[0].where == ("x", "n")


@given(SCHEMAS, KEYS)
def test_what_a_form_says_is_right_is_right_by_its_schema(schema: object, keys: list[str]) -> None:
    whole = {"type": "object", "properties": {"x": schema}}
    form = form_of(whole)
    for key in keys:
        form = form.pressed(key) or form
    form = form.judged()
    is_schema = jsonschema.Draft202012Validator(jsonschema.Draft202012Validator.META_SCHEMA).is_valid(whole)
    if is_schema and not form.wrong and not form.unjudged:
        jsonschema.validate(json.loads(form.text), whole, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    "pattern", ["(([a-z])+.)+[A-Z]$", "a*a*a*a*a*a*b$", "^(a?){40}a{40}$", "(x+x+)+y", "(a|b|ab)*c", "(?:(?:a)+)+$"]
)
def test_no_pattern_takes_for_ever(pattern: str) -> None:
    schema = {"properties": {"x": {"type": "string", "pattern": pattern}}}
    assert judged(schema, json.dumps({"x": "a" * 300 + "!"})).wrong == ()
    assert judged({"patternProperties": {pattern: False}}, json.dumps({"a" * 300 + "!": 1})).wrong == ()


@pytest.mark.parametrize(
    "schema",
    [
        {"oneOf": [{"type": "object"}, {"$ref": "#"}]},
        {"allOf": [{"$ref": "#"}] * 40},
        {"$ref": "#/$defs/0", "$defs": {str(at): {"anyOf": [{"$ref": f"#/$defs/{at + 1}"}] * 2} for at in range(40)}},
        {"$ref": "#/$defs/0", "$defs": {str(at): {"allOf": [{"$ref": f"#/$defs/{at + 1}"}] * 2} for at in range(40)}},
        {"type": "array", "uniqueItems": True},
        {"$ref": "#/allOf/²", "allOf": [{}]},
        {"$ref": f"#/allOf/{'1' * 5000}", "allOf": [{}]},
    ],
)
def test_no_schema_takes_for_ever_or_to_the_end_of_the_stack(schema: dict[str, object]) -> None:
    assert judged(schema, json.dumps([{"a": at} for at in range(10_000)])).wrong == ()
    wants(schema)


def test_a_schema_that_is_too_deep_is_left_to_the_server() -> None:
    schema: dict[str, object] = {"type": "object"}
    for _ in range(3000):
        schema = {"properties": {"a": schema}}
    assert judged(schema, "{}").wrong == ()


def test_members_are_judged_by_their_names_and_patterns_whatever_they_are_called() -> None:
    schema = {
        "properties": {"id": {"type": "string"}, "$id": {}},
        "patternProperties": {"^x-[a-z]+$": {"type": "integer"}},
        "additionalProperties": False,
    }
    assert judged(schema, '{"id": "1", "$id": 2, "x-a": 3}').wrong == ()
    assert [each.where for each in judged(schema, '{"id": 1}').wrong] == [("id",)]
    assert [each.where for each in judged(schema, '{"x-a": ""}').wrong] == [("x-a",)]
    assert judged(schema, '{"other": 1}').wrong


def _at_depth(depth: int, schema: dict[str, object]) -> object:
    return _at_depth(depth - 1, schema) if depth else judged(schema, "3").unjudged


def test_a_circle_is_told_wherever_the_end_of_the_stack_is() -> None:
    schema: dict[str, object] = {"oneOf": [{"type": "object", "required": ["x"]}, {"$ref": "#"}]}
    assert all(_at_depth(depth, schema) for depth in range(0, 210, 7))


def test_a_name_that_is_typed_and_not_added_is_told() -> None:
    form = pressed(form_of({"type": "object"}), "=page")
    assert form.judged().wrong[0].what == "page is typed and not added: Enter adds it"
    assert not pressed(form, "enter", "=1").judged().wrong
