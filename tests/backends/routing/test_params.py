"""Reading the params of a call, and what its client is told of one that does not fit."""

from __future__ import annotations

import json

import pytest

from argus_trio.backends.routing.params import object_param, string_param
from argus_trio.errors import InvalidParams
from tests.backends.support.fakes import FakeExchange, json_of


def test_a_string_and_an_object_are_read_as_they_are() -> None:
    call = FakeExchange("tools/call", {"name": "x", "ref": {"uri": "a:1", "deep": {"n": [1]}}}).call
    assert string_param(call, "name") == "x"
    assert json.loads(json_of(object_param(call, "ref"))) == {"uri": "a:1", "deep": {"n": [1]}}


def test_what_is_absent_is_named_with_the_method_that_needs_it() -> None:
    call = FakeExchange("tools/call").call
    for read in (string_param, object_param):
        with pytest.raises(InvalidParams, match='tools/call needs "name"'):
            read(call, "name")


@pytest.mark.parametrize("value", [7, None, {}, ["x"], True])
def test_what_is_no_string_is_refused(value: object) -> None:
    call = FakeExchange("tools/call", {"name": value}).call
    with pytest.raises(InvalidParams, match='"name" of tools/call must be a string'):
        string_param(call, "name")


@pytest.mark.parametrize("value", [7, None, "x", [{}]])
def test_what_is_no_object_is_refused(value: object) -> None:
    call = FakeExchange("completion/complete", {"ref": value}).call
    with pytest.raises(InvalidParams, match='"ref" of completion/complete must be an object'):
        object_param(call, "ref")
