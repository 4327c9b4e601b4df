"""Members of a decoded object, each as one type or not at all."""

from __future__ import annotations

from argus_trio.wire.envelope import decode_object
from argus_trio.wire.members import (
    int_member,
    number_member,
    object_member,
    object_or_none,
    string_member,
    without_nulls,
)

FIELDS = decode_object(b'{"text":"a\\u0062","count":7,"big":1e2,"truth":true,"inner":{"x":[1]},"null":null}')


def test_a_string_is_decoded_and_anything_else_is_none() -> None:
    assert string_member(FIELDS, "text") == "ab"
    for name in ("count", "inner", "null", "absent"):
        assert string_member(FIELDS, name) is None


def test_a_whole_number_is_no_float_and_no_truth() -> None:
    assert int_member(FIELDS, "count") == 7
    for name in ("text", "truth", "inner", "null", "absent"):
        assert int_member(FIELDS, name) is None


def test_a_number_may_be_a_whole_one_or_a_float() -> None:
    assert (number_member(FIELDS, "count"), number_member(FIELDS, "big")) == (7.0, 100.0)
    for name in ("text", "truth", "inner", "null", "absent"):
        assert number_member(FIELDS, name) is None


def test_an_object_is_decoded_one_level_deep() -> None:
    inner = object_member(FIELDS, "inner")
    assert inner is not None
    assert bytes(inner["x"]) == b"[1]"
    for name in ("text", "count", "null", "absent"):
        assert object_member(FIELDS, name) is None
    assert object_or_none(b"{}") == {}
    assert object_or_none(b"[]") is None
    assert object_or_none(None) is None


def test_null_members_are_left_out() -> None:
    assert without_nulls(decode_object(b'{"a":null,"b":{"c":null},"d":0}')) == decode_object(b'{"b":{"c":null},"d":0}')
