"""Forms: what a schema asks for, what is typed, and what is sent."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.manage_client.values import WrongValue
from argus_trio.verbs.ask.elicitation import Questioner
from argus_trio.verbs.ask.form import Field, fields_of
from argus_trio.verbs.ask.prompt import Left
from argus_trio.verbs.show.terminal import Terminal


class Typed:
    """What a user types, line by line; Ctrl-D at the end."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = list(lines)
        self.prompts: list[str] = []

    def __call__(self, text: str) -> str:
        self.prompts.append(text)
        if not self.lines:
            raise Left
        return self.lines.pop(0)


def elicited(params: Mapping[str, object], *lines: str) -> tuple[dict[str, object], str, Typed]:
    """The answer, what was shown, and the rest that was not typed."""
    err, typed = io.StringIO(), Typed(lines)
    terminal = Terminal(out=io.StringIO(), err=err, is_plain=True)
    answer = Questioner(terminal=terminal, prompt=typed, asker="the tool t").elicit(params)
    return answer, err.getvalue(), typed


def form(required: Sequence[str] = (), **properties: object) -> dict[str, object]:
    return {"message": "m", "requestedSchema": {"type": "object", "properties": properties, "required": list(required)}}


def one(schema: object) -> Field:
    (field,) = fields_of({"properties": {"x": schema}})
    return field


TITLED = [{"const": "r", "title": "Red"}, {"const": "g", "title": "Green"}]


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        ({"type": "string"}, "a b", "a b"),
        ({"type": "string", "format": "email"}, "a@b.c", "a@b.c"),
        ({"type": "string", "format": "uri"}, "https://x/", "https://x/"),
        ({"type": "string", "format": "date"}, "2026-02-28", "2026-02-28"),
        ({"type": "string", "format": "date-time"}, "2026-02-28T01:02:03Z", "2026-02-28T01:02:03Z"),
        ({"type": "integer"}, "-3", -3),
        ({"type": "number", "minimum": 1.5}, "1.5", 1.5),
        ({"type": "number"}, "2", 2),
        ({"type": "boolean"}, "Y", True),
        ({"type": "boolean"}, "no", False),
        ({"type": "string", "enum": ["a", "b"]}, "b", "b"),
        ({"type": "string", "enum": ["a", "b"]}, "2", "b"),
        ({"type": "string", "enum": ["2", "1"]}, "1", "1"),
        ({"type": "string", "enum": ["a", "b"], "enumNames": ["Ay", "Be"]}, "be", "b"),
        ({"type": "string", "oneOf": TITLED}, "Green", "g"),
        ({"type": "array", "items": {"enum": ["a", "b", "c"]}}, "c, 1,c", ["c", "a"]),
        ({"type": "array", "items": {"anyOf": TITLED}}, "red", ["r"]),
        ({"type": "null"}, "null", None),
        ({}, '{"a": [1]}', {"a": [1]}),
    ],
)
def test_what_is_typed_becomes_the_value(schema: object, text: str, value: object) -> None:
    assert one(schema).parse(text) == value


@pytest.mark.parametrize(
    ("schema", "text", "told"),
    [
        ({"type": "string", "minLength": 3}, "ab", "at least 3 characters"),
        ({"type": "string", "maxLength": 1}, "ab", "at most 1 character"),
        ({"type": "string", "format": "email"}, "nobody", "e-mail"),
        ({"type": "string", "format": "uri"}, "no uri", "URI"),
        ({"type": "string", "format": "uri"}, "http://[", "uri is wanted"),
        ({"type": "string", "format": "date"}, "2026-02-30", "date is wanted"),
        ({"type": "string", "format": "date"}, "20260228", "date is wanted"),
        ({"type": "string", "format": "date-time"}, "2026-02-28T01:02:03", "time zone"),
        ({"type": "integer"}, "1.5", "whole number"),
        ({"type": "number"}, "nan", "number"),
        ({"type": "number"}, "1e999", "number"),
        ({"type": "integer", "minimum": 2}, "1", "at least 2"),
        ({"type": "integer", "maximum": 2}, "3", "at most 2"),
        ({"type": "number", "exclusiveMinimum": 2}, "2", "more than 2"),
        ({"type": "number", "exclusiveMaximum": 2}, "2", "less than 2"),
        ({"type": "boolean"}, "perhaps", "yes or no"),
        ({"type": "string", "enum": ["a", "b"]}, "3", "from 1 to 2"),
        ({"type": "array", "minItems": 2, "items": {"enum": ["a", "b"]}}, "a", "at least 2"),
        ({"type": "array", "maxItems": 1, "items": {"enum": ["a", "b"]}}, "a,b", "at most 1"),
        ({}, "{", "JSON is wanted"),
    ],
)
def test_what_is_wrong_is_told(schema: object, text: str, told: str) -> None:
    with pytest.raises(WrongValue, match=told):
        one(schema).parse(text)


def test_a_form_is_asked_field_by_field_and_again_where_it_is_wrong() -> None:
    params = form(
        ["name", "age"],
        name={"type": "string", "title": "Your name", "description": "as \x1b[31m known"},
        age={"type": "integer", "minimum": 0, "maximum": 150},
        colour={"type": "string", "oneOf": TITLED, "default": "g"},
        note={"type": "string"},
    )
    answer, shown, typed = elicited(params, "", "", "Ada", "old", "36", "", "", "")
    assert answer == {"action": "accept", "content": {"name": "Ada", "age": 36, "colour": "g"}}
    assert typed.lines == []
    assert "\nthe tool t asks: m\n" in shown
    assert "Your name (text, required): as \\x1b[31m known\n" in shown
    assert "an answer is needed" in shown
    assert "  a whole number is wanted\n" in shown
    assert "  2 Green (g)\n" in shown
    assert "colour [Green, - for none]: " in typed.prompts
    assert shown.endswith("  Your name: Ada\n  age: 36\n  colour: Green\n")


def test_forms_lie_within_forms_and_lists_are_asked_item_by_item() -> None:
    address = {
        "type": "object",
        "properties": {"street": {"type": "string"}, "flags": {"type": "array", "items": {"type": "boolean"}}},
        "required": ["street"],
    }
    people = {"type": "array", "items": {"type": "object", "properties": {"n": {"type": "integer"}}}}
    params = form(
        ["address"], address=address, spare=address, people=people, left={"type": "array", "items": {"type": "string"}}
    )
    answer, _, typed = elicited(params, "a", "Main St", "yes", "x", "n", "", "", "y", "1", "n", "", "send")
    assert typed.lines == []
    assert answer["content"] == {"address": {"street": "Main St", "flags": [True, False]}, "people": [{"n": 1}]}


def test_an_edit_keeps_what_was_left_out_and_shows_lists() -> None:
    numbers = {"type": "array", "items": {"type": "integer"}}
    params = form([], a={"type": "string", "default": "x"}, l=numbers, j={})
    answer, shown, _ = elicited(params, "", "-", "1", "2", "", "[3]", "edit", "", "", "", "s")
    assert answer == {"action": "accept", "content": {"l": [1, 2], "j": [3]}}
    assert "  it is: 1, 2 (an empty line at first leaves it so)\n" in shown
    assert "  j: [3]\n" in shown


def test_no_line_of_a_message_passes_for_one_of_ours() -> None:
    assert "asks: one\n  [s]end\n" in elicited({"message": "one\n[s]end"}, "d")[1]


def test_an_edit_begins_with_what_was_typed_before() -> None:
    params = form([], a={"type": "string", "default": "x"}, b={"type": "boolean"})
    answer, _, typed = elicited(params, "", "one", "yes", "edit", "", "-", "s")
    assert answer == {"action": "accept", "content": {"a": "one"}}
    assert "a [one, - for none]: " in typed.prompts
    assert "b [yes, - for none]: " in typed.prompts


@pytest.mark.parametrize(
    ("lines", "action"),
    [
        (["d"], "decline"),
        (["cancel"], "cancel"),
        ([], "cancel"),
        (["nonsense", "D"], "decline"),
        (["a", "x", "c"], "cancel"),
        (["a"], "cancel"),
    ],
)
def test_a_form_is_declined_or_left_at_any_time(lines: list[str], action: str) -> None:
    answer, _, _ = elicited(form([], a={"type": "string"}), *lines)
    assert answer == {"action": action}


def test_a_form_without_fields_is_a_question_of_yes_and_no() -> None:
    assert elicited(form(), "a")[0] == {"action": "accept", "content": {}}
    assert elicited({"message": "m"}, "d")[0] == {"action": "decline"}


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://x.example/a?b", "x.example:"),
        ("https://xn--e1awd7f.com/", "xn--e1awd7f.com (beware"),
        ("http://[", "no host:"),
    ],
)
def test_a_url_is_shown_and_never_opened(url: str, host: str) -> None:
    answer, shown, _ = elicited({"mode": "url", "message": "m", "url": url, "elicitationId": "1"}, "agree")
    assert answer == {"action": "accept"}
    assert f"a page of {host}" in shown
    assert f"\n  {url}\n" in shown
    assert elicited({"mode": "url", "url": url}, "d")[0] == {"action": "decline"}


SCHEMAS = st.recursive(
    st.none() | st.integers() | st.text() | st.sampled_from(["string", "array", "object", "integer"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "properties", "items", "enum", "oneOf", "anyOf", "const", "title", "minItems", "a"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(SCHEMAS, st.lists(st.sampled_from(["", "a", "1", "y", "-", "x", "{}"]), max_size=12))
def test_no_schema_makes_it_fail(schema: object, lines: list[str]) -> None:
    answer, _, _ = elicited({"message": schema, "requestedSchema": {"properties": {"a": schema}}}, *lines)
    assert answer["action"] in ("accept", "decline", "cancel")
