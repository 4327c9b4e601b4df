"""Conditions: what the backend will read is what is judged."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.core.access.conditions.condition import (
    Missing,
    NoPointer,
    RuleCondition,
    Shape,
    find,
    number,
    pointer_steps,
    scalar,
)
from argus_trio.core.access.rules import compiled_glob

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


def holds(arguments: str, pointer: str = "/a", **what: object) -> bool:
    condition = RuleCondition(pointer=pointer, steps=pointer_steps(pointer), **what)  # type: ignore[arg-type]  # by key
    return condition.holds(arguments.encode())


@pytest.mark.parametrize(
    ("pointer", "steps"),
    [("/a", ("a",)), ("/a/0/b", ("a", "0", "b")), ("/a~1b/~0", ("a/b", "~")), ("/~01", ("~1",)), ("/", ("",))],
)
def test_a_pointer_is_read_as_rfc_6901_says(pointer: str, steps: tuple[str, ...]) -> None:
    assert pointer_steps(pointer) == steps


@pytest.mark.parametrize("pointer", ["", "a", "#/a", "/a~", "/~2", "$.a"])
def test_what_is_no_pointer_is_refused(pointer: str) -> None:
    with pytest.raises(NoPointer):
        pointer_steps(pointer)


@pytest.mark.parametrize(
    ("arguments", "pointer", "found"),
    [
        ('{"a": 1}', "/a", b"1"),
        ('{"a": {"b": [1, {"c": "x"}]}}', "/a/b/1/c", b'"x"'),
        ('{"a": [1]}', "/a/1", Missing.ABSENT),
        ('{"a": [1]}', "/a/-", Missing.ABSENT),
        ('{"a": [1, 2]}', "/a/01", Missing.ABSENT),
        ('{"a": null}', "/a/b", Missing.ABSENT),
        ("{}", "/a", Missing.ABSENT),
        ('{"\\u0061": 1}', "/a", b"1"),
        ('{"a": "{\\"b\\": 1}"}', "/a/b", Missing.UNCLEAR),
        ("7", "/a", Missing.UNCLEAR),
        ('{"a": 1, "a": 2}', "/a", Missing.UNCLEAR),
        ('{"a": 1, "\\u0061": 2}', "/a", Missing.UNCLEAR),
        ('{"b": 1, "b": 2, "a": 3}', "/a", Missing.UNCLEAR),
        ('{"a": {"b": 1, "b": 1}}', "/a/b", Missing.UNCLEAR),
        ('{"a": 1, "A": 2}', "/a", Missing.UNCLEAR),
        ('{"PATH": 2}', "/path", Missing.UNCLEAR),
        ('{"\\u212a": 1, "k": 2}', "/k", Missing.UNCLEAR),
        ('{"x": {"y": 1, "y": 2}, "a": 3}', "/a", b"3"),
        ('{"x": ":,\\"a\\":", "a": {":": 1}}', "/a", b'{":": 1}'),
    ],
)
def test_a_value_is_found_where_all_programs_find_it(arguments: str, pointer: str, found: object) -> None:
    value = find(arguments.encode(), pointer_steps(pointer))
    assert (value if isinstance(value, Missing) else bytes(value)) == found


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=5), st.data())
def test_every_member_of_plain_json_is_found(fields: dict[str, object], data: st.DataObject) -> None:
    names = {name.casefold() for name in fields}
    if len(names) < len(fields) or not fields:
        return
    name = data.draw(st.sampled_from(sorted(fields)))
    text = json.dumps(fields, ensure_ascii=data.draw(st.booleans()))
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        return
    value = find(raw, (name,))
    if any("\\ud" in json.dumps(each) for each in (fields, name)):
        return
    assert not isinstance(value, Missing)
    assert json.loads(bytes(value)) == fields[name]


@given(st.text(max_size=4), JSON, JSON, st.dictionaries(st.text(max_size=4), JSON, max_size=3))
def test_no_name_that_is_there_twice_is_judged(name: str, one: object, other: object, rest: dict[str, object]) -> None:
    members = [f"{json.dumps(key)}:{json.dumps(value)}" for key, value in (*rest.items(), (name, one), (name, other))]
    assert find(("{" + ",".join(members) + "}").encode(), (name,)) is Missing.UNCLEAR


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b'"a"', "a"),
        (b"true", True),
        (b"false", False),
        (b"null", None),
        (b"1", Decimal(1)),
        (b"1.50", Decimal("1.5")),
        (b"123456789012345678901234567890", Decimal(123456789012345678901234567890)),
        (b"1e400", Missing.UNCLEAR),
        (b"-1e400", Missing.UNCLEAR),
        (b"1e99999999999999999999", Missing.UNCLEAR),
        (b"1e-400", Missing.UNCLEAR),
        (b"1" * 500, Missing.UNCLEAR),
        (b"[1]", Shape.CONTAINER),
        (b"{}", Shape.CONTAINER),
        (b'"\\ud83d"', Missing.UNCLEAR),
    ],
)
def test_a_scalar_is_its_value(raw: bytes, value: object) -> None:
    assert scalar(raw) == value
    assert type(scalar(raw)) is type(value)


@pytest.mark.parametrize(
    ("one_of", "admitted", "refused"),
    [
        (("1",), ['"1"'], ["1", "true", "null", '["1"]']),
        ((Decimal(1),), ["1", "1.0", "1e0", "10e-1"], ['"1"', "true", "1.0000000000000000000001", "2"]),
        ((True,), ["true"], ["1", '"true"', "false"]),
        ((False, None), ["false", "null"], ["0", '""', "true"]),
        (("a", "b"), ['"a"', '"b"', '"\\u0061"'], ['"A"', '"c"', '" a"']),
    ],
)
def test_types_are_strict(one_of: tuple[object, ...], admitted: list[str], refused: list[str]) -> None:
    for value in admitted:
        assert holds(f'{{"a": {value}}}', one_of=one_of), value
    for value in refused:
        assert not holds(f'{{"a": {value}}}', one_of=one_of), value


def test_numbers_are_compared_as_they_are_written() -> None:
    assert holds('{"a": 3}', min=Decimal(3), max=Decimal(3))
    assert not holds('{"a": 3.0000000000000000001}', max=Decimal(3))
    assert not holds('{"a": 2.9999999999999999999}', min=Decimal(3))
    assert not holds('{"a": 1e309}', min=Decimal(3))
    assert not holds('{"a": "3"}', max=Decimal(3))
    assert not holds('{"a": true}', max=Decimal(3))
    assert number("NaN") is Missing.UNCLEAR


def test_a_glob_and_a_path_are_for_texts() -> None:
    assert holds('{"a": "x-1"}', glob=compiled_glob("x-*"))
    assert not holds('{"a": "X-1"}', glob=compiled_glob("x-*"))
    assert not holds('{"a": 1}', glob=compiled_glob("*"))
    assert holds('{"a": "/srv/a"}', under="/srv")
    assert not holds('{"a": ["/srv/a"]}', under="/srv")


def test_what_is_not_given_meets_only_that_it_is_absent() -> None:
    assert holds("{}", absent=True)
    assert holds("", absent=True)
    assert not holds('{"a": null}', absent=True)
    assert not holds('{"A": 1}', absent=True)
    assert not holds("[]", pointer="/a", absent=False)
    assert holds('{"a": null}', absent=False)
    assert holds('{"a": {}}', absent=False)
    for arguments in ("{}", ""):
        assert not holds(arguments, one_of=(None,))
        assert not holds(arguments, glob=compiled_glob("*"))
        assert not holds(arguments, absent=False)


def test_all_that_is_given_must_hold() -> None:
    assert holds('{"a": "/srv/x.txt"}', under="/srv", glob=compiled_glob("*.txt"))
    assert not holds('{"a": "/srv/x.sh"}', under="/srv", glob=compiled_glob("*.txt"))
