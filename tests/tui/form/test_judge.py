"""What is wrong by a whole schema: in words, at its place, and within bounds."""

from __future__ import annotations

import json

import pytest

from argus_trio.tui.form.judge import LARGEST_SCHEMA, MOST_COMPARED, MOST_WRONG, judged
from argus_trio.tui.form.patterns import is_quick


def found(schema: object, value: object) -> list[str]:
    return [f"{'.'.join(each.where)}: {each.what}" for each in judged(schema, json.dumps(value)).wrong]


@pytest.mark.parametrize(
    ("schema", "value", "told"),
    [
        ({"required": ["a", "b"]}, {}, ["a: it is required", "b: it is required"]),
        ({"properties": {"a": {"type": ["integer", "null"]}}}, {"a": "x"}, ["a: a whole number or null is wanted"]),
        ({"properties": {"a": {"enum": ["x", 1]}}}, {"a": "y"}, ["a: one of x, 1 is wanted"]),
        ({"properties": {"a": {"maxLength": 1}}}, {"a": "secret"}, ["a: it must have at most 1 characters"]),
        ({"properties": {"a": {"items": {"minimum": 3}}}}, {"a": [5, 2]}, ["a.2: it must be at least 3"]),
        ({"properties": {"a": {"pattern": "^[0-9]{4}$"}}}, {"a": "x"}, ["a: it must be as ^[0-9]{4}$"]),
        ({"properties": {"id": {}}, "additionalProperties": False}, {"id": 1, "b": 2}, [": it has no b"]),
        ({"properties": {"a": False}}, {"a": 1}, [": something is there that must not be"]),
        ({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, {}, ["a: it is required"]),
        ({"oneOf": [{}, {"type": "object"}]}, {}, [": it fits more than one of its alternatives"]),
        (
            {
                "oneOf": [
                    {"properties": {"k": {"const": "a"}, "n": {"minimum": 5}}},
                    {"properties": {"k": {"const": "b"}}},
                ]
            },
            {"k": "a", "n": 1},
            ["n: it must be at least 5"],
        ),
        ({"items": [{"type": "string"}], "type": "object"}, {}, []),
    ],
)
def test_what_is_wrong_is_told_where_it_is_mended(schema: object, value: object, told: list[str]) -> None:
    assert found(schema, value) == told


def test_members_that_are_called_like_words_of_schemas_are_members() -> None:
    names = ("id", "pattern", "$ref", "$id", "patternProperties", "$schema")
    schema = {"properties": {name: {"type": "string"} for name in names}, "additionalProperties": False}
    assert found(schema, dict.fromkeys(names, "x")) == []


def test_what_is_wrong_is_told_without_the_value() -> None:
    schema = {"properties": {"a": {"type": "string", "maxLength": 3, "pattern": "^x"}}}
    assert "hunter2" not in str(judged(schema, '{"a": "hunter2"}'))


@pytest.mark.parametrize(
    ("schema", "value", "why"),
    [
        (7, {}, "the schema is none"),
        ({"type": 7}, {}, "the schema itself is broken"),
        ({"description": "x" * LARGEST_SCHEMA}, {}, "too large"),
        ({"$ref": "#/nowhere"}, {}, "#/nowhere leads nowhere"),
        ({"$ref": "http://127.0.0.1:9/schema"}, {}, "leads nowhere"),
        ({"$ref": "#"}, {}, "its rules lead too deep"),
        ({"properties": {"a": {"pattern": "^(a+)+$"}}}, {"a": "aaa"}, "the pattern ^(a+)+$ is not tried here"),
        ({"properties": {"a": {"pattern": r"^\p{L}$"}}}, {"a": "a"}, "is not tried here"),
        ({"patternProperties": {"(a|a)*b": False}}, {"a": 1}, "is not tried here"),
        ({"properties": {"a": {"uniqueItems": True}}}, {"a": [[n] for n in range(MOST_COMPARED + 1)]}, "not compared"),
        ({"unevaluatedProperties": False}, {"a": 1}, "unevaluatedProperties"),
        ({"properties": {"a": {"multipleOf": 0.1}}}, {"a": 10**400}, "a number cannot be judged here"),
    ],
)
def test_what_cannot_be_judged_here_is_left_to_the_server_and_told(schema: object, value: object, why: str) -> None:
    verdict = judged(schema, json.dumps(value))
    assert verdict.wrong == ()
    assert why in verdict.unjudged


def test_rules_that_multiply_are_given_up() -> None:
    bomb = {
        "$defs": {"30": {}} | {str(n): {"allOf": [{"$ref": f"#/$defs/{n + 1}"}] * 4} for n in range(30)},
        "properties": {"a": {"$ref": "#/$defs/0"}},
    }
    assert judged(bomb, '{"a": 1}').unjudged == "its rules are too many to be tried here"


def test_no_more_than_so_much_that_is_wrong_is_told() -> None:
    assert len(found({"items": {"type": "string"}}, list(range(100)))) == MOST_WRONG


@pytest.mark.parametrize(
    ("pattern", "length", "quick"),
    [
        (r"^[a-z]+(-[a-z0-9]+)?$", 100, True),
        (r"^[0-9]{4}-[0-9]{2}$", 10_000, True),
        (r"^(ab|cd){1,3}$", 100, True),
        (r"^[(+*]+\(\+\)$", 100, True),
        (r"^(a+)+$", 10, False),
        (r"^((a+)b?)+$", 10, False),
        (r"^(a|a)*$", 10, False),
        (r"^(a?){30}$", 10, False),
        (r"a?" * 30 + "a" * 30, 30, False),
        (r"(a|a)" * 30, 30, False),
        (r"^(one|two|three|four|five)$", 100, True),
        (r"^.*.*.*$", 1000, False),
        (r"(", 1, False),
        ("a" * 2000, 1, False),
        (7, 1, False),
    ],
)
def test_a_pattern_is_tried_only_where_it_is_surely_quick(pattern: object, length: int, quick: bool) -> None:
    assert is_quick(pattern, length) is quick
