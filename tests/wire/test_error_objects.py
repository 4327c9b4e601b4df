"""Error objects of a peer: which code they hold, and whether they are any."""

from __future__ import annotations

import pytest

from argus_trio.errors import InvalidParams
from argus_trio.wire.envelope import Raw, encode_error
from argus_trio.wire.error_objects import INVALID_PARAMS, METHOD_UNKNOWN, code_of, is_error_object


def test_the_code_is_read_as_it_was_written() -> None:
    assert code_of(b'{"code":-32601,"message":"no"}') == METHOD_UNKNOWN
    assert code_of(Raw(b'{"message":"no","code": "E7"}')) == b'"E7"'


@pytest.mark.parametrize("error", [b"", b"null", b"[]", b'"-32601"', b"{}", b'{"message":"no"}', b"{"])
def test_what_holds_no_code_has_none(error: bytes) -> None:
    assert code_of(error) == b""
    assert not is_error_object(error)


def test_the_gateways_errors_are_error_objects_with_the_codes_that_are_looked_for() -> None:
    failure = InvalidParams("no")
    error = encode_error(failure.code, str(failure))
    assert is_error_object(error)
    assert code_of(error) == INVALID_PARAMS


@pytest.mark.parametrize(
    "error", [b'{"code":1}', b'{"code":1,"message":2}', b'{"code":"1","message":"no"}', b'{"code":1.5,"message":"no"}']
)
def test_an_error_object_has_a_whole_number_and_a_text(error: bytes) -> None:
    assert not is_error_object(error)


def test_what_else_an_error_object_holds_does_not_matter() -> None:
    assert is_error_object(b'{"code":1,"message":"","data":[],"more":null}')
